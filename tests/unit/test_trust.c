/* trust: every certificate of tools/certs judged without a network, and verdicts held later. */
#include "base/err.h"
#include "base/stream.h"
#include "limits.h"
#include "link/trust.h"
#include "mbedtls/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arena.h"
#include "certs.h"

#define YEAR_S 31557600

static uint8_t scratch[EXCHANGE_TX_CAP];

struct world {
    char *pem, *bundle;
    mbedtls_x509_crt chain;
    struct memory_file file;
    struct trust_anchor anchor;
    struct trust_verdict verdict;
    struct trust_report report;
};

static void open_world(struct world *w, const char *leaf, const char *bundle)
{
    *w = (struct world){.pem = certs_text(leaf), .bundle = certs_text(bundle)};
    mbedtls_x509_crt_init(&w->chain);
    assert_int_equal(mbedtls_x509_crt_parse(&w->chain, (const uint8_t *)w->pem, strlen(w->pem) + 1),
                     0);
    w->file = (struct memory_file){
        .bytes = (const uint8_t *)w->bundle, .len = strlen(w->bundle), .fail_at = -1};
    w->anchor = (struct trust_anchor){.ca = memory_as_file(&w->file), .ca_id = 7};
}

static void close_world(struct world *w)
{
    mbedtls_x509_crt_free(&w->chain);
    free(w->pem);
    free(w->bundle);
}

static int judge_at(struct world *w, const char *host, int64_t wall_s)
{
    const struct now now = {.mono_ms = 1000, .wall_s = wall_s};

    tls_platform_set_time(&now);
    return trust_check(&w->anchor, &w->chain, host, wall_s, scratch, &w->verdict, &w->report);
}

struct row {
    const char *name, *leaf, *bundle, *host;
    int want;
    const char *detail; /* a part of it */
};

static const struct row ROWS[] = {
    {"good by name", "good.pem", "root.pem", "localhost", 0, ""},
    {"good by its second name", "good.pem", "root.pem", "bench.example.net", 0, ""},
    {"good by name in other letters", "good.pem", "root.pem", "LocalHost", 0, ""},
    {"good by IPv4 address (S01)", "good.pem", "root.pem", "127.0.0.1", 0, ""},
    {"good by IPv6 address (S01)", "good.pem", "root.pem", "::1", 0, ""},
    {"good by IPv6 address in full (S01)", "good.pem", "root.pem", "0:0:0:0:0:0:0:1", 0, ""},
    {"good among 140 roots (S04)", "good.pem", "bundle.pem", "localhost", 0, ""},
    {"RSA-2048 under a P-256 root", "good_rsa.pem", "root.pem", "localhost", 0, ""},
    {"three RSA-4096", "rsa4096.pem", "root_rsa4096.pem", "localhost", 0, ""},
    {"cross-signed, the old signer expired", "cross.pem", "cross_roots.pem", "localhost", 0, ""},
    {"only an address, by that (S01)", "ip.pem", "root.pem", "127.0.0.1", 0, ""},
    {"wildcard", "wildcard.pem", "root.pem", "bench.example.net", 0, ""},
    {"leaf alone, the intermediate in the bundle (S02)", "noint.pem", "intermediate.pem",
     "localhost", 0, ""},
    {"a root that is self-signed with SHA-1", "good.pem", "root_sha1.pem", "localhost", 0, ""},
    {"self-signed, but in the bundle", "selfsigned.pem", "selfsigned.pem", "localhost", 0, ""},

    {"another name", "good.pem", "root.pem", "other.example.net", ERR_TLS_NAME,
     "for localhost bench.example.net an IP address"},
    {"another address", "good.pem", "root.pem", "127.0.0.2", ERR_TLS_NAME, "for localhost"},
    {"wrong name", "wrongname.pem", "root.pem", "localhost", ERR_TLS_NAME,
     "the certificate is for other.example.net"},
    {"an address, but only a name that looks like it (S01)", "ip_dns.pem", "root.pem", "127.0.0.1",
     ERR_TLS_NAME, "for 127.0.0.1"},
    {"only an address, by name", "ip.pem", "root.pem", "localhost", ERR_TLS_NAME, "an IP address"},
    {"the common name does not count", "nosan.pem", "root.pem", "localhost", ERR_TLS_NAME,
     "no name at all"},
    {"wildcard for two labels", "wildcard.pem", "root.pem", "a.bench.example.net", ERR_TLS_NAME,
     "*.example.net"},
    {"wildcard for none", "wildcard.pem", "root.pem", "example.net", ERR_TLS_NAME, ""},
    {"self-signed", "selfsigned.pem", "root.pem", "localhost", ERR_TLS_UNKNOWN_CA, "self-signed"},
    {"unknown issuer", "unknown.pem", "root.pem", "localhost", ERR_TLS_UNKNOWN_CA,
     "issued by CN=Nobody Knows This Root, O=Bench"},
    {"unknown issuer among 140 roots", "unknown.pem", "bundle.pem", "localhost", ERR_TLS_UNKNOWN_CA,
     ""},
    {"missing intermediate (S02)", "noint.pem", "root.pem", "localhost", ERR_TLS_CHAIN_INCOMPLETE,
     "sent no intermediate"},
    {"only the expired signer of a cross-signed root", "cross.pem", "cross_old_only.pem",
     "localhost", ERR_TLS_EXPIRED, "root certificate is out of its time"},
    {"expired", "expired.pem", "root.pem", "localhost", ERR_TLS_EXPIRED,
     "CN=expired, O=Bench was valid until 2021-01-01"},
    {"not yet valid", "future.pem", "root.pem", "localhost", ERR_TLS_FUTURE,
     "CN=future, O=Bench is valid from 2043-01-01"},
    {"key usage without digitalSignature", "ku.pem", "root.pem", "localhost", ERR_TLS_USAGE,
     "digitalSignature"},
    {"extended key usage of a client", "eku.pem", "root.pem", "localhost", ERR_TLS_USAGE,
     "serverAuth"},
    {"a client certificate", "client.pem", "root.pem", "localhost", ERR_TLS_NAME, ""},
    {"RSA-1024", "weak.pem", "root.pem", "localhost", ERR_TLS_WEAK, "below what is allowed"},
    {"SHA-1", "weak_sha1.pem", "root.pem", "localhost", ERR_TLS_WEAK, "below what is allowed"},
    {"SHA-1 with RSA-PSS", "sha1_pss.pem", "root.pem", "localhost", ERR_TLS_WEAK,
     "below what is allowed"},
    {"SHA-1 at the intermediate", "sha1_int.pem", "root.pem", "localhost", ERR_TLS_WEAK,
     "below what is allowed"},
    {"SHA-1 at the intermediate and at the root", "sha1_int.pem", "root_sha1.pem", "localhost",
     ERR_TLS_WEAK, "below what is allowed"},
};

static void judges_each_chain(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct row *row = &ROWS[i];
        struct world w;

        open_world(&w, row->leaf, row->bundle);
        int err = judge_at(&w, row->host, ARENA_NOW_S);

        if (err != row->want || w.verdict.valid != (err == 0) ||
            strstr(w.report.detail, row->detail) == NULL ||
            (err == 0) != (w.report.detail[0] == '\0')) {
            fail_msg("%s: %s, \"%s\"", row->name, err_name(err), w.report.detail);
        }
        close_world(&w);
    }
}

/* A leaf under each other's issuer: its signature does not fit, whatever the names say. */
static void believes_no_signature_of_another_key(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, "good.pem", "root.pem");
    for (size_t at = 0; at < w.chain.raw.len; at += 3) {
        const unsigned char *from = w.chain.raw.p;
        uint8_t der[2048];
        mbedtls_x509_crt leaf, *next = w.chain.next;

        assert_true(w.chain.raw.len <= sizeof der);
        memcpy(der, from, w.chain.raw.len);
        der[at] ^= 1;
        mbedtls_x509_crt_init(&leaf);
        if (mbedtls_x509_crt_parse_der(&leaf, der, w.chain.raw.len) == 0 &&
            mbedtls_x509_crt_parse_der(&leaf, next->raw.p, next->raw.len) == 0) {
            int err = trust_check(&w.anchor, &leaf, "localhost", ARENA_NOW_S, scratch, &w.verdict,
                                  &w.report);

            if (err == 0) {
                fail_msg("byte %zu changed, and believed", at);
            }
            assert_false(w.verdict.valid);
        }
        mbedtls_x509_crt_free(&leaf);
    }
    close_world(&w);
}

struct time_row {
    const char *name, *leaf;
    int64_t wall_s;
    int want;
};

static const struct time_row TIMES[] = {
    {"the clock at 12 s after 1970 (C14)", "good.pem", 12, ERR_CLOCK},
    {"the clock before 1970", "good.pem", -5, ERR_CLOCK},
    {"the clock one second before the build's date", "good.pem", CLOCK_EARLIEST_S - 1, ERR_CLOCK},
    {"the clock unset is not told as expired (C14)", "expired.pem", 12, ERR_CLOCK},
    {"the clock unset is not told as not yet valid (C14)", "future.pem", 12, ERR_CLOCK},
    {"the clock at the build's date", "good.pem", CLOCK_EARLIEST_S, 0},
    {"the last second", "good.pem", 2335219200, 0},
    {"a second too late", "good.pem", 2335219201, ERR_TLS_EXPIRED},
    {"long after", "good.pem", 2335219200 + 60 * (int64_t)YEAR_S, ERR_TLS_EXPIRED},
    {"a second too early", "future.pem", 2303683199, ERR_TLS_FUTURE},
    {"the first second", "future.pem", 2303683200, 0},
};

/* Even where every algorithm is allowed: nothing computes this hash, so no such signature is good.
 */
static void no_profile_makes_sha_1_good(void **state)
{
    static const char *const names[] = {"weak_sha1.pem", "sha1_pss.pem", "sha1_int.pem"};
    const mbedtls_x509_crt_profile all = {UINT32_MAX, UINT32_MAX, UINT32_MAX, 1024};

    (void)state;
    for (size_t i = 0; i <= COUNT(names); i++) {
        const char *name = i < COUNT(names) ? names[i] : "good.pem";
        char *root_pem = certs_text("root.pem");
        mbedtls_x509_crt root;
        uint32_t flags = 0;
        struct world w;

        open_world(&w, name, "root.pem");
        mbedtls_x509_crt_init(&root);
        assert_int_equal(
            mbedtls_x509_crt_parse(&root, (const uint8_t *)root_pem, strlen(root_pem) + 1), 0);
        (void)mbedtls_x509_crt_verify_with_profile(&w.chain, &root, NULL, &all, NULL, &flags, NULL,
                                                   NULL);
        if (flags != (i < COUNT(names) ? MBEDTLS_X509_BADCERT_NOT_TRUSTED : 0)) {
            fail_msg("%s: flags %x", name, (unsigned)flags);
        }
        mbedtls_x509_crt_free(&root);
        free(root_pem);
        close_world(&w);
    }
}

static void asks_the_clock(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(TIMES); i++) {
        const struct time_row *row = &TIMES[i];
        struct world w;

        open_world(&w, row->leaf, "root.pem");
        int err = judge_at(&w, "localhost", row->wall_s);

        if (err != row->want) {
            fail_msg("%s: %s, \"%s\"", row->name, err_name(err), w.report.detail);
        }
        close_world(&w);
    }
}

static void pin(struct trust_anchor *a, const char *of)
{
    mbedtls_x509_crt c;
    char *pem = certs_text(of);

    mbedtls_x509_crt_init(&c);
    assert_int_equal(mbedtls_x509_crt_parse(&c, (const uint8_t *)pem, strlen(pem) + 1), 0);
    (void)mbedtls_sha256(c.pk_raw.p, c.pk_raw.len, a->pin[a->pins++], 0);
    mbedtls_x509_crt_free(&c);
    free(pem);
}

struct pin_row {
    const char *name;
    const char *of[TLS_PINS_MAX];
    int want;
};

static const struct pin_row PINS[] = {
    {"the leaf's key", {"good.pem"}, 0},
    {"the intermediate's key", {"intermediate.pem"}, 0},
    {"the root's key", {"root.pem"}, 0},
    {"another root's key", {"unknown_root.pem"}, ERR_TLS_PIN},
    {"the key of another leaf of the same issuer", {"noint.pem"}, ERR_TLS_PIN},
    {"four, the last one right", {"ku.pem", "eku.pem", "ip.pem", "root.pem"}, 0},
    {"four, none right", {"ku.pem", "eku.pem", "ip.pem", "noint.pem"}, ERR_TLS_PIN},
};

static void holds_pins(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(PINS); i++) {
        struct world w;

        open_world(&w, "good.pem", "root.pem");
        for (size_t p = 0; p < TLS_PINS_MAX && PINS[i].of[p] != NULL; p++) {
            pin(&w.anchor, PINS[i].of[p]);
        }
        int err = judge_at(&w, "localhost", ARENA_NOW_S);

        if (err != PINS[i].want) {
            fail_msg("%s: %s", PINS[i].name, err_name(err));
        }
        close_world(&w);
    }
}

/* A pin of a certificate that the peer only sends along is worth nothing. */
static void takes_pins_from_the_verified_path_only(void **state)
{
    struct world w;
    char *more = certs_text("unknown_root.pem");

    (void)state;
    open_world(&w, "good.pem", "root.pem");
    assert_int_equal(mbedtls_x509_crt_parse(&w.chain, (const uint8_t *)more, strlen(more) + 1), 0);
    pin(&w.anchor, "unknown_root.pem");
    assert_int_equal(judge_at(&w, "localhost", ARENA_NOW_S), ERR_TLS_PIN);
    assert_false(w.verdict.valid);
    free(more);
    close_world(&w);
}

static void a_right_pin_excuses_nothing(void **state)
{
    static const char *const leaf[] = {"expired.pem", "wrongname.pem", "unknown.pem", "eku.pem",
                                       "selfsigned.pem"};

    (void)state;
    for (size_t i = 0; i < COUNT(leaf); i++) {
        struct world w;

        open_world(&w, leaf[i], "root.pem");
        pin(&w.anchor, leaf[i]);
        assert_int_not_equal(judge_at(&w, "localhost", ARENA_NOW_S), 0);
        close_world(&w);
    }
}

static bool still(struct world *w, const char *host, int64_t wall_s)
{
    return trust_still(&w->verdict, &w->anchor, &w->chain, host, wall_s);
}

static void a_verdict_holds_for_what_it_was_made_from(void **state)
{
    struct world w, other;

    (void)state;
    open_world(&w, "good.pem", "root.pem");
    open_world(&other, "noint.pem", "root.pem");
    assert_false(still(&w, "localhost", ARENA_NOW_S));
    assert_int_equal(judge_at(&w, "localhost", ARENA_NOW_S), 0);
    assert_true(still(&w, "localhost", ARENA_NOW_S));
    assert_true(still(&w, "localhost", ARENA_NOW_S + TLS_SESSION_MAX_S));
    assert_false(still(&w, "localhost", ARENA_NOW_S + TLS_SESSION_MAX_S + 1));
    assert_false(still(&w, "localhost", ARENA_NOW_S - 1));
    assert_false(still(&w, "localhost", 12));
    assert_false(still(&w, "bench.example.net", ARENA_NOW_S));
    assert_false(trust_still(&w.verdict, &w.anchor, &other.chain, "localhost", ARENA_NOW_S));
    assert_false(trust_still(&w.verdict, &w.anchor, w.chain.next, "localhost", ARENA_NOW_S));
    assert_true(trust_still(&w.verdict, &w.anchor, NULL, "localhost", ARENA_NOW_S));
    assert_false(trust_still(&w.verdict, &w.anchor, NULL, "localhost", 12));
    w.anchor.ca_id++;
    assert_false(still(&w, "localhost", ARENA_NOW_S));
    w.anchor.ca_id--;
    pin(&w.anchor, "root.pem");
    assert_false(still(&w, "localhost", ARENA_NOW_S));
    w.anchor.pins = 0;
    assert_true(still(&w, "localhost", ARENA_NOW_S));
    close_world(&w);
    close_world(&other);
}

static void a_verdict_ends_with_the_first_certificate_of_the_path(void **state)
{
    struct world w;
    const int64_t last = 2335219200; /* of leaf, intermediate and root */

    (void)state;
    open_world(&w, "good.pem", "root.pem");
    assert_int_equal(judge_at(&w, "localhost", last - 10), 0);
    assert_true(still(&w, "localhost", last));
    assert_false(still(&w, "localhost", last + 1));
    close_world(&w);
}

static void a_refusal_takes_the_old_verdict_away(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, "good.pem", "root.pem");
    assert_int_equal(judge_at(&w, "localhost", ARENA_NOW_S), 0);
    assert_int_equal(judge_at(&w, "other.example.net", ARENA_NOW_S), ERR_TLS_NAME);
    assert_false(w.verdict.valid);
    assert_false(still(&w, "localhost", ARENA_NOW_S));
    close_world(&w);
}

static void tells_a_bundle_that_cannot_be_read(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, "good.pem", "root.pem");
    w.file.fail_at = 0;
    assert_int_equal(judge_at(&w, "localhost", ARENA_NOW_S), ERR_FILE_READ);
    w.file = (struct memory_file){.bytes = (const uint8_t *)"", .len = 0, .fail_at = -1};
    assert_int_equal(judge_at(&w, "localhost", ARENA_NOW_S), ERR_CA_FILE);
    assert_false(w.verdict.valid);
    close_world(&w);
}

static void leaves_nothing_in_the_arena(void **state)
{
    size_t before = tls_platform_used();

    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct world w;

        open_world(&w, ROWS[i].leaf, ROWS[i].bundle);
        (void)judge_at(&w, ROWS[i].host, ARENA_NOW_S);
        close_world(&w);
        assert_int_equal(tls_platform_used(), before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_each_chain),
        cmocka_unit_test(believes_no_signature_of_another_key),
        cmocka_unit_test(no_profile_makes_sha_1_good),
        cmocka_unit_test(asks_the_clock),
        cmocka_unit_test(holds_pins),
        cmocka_unit_test(takes_pins_from_the_verified_path_only),
        cmocka_unit_test(a_right_pin_excuses_nothing),
        cmocka_unit_test(a_verdict_holds_for_what_it_was_made_from),
        cmocka_unit_test(a_verdict_ends_with_the_first_certificate_of_the_path),
        cmocka_unit_test(a_refusal_takes_the_old_verdict_away),
        cmocka_unit_test(tells_a_bundle_that_cannot_be_read),
        cmocka_unit_test(leaves_nothing_in_the_arena),
    };

    certs_make();
    arena_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
