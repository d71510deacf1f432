#include "base/stream.h"
#include "link/tls_platform.h"
#include "mbedtls/md.h"
#include "mbedtls/sha1.h"
#if defined(MBEDTLS_PSA_CRYPTO_C)
#include "psa/crypto.h"
#endif

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

/* All ways to a hash end in an error, so none to a signature that is good: whoever verifies one
 * asks here first. By name it is known. */
static void test_nothing_computes_sha_1(void **state)
{
    static uint8_t arena[16384];
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(MBEDTLS_MD_SHA1);
    const uint8_t text[3] = "abc";
    uint8_t hash[20] = {0};
    mbedtls_md_context_t md;

    (void)state;
    assert_int_equal(tls_platform_begin(arena, sizeof arena), 0);
    assert_non_null(info);
    assert_int_equal(mbedtls_md_get_size(info), sizeof hash);
    assert_int_not_equal(mbedtls_sha1(text, sizeof text, hash), 0);
    assert_int_not_equal(mbedtls_md(info, text, sizeof text, hash), 0);
    assert_int_not_equal(mbedtls_md_hmac(info, text, sizeof text, text, sizeof text, hash), 0);
    mbedtls_md_init(&md);
    assert_int_equal(mbedtls_md_setup(&md, info, 1), 0);
    assert_int_not_equal(mbedtls_md_starts(&md), 0);
    assert_int_not_equal(mbedtls_md_update(&md, text, sizeof text), 0);
    assert_int_not_equal(mbedtls_md_finish(&md, hash), 0);
    mbedtls_md_free(&md);
#if defined(MBEDTLS_PSA_CRYPTO_C)
    psa_hash_operation_t operation = PSA_HASH_OPERATION_INIT;
    size_t len = 0;

    assert_int_equal(psa_hash_compute(PSA_ALG_SHA_1, text, sizeof text, hash, sizeof hash, &len),
                     PSA_ERROR_NOT_SUPPORTED);
    assert_int_equal(psa_hash_compare(PSA_ALG_SHA_1, text, sizeof text, hash, sizeof hash),
                     PSA_ERROR_NOT_SUPPORTED);
    assert_int_equal(psa_hash_setup(&operation, PSA_ALG_SHA_1), PSA_ERROR_NOT_SUPPORTED);
    assert_int_equal(psa_hash_update(&operation, text, sizeof text), PSA_ERROR_BAD_STATE);
#endif
    tls_platform_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prints_as_the_c_library),
        cmocka_unit_test(test_unknown_conversions_stay),
        cmocka_unit_test(test_nothing_computes_sha_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
