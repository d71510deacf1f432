#include "sync/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CAP 900000u /* 15 min */

static void test_doubles_up_to_its_cap(void **state)
{
    const uint32_t most[] = {1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 512000};

    (void)state;
    for (unsigned tries = 0; tries < 10; tries++) {
        assert_int_equal(backoff_ms(tries, 1000, CAP, UINT32_MAX), most[tries] - 1);
        assert_int_equal(backoff_ms(tries, 1000, CAP, 0), 0);
        assert_int_equal(backoff_ms(tries, 1000, CAP, 1u << 31), most[tries] / 2);
    }
}

static void test_still_jitters_at_its_cap(void **state)
{
    (void)state;
    for (unsigned tries = 10; tries < 200; tries += 7) {
        assert_int_equal(backoff_ms(tries, 1000, CAP, UINT32_MAX), CAP - 1);
        assert_int_equal(backoff_ms(tries, 1000, CAP, 1u << 30), CAP / 4);
    }
}

static void test_extremes_do_not_wrap(void **state)
{
    (void)state;
    assert_int_equal(backoff_ms(UINT32_MAX, 1, UINT32_MAX, UINT32_MAX), UINT32_MAX - 1);
    assert_int_equal(backoff_ms(3, 5000, 1000, UINT32_MAX), 999);
    assert_int_equal(backoff_ms(0, 0, 0, UINT32_MAX), 0);
}

static void test_polls_stay_near_their_pause(void **state)
{
    (void)state;
    assert_int_equal(backoff_near_ms(4000, 0), 3000);
    assert_int_equal(backoff_near_ms(4000, UINT32_MAX), 4999);
    assert_int_equal(backoff_near_ms(0, UINT32_MAX), 0);
    assert_true(backoff_near_ms(UINT32_MAX / 2, UINT32_MAX) > UINT32_MAX / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles_up_to_its_cap),
        cmocka_unit_test(test_still_jitters_at_its_cap),
        cmocka_unit_test(test_extremes_do_not_wrap),
        cmocka_unit_test(test_polls_stay_near_their_pause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
