#include "base/err.h"
#include "base/num.h"
#include "base/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

struct row {
    const char *name, *input;
    uint64_t max;
    int want;
    uint64_t value;
};

static const struct row ROWS[] = {
    {"zero", "0", UINT64_MAX, 0, 0},
    {"one digit", "7", UINT64_MAX, 0, 7},
    {"leading zeros are digits", "0007", UINT64_MAX, 0, 7},
    {"many leading zeros do not overflow", "000000000000000000000000000012", UINT64_MAX, 0, 12},
    {"an 18-digit job id keeps every digit (C26)", "640794306199020323", UINT64_MAX, 0,
     640794306199020323u},
    {"the largest value", "18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
    {"one over the largest is refused", "18446744073709551616", UINT64_MAX, ERR_VALUE, 0},
    {"ten times the largest is refused", "184467440737095516150", UINT64_MAX, ERR_VALUE, 0},
    {"the limit itself", "255", 255, 0, 255},
    {"one over the limit is refused", "256", 255, ERR_VALUE, 0},
    {"ten times the limit is refused", "2550", 255, ERR_VALUE, 0},
    {"a digit over a limit of less than ten is refused", "8", 7, ERR_VALUE, 0},
    {"zero under a limit of zero", "0", 0, 0, 0},
    {"one over a limit of zero is refused", "1", 0, ERR_VALUE, 0},
    {"an empty text is refused", "", UINT64_MAX, ERR_VALUE, 0},
    {"a plus sign is refused", "+1", UINT64_MAX, ERR_VALUE, 0},
    {"a minus sign is refused", "-1", UINT64_MAX, ERR_VALUE, 0},
    {"a space in front is refused", " 1", UINT64_MAX, ERR_VALUE, 0},
    {"a space behind is refused", "1 ", UINT64_MAX, ERR_VALUE, 0},
    {"a point is refused", "1.0", UINT64_MAX, ERR_VALUE, 0},
    {"an exponent is refused", "6e17", UINT64_MAX, ERR_VALUE, 0},
    {"hexadecimal is refused", "0x10", UINT64_MAX, ERR_VALUE, 0},
    {"the character below 0 is refused", "/", UINT64_MAX, ERR_VALUE, 0},
    {"the character above 9 is refused", ":", UINT64_MAX, ERR_VALUE, 0},
    {"a byte above ASCII is refused", "\xb2", UINT64_MAX, ERR_VALUE, 0},
};

static void reads_strictly(void **state)
{
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(ROWS); at++) {
        const struct row *row = &ROWS[at];
        uint64_t got = 99;
        int rc = num_u64_max(row->input, strlen(row->input), row->max, &got);
        if (rc != row->want || got != (rc == 0 ? row->value : 99)) {
            fail_msg("%s: %d, %llu", row->name, rc, (unsigned long long)got);
        }
        if (row->max == UINT64_MAX) {
            assert_int_equal(num_u64(row->input, strlen(row->input), &got), row->want);
        }
    }
}

static void reads_no_byte_behind_len(void **state)
{
    uint64_t got;

    (void)state;
    assert_int_equal(num_u64("12345", 3, &got), 0);
    assert_int_equal(got, 123);
}

static void prints_what_it_reads(void **state)
{
    static const uint64_t values[] = {0, 1, 9, 10, 99, 100, 4294967295u, 4294967296u, UINT64_MAX};
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(values); at++) {
        char text[NUM_U64_CAP + 1];
        uint64_t got;
        size_t len;
        memset(text, 'x', sizeof(text));
        len = num_print_u64(text, values[at]);
        assert_int_equal(strlen(text), len);
        assert_int_equal(text[NUM_U64_CAP], 'x');
        assert_int_equal(num_u64(text, len, &got), 0);
        assert_true(got == values[at]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_strictly),
        cmocka_unit_test(reads_no_byte_behind_len),
        cmocka_unit_test(prints_what_it_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
