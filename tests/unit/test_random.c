/* S03: random bytes at boot. This program's own getrandom stands in for the C library's and plays
 * a script, so that the port can be seen with every answer of the kernel. */
#include "base/device.h"
#include "base/err.h"
#include "base/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum { LEN = 32, CALLS_MAX = 8 };

/* Of each call: bytes given, or -errno. */
static int answer[CALLS_MAX];
static size_t calls, asked[CALLS_MAX];
static unsigned flags_seen;
static uint8_t stream; /* the next byte given */

ssize_t getrandom(void *dst, size_t len, unsigned flags)
{
    uint8_t *to = dst;
    int n = answer[calls];

    assert_true(calls + 1 < CALLS_MAX);
    asked[calls++] = len;
    flags_seen |= flags ^ GRND_NONBLOCK;
    if (n < 0) {
        errno = -n;
        return -1;
    }
    assert_true(n > 0 && (size_t)n <= len);
    for (int i = 0; i < n; i++) {
        to[i] = stream++;
    }
    return n;
}

static const struct row {
    const char *name;
    int answer[CALLS_MAX];
    int want;
    size_t calls;
} ROWS[] = {
    {"all at once", {LEN}, 0, 1},
    {"the pool is not ready: told at once, no waiting", {-EAGAIN}, ERR_ENTROPY, 1},
    {"an older kernel has no such call: told, nothing weaker is used", {-ENOSYS}, ERR_ENTROPY, 1},
    {"short counts are continued", {1, 2, 3, LEN - 6}, 0, 4},
    {"a signal is no end", {-EINTR, LEN}, 0, 2},
    {"signals between short counts", {5, -EINTR, -EINTR, LEN - 5}, 0, 4},
    {"an error behind a short count is no success", {5, -EAGAIN}, ERR_ENTROPY, 2},
    {"an error behind a signal", {-EINTR, -EFAULT}, ERR_ENTROPY, 2},
};

/* Every byte is the kernel's, each once, and none is written behind the end. */
static void check_bytes(const struct row *row, const uint8_t *got)
{
    for (size_t i = 0; i < LEN; i++) {
        if (got[i] != (uint8_t)(i + 1)) {
            fail_msg("%s: byte %u", row->name, (unsigned)i);
        }
    }
}

static void test_answers_of_the_kernel(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        uint8_t got[LEN + 1] = {0};

        memcpy(answer, ROWS[i].answer, sizeof answer);
        calls = 0;
        stream = 1;
        int err = device_random(got, LEN);

        if (err != ROWS[i].want || calls != ROWS[i].calls) {
            fail_msg("%s: %s behind %u calls", ROWS[i].name, err_name(err), (unsigned)calls);
        }
        if (err == 0) {
            check_bytes(&ROWS[i], got);
        }
        assert_int_equal(got[LEN], 0);
    }
    assert_int_equal(flags_seen, 0); /* GRND_NONBLOCK alone, each time */
}

static void test_it_asks_for_what_is_left(void **state)
{
    static const int script[CALLS_MAX] = {10, 20, 2};
    uint8_t got[LEN];

    (void)state;
    memcpy(answer, script, sizeof answer);
    calls = 0;
    assert_int_equal(device_random(got, LEN), 0);
    assert_int_equal(asked[0], LEN);
    assert_int_equal(asked[1], LEN - 10);
    assert_int_equal(asked[2], 2);
}

static void test_nothing_asked_is_no_call(void **state)
{
    (void)state;
    calls = 0;
    assert_int_equal(device_random(NULL, 0), 0);
    assert_int_equal(calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_of_the_kernel),
        cmocka_unit_test(test_it_asks_for_what_is_left),
        cmocka_unit_test(test_nothing_asked_is_no_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
