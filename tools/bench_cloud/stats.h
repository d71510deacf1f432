/* stats: counters, and the last requests as they came.
 *
 * Secrets never get in: of Authorization only whether it was right. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include "request.h"

enum stat {
    STAT_CONNECTIONS,
    STAT_HANDSHAKES,
    STAT_RESUMED,
    STAT_JOBS,
    STAT_ROWS,
    STAT_ERRORS,
    STAT_BODY_BYTES,
    STAT_CUT,
    STAT_CALLBACKS,
    STAT_CALLBACKS_FAILED,
    STAT_TURNED_AWAY,
    STAT_COUNT
};

enum arrival { ARRIVAL_CONNECTION, ARRIVAL_REQUEST, ARRIVAL_UPLOAD, ARRIVALS };

void stats_arrival(enum arrival what); /* now: counted second by second, for the last 600 s */
void stats_add(enum stat what, int64_t n);
void stats_call(enum call call);
void stats_show(struct text *out);
void stats_log(const struct request *req, int status); /* status 0: no answer was given */
void stats_requests(struct text *out);
void stats_reset(void);

#endif
