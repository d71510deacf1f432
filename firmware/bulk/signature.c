#include "bulk/signature.h"

#include "base/err.h"
#include "mbedtls/base64.h"
#include "mbedtls/constant_time.h"
#include "mbedtls/platform_util.h"

#include <assert.h>
#include <string.h>

#define SCHEME     "sha256="
#define SCHEME_LEN (sizeof SCHEME - 1)
#define BLOCK_LEN  64
#define DIGEST_LEN 32
#define VALUE_LEN  (SCHEME_LEN + (DIGEST_LEN + 2) / 3 * 4)

/* RFC 2104, section 2, steps 1 to 3; the body is step 4. */
static void mac_init(struct signature_mac *m, const struct signature_key *key)
{
    uint8_t inner[BLOCK_LEN] = {0};

    m->failed = 0;
    if (key->len > sizeof inner) {
        m->failed = mbedtls_sha256(key->bytes, key->len, inner, 0);
    } else {
        memcpy(inner, key->bytes, key->len);
    }
    for (size_t i = 0; i < sizeof inner; i++) {
        m->outer[i] = inner[i] ^ 0x5C;
        inner[i] ^= 0x36;
    }
    mbedtls_sha256_init(&m->hash);
    m->failed |= mbedtls_sha256_starts(&m->hash, 0);
    m->failed |= mbedtls_sha256_update(&m->hash, inner, sizeof inner);
    mbedtls_platform_zeroize(inner, sizeof inner);
}

/* Steps 5 to 7. */
static void mac_finish(struct signature_mac *m, uint8_t digest[DIGEST_LEN])
{
    m->failed |= mbedtls_sha256_finish(&m->hash, digest);
    m->failed |= mbedtls_sha256_starts(&m->hash, 0);
    m->failed |= mbedtls_sha256_update(&m->hash, m->outer, sizeof m->outer);
    m->failed |= mbedtls_sha256_update(&m->hash, digest, DIGEST_LEN);
    m->failed |= mbedtls_sha256_finish(&m->hash, digest);
}

/* 0 when it does. mbedTLS' Base64 looks nothing up at an index that depends on the digest. */
static int mac_fits(struct signature_mac *m, const char value[VALUE_LEN])
{
    uint8_t digest[DIGEST_LEN], want[VALUE_LEN + 1] = SCHEME;
    size_t len;

    mac_finish(m, digest);
    m->failed |= mbedtls_base64_encode(want + SCHEME_LEN, sizeof want - SCHEME_LEN, &len, digest,
                                       sizeof digest);
    m->failed |= mbedtls_ct_memcmp(want, value, VALUE_LEN);
    mbedtls_platform_zeroize(digest, sizeof digest);
    mbedtls_platform_zeroize(want, sizeof want);
    return m->failed;
}

void signature_init(struct signature *s, const struct signature_key *key, size_t keys)
{
    assert(keys >= 1 && keys <= SIGNATURE_KEYS_MAX);
    s->keys = keys;
    for (size_t i = 0; i < keys; i++) {
        assert(key[i].len >= 1);
        mac_init(&s->mac[i], &key[i]);
    }
}

void signature_push(struct signature *s, const uint8_t *src, size_t len)
{
    for (size_t i = 0; i < s->keys; i++) {
        s->mac[i].failed |= mbedtls_sha256_update(&s->mac[i].hash, src, len);
    }
}

int signature_finish(struct signature *s, const char *value, size_t len)
{
    char whole[VALUE_LEN] = {0}; /* of another length, it takes the same time not to fit */
    int fits = 0;

    memcpy(whole, value, len < sizeof whole ? len : sizeof whole);
    for (size_t i = 0; i < s->keys; i++) {
        fits |= mac_fits(&s->mac[i], whole) == 0;
    }
    signature_wipe(s);
    return fits && len == sizeof whole ? 0 : ERR_SIGNATURE;
}

void signature_wipe(struct signature *s)
{
    mbedtls_platform_zeroize(s, sizeof *s);
}
