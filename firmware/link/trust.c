#include "link/trust.h"

#include "base/err.h"
#include "base/stream.h"
#include "link/roots.h"
#include "mbedtls/oid.h"
#include "mbedtls/sha256.h"

#include <string.h>

enum {
    SAN_DNS = MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_X509_SAN_DNS_NAME,
    SAN_IP = MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_X509_SAN_IP_ADDRESS
};

struct path {
    const struct trust_anchor *a;
    int64_t from_s, until_s;
    bool pinned;
};

static int64_t epoch_s(const mbedtls_x509_time *t)
{
    int64_t y = t->mon <= 2 ? t->year - 1 : t->year;
    int64_t era = y / 400, yoe = y - era * 400;
    int64_t doy = (153 * (t->mon + (t->mon > 2 ? -3 : 9)) + 2) / 5 + t->day - 1;
    int64_t days = era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;

    return days * 86400 + t->hour * 3600 + t->min * 60 + t->sec;
}

static void digest(uint8_t out[32], const void *src, size_t len)
{
    (void)mbedtls_sha256(src, len, out, 0); /* cannot fail in software */
}

/* Runs for each certificate of the verified path; looks, and never clears a flag. */
static int look_at(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    struct path *p = ctx;
    int64_t from = epoch_s(&crt->valid_from), until = epoch_s(&crt->valid_to);
    uint8_t spki[32];

    (void)depth;
    (void)flags;
    p->from_s = from > p->from_s ? from : p->from_s;
    p->until_s = until < p->until_s ? until : p->until_s;
    if (p->a->pins > 0) {
        digest(spki, crt->pk_raw.p, crt->pk_raw.len);
        for (uint8_t i = 0; i < p->a->pins; i++) {
            p->pinned = p->pinned || memcmp(spki, p->a->pin[i], sizeof spki) == 0;
        }
    }
    return 0;
}

static bool stands_for(const mbedtls_x509_buf *name, const char *host)
{
    uint8_t ip[16];
    size_t len = trust_ip(host, ip);

    if (len > 0) {
        return name->tag == SAN_IP && name->len == len && memcmp(name->p, ip, len) == 0;
    }
    return name->tag == SAN_DNS && trust_dns((const char *)name->p, name->len, host);
}

static void say(struct trust_report *r, const char *text, size_t len)
{
    size_t at = strlen(r->detail);

    for (size_t i = 0; i < len && at + 1 < sizeof r->detail; i++) {
        unsigned char c = (unsigned char)text[i];
        r->detail[at++] = c >= 0x20 && c < 0x7F ? (char)c : '?';
    }
    r->detail[at] = '\0';
}

static void say_text(struct trust_report *r, const char *text)
{
    say(r, text, strlen(text));
}

static void say_name(struct trust_report *r, const mbedtls_x509_name *name)
{
    char text[96];
    int n = mbedtls_x509_dn_gets(text, sizeof text, name);

    say(r, text, n > 0 ? (size_t)n : 0);
}

static void say_date(struct trust_report *r, const mbedtls_x509_time *t)
{
    char text[] = "0000-00-00";
    int part[] = {t->year, t->mon, t->day};
    static const uint8_t last[] = {3, 6, 9};

    for (size_t i = 0; i < COUNT(part); i++) {
        for (size_t at = last[i]; part[i] > 0 && at < sizeof text && text[at] != '-'; at--) {
            text[at] = (char)('0' + part[i] % 10);
            part[i] /= 10;
        }
    }
    say_text(r, text);
}

static void say_alt_names(struct trust_report *r, const mbedtls_x509_crt *leaf)
{
    say_text(r, "the certificate is for");
    if (!mbedtls_x509_crt_has_ext_type(leaf, MBEDTLS_X509_EXT_SUBJECT_ALT_NAME)) {
        say_text(r, " no name at all (it has no subjectAltName)");
        return;
    }
    for (const mbedtls_x509_sequence *s = &leaf->subject_alt_names; s != NULL; s = s->next) {
        if (s->buf.tag == SAN_DNS) {
            say_text(r, " ");
            say(r, (const char *)s->buf.p, s->buf.len);
        } else if (s->buf.tag == SAN_IP) {
            say_text(r, " an IP address");
        }
    }
}

static const mbedtls_x509_crt *top_of(const mbedtls_x509_crt *chain)
{
    while (chain->next != NULL) {
        chain = chain->next;
    }
    return chain;
}

static bool self_issued(const mbedtls_x509_crt *c)
{
    return c->issuer_raw.len == c->subject_raw.len &&
           memcmp(c->issuer_raw.p, c->subject_raw.p, c->issuer_raw.len) == 0;
}

static int untrusted(struct trust_report *r, const mbedtls_x509_crt *chain)
{
    if (self_issued(chain)) {
        say_text(r, "self-signed: ");
        say_name(r, &chain->subject);
        return ERR_TLS_UNKNOWN_CA;
    }
    say_text(r, "issued by ");
    say_name(r, &top_of(chain)->issuer);
    if (chain->next == NULL && r->found == 0) {
        say_text(r, "; the server sent no intermediate certificate");
        return ERR_TLS_CHAIN_INCOMPLETE;
    }
    return ERR_TLS_UNKNOWN_CA;
}

static int out_of_time(struct trust_report *r, const mbedtls_x509_crt *chain, int64_t wall_s)
{
    bool expired = (r->flags & MBEDTLS_X509_BADCERT_EXPIRED) != 0;

    for (const mbedtls_x509_crt *c = chain; c != NULL; c = c->next) {
        if (expired ? epoch_s(&c->valid_to) < wall_s : epoch_s(&c->valid_from) > wall_s) {
            say_name(r, &c->subject);
            say_text(r, expired ? " was valid until " : " is valid from ");
            say_date(r, expired ? &c->valid_to : &c->valid_from);
            break;
        }
    }
    if (r->detail[0] == '\0') {
        say_text(r, "the root certificate is out of its time");
    }
    return expired ? ERR_TLS_EXPIRED : ERR_TLS_FUTURE;
}

/* The most telling of the flags, for a person: who, when, how weak, for whom. */
static int judge(struct trust_report *r, const mbedtls_x509_crt *chain, int64_t wall_s)
{
    const uint32_t weak =
        MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK | MBEDTLS_X509_BADCERT_BAD_KEY;

    if ((r->flags & (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)) != 0) {
        return out_of_time(r, chain, wall_s);
    }
    if ((r->flags & weak) != 0) {
        say_text(r, "its signature, hash or key size is below what is allowed today");
        return ERR_TLS_WEAK;
    }
    if ((r->flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) {
        return untrusted(r, chain);
    }
    if (r->flags != 0) {
        char text[TRUST_DETAIL_CAP / 2];
        int n = mbedtls_x509_crt_verify_info(text, sizeof text, "", r->flags);

        say(r, text, n > 0 ? (size_t)n : 0);
        return ERR_TLS_INVALID;
    }
    return 0;
}

/* Ours alone: mbedTLS falls back to the common name, and takes a URI or a DNS entry that looks like
 * the address. */
static int check_name(struct trust_report *r, const mbedtls_x509_crt *leaf, const char *host)
{
    const mbedtls_x509_sequence *s = &leaf->subject_alt_names;

    do {
        if (stands_for(&s->buf, host)) {
            return 0;
        }
        s = s->next;
    } while (s != NULL);
    say_alt_names(r, leaf);
    return ERR_TLS_NAME;
}

static int check_usage(struct trust_report *r, const mbedtls_x509_crt *leaf)
{
    if (mbedtls_x509_crt_check_key_usage(leaf, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0) {
        say_text(r, "its key usage does not allow digitalSignature");
        return ERR_TLS_USAGE;
    }
    if (mbedtls_x509_crt_check_extended_key_usage(leaf, MBEDTLS_OID_SERVER_AUTH,
                                                  MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0) {
        say_text(r, "its extended key usage does not allow serverAuth");
        return ERR_TLS_USAGE;
    }
    return 0;
}

static int check_path(const struct trust_anchor *a, mbedtls_x509_crt *chain, uint8_t *scratch,
                      struct path *path, struct trust_report *report)
{
    struct roots roots;
    int err = roots_find(&roots, &a->ca, chain, scratch);

    report->seen = roots.seen;
    report->broken = roots.broken;
    report->found = roots.found;
    if (err == 0) {
        int ret = mbedtls_x509_crt_verify_with_profile(chain, roots.found > 0 ? &roots.list : NULL,
                                                       NULL, &mbedtls_x509_crt_profile_default,
                                                       NULL, &report->flags, look_at, path);

        /* With a refused chain the flags say why; anything else is no verdict at all. */
        if (ret != 0 && (ret != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED || report->flags == 0)) {
            err = ret == MBEDTLS_ERR_X509_ALLOC_FAILED ? ERR_TLS_MEMORY : ERR_TLS_INVALID;
        }
    }
    roots_free(&roots);
    return err;
}

static void seal(struct trust_verdict *v, const struct trust_anchor *a, const char *host)
{
    digest(v->host, host, strlen(host));
    digest(v->pins, a->pin, (size_t)a->pins * sizeof a->pin[0]);
    v->ca_id = a->ca_id;
}

int trust_check(const struct trust_anchor *a, const mbedtls_x509_crt *chain, const char *host,
                int64_t wall_s, uint8_t *scratch, struct trust_verdict *verdict,
                struct trust_report *report)
{
    struct path path = {.a = a, .from_s = INT64_MIN, .until_s = INT64_MAX};

    *report = (struct trust_report){0};
    verdict->valid = false;
    if (wall_s < CLOCK_EARLIEST_S) {
        say_text(report, "the device's clock is behind the date this program was built");
        return ERR_CLOCK;
    }
    /* mbedTLS takes the chain as not const for its restart context only; it changes nothing. */
    int err = check_path(a, (mbedtls_x509_crt *)(uintptr_t)chain, scratch, &path, report);

    if (err == 0) {
        err = judge(report, chain, wall_s);
    }
    if (err == 0) {
        err = check_name(report, chain, host);
    }
    if (err == 0) {
        err = check_usage(report, chain);
    }
    if (err == 0 && a->pins > 0 && !path.pinned) {
        say_text(report, "no certificate of the verified path has a pinned key");
        err = ERR_TLS_PIN;
    }
    if (err == 0) {
        seal(verdict, a, host);
        digest(verdict->leaf, chain->raw.p, chain->raw.len);
        verdict->from_s = path.from_s;
        verdict->until_s = path.until_s;
        verdict->made_s = wall_s;
        verdict->valid = true;
    }
    return err;
}

bool trust_still(const struct trust_verdict *v, const struct trust_anchor *a,
                 const mbedtls_x509_crt *leaf, const char *host, int64_t wall_s)
{
    struct trust_verdict now = {0};

    if (!v->valid || wall_s < v->from_s || wall_s > v->until_s || wall_s < v->made_s ||
        wall_s - v->made_s > TLS_SESSION_MAX_S) {
        return false;
    }
    seal(&now, a, host);
    if (leaf != NULL) {
        digest(now.leaf, leaf->raw.p, leaf->raw.len);
    }
    return now.ca_id == v->ca_id &&
           (leaf == NULL || memcmp(now.leaf, v->leaf, sizeof now.leaf) == 0) &&
           memcmp(now.host, v->host, sizeof now.host) == 0 &&
           memcmp(now.pins, v->pins, sizeof now.pins) == 0;
}
