/* schedule: from when on a POST may begin, and what it waits for until then.
 *
 * It waits for the clock (certificates cannot be judged), for the hours in which sending is
 * allowed, for the day's bytes, for a pause (retry), and for the splay: a random part of it passes
 * after the start and whenever hours or a new day let a device send again, so that a fleet does
 * not start as one. What is longest is told. A day is one of UTC by the service's time. A batch
 * larger than a whole day's bytes goes as the first of a day.
 *
 * Memory  A struct of the owner; rules are copied.
 * Calls   init once after the start; next before each POST, and again at the time it says or
 *         sooner. The day's bytes are kept on flash by the owner, and given to each next: the
 *         uploader's ledger counts them by INTENT, an owner without one with schedule_day_add.
 * Errors  None. */
#ifndef OCBULK_SYNC_SCHEDULE_H
#define OCBULK_SYNC_SCHEDULE_H

#include "sync/service_time.h"

struct schedule_rules {
    uint64_t day_bytes; /* 0: no limit */
    uint32_t splay_ms, interval_ms;
    uint16_t hours_from, hours_until; /* minutes of the local day, 0..1439; equal: any hour; from >
                                         until: over midnight */
};

struct schedule_day {
    uint32_t day; /* since 1970 */
    uint64_t bytes;
};

struct schedule {
    struct schedule_rules rules;
    uint64_t start_ms;  /* monotonic: the splay's end */
    uint32_t spread_ms; /* this device's part of the splay */
    uint64_t barred_ms; /* monotonic: the end of what hours or the day's bytes forbid; 0: nothing */
};

enum schedule_why {
    SCHEDULE_NOW,
    SCHEDULE_SPLAY,
    SCHEDULE_PAUSE,
    SCHEDULE_HOURS,
    SCHEDULE_DAY_BYTES,
    SCHEDULE_CLOCK
};

struct schedule_at {
    uint64_t now_ms;   /* monotonic */
    uint64_t pause_ms; /* retry_from_ms */
    int64_t time_ms;   /* service_time_or_wall_ms */
    uint16_t minute;   /* of the local day, by the device's clock and time zone */
    enum clock_gate clock;
    struct schedule_day day; /* what was sent so far */
};

struct schedule_when {
    uint64_t from_ms; /* monotonic; with SCHEDULE_NOW: now */
    enum schedule_why why;
};

void schedule_init(struct schedule *s, const struct schedule_rules *rules, uint64_t now_ms,
                   uint32_t random);
struct schedule_when schedule_next(struct schedule *s, const struct schedule_at *at,
                                   uint64_t bytes);
const char *schedule_why_text(enum schedule_why why);                  /* "day_bytes"; of NOW "" */
uint64_t schedule_look_ms(const struct schedule *s, uint64_t last_ms); /* at the spool, the next */
/* Counts bytes that were sent at time_ms (as above) on its day. */
void schedule_day_add(struct schedule_day *d, int64_t time_ms, uint64_t bytes);

#endif
