#include "base/err.h"
#include "base/stream.h"
#include "bulk/signature.h"
#include "edge.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
/* LIBS: -lgnutls */

#define SIGNED     "{\"id\":\"1234\",\"status\":\"COMPLETED\"}"
#define SIGNATURE  "sha256=MmyRj8I7QypXhzQgRdAYuwXLYxsumFcy9dK7GCDrBVY="
#define KEY        "abcd1234efgh5678"
#define VENDOR_KEY "MySecretEventSignatureKey"
#define VENDOR     "<INSERT_EVENT_NOTIFICATION_RESPONSE_BODY>"
#define VENDOR_IS  "sha256=jHdbRx5EZAsOfTwAPJOGkNUzQMVVdu5VJlxcsk+G6jQ="

static struct signature_key key_of(const char *text)
{
    return (struct signature_key){(const uint8_t *)text, strlen(text)};
}

static int judge_bytes(const struct signature_key *key, size_t keys, const void *body, size_t len,
                       const char *value)
{
    struct signature s;

    signature_init(&s, key, keys);
    signature_push(&s, body, len);
    return signature_finish(&s, value, strlen(value));
}

static int judge(const char *key, const char *body, const char *value)
{
    struct signature_key k = key_of(key);

    return judge_bytes(&k, 1, body, strlen(body), value);
}

static void judges_the_vendors_vectors(void **state)
{
    static const struct {
        const char *name, *key, *body, *value;
        int want;
    } rows[] = {
        {"the vendor's page", VENDOR_KEY, VENDOR, VENDOR_IS, 0},
        {"a newline added", VENDOR_KEY, VENDOR "\n", VENDOR_IS, ERR_SIGNATURE},
        {"a byte short", VENDOR_KEY, "<INSERT_EVENT_NOTIFICATION_RESPONSE_BODY", VENDOR_IS,
         ERR_SIGNATURE},
        {"a job", KEY, SIGNED, SIGNATURE, 0},
        {"an empty body", KEY, "", "sha256=qL+gkxkVLK96h2C2aojvxvjFh+j1Ubl1kiKUbp9uuZ4=", 0},
        {"another key", VENDOR_KEY, SIGNED, SIGNATURE, ERR_SIGNATURE},
        {"a key with a byte more", KEY "9", SIGNED, SIGNATURE, ERR_SIGNATURE},
        {"another job", KEY, "{\"id\":\"1235\",\"status\":\"COMPLETED\"}", SIGNATURE,
         ERR_SIGNATURE},
    };

    (void)state;
    for (size_t at = 0; at < COUNT(rows); at++) {
        if (judge(rows[at].key, rows[at].body, rows[at].value) != rows[at].want) {
            fail_msg("%s", rows[at].name);
        }
    }
}

/* The value's last digit has two spare bits: three other digits would decode to the same bytes. */
static void takes_one_way_to_write_it(void **state)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"nothing", ""},
        {"the scheme alone", "sha256="},
        {"no scheme", "MmyRj8I7QypXhzQgRdAYuwXLYxsumFcy9dK7GCDrBVY="},
        {"sha1=", "sha1=Mb0i7dRzoGpvDVg5zLJkGg5Uq5Y="},
        {"sha1= before the right value", "sha1=MmyRj8I7QypXhzQgRdAYuwXLYxsumFcy9dK7GCDrBVY="},
        {"sha512=", "sha512=MmyRj8I7QypXhzQgRdAYuwXLYxsumFcy9dK7GCDrBVY="},
        {"the scheme in capitals", "SHA256=MmyRj8I7QypXhzQgRdAYuwXLYxsumFcy9dK7GCDrBVY="},
        {"no padding", "sha256=MmyRj8I7QypXhzQgRdAYuwXLYxsumFcy9dK7GCDrBVY"},
        {"padding twice", "sha256=MmyRj8I7QypXhzQgRdAYuwXLYxsumFcy9dK7GCDrBVY=="},
        {"spare bits that are not zero", "sha256=MmyRj8I7QypXhzQgRdAYuwXLYxsumFcy9dK7GCDrBVZ="},
        {"a blank in front", " " SIGNATURE},
        {"a blank behind the scheme", "sha256= MmyRj8I7QypXhzQgRdAYuwXLYxsumFcy9dK7GCDrBVY="},
        {"a blank behind", SIGNATURE " "},
        {"a line end behind", SIGNATURE "\n"},
        {"twice, as a server joins two headers", SIGNATURE ", " SIGNATURE},
        {"a wrong one and the right one", "sha256=x, " SIGNATURE},
        {"in hexadecimal",
         "sha256=326c918fc23b432a5787342045d018bb05cb631b2e985732f5d2bb1820eb0556"},
        {"of the alphabet for URLs", "sha256=MmyRj8I7QypXhzQgRdAYuwXLYxsumFcy9dK7GCDrBVY-"},
    };

    (void)state;
    assert_int_equal(judge(KEY, SIGNED, SIGNATURE), 0);
    for (size_t at = 0; at < COUNT(rows); at++) {
        size_t len = strlen(rows[at].value);
        struct signature_key k = key_of(KEY);
        struct signature s;

        signature_init(&s, &k, 1);
        signature_push(&s, (const uint8_t *)SIGNED, strlen(SIGNED));
        if (signature_finish(&s, edge_copy(rows[at].value, len), len) != ERR_SIGNATURE) {
            fail_msg("%s", rows[at].name);
        }
    }
}

static void refuses_each_changed_character(void **state)
{
    char value[] = SIGNATURE;

    (void)state;
    for (size_t at = 0; at < strlen(SIGNATURE); at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            value[at] = (char)(SIGNATURE[at] ^ 1 << bit);
            if (judge_bytes(&(struct signature_key){(const uint8_t *)KEY, strlen(KEY)}, 1, SIGNED,
                            strlen(SIGNED), value) != ERR_SIGNATURE) {
                fail_msg("character %zu, bit %u", at, bit);
            }
            value[at] = SIGNATURE[at];
        }
    }
}

static void cannot_be_cut_short(void **state)
{
    (void)state;
    for (size_t len = 0; len < strlen(SIGNATURE); len++) {
        char value[sizeof SIGNATURE] = {0};

        memcpy(value, SIGNATURE, len);
        assert_int_equal(judge(KEY, SIGNED, value), ERR_SIGNATURE);
    }
}

static void takes_either_of_two_keys(void **state)
{
    struct signature_key both[2] = {key_of(VENDOR_KEY), key_of(KEY)};
    struct signature_key swapped[2] = {key_of(KEY), key_of(VENDOR_KEY)};
    struct signature_key others[2] = {key_of("the old one"), key_of("the new one")};

    (void)state;
    assert_int_equal(judge_bytes(both, 2, SIGNED, strlen(SIGNED), SIGNATURE), 0);
    assert_int_equal(judge_bytes(swapped, 2, SIGNED, strlen(SIGNED), SIGNATURE), 0);
    assert_int_equal(judge_bytes(both, 2, VENDOR, strlen(VENDOR), VENDOR_IS), 0);
    assert_int_equal(judge_bytes(swapped, 2, VENDOR, strlen(VENDOR), VENDOR_IS), 0);
    assert_int_equal(judge_bytes(both, 2, SIGNED, strlen(SIGNED), VENDOR_IS), ERR_SIGNATURE);
    assert_int_equal(judge_bytes(others, 2, SIGNED, strlen(SIGNED), SIGNATURE), ERR_SIGNATURE);
    assert_int_equal(judge_bytes(both, 1, SIGNED, strlen(SIGNED), SIGNATURE), ERR_SIGNATURE);
}

static void takes_the_body_in_any_pieces(void **state)
{
    const char *body = SIGNED;
    struct signature_key both[2] = {key_of(VENDOR_KEY), key_of(KEY)};
    size_t len = strlen(body);
    struct signature s;

    (void)state;
    for (size_t cut = 0; cut <= len; cut++) {
        signature_init(&s, both, 2);
        signature_push(&s, (const uint8_t *)edge_copy(body, cut), cut);
        signature_push(&s, (const uint8_t *)edge_copy(body + cut, len - cut), len - cut);
        assert_int_equal(signature_finish(&s, SIGNATURE, strlen(SIGNATURE)), 0);
    }
    signature_init(&s, both, 2);
    for (size_t at = 0; at < len; at++) {
        signature_push(&s, (const uint8_t *)edge_copy(body + at, 1), 1);
    }
    assert_int_equal(signature_finish(&s, SIGNATURE, strlen(SIGNATURE)), 0);
}

/* RFC 4231, section 4: its hexadecimal values in Base64 (test case 5 is a value cut short). */
static void gives_the_values_of_rfc_4231(void **state)
{
    static const char data7[] =
        "This is a test using a larger than block-size key and a larger than block-size data. The "
        "key needs to be hashed before being used by the HMAC algorithm.";
    static const struct {
        size_t key_len;
        const char *key;  /* NULL: key_byte */
        const char *data; /* NULL: 50 times data_byte */
        const char *value;
        uint8_t key_byte, data_byte;
    } rows[] = {
        {20, NULL, "Hi There", "sha256=sDRMYdjbOFNcqK/OrwvxK4gdwgDJgz2nJuk3bC4yz/c=", 0x0b, 0},
        {4, "Jefe", "what do ya want for nothing?",
         "sha256=W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=", 0, 0},
        {20, NULL, NULL, "sha256=dz6pHjaADkaFTbjr0JGBpylZCYs++MEi2WNVFM7VZf4=", 0xaa, 0xdd},
        {25, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24\25\26\27\30\31", NULL,
         "sha256=glWKOJpEPA6kzIGYmfIIOoXw+qPlePgHei4/9GcpZls=", 0, 0xcd},
        {131, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
         "sha256=YOQxWR7gtn8Niiaqy/W3f44LxiE3KMUUBUYEDw7jf1Q=", 0xaa, 0},
        {131, NULL, data7, "sha256=mwn/pxuUL8snY1+81bDpRL/cY2RPBxOTin9RU1w6NeI=", 0xaa, 0},
    };

    (void)state;
    for (size_t at = 0; at < COUNT(rows); at++) {
        uint8_t key[131], data[50];
        struct signature_key k = {key, rows[at].key_len};
        const char *body = rows[at].data != NULL ? rows[at].data : (const char *)data;

        memset(key, rows[at].key_byte, sizeof key);
        memset(data, rows[at].data_byte, sizeof data);
        if (rows[at].key != NULL) {
            memcpy(key, rows[at].key, rows[at].key_len);
        }
        if (judge_bytes(&k, 1, body, rows[at].data != NULL ? strlen(body) : sizeof data,
                        rows[at].value) != 0) {
            fail_msg("row %zu", at);
        }
    }
}

/* Another library signs: keys around the block's 64 bytes, bodies around the hash's. */
static void agrees_with_gnutls(void **state)
{
    uint8_t key[200], body[300], mac[32];
    const gnutls_datum_t raw = {mac, sizeof mac};
    uint32_t seed = 7;

    (void)state;
    for (size_t at = 0; at < sizeof key; at++) {
        seed = seed * 1664525u + 1013904223u;
        key[at] = (uint8_t)(seed >> 24);
    }
    for (size_t at = 0; at < sizeof body; at++) {
        seed = seed * 1664525u + 1013904223u;
        body[at] = (uint8_t)(seed >> 24);
    }
    for (size_t at = 0; at < 2000; at++) {
        struct signature_key k = {key, at % sizeof key + 1};
        size_t len = at * 7 % (sizeof body + 1);
        gnutls_datum_t coded;
        char value[64];

        assert_int_equal(gnutls_hmac_fast(GNUTLS_MAC_SHA256, k.bytes, k.len, body, len, mac), 0);
        assert_int_equal(gnutls_base64_encode2(&raw, &coded), 0);
        snprintf(value, sizeof value, "sha256=%.*s", (int)coded.size, (const char *)coded.data);
        gnutls_free(coded.data);
        assert_int_equal(judge_bytes(&k, 1, body, len, value), 0);
        if (len > 0) {
            assert_int_equal(judge_bytes(&k, 1, body, len - 1, value), ERR_SIGNATURE);
        }
    }
}

static void leaves_nothing_of_the_keys_behind(void **state)
{
    static const struct signature none;
    struct signature_key both[2] = {key_of(VENDOR_KEY), key_of(KEY)};
    struct signature s;

    (void)state;
    memset(&s, 0xFF, sizeof s);
    signature_init(&s, both, 2);
    signature_push(&s, (const uint8_t *)SIGNED, strlen(SIGNED));
    assert_memory_not_equal(&s, &none, sizeof s);
    (void)signature_finish(&s, SIGNATURE, strlen(SIGNATURE));
    assert_memory_equal(&s, &none, sizeof s);
    signature_init(&s, both, 1);
    signature_wipe(&s);
    assert_memory_equal(&s, &none, sizeof s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_the_vendors_vectors),
        cmocka_unit_test(takes_one_way_to_write_it),
        cmocka_unit_test(refuses_each_changed_character),
        cmocka_unit_test(cannot_be_cut_short),
        cmocka_unit_test(takes_either_of_two_keys),
        cmocka_unit_test(takes_the_body_in_any_pieces),
        cmocka_unit_test(gives_the_values_of_rfc_4231),
        cmocka_unit_test(agrees_with_gnutls),
        cmocka_unit_test(leaves_nothing_of_the_keys_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
