#include "linux/clock.h"

#include "base/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/timex.h>

static int state, status;

/* In the C library's place. */
int adjtimex(struct timex *kernel)
{
    assert_int_equal(kernel->modes, 0); /* else it would set the clock */
    kernel->status = status;
    return state;
}

static void the_kernel_says_whether_the_clock_is_synchronised(void **unused)
{
    static const struct {
        int state, status;
        bool want;
    } rows[] = {
        {TIME_OK, 0, true},           {TIME_OK, STA_PLL | STA_NANO, true},
        {TIME_INS, STA_PLL, true},                                     /* a leap second comes */
        {TIME_OK, STA_UNSYNC, false}, {TIME_ERROR, STA_UNSYNC, false}, /* as after a start */
        {TIME_ERROR, 0, false},       {-1, 0, false},
    };

    (void)unused;
    for (size_t i = 0; i < COUNT(rows); i++) {
        state = rows[i].state;
        status = rows[i].status;
        assert_int_equal(clock_synced(), rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_says_whether_the_clock_is_synchronised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
