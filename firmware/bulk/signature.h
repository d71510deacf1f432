/* signature: whether a callback's body is signed with one of our keys.
 *
 * HMAC-SHA256 (RFC 2104) over the raw body, told by the header Elements-Webhook-Signature as
 * `sha256=` and padded Base64 (RFC 4648). Nothing else fits: the obsolete `sha1=` does not, nor
 * another way to write the same value. All keys are computed and compared, each over the whole
 * value and in constant time, whatever fits.
 * mbedTLS' SHA-256 is called by itself: its HMAC takes memory from the arena, and a CGI program
 * would have to begin all of it for this.
 *
 * Memory  Fixed. Keeps no reference; what it keeps of the keys is wiped by finish and wipe.
 * Calls   init, push any number of bytes of the body, finish; or wipe, to drop it on the way.
 * Errors  ERR_SIGNATURE: the body must not be believed. */
#ifndef OCBULK_BULK_SIGNATURE_H
#define OCBULK_BULK_SIGNATURE_H

#include "limits.h"
#include "mbedtls/sha256.h"

#include <stddef.h>
#include <stdint.h>

struct signature_key {
    const uint8_t *bytes; /* as they were given to the service */
    size_t len;           /* at least 1 */
};

struct signature_mac {
    mbedtls_sha256_context hash;
    uint8_t outer[64]; /* the key, padded for the outer hash */
    int failed;        /* bits of mbedTLS' errors: nothing fits then */
};

struct signature {
    struct signature_mac mac[SIGNATURE_KEYS_MAX];
    size_t keys;
};

/* keys: 1..SIGNATURE_KEYS_MAX; two while one replaces the other. */
void signature_init(struct signature *s, const struct signature_key *key, size_t keys);
void signature_push(struct signature *s, const uint8_t *src, size_t len);
/* value: the header's, without white space around it. 0 when one of the keys has signed the body,
 * else ERR_SIGNATURE. */
int signature_finish(struct signature *s, const char *value, size_t len);
void signature_wipe(struct signature *s);

#endif
