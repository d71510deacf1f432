/* The service's time, learned from replies that go through the real bulk; and the clock gate. */
#include "sync/service_time.h"

#include "fake_exchange.h"
#include "limits.h"

#define DAY_MS (24ull * 3600000)

/* Seconds of Wed, 25 Nov 2026 03:28:00 GMT, by `date -d`. */
#define DATE_S   1795577280
#define DATED(d) HEAD("429 Slow") "Date: " d "\r\nContent-Length: 0\r\n\r\n"

static void learn(struct service_time *t, const char *reply, int err, uint64_t mono_ms)
{
    const struct attempt a = {.reply = reply, .err = err};
    const struct now now = {.mono_ms = mono_ms, .wall_s = 12}; /* just booted, in 1970 */

    begin(&a, 1);
    (void)finish_call(bulk_status(&b, "1234", &NOW));
    service_time_learn(t, &b, &now);
}

static void it_is_the_date_and_the_time_since(void **state)
{
    static const char *const form[] = {
        DATED("Wed, 25 Nov 2026 03:28:00 GMT"),
        DATED("Wednesday, 25-Nov-26 03:28:00 GMT"),
        DATED("Wed Nov 25 03:28:00 2026"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(form); i++) {
        struct service_time t = {0};

        assert_int_equal(service_time_ms(&t, 9000), -1);
        learn(&t, form[i], 0, 9000);
        assert_int_equal(service_time_ms(&t, 9000), DATE_S * 1000ll);
        assert_int_equal(service_time_ms(&t, 9000 + 200 * DAY_MS),
                         DATE_S * 1000ll + 200 * (int64_t)DAY_MS);
    }
}

static void the_last_reply_counts(void **state)
{
    struct service_time t = {0};

    (void)state;
    learn(&t, DATED("Wed, 25 Nov 2026 04:28:00 GMT"), 0, 1000);
    learn(&t, DATED("Wed, 25 Nov 2026 03:28:00 GMT"), 0, 2000);
    assert_int_equal(service_time_ms(&t, 3000), DATE_S * 1000ll + 1000);
}

static void what_is_no_date_teaches_nothing(void **state)
{
    static const struct {
        const char *reply;
        int err;
    } rows[] = {
        {"", ERR_TLS_NAME}, /* nobody who was verified has said anything */
        {"", ERR_CONNECT},
        {"HTTP/1.1 200 OK\r\nDate: Wed, 25 Nov 2026 03:28:00 GMT\r\n",
         ERR_NETWORK}, /* half a head */
        {BODY("200 OK", 0, ""), 0},
        {DATED("soon"), 0},
        {DATED("Wed, 31 Nov 2026 03:28:00 GMT"), 0},
        {DATED("Thu, 01 Jan 1970 00:00:12 GMT"), 0}, /* a service that has just booted, too */
        {DATED("Sat, 31 Oct 2026 23:59:59 GMT"), 0}, /* the second before CLOCK_EARLIEST_S */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct service_time t = {0};

        learn(&t, rows[i].reply, rows[i].err, 1000);
        if (service_time_ms(&t, 1000) != -1) {
            fail_msg("learned from: %s", rows[i].reply);
        }
        learn(&t, DATED("Wed, 25 Nov 2026 03:28:00 GMT"), 0, 1000);
        learn(&t, rows[i].reply, rows[i].err, 5000);
        assert_int_equal(service_time_ms(&t, 1000), DATE_S * 1000ll);
    }
}

static void the_wall_clock_stands_in_for_it(void **state)
{
    const struct now now = {.mono_ms = 61000, .wall_s = 1800000000};
    struct service_time t = {0};

    (void)state;
    assert_int_equal(service_time_or_wall_ms(&t, &now), 1800000000000);
    learn(&t, DATED("Wed, 25 Nov 2026 03:28:00 GMT"), 0, 1000);
    assert_int_equal(service_time_or_wall_ms(&t, &now), (DATE_S + 60) * 1000ll);
}

static void the_gate_opens_when_the_clock_can_be_believed(void **state)
{
    const int64_t build = CLOCK_EARLIEST_S, good = CLOCK_EARLIEST_S + 5000;
    const struct {
        const char *name;
        int64_t wall_s;
        bool synced;
        int64_t last_good_s;
        uint64_t waited_ms;
        enum clock_gate want;
    } rows[] = {
        {"C14: twelve seconds after power-up", 12, false, -1, 0, CLOCK_UNSET},
        {"and for ever", 12, false, -1, 1000 * DAY_MS, CLOCK_UNSET},
        {"the second before the build", build - 1, false, -1, 0, CLOCK_UNSET},
        {"the build's second", build, false, -1, 0, CLOCK_GOOD},
        {"behind the last good time", good - 1, false, good, 0, CLOCK_BEHIND},
        {"behind it for nearly a day", good - 1, false, good, DAY_MS - 1, CLOCK_BEHIND},
        {"behind it for a day: one wrong date locks nobody out", good - 1, false, good, DAY_MS,
         CLOCK_GOOD},
        {"a wrong date far ahead", good, false, 4000000000, DAY_MS, CLOCK_GOOD},
        {"at the last good time", good, false, good, 0, CLOCK_GOOD},
        {"synchronised, behind the last good time", good - 1, true, good, 0, CLOCK_GOOD},
        {"synchronised, before the build: trust will say so", build - 1, true, -1, 0, CLOCK_GOOD},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (clock_gate(rows[i].wall_s, rows[i].synced, rows[i].last_good_s, rows[i].waited_ms) !=
            rows[i].want) {
            fail_msg("%s", rows[i].name);
        }
    }
}

static void certificates_out_of_their_time_may_be_the_clocks_fault(void **state)
{
    (void)state;
    for (int err = -1; err >= -ERR_COUNT; err--) {
        bool time = err == ERR_TLS_EXPIRED || err == ERR_TLS_FUTURE;

        assert_int_equal(clock_fault(err, true), err);
        assert_int_equal(clock_fault(err, false), time ? ERR_CLOCK : err);
    }
    assert_int_equal(clock_fault(0, false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_date_and_the_time_since),
        cmocka_unit_test(the_last_reply_counts),
        cmocka_unit_test(what_is_no_date_teaches_nothing),
        cmocka_unit_test(the_wall_clock_stands_in_for_it),
        cmocka_unit_test(the_gate_opens_when_the_clock_can_be_believed),
        cmocka_unit_test(certificates_out_of_their_time_may_be_the_clocks_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
