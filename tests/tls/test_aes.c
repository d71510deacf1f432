/* AES as mbedTLS was built here, at every place its memory may begin: how round keys are aligned
 * hangs on compiler flags that must be the same for several files. Vectors: FIPS 197 C.1 and C.3;
 * the GCM specification's test case 4. */
#include "base/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mbedtls/aes.h"
#include "mbedtls/gcm.h"

#include <string.h>

static uint64_t room[1024]; /* larger than any context, and the steps below */

static void bytes(uint8_t *dst, const char *hex)
{
    for (; hex[0] != '\0'; hex += 2) {
        unsigned v = 0;

        for (int i = 0; i < 2; i++) {
            v = v * 16 + (unsigned)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
        }
        *dst++ = (uint8_t)v;
    }
}

static void test_blocks_at_every_alignment(void **state)
{
    static const struct {
        unsigned bits;
        const char *want;
    } row[] = {
        {128, "69c4e0d86a7b0430d8cdb78070b4c55a"},
        {256, "8ea2b7ca516745bfeafc49904b496089"},
    };
    uint8_t key[32], in[16], out[16], want[16];

    (void)state;
    for (unsigned i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)i;
    }
    bytes(in, "00112233445566778899aabbccddeeff");
    for (size_t i = 0; i < COUNT(row); i++) {
        bytes(want, row[i].want);
        for (size_t at = 0; at < 8; at++) {
            mbedtls_aes_context *aes = (mbedtls_aes_context *)(void *)&room[at];

            mbedtls_aes_init(aes);
            assert_int_equal(mbedtls_aes_setkey_enc(aes, key, row[i].bits), 0);
            assert_int_equal(mbedtls_aes_crypt_ecb(aes, MBEDTLS_AES_ENCRYPT, in, out), 0);
            assert_memory_equal(out, want, sizeof want);
            mbedtls_aes_free(aes);
        }
    }
}

static void test_gcm_at_every_alignment(void **state)
{
    uint8_t key[16], iv[12], in[60], add[20], out[60], want[60], tag[16], want_tag[16];

    (void)state;
    bytes(key, "feffe9928665731c6d6a8f9467308308");
    bytes(iv, "cafebabefacedbaddecaf888");
    bytes(add, "feedfacedeadbeeffeedfacedeadbeefabaddad2");
    bytes(in, "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
              "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    bytes(want, "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091");
    bytes(want_tag, "5bc94fbc3221a5db94fae95ae7121a47");
    for (size_t at = 0; at < 8; at++) {
        mbedtls_gcm_context *gcm = (mbedtls_gcm_context *)(void *)&room[at];

        mbedtls_gcm_init(gcm);
        assert_int_equal(mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, key, 128), 0);
        assert_int_equal(mbedtls_gcm_crypt_and_tag(gcm, MBEDTLS_GCM_ENCRYPT, sizeof in, iv,
                                                   sizeof iv, add, sizeof add, in, out, sizeof tag,
                                                   tag),
                         0);
        assert_memory_equal(out, want, sizeof want);
        assert_memory_equal(tag, want_tag, sizeof tag);
        mbedtls_gcm_free(gcm);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_at_every_alignment),
        cmocka_unit_test(test_gcm_at_every_alignment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
