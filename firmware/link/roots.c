/* Invariants: der[0, der_len) is what has been decoded of the entry being read; kept[0, used) are
 * the DER bytes of accepted roots in front of it, both in the scratch behind the chunk. */
#include "link/roots.h"

#include "base/err.h"
#include "limits.h"

#include <string.h>

enum {
    DER_CAP = EXCHANGE_TX_CAP - TRUST_CHUNK_CAP,
    DASHES = 5 /* in front of a marker's word */
};
enum scan_state { SCAN_OUTSIDE, SCAN_MARK, SCAN_BODY };

struct scan {
    struct roots *out;
    const mbedtls_x509_crt *chain;
    uint8_t *der;
    size_t used, der_len;
    uint32_t bits; /* Base64 bits not yet a byte */
    uint8_t bit_count;
    uint8_t state, mark; /* mark: characters of BEGIN matched */
    bool lenient, wanted;
};

static const char BEGIN[] = "-----BEGIN CERTIFICATE-----";

/* mbedTLS' own decoder is constant-time, for keys, and 20 times dearer; certificates are public. */
static int base64_value(uint8_t c)
{
    static const int8_t value[128] = {
        ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,
        ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
        ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
        ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
        ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
        ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
        ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
        ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
        ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
        ['/'] = 64};

    return c < sizeof value ? value[c] - 1 : -1;
}

/* One DER header at *at: its content's length, *at moved behind the header; -1 when more bytes are
 * needed, -2 when it is none. */
static long der_header(const uint8_t *der, size_t len, size_t *at, uint8_t tag)
{
    if (len - *at < 2) {
        return -1;
    }
    if (der[*at] != tag) {
        return -2;
    }
    size_t bytes = der[*at + 1], value = 0;

    *at += 2;
    if (bytes < 0x80) {
        return (long)bytes;
    }
    bytes &= 0x7F;
    if (bytes < 1 || bytes > 3) {
        return -2;
    }
    if (len - *at < bytes) {
        return -1;
    }
    for (; bytes > 0; bytes--) {
        value = value << 8 | der[(*at)++];
    }
    return (long)value;
}

/* Where the subject stands: 1 found, 0 more bytes are needed, -1 no certificate. */
static int der_subject(const uint8_t *der, size_t len, size_t *at_out, size_t *len_out)
{
    /* tbsCertificate: [0] version, serial, signature, issuer, validity, subject (RFC 5280 4.1) */
    static const uint8_t before[] = {0xA0, 0x02, 0x30, 0x30, 0x30};
    size_t at = 0;
    long n = der_header(der, len, &at, 0x30);

    if (n >= 0) {
        n = der_header(der, len, &at, 0x30);
    }
    for (size_t i = 0; n >= 0 && i < sizeof before; i++) {
        if (i == 0 && at < len && der[at] != before[0]) {
            continue; /* version 1 has no version field */
        }
        n = der_header(der, len, &at, before[i]);
        if (n >= 0) {
            at += (size_t)n;
            n = at <= len ? n : -1;
        }
    }
    size_t from = at;

    if (n >= 0) {
        n = der_header(der, len, &at, 0x30);
    }
    if (n < 0 || (size_t)n > len - at) {
        return n == -2 ? -1 : 0;
    }
    *at_out = from;
    *len_out = at + (size_t)n - from;
    return 1;
}

static bool chain_wants(const mbedtls_x509_crt *chain, const uint8_t *subject, size_t len)
{
    for (const mbedtls_x509_crt *c = chain; c != NULL; c = c->next) {
        if (c->issuer_raw.len == len && memcmp(c->issuer_raw.p, subject, len) == 0) {
            return true;
        }
    }
    return false;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool same_text(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
    if (a->len != b->len) {
        return false;
    }
    for (size_t i = 0; i < a->len; i++) {
        if (lower(a->p[i]) != lower(b->p[i])) {
            return false;
        }
    }
    return true;
}

static bool same_name(const mbedtls_x509_name *a, const mbedtls_x509_name *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        if (a->oid.len != b->oid.len || memcmp(a->oid.p, b->oid.p, a->oid.len) != 0 ||
            !same_text(&a->val, &b->val)) {
            return false;
        }
    }
    return a == NULL && b == NULL;
}

static bool chain_wants_leniently(const mbedtls_x509_crt *chain, const uint8_t *der, size_t len)
{
    mbedtls_x509_crt root;
    bool wanted = false;

    mbedtls_x509_crt_init(&root);
    if (mbedtls_x509_crt_parse_der_nocopy(&root, der, len) == 0) {
        for (const mbedtls_x509_crt *c = chain; c != NULL && !wanted; c = c->next) {
            wanted = same_name(&c->issuer, &root.subject);
        }
    }
    mbedtls_x509_crt_free(&root);
    return wanted;
}

static void give_up_entry(struct scan *s)
{
    s->out->broken++;
    s->state = SCAN_OUTSIDE;
}

/* After each line: is this root worth decoding any further? */
static void look_at_subject(struct scan *s)
{
    size_t at = 0, len = 0;
    int got = der_subject(s->der, s->der_len, &at, &len);

    if (got < 0) {
        give_up_entry(s);
    } else if (got > 0) {
        s->wanted = s->lenient || chain_wants(s->chain, s->der + at, len);
        s->state = s->wanted ? SCAN_BODY : SCAN_OUTSIDE;
    }
}

static int entry_done(struct scan *s)
{
    int ret = 0;

    if (!s->wanted) {
        s->out->broken++; /* it ended before its subject did */
    } else if (!s->lenient || chain_wants_leniently(s->chain, s->der, s->der_len)) {
        if (s->out->found < TRUST_ROOTS_MAX) {
            ret = mbedtls_x509_crt_parse_der_nocopy(&s->out->list, s->der, s->der_len);
            if (ret == 0) {
                s->out->found++;
                s->used += s->der_len;
                s->der += s->der_len;
            } else {
                s->out->broken++;
            }
        }
    }
    return ret == MBEDTLS_ERR_X509_ALLOC_FAILED || ret == MBEDTLS_ERR_ASN1_ALLOC_FAILED
               ? ERR_TLS_MEMORY
               : 0;
}

static size_t decode_line(struct scan *s, const uint8_t *src, size_t len)
{
    size_t n = 0;

    while (n < len) {
        int v = base64_value(src[n]);

        if (v < 0) {
            break;
        }
        n++;
        s->bits = s->bits << 6 | (uint32_t)v;
        s->bit_count = (uint8_t)(s->bit_count + 6);
        if (s->bit_count >= 8) {
            if (s->used + s->der_len == DER_CAP) {
                give_up_entry(s);
                return n;
            }
            s->bit_count = (uint8_t)(s->bit_count - 8);
            s->der[s->der_len++] = (uint8_t)(s->bits >> s->bit_count);
        }
    }
    return n;
}

/* The marker may stand anywhere: behind a byte-order mark, or where an END is missing. */
static size_t scan_mark(struct scan *s, const uint8_t *src, size_t len)
{
    size_t n = 0;

    for (; n < len && s->mark < sizeof BEGIN - 1; n++) {
        if (src[n] == (uint8_t)BEGIN[s->mark]) {
            s->mark++;
        } else if (src[n] != '-' || s->mark != DASHES) { /* more dashes: their last ones count */
            s->state = SCAN_OUTSIDE;
            return n;
        }
    }
    if (s->mark == sizeof BEGIN - 1) {
        s->state = SCAN_BODY;
        s->wanted = false;
        s->der_len = 0;
        s->bit_count = 0;
        s->out->seen++;
    }
    return n;
}

static size_t scan_outside(struct scan *s, const uint8_t *src, size_t len)
{
    const uint8_t *dash = memchr(src, '-', len);

    if (dash == NULL) {
        return len;
    }
    s->state = SCAN_MARK;
    s->mark = 0;
    return (size_t)(dash - src);
}

static size_t scan_body(struct scan *s, const uint8_t *src, size_t len, int *err)
{
    size_t n = decode_line(s, src, len);

    if (s->state != SCAN_BODY || n == len) {
        return n;
    }
    if (src[n] == '-' || src[n] == '=') {
        *err = entry_done(s);
        s->state = SCAN_OUTSIDE;
        return n;
    }
    if (!s->wanted) {
        look_at_subject(s);
    }
    return n + 1; /* the line end */
}

static int scan_push(struct scan *s, const uint8_t *src, size_t len)
{
    size_t at = 0;
    int err = 0;

    while (at < len && err == 0) {
        size_t left = len - at;

        switch ((enum scan_state)s->state) {
        case SCAN_OUTSIDE:
            at += scan_outside(s, src + at, left);
            break;
        case SCAN_MARK:
            at += scan_mark(s, src + at, left);
            break;
        case SCAN_BODY:
            at += scan_body(s, src + at, left, &err);
            break;
        }
    }
    return err;
}

static int scan_bundle(struct roots *r, const struct file *bundle, const mbedtls_x509_crt *chain,
                       uint8_t *scratch, bool lenient)
{
    struct scan s = {.out = r,
                     .chain = chain,
                     .der = scratch + TRUST_CHUNK_CAP,
                     .state = SCAN_OUTSIDE,
                     .lenient = lenient};
    uint64_t at = 0;

    r->seen = r->broken = 0;
    for (;;) {
        int n = bundle->read_at(bundle->ctx, at, scratch, TRUST_CHUNK_CAP);

        if (n <= 0) {
            r->broken = (uint16_t)(r->broken + (s.state == SCAN_BODY)); /* cut by the file's end */
            return n;
        }
        at += (uint64_t)n;
        n = scan_push(&s, scratch, (size_t)n);
        if (n < 0) {
            return n;
        }
    }
}

int roots_find(struct roots *r, const struct file *bundle, const mbedtls_x509_crt *chain,
               uint8_t *scratch)
{
    *r = (struct roots){0};
    mbedtls_x509_crt_init(&r->list);
    int err = scan_bundle(r, bundle, chain, scratch, false);

    if (err == 0 && r->found == 0) {
        err = scan_bundle(r, bundle, chain, scratch, true);
    }
    if (err == 0 && r->seen == r->broken) {
        err = ERR_CA_FILE;
    }
    return err;
}

void roots_free(struct roots *r)
{
    mbedtls_x509_crt_free(&r->list);
    r->found = 0;
}
