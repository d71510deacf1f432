/* report: status_file and metrics_file: how the daemon and its spool are, for other programs.
 *
 * Written as a whole when something in it has changed, at most once in REPORT_PACE_MS: an idle
 * daemon writes nothing. Codes, counts and times only: no record, no file name, no word of the
 * service.
 *
 * Memory  One struct; the files' names are the configuration's.
 * Calls   init, then look whenever the daemon is about to wait; close once at the end.
 * Errors  A file that cannot be written is told in the log, once until it can be again. */
#ifndef OCBULK_PORT_LINUX_REPORT_H
#define OCBULK_PORT_LINUX_REPORT_H

#include "linux/json_out.h"
#include "linux/replaced_file.h"
#include "linux/spool_view.h"
#include "sync/uploader.h"
#include "sync/uploader_news.h"

enum report_state {
    REPORT_IDLE,      /* nothing waits, no job is followed */
    REPORT_SENDING,   /* a body goes out, or will in a moment */
    REPORT_FOLLOWING, /* jobs are followed */
    REPORT_WAITING,   /* something could be sent, but see why */
    REPORT_STOPPING,
    REPORT_STOPPED
};

/* Batches that are not final. */
enum report_batches { BATCHES_SENDING, BATCHES_OPEN, BATCHES_UNKNOWN, BATCHES_HELD, BATCHES };

struct report_count {
    uint64_t batches, records;
};

/* All that is told, without gaps that two equal ones could differ in. */
struct report_view {
    struct spool_view spool;
    struct report_count batches[BATCHES];
    struct uploader_counts counts;
    int64_t success_ms; /* service time; -1: none yet */
    int64_t error_s;    /* when the last failure was; -1: none yet */
    uint64_t day_bytes;
    int32_t error, trouble; /* the last one; the one that lasts, or 0 */
    uint32_t error_http;
    uint8_t state;
    uint8_t why; /* see report_why_text */
    uint16_t objects;
    uint8_t hold[SPOOL_OBJECTS_MAX]; /* enum reason, or 0 */
};

struct report {
    const char *status_path, *metrics_path; /* empty: none */
    const struct spool_dir *spool;
    const struct uploader *uploader;
    int64_t started_s;
    uint64_t next_ms; /* monotonic: not before */
    bool due, told, no_session;
    struct report_view now, written;
    struct replaced_file file;
    struct json_out json;
};

void report_init(struct report *r, const struct spool_dir *spool, const struct uploader *u,
                 int64_t wall_s);
void report_files(struct report *r, const struct config *c); /* again when it is another one */
void report_news(struct report *r, const struct uploader_news *n, int64_t wall_s);
/* Looks, at most once in REPORT_PACE_MS, and writes what has changed. When to come again at the
 * latest, monotonic; UINT64_MAX: only when something else happens. */
uint64_t report_look(struct report *r, const struct now *now);
void report_close(struct report *r, const struct now *now); /* says that it has stopped */

const char *report_state_text(uint8_t state);
const char *report_why_text(uint8_t why); /* "" when nothing is waited for */
enum { REPORT_WHY_MAX = 11 };

/* What stands in the files. */
void report_status(struct report *r, int64_t wall_s);
void report_metrics(struct report *r);

#endif
