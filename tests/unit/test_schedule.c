#include "sync/schedule.h"

#include "base/stream.h"
#include "limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND 1000ull
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define NOON   (20782 * DAY + 12 * HOUR) /* Wed, 25 Nov 2026 12:00:00 GMT, by `date -d` */

static const struct schedule_rules NO_RULES = {.interval_ms = 300000};

static uint64_t seed = 88172645463325252u;

static uint32_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 16);
}

/* A look at a wall time, on a device that was started with its monotonic clock at 0 at noon; its
 * time zone is so many minutes ahead. */
static struct schedule_at look(uint64_t time_ms, unsigned zone)
{
    return (struct schedule_at){
        .now_ms = time_ms - NOON,
        .time_ms = (int64_t)time_ms,
        .minute = (uint16_t)((time_ms / MINUTE + zone) % 1440),
    };
}

static void hold(const char *name, struct schedule_when got, uint64_t from_ms,
                 enum schedule_why why)
{
    if (got.from_ms != from_ms || got.why != why) {
        fail_msg("%s: %s at %llu, not %s at %llu", name, schedule_why_text(got.why),
                 (unsigned long long)got.from_ms, schedule_why_text(why),
                 (unsigned long long)from_ms);
    }
}

static void one_reason_after_the_other(void **state)
{
    static const struct {
        const char *name;
        struct schedule_rules rules;
        struct schedule_day day;
        uint64_t bytes, pause_ms;
        uint64_t time_ms; /* behind noon */
        uint64_t from_ms; /* behind noon */
        enum schedule_why why;
    } rows[] = {
        {"no rules", {0}, {0}, 1, 0, HOUR, HOUR, SCHEDULE_NOW},
        {"a pause", {0}, {0}, 1, 90000, 1000, 90000, SCHEDULE_PAUSE},
        {"a pause that is over", {0}, {0}, 1, 90000, 90000, 90000, SCHEDULE_NOW},
        {"in the hours", {.hours_from = 720, .hours_until = 721}, {0}, 1, 0, 0, 0, SCHEDULE_NOW},
        {"their last ms",
         {.hours_from = 720, .hours_until = 721},
         {0},
         1,
         0,
         MINUTE - 1,
         MINUTE - 1,
         SCHEDULE_NOW},
        {"behind them",
         {.hours_from = 720, .hours_until = 721},
         {0},
         1,
         0,
         MINUTE,
         DAY,
         SCHEDULE_HOURS},
        {"before them, within a minute",
         {.hours_from = 780, .hours_until = 840},
         {0},
         1,
         0,
         HOUR - 17,
         HOUR,
         SCHEDULE_HOURS},
        {"over midnight, by day",
         {.hours_from = 1320, .hours_until = 360},
         {0},
         1,
         0,
         0,
         10 * HOUR,
         SCHEDULE_HOURS},
        {"over midnight, in the evening",
         {.hours_from = 1320, .hours_until = 360},
         {0},
         1,
         0,
         11 * HOUR,
         11 * HOUR,
         SCHEDULE_NOW},
        {"over midnight, in the morning",
         {.hours_from = 1320, .hours_until = 360},
         {0},
         1,
         0,
         17 * HOUR,
         17 * HOUR,
         SCHEDULE_NOW},
        {"over midnight, too late",
         {.hours_from = 1320, .hours_until = 360},
         {0},
         1,
         0,
         18 * HOUR,
         34 * HOUR,
         SCHEDULE_HOURS},
        {"equal hours are any",
         {.hours_from = 600, .hours_until = 600},
         {0},
         1,
         0,
         0,
         0,
         SCHEDULE_NOW},
        {"the day's last bytes", {.day_bytes = 100}, {20782, 60}, 40, 0, 0, 0, SCHEDULE_NOW},
        {"one byte too many",
         {.day_bytes = 100},
         {20782, 60},
         41,
         0,
         0,
         12 * HOUR,
         SCHEDULE_DAY_BYTES},
        {"a day that is over", {.day_bytes = 100}, {20781, 60}, 41, 0, 0, 0, SCHEDULE_NOW},
        {"a day that a wrong date named",
         {.day_bytes = 100},
         {99999, 100},
         41,
         0,
         0,
         0,
         SCHEDULE_NOW},
        {"more than a day's, as the first",
         {.day_bytes = 100},
         {20781, 900},
         101,
         0,
         0,
         0,
         SCHEDULE_NOW},
        {"more than a day's, not as the first",
         {.day_bytes = 100},
         {20782, 1},
         101,
         0,
         0,
         12 * HOUR,
         SCHEDULE_DAY_BYTES},
        {"so much that it would wrap",
         {.day_bytes = 100},
         {20782, 1},
         UINT64_MAX,
         0,
         0,
         12 * HOUR,
         SCHEDULE_DAY_BYTES},
        {"more than a day's behind it",
         {.day_bytes = 100},
         {20782, 900},
         1,
         0,
         0,
         12 * HOUR,
         SCHEDULE_DAY_BYTES},
        {"the longest is told: the pause",
         {.day_bytes = 100, .hours_from = 721, .hours_until = 722},
         {20782, 99},
         2,
         13 * HOUR,
         0,
         13 * HOUR,
         SCHEDULE_PAUSE},
        {"the longest is told: the hours",
         {.day_bytes = 100, .hours_from = 60, .hours_until = 120},
         {20782, 99},
         2,
         1000,
         0,
         13 * HOUR,
         SCHEDULE_HOURS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct schedule_at at = look(NOON + rows[i].time_ms, 0);
        struct schedule s;

        schedule_init(&s, &rows[i].rules, 0, any());
        at.day = rows[i].day;
        at.pause_ms = rows[i].pause_ms;
        hold(rows[i].name, schedule_next(&s, &at, rows[i].bytes), rows[i].from_ms, rows[i].why);
    }
}

static void a_bad_clock_is_waited_for(void **state)
{
    const struct schedule_rules rules = {.hours_from = 1, .hours_until = 2, .day_bytes = 1};
    struct schedule_at at = look(NOON + 77, 0);
    struct schedule s;

    (void)state;
    schedule_init(&s, &rules, 0, 0);
    at.clock = CLOCK_UNSET;
    hold("unset", schedule_next(&s, &at, 5), 77 + CLOCK_LOOK_MS, SCHEDULE_CLOCK);
    at.clock = CLOCK_BEHIND;
    hold("behind", schedule_next(&s, &at, 5), 77 + CLOCK_LOOK_MS, SCHEDULE_CLOCK);
}

/* A fleet that was switched on, let through by its hours, or given a new day at one moment. */
static void a_fleet_does_not_start_as_one(void **state)
{
    static const struct schedule_rules rules[] = {
        {.splay_ms = 60000},
        {.splay_ms = 60000, .hours_from = 780, .hours_until = 840},
        {.splay_ms = 60000, .day_bytes = 100},
    };
    static const uint64_t open_ms[] = {0, HOUR, 12 * HOUR};

    (void)state;
    for (size_t i = 0; i < COUNT(rules); i++) {
        unsigned count[60] = {0};

        for (int n = 0; n < 6000; n++) {
            struct schedule_at at = look(NOON + 5, 0);
            struct schedule s;
            struct schedule_when w;
            int looks = 0;

            schedule_init(&s, &rules[i], 0, any());
            at.day = (struct schedule_day){20782, 99};
            while (w = schedule_next(&s, &at, 2), w.why != SCHEDULE_NOW) {
                assert_true(w.from_ms > at.now_ms && looks++ < 4);
                struct schedule_day day = at.day;

                at = look(NOON + w.from_ms, 0);
                at.day = day;
            }
            assert_true(w.from_ms >= open_ms[i] && w.from_ms < open_ms[i] + 60000);
            count[(w.from_ms - open_ms[i]) / 1000]++;
        }
        for (size_t n = 0; n < COUNT(count); n++) {
            assert_true(count[n] > 50 && count[n] < 150); /* 100, and five times its deviation */
        }
    }
}

/* A batch that waits for the next day must not make one that fits wait with it, nor the look at
 * either of them begin the splay anew. */
static void what_fits_goes_before_what_does_not(void **state)
{
    const struct schedule_rules rules = {.day_bytes = 100, .splay_ms = 60000};
    struct schedule_at at = look(NOON + HOUR, 0);
    struct schedule s;

    (void)state;
    schedule_init(&s, &rules, 0, 1u << 31);
    at.day = (struct schedule_day){20782, 60};
    for (int i = 0; i < 5; i++) {
        hold("large", schedule_next(&s, &at, 50), 12 * HOUR, SCHEDULE_DAY_BYTES);
        hold("small", schedule_next(&s, &at, 40), at.now_ms, SCHEDULE_NOW);
        at.now_ms++;
        at.time_ms++;
    }
    at = look(NOON + 12 * HOUR, 0);
    hold("a new day", schedule_next(&s, &at, 50), 12 * HOUR + 30000, SCHEDULE_SPLAY);
    at = look(NOON + 12 * HOUR + 29999, 0);
    hold("still", schedule_next(&s, &at, 50), 12 * HOUR + 30000, SCHEDULE_SPLAY);
    at = look(NOON + 12 * HOUR + 30000, 0);
    hold("over", schedule_next(&s, &at, 50), at.now_ms, SCHEDULE_NOW);
}

static void a_late_look_need_not_wait_again(void **state)
{
    const struct schedule_rules rules = {.hours_from = 780, .hours_until = 840, .splay_ms = 60000};
    struct schedule_at at = look(NOON, 0);
    struct schedule s;

    (void)state;
    schedule_init(&s, &rules, 0, UINT32_MAX);
    hold("before", schedule_next(&s, &at, 1), HOUR, SCHEDULE_HOURS);
    at = look(NOON + HOUR + 2 * MINUTE, 0);
    hold("late", schedule_next(&s, &at, 1), at.now_ms, SCHEDULE_NOW);
}

static void a_day_is_counted_by_itself(void **state)
{
    struct schedule_day d = {0};

    (void)state;
    schedule_day_add(&d, NOON, 5);
    schedule_day_add(&d, NOON + 12 * HOUR - 1, 6);
    assert_int_equal(d.day, 20782);
    assert_int_equal(d.bytes, 11);
    schedule_day_add(&d, NOON + 12 * HOUR, 7);
    assert_int_equal(d.day, 20783);
    assert_int_equal(d.bytes, 7);
    schedule_day_add(&d, -1, 3); /* nobody knows */
    assert_int_equal(d.day, 0);
    assert_int_equal(d.bytes, 3);
}

/* Two months of a sender that always has something, under rules at random: it keeps to them, and
 * is never stopped for good. The day's sums are its own, not the schedule's. */
static void rules_are_kept_for_months(void **state)
{
    (void)state;
    for (int run = 0; run < 200; run++) {
        struct schedule_rules rules = {
            .hours_from = (uint16_t)(any() % 1440),
            .hours_until = (uint16_t)(any() % 1440),
            .day_bytes = any() % 3 == 0 ? 0 : 1 + any() % 10000,
            .splay_ms = any() % 2 == 0 ? 0 : any() % (uint32_t)HOUR,
        };
        unsigned zone = any() % 1440, open = (1440u + rules.hours_until - rules.hours_from) % 1440;
        uint64_t time_ms = NOON, end_ms = NOON + 60 * DAY, day = 0, sum = 0, sent = 0, last = NOON;
        struct schedule_day flash = {0};
        struct schedule s;

        schedule_init(&s, &rules, 0, any());
        while (time_ms < end_ms) {
            uint64_t bytes = 1 + any() % 6000;
            struct schedule_at at = look(time_ms, zone);

            at.day = flash;
            struct schedule_when w = schedule_next(&s, &at, bytes);

            if (w.why != SCHEDULE_NOW) {
                assert_true(w.from_ms > at.now_ms);
                time_ms = NOON + w.from_ms;
                if (any() % 4 == 0) { /* woken before */
                    time_ms = NOON + at.now_ms + (w.from_ms - at.now_ms) / 2;
                }
                continue;
            }
            sum = time_ms / DAY == day ? sum : 0;
            day = time_ms / DAY;
            assert_true(rules.day_bytes == 0 || sum == 0 || sum + bytes <= rules.day_bytes);
            assert_true(open == 0 || (1440u + at.minute - rules.hours_from) % 1440 < open);
            assert_true(time_ms - last <= 2 * DAY + rules.splay_ms || open * MINUTE <= HOUR);
            last = time_ms;
            sum += bytes;
            sent += bytes;
            schedule_day_add(&flash, (int64_t)time_ms, bytes);
            time_ms += 1 + any() % (20 * MINUTE);
        }
        assert_true(sent > 0 || open * MINUTE <= HOUR);
    }
}

static void the_spool_is_looked_at_again(void **state)
{
    struct schedule s;

    (void)state;
    schedule_init(&s, &NO_RULES, 0, 0);
    assert_int_equal(schedule_look_ms(&s, 1ull << 40), (1ull << 40) + 300000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_reason_after_the_other),
        cmocka_unit_test(a_bad_clock_is_waited_for),
        cmocka_unit_test(a_fleet_does_not_start_as_one),
        cmocka_unit_test(what_fits_goes_before_what_does_not),
        cmocka_unit_test(a_late_look_need_not_wait_again),
        cmocka_unit_test(a_day_is_counted_by_itself),
        cmocka_unit_test(rules_are_kept_for_months),
        cmocka_unit_test(the_spool_is_looked_at_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
