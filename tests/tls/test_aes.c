/* AES wherever its context lies: mbedTLS' files must agree on how round keys are aligned. */
#include "base/stream.h"
#include "mbedtls/aes.h"
#include "mbedtls/gcm.h"
#include "mbedtls/platform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "arena.h"

struct vector {
    unsigned bits;
    const char *cipher; /* of FIPS 197 appendix C */
};

static const struct vector VECTORS[] = {
    {128, "\x69\xc4\xe0\xd8\x6a\x7b\x04\x30\xd8\xcd\xb7\x80\x70\xb4\xc5\x5a"},
    {256, "\x8e\xa2\xb7\xca\x51\x67\x45\xbf\xea\xfc\x49\x90\x4b\x49\x60\x89"},
};

static void encrypts_at_every_alignment(void **state)
{
    static uint64_t room[(sizeof(mbedtls_aes_context) + 64) / sizeof(uint64_t)];
    uint8_t key[32], plain[16], out[16];

    (void)state;
    for (uint8_t i = 0; i < 32; i++) {
        key[i] = i;
        plain[i % 16] = (uint8_t)(i % 16 * 0x11);
    }
    for (size_t i = 0; i < 8 * COUNT(VECTORS); i++) {
        mbedtls_aes_context *aes = (mbedtls_aes_context *)&room[i % 8];
        const struct vector *v = &VECTORS[i / 8];

        mbedtls_aes_init(aes);
        assert_int_equal(mbedtls_aes_setkey_enc(aes, key, v->bits), 0);
        assert_int_equal(mbedtls_aes_crypt_ecb(aes, MBEDTLS_AES_ENCRYPT, plain, out), 0);
        assert_memory_equal(out, v->cipher, sizeof out);
        mbedtls_aes_free(aes);
    }
}

/* As TLS does: the cipher's context is found in the arena, behind whatever was taken before. */
static void encrypts_anywhere_in_the_arena(void **state)
{
    static const uint8_t key[32], iv[12], plain[40];
    uint8_t out[40], want[40], tag[16];

    (void)state;
    for (size_t skip = 0; skip < 8; skip++) {
        void *before = mbedtls_calloc(1, 8 * skip + 1);
        mbedtls_gcm_context gcm;

        mbedtls_gcm_init(&gcm);
        assert_non_null(before);
        assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 256), 0);
        assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, sizeof plain, iv,
                                                   sizeof iv, NULL, 0, plain, out, sizeof tag, tag),
                         0);
        if (skip == 0) {
            memcpy(want, out, sizeof want);
        }
        assert_memory_equal(out, want, sizeof want);
        mbedtls_gcm_free(&gcm);
        mbedtls_free(before);
    }
    assert_int_equal(tls_platform_used(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encrypts_at_every_alignment),
        cmocka_unit_test(encrypts_anywhere_in_the_arena),
    };

    arena_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
