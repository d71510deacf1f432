#include "sync/schedule.h"

#include "limits.h"

enum { MINUTE_MS = 60000, DAY_MINUTES = 1440, DAY_MS = 86400000 };

void schedule_init(struct schedule *s, const struct schedule_rules *rules, uint64_t now_ms,
                   uint32_t random)
{
    uint32_t spread_ms = (uint32_t)(((uint64_t)rules->splay_ms * random) >> 32);

    *s = (struct schedule){.rules = *rules, .start_ms = now_ms + spread_ms, .spread_ms = spread_ms};
}

static uint32_t day_of(int64_t time_ms)
{
    return time_ms > 0 ? (uint32_t)(time_ms / DAY_MS) : 0;
}

static uint32_t left_of(int64_t time_ms, uint32_t span_ms)
{
    return time_ms > 0 ? span_ms - (uint32_t)(time_ms % span_ms) : span_ms;
}

/* ms until the hours begin; 0: they have. All time zones differ by whole minutes. */
static uint32_t hours_in_ms(const struct schedule_rules *r, const struct schedule_at *at)
{
    uint16_t from = r->hours_from, until = r->hours_until, m = at->minute;
    bool inside = from < until ? m >= from && m < until : m >= from || m < until;

    if (from == until || inside) {
        return 0;
    }
    uint32_t minutes = (uint32_t)(from > m ? from - m : from + DAY_MINUTES - m);

    return (minutes - 1) * MINUTE_MS + left_of(at->time_ms, MINUTE_MS);
}

/* ms until a day with room for so many bytes begins; 0: it has. */
static uint32_t room_in_ms(const struct schedule_rules *r, const struct schedule_at *at,
                           uint64_t bytes)
{
    uint64_t used = at->day.day == day_of(at->time_ms) ? at->day.bytes : 0;
    bool fits = used < r->day_bytes && bytes <= r->day_bytes - used;

    return r->day_bytes == 0 || used == 0 || fits ? 0 : left_of(at->time_ms, DAY_MS);
}

static void wait_for(struct schedule_when *w, uint64_t from_ms, enum schedule_why why)
{
    if (from_ms > w->from_ms) {
        *w = (struct schedule_when){from_ms, why};
    }
}

/* What hours and the day's bytes say. The splay begins where a bar ended, however late one asks. */
static void wait_for_bars(struct schedule *s, struct schedule_when *w, const struct schedule_at *at,
                          uint64_t bytes)
{
    wait_for(w, at->now_ms + hours_in_ms(&s->rules, at), SCHEDULE_HOURS);
    wait_for(w, at->now_ms + room_in_ms(&s->rules, at, bytes), SCHEDULE_DAY_BYTES);
    if (w->why != SCHEDULE_NOW) {
        s->barred_ms = w->from_ms;
    } else if (s->barred_ms != 0 && at->now_ms >= s->barred_ms) {
        s->start_ms = s->barred_ms + s->spread_ms;
        s->barred_ms = 0;
    }
}

struct schedule_when schedule_next(struct schedule *s, const struct schedule_at *at, uint64_t bytes)
{
    struct schedule_when w = {at->now_ms, SCHEDULE_NOW};

    if (at->clock != CLOCK_GOOD) { /* then neither hours nor days can be told */
        return (struct schedule_when){at->now_ms + CLOCK_LOOK_MS, SCHEDULE_CLOCK};
    }
    wait_for_bars(s, &w, at, bytes);
    wait_for(&w, s->start_ms, SCHEDULE_SPLAY);
    wait_for(&w, at->pause_ms, SCHEDULE_PAUSE);
    return w;
}

const char *schedule_why_text(enum schedule_why why)
{
    static const char *const text[] = {
        [SCHEDULE_NOW] = "",        [SCHEDULE_SPLAY] = "splay",         [SCHEDULE_PAUSE] = "pause",
        [SCHEDULE_HOURS] = "hours", [SCHEDULE_DAY_BYTES] = "day_bytes", [SCHEDULE_CLOCK] = "clock",
    };

    return text[why];
}

uint64_t schedule_look_ms(const struct schedule *s, uint64_t last_ms)
{
    return last_ms + s->rules.interval_ms;
}

void schedule_day_add(struct schedule_day *d, int64_t time_ms, uint64_t bytes)
{
    uint32_t day = day_of(time_ms);

    d->bytes = (d->day == day ? d->bytes : 0) + bytes;
    d->day = day;
}
