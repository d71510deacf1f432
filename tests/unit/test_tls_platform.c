#include "base/stream.h"
#include "link/tls_platform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Whatever mbedTLS hands over, at every room: as the C library prints it. */
#define SAME(...)                                                                                  \
    for (size_t cap = 0; cap < 64; cap++) {                                                        \
        char want[64] = "untouched", got[64] = "untouched";                                        \
        int n = snprintf(want, cap, __VA_ARGS__);                                                  \
        assert_int_equal(tls_snprintf(got, cap, __VA_ARGS__), n);                                  \
        assert_string_equal(got, want);                                                            \
    }

static void test_prints_as_the_c_library(void **state)
{
    (void)state;
    SAME("%s", "");
    SAME("%s=", "CN");
    SAME("%s%s\n", "  ! ", "The certificate has been revoked");
    SAME("%c.%u", '2', 5u);
    SAME(".%u", UINT_MAX);
    SAME("%02X%s", 0xAu, ":");
    SAME("%02X%02X", 0xFFu, 0u);
    SAME("%d %d %d", INT_MAX, INT_MIN, 0);
    SAME("(%s, MGF1-%s, 0x%02X)", "SHA256", "SHA256", 32u);
}

static void test_unknown_conversions_stay(void **state)
{
    char got[16];

    (void)state;
    assert_int_equal(tls_snprintf(got, sizeof got, "%% %"), 3);
    assert_string_equal(got, "% %");
    assert_int_equal(tls_fprintf(NULL, "%s", "nothing"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prints_as_the_c_library),
        cmocka_unit_test(test_unknown_conversions_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
