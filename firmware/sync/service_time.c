#include "sync/service_time.h"

#include "base/err.h"
#include "bulk/bulk.h"
#include "reply/http_date.h"

void service_time_learn(struct service_time *t, const struct bulk *b, const struct now *now)
{
    int64_t date_s;

    if (!b->reply.head_done || !b->field[FIELD_DATE].seen ||
        http_date_parse(b->date, &date_s) != 0 || date_s < CLOCK_EARLIEST_S) {
        return;
    }
    *t = (struct service_time){.date_ms = date_s * 1000, .mono_ms = now->mono_ms, .known = true};
}

int64_t service_time_ms(const struct service_time *t, uint64_t now_ms)
{
    return t->known ? t->date_ms + (int64_t)(now_ms - t->mono_ms) : -1;
}

int64_t service_time_or_wall_ms(const struct service_time *t, const struct now *now)
{
    return t->known ? service_time_ms(t, now->mono_ms) : now->wall_s * 1000;
}

enum clock_gate clock_gate(int64_t wall_s, bool synced, int64_t last_good_s, uint64_t waited_ms)
{
    if (synced) {
        return CLOCK_GOOD;
    }
    if (wall_s < CLOCK_EARLIEST_S) {
        return CLOCK_UNSET;
    }
    return wall_s < last_good_s && waited_ms < CLOCK_BEHIND_MAX_MS ? CLOCK_BEHIND : CLOCK_GOOD;
}

int clock_fault(int err, bool synced)
{
    return !synced && (err == ERR_TLS_EXPIRED || err == ERR_TLS_FUTURE) ? ERR_CLOCK : err;
}
