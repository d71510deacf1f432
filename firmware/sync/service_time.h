/* service_time: what time it is at the service, and whether the device's own clock is good enough
 * to judge certificates (C14; spool page, "Time").
 *
 * The service's time is the Date of the last verified reply and the monotonic time since; nothing
 * is known before the first one after a start. A Date before CLOCK_EARLIEST_S is not believed.
 * The last good time (on flash) comes from here alone. A clock that the kernel calls synchronised
 * goes before both, and a clock behind the last good time is believed after CLOCK_BEHIND_MAX_MS,
 * lest one wrong date locks the device out for good.
 *
 * Memory  A struct of the owner; all zero is "unknown". Keeps no reference.
 * Errors  None. */
#ifndef OCBULK_SYNC_SERVICE_TIME_H
#define OCBULK_SYNC_SERVICE_TIME_H

#include "base/device.h"

struct bulk;

struct service_time {
    int64_t date_ms; /* since 1970 */
    uint64_t mono_ms;
    bool known;
};

enum clock_gate {
    CLOCK_GOOD,
    CLOCK_UNSET, /* before this program was built */
    CLOCK_BEHIND /* before the last good time */
};

/* From the reply of a call that is over, whatever became of it: any reply came over a verified
 * connection. Without a usable Date what is known stays. */
void service_time_learn(struct service_time *t, const struct bulk *b, const struct now *now);
int64_t service_time_ms(const struct service_time *t, uint64_t now_ms); /* -1: unknown */
/* The device's own clock stands in while it is unknown: for the day's bytes. */
int64_t service_time_or_wall_ms(const struct service_time *t, const struct now *now);

/* synced: the kernel says so; last_good_s: -1 none; waited_ms: since the gate was first shut. */
enum clock_gate clock_gate(int64_t wall_s, bool synced, int64_t last_good_s, uint64_t waited_ms);
/* A certificate that is out of its time by a clock nobody vouches for: ERR_CLOCK; else err. */
int clock_fault(int err, bool synced);

#endif
