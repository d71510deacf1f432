/* app: one run of the program: what was asked, how it answers, and with which exit code.
 *
 * Data goes to stdout through `out`, with --json as one object through `json`; messages go to
 * stderr. A command returns 0 or the error that names its exit code; app_fail says it on the way.
 * JSON schema, stable: {"command":…, the command's own keys…, "exit":N, "error":null or
 * {"name","what","where","fix","http_status","request_id"}}. */
#ifndef OCBULK_PORT_APP_H
#define OCBULK_PORT_APP_H

#include "linux/args.h"
#include "linux/config.h"
#include "linux/json_out.h"
#include "linux/line.h"
#include "linux/out.h"
#include "linux/session.h"

/* Stable, documented in the README. */
enum exit_code {
    EXIT_ALL_STORED = 0,
    EXIT_INTERNAL = 1,
    EXIT_CONFIG = 2,
    EXIT_ROWS = 3,
    EXIT_REJECTED = 4,
    EXIT_TEMPORARY = 5,
    EXIT_INPUT = 6,
    EXIT_CREDENTIALS = 7,
    EXIT_TLS = 8,
    EXIT_UNKNOWN = 9,
    EXIT_RUNNING = 10,
    EXIT_BUSY = 11,
    EXIT_STORAGE = 12
};

struct app {
    struct args args;
    struct config config;
    struct session session;
    struct out out;
    struct json_out json;
    int err;                /* the worst that app_fail was told */
    struct line where, fix; /* of it */
    uint16_t http_status;
    char request_id[REQUEST_ID_CAP];
};

struct command {
    const char *name;
    const char *words;    /* as usage shows them */
    const char *summary;  /* one line */
    const char *help;     /* the rest of --help */
    const char *letters;  /* of the options it takes beside the common ones: wnoOf1aFs */
    unsigned least, most; /* words */
    bool offline;         /* needs no session */
    int (*run)(struct app *a);
    /* Where stdout has a form of its own, so that there is no --json: tells a failure in it. */
    void (*fail)(struct app *a);
};

extern const struct command cmd_objects, cmd_check, cmd_upload, cmd_status, cmd_errors, cmd_jobs,
    cmd_cancel, cmd_config, cmd_callback, cmd_run, cmd_doctor, cmd_queue, cmd_retry, cmd_accept,
    cmd_drop, cmd_add;

int app_fail(struct app *a, int err, const char *where, const char *fix); /* says it; returns err */
/* The same, with what the service answered to the last call. */
int app_fail_call(struct app *a, int err, const char *where, const char *fix);
int app_fail_session(struct app *a, int err); /* the same, with the session's `where` */
/* Each 0, or an error that was told. */
int app_begin_session(struct app *a);               /* with a clock that is set */
int app_check_job(struct app *a);                   /* whether the first word can be a job's id */
void app_put_path(struct app *a, const char *path); /* onto stdout; controls as \xHH, see log */
bool app_json(const struct app *a);
void app_log(const struct app *a, const struct config *c); /* as it and the options want */
int exit_of(int err);                                      /* enum exit_code */
int exit_worse(int err, int other); /* the error that is told when there are two */

#endif
