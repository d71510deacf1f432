#include "linux/app.h"

#include "base/err.h"
#include "base/text.h"
#include "linux/clock.h"
#include "linux/log.h"
#include "linux/utf8.h"

#include <string.h>

int exit_of(int err)
{
    static const uint8_t code[] = {
        [CLASS_NONE] = EXIT_ALL_STORED,
        [CLASS_INTERNAL] = EXIT_INTERNAL,
        [CLASS_CONFIG] = EXIT_CONFIG,
        [CLASS_INPUT] = EXIT_INPUT,
        [CLASS_CREDENTIALS] = EXIT_CREDENTIALS,
        [CLASS_TLS] = EXIT_TLS,
        [CLASS_TEMPORARY] = EXIT_TEMPORARY,
        [CLASS_REJECTED] = EXIT_REJECTED,
        [CLASS_ROWS] = EXIT_ROWS,
        [CLASS_UNKNOWN] = EXIT_UNKNOWN,
        [CLASS_RUNNING] = EXIT_RUNNING,
        [CLASS_BUSY] = EXIT_BUSY,
        [CLASS_STORAGE] = EXIT_STORAGE,
    };

    return code[err_class(err)];
}

/* Worst first; what is not listed ends a run by itself and is as bad as a usage error. */
static unsigned rank(int err)
{
    static const uint8_t order[] = {EXIT_INTERNAL, EXIT_STORAGE,   EXIT_UNKNOWN, EXIT_CREDENTIALS,
                                    EXIT_TLS,      EXIT_CONFIG,    EXIT_INPUT,   EXIT_REJECTED,
                                    EXIT_ROWS,     EXIT_TEMPORARY, EXIT_RUNNING, EXIT_BUSY};
    unsigned at = 0;

    while (at < COUNT(order) && order[at] != exit_of(err)) {
        at++;
    }
    return at;
}

int exit_worse(int err, int other)
{
    if (err == 0 || other == 0) {
        return err == 0 ? other : err;
    }
    return rank(other) < rank(err) ? other : err;
}

bool app_json(const struct app *a)
{
    return a->args.json;
}

void app_log(const struct app *a, const struct config *c)
{
    enum log_level level = (enum log_level)c->log.level;

    level = a->args.verbose ? LOG_AT_DEBUG : level;
    level = a->args.quiet ? LOG_AT_ERROR : level;
    log_begin(level, c->log.target == LOG_TO_SYSLOG);
}

void app_put_path(struct app *a, const char *path)
{
    char show[4];
    size_t used;

    for (; *path != '\0'; path += used) {
        out_raw(&a->out, show, utf8_show(show, path, strlen(path), &used));
    }
}

int app_fail(struct app *a, int err, const char *where, const char *fix)
{
    if (!app_json(a)) {
        (void)out_flush(&a->out); /* what came before stands before it on a terminal */
    }
    log_error(err, where, fix);
    if (exit_worse(a->err, err) != a->err) {
        a->err = err;
        line_set(&a->where, where != NULL ? where : "");
        line_set(&a->fix, fix != NULL && fix[0] != '\0' ? fix : err_fix(err));
        a->http_status = 0;
        a->request_id[0] = '\0';
    }
    return err;
}

int app_fail_call(struct app *a, int err, const char *where, const char *fix)
{
    const struct bulk *b = &a->session.bulk;
    int before = a->err;

    (void)app_fail(a, err, where, fix);
    if (a->err != before && a->session.begun) {
        a->http_status = b->status;
        (void)text_copy(a->request_id, sizeof a->request_id, bulk_request_id(b));
    }
    return err;
}

int app_fail_session(struct app *a, int err)
{
    return app_fail_call(a, err, a->session.where.text, NULL);
}

int app_begin_session(struct app *a)
{
    int err = session_begin(&a->session, &a->config, a->args.quiet || app_json(a));

    if (err == 0 && clock_now().wall_s < CLOCK_EARLIEST_S) {
        err = ERR_CLOCK;
        line_set(&a->session.where, "it shows a time before this program was built");
    }
    return err == 0 ? 0 : app_fail_session(a, err);
}

int app_check_job(struct app *a)
{
    if (job_id_ok(a->args.word[0])) {
        return 0;
    }
    return app_fail(a, ERR_USAGE, "a job id has only letters, digits and . _ -", NULL);
}
