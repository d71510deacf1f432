/* Roots found on demand: in bundles as they are met in the field, read in chunks of any size. */
#include "base/err.h"
#include "base/stream.h"
#include "limits.h"
#include "link/roots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arena.h"
#include "certs.h"
#include "edge.h"

static uint8_t *scratch; /* EXCHANGE_TX_CAP bytes, flush against an unreadable page */
static char text[1u << 20];

static mbedtls_x509_crt chain_of(const char *name)
{
    mbedtls_x509_crt chain;
    char *pem = certs_text(name);

    mbedtls_x509_crt_init(&chain);
    assert_int_equal(mbedtls_x509_crt_parse(&chain, (const uint8_t *)pem, strlen(pem) + 1), 0);
    free(pem);
    return chain;
}

static int find(struct roots *r, const char *bundle, const mbedtls_x509_crt *chain, size_t step)
{
    struct memory_file m = {
        .bytes = (const uint8_t *)bundle, .len = strlen(bundle), .step = step, .fail_at = -1};
    struct file f = memory_as_file(&m);

    return roots_find(r, &f, chain, scratch);
}

/* How a bundle is made: pieces joined; a name that ends in .pem is that file's text, one with a
 * bar in front is it without its last line, one with a tilde also without the last bytes in front
 * of that, one with a star with CR LF as line end. */
static const char *build(const char *const *piece)
{
    text[0] = '\0';
    for (; *piece != NULL; piece++) {
        size_t len = strlen(*piece);
        bool file = len > 4 && strcmp(*piece + len - 4, ".pem") == 0;
        char kind = (*piece)[0];
        char *from = file ? certs_text(*piece + (strchr("|~*", kind) != NULL)) : NULL;

        if (!file) {
            strcat(text, *piece);
            continue;
        }
        if (kind == '|' || kind == '~') {
            strstr(from, "-----END")[kind == '|' ? 0 : -12] = '\0';
        }
        char *to = text + strlen(text);

        for (char *at = from; *at != '\0'; at++) {
            if (*at == '\n' && kind == '*') {
                *to++ = '\r';
            }
            *to++ = *at;
        }
        *to = '\0';
        free(from);
    }
    return text;
}

struct row {
    const char *name;
    const char *piece[8];
    const char *chain;
    int want;
    unsigned found, seen, broken;
};

#define GARBAGE "-----BEGIN CERTIFICATE-----\nMIIBAAAA!!!!\n-----END CERTIFICATE-----\n"

static const struct row ROWS[] = {
    {"the root alone", {"root.pem"}, "good.pem", 0, 1, 1, 0},
    {"the root with CR LF", {"*root.pem"}, "good.pem", 0, 1, 1, 0},
    {"the root behind a byte-order mark", {"\xEF\xBB\xBF", "root.pem"}, "good.pem", 0, 1, 1, 0},
    {"the root behind comments",
     {"# Bench\n\n-- a line of dashes --\n-----\n", "root.pem"},
     "good.pem",
     0,
     1,
     1,
     0},
    {"the root behind a sixth dash", {"-", "root.pem"}, "good.pem", 0, 1, 1, 0},
    {"the root behind a lone dash and a marker cut off",
     {"-\n-----BEGIN CERT-", "root.pem"},
     "good.pem",
     0,
     1,
     1,
     0},
    {"the root behind an unknown one", {"unknown_root.pem", "root.pem"}, "good.pem", 0, 1, 2, 0},
    {"the root in front of an unknown one",
     {"root.pem", "unknown_root.pem"},
     "good.pem",
     0,
     1,
     2,
     0},
    {"the root twice", {"root.pem", "root.pem"}, "good.pem", 0, 2, 2, 0},
    {"two roots of one chain (cross-signed)", {"cross_roots.pem"}, "cross.pem", 0, 2, 2, 0},
    {"the intermediate in the bundle (S02)", {"intermediate.pem"}, "noint.pem", 0, 1, 1, 0},
    {"no root for this chain", {"unknown_root.pem"}, "good.pem", 0, 0, 1, 0},
    {"six roots of one name: no more than the limit",
     {"root.pem", "root.pem", "root.pem", "root.pem", "root.pem", "root.pem"},
     "good.pem",
     0,
     TRUST_ROOTS_MAX,
     6,
     0},
    {"a broken entry in front", {GARBAGE, "root.pem"}, "good.pem", 0, 1, 2, 1},
    {"a broken entry behind", {"root.pem", GARBAGE}, "good.pem", 0, 1, 2, 1},
    {"an entry that ends before its subject",
     {"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "root.pem"},
     "good.pem",
     0,
     1,
     2,
     1},
    {"an empty entry",
     {"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "root.pem"},
     "good.pem",
     0,
     1,
     2,
     1},
    {"the same root without its end line is whole all the same",
     {"|root.pem", "root.pem"},
     "good.pem",
     0,
     2,
     2,
     0},
    {"the same root without its last bytes is no root, and takes none with it",
     {"~root.pem", "root.pem"},
     "good.pem",
     0,
     1,
     2,
     1},
    {"an unknown root without its end takes none with it",
     {"|unknown_root.pem", "root.pem"},
     "good.pem",
     0,
     1,
     2,
     0},
    {"a broken entry without its end takes none with it",
     {"-----BEGIN CERTIFICATE-----\nMIIB\n", "root.pem"},
     "good.pem",
     0,
     1,
     2,
     1},
    {"headers inside an entry break it",
     {"-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\nMIIB\n-----END CERTIFICATE-----\n",
      "root.pem"},
     "good.pem",
     0,
     1,
     2,
     1},
    {"a key in the bundle is no certificate",
     {"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "root.pem"},
     "good.pem",
     0,
     1,
     1,
     0},
    {"a marker of another kind that begins the same",
     {"-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n", "root.pem"},
     "good.pem",
     0,
     1,
     1,
     0},
    {"an empty file", {""}, "good.pem", ERR_CA_FILE, 0, 0, 0},
    {"a file of something else", {"<html>\n-----BEGIN\n"}, "good.pem", ERR_CA_FILE, 0, 0, 0},
    {"a file of broken entries only", {GARBAGE, GARBAGE}, "good.pem", ERR_CA_FILE, 0, 2, 2},
    {"a marker at the end of the file",
     {"-----BEGIN CERTIFICATE-----"},
     "good.pem",
     ERR_CA_FILE,
     0,
     1,
     1},
    {"a root that the end of the file cuts", {"~root.pem"}, "good.pem", ERR_CA_FILE, 0, 1, 1},
};

static void check(const struct row *row, const char *bundle, size_t step)
{
    mbedtls_x509_crt chain = chain_of(row->chain);
    struct roots r;
    int err = find(&r, bundle, &chain, step);

    if (err != row->want || r.found != row->found || r.seen != row->seen ||
        r.broken != row->broken) {
        fail_msg("%s, %zu bytes a read: %s, found %u, seen %u, broken %u", row->name, step,
                 err_name(err), r.found, r.seen, r.broken);
    }
    roots_free(&r);
    mbedtls_x509_crt_free(&chain);
}

static void finds_roots_in_bundles(void **state)
{
    static const size_t steps[] = {0, 1, 2, 3, 63, 64, 65, 66, 1000};

    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const char *bundle = build(ROWS[i].piece);

        for (size_t s = 0; s < COUNT(steps); s++) {
            check(&ROWS[i], bundle, steps[s]);
        }
    }
}

static void finds_one_in_a_hundred_and_forty(void **state)
{
    mbedtls_x509_crt chain = chain_of("good.pem");
    char *bundle = certs_text("bundle.pem");
    struct roots r;

    (void)state;
    for (size_t step = 0; step < 130; step += 43) {
        assert_int_equal(find(&r, bundle, &chain, step), 0);
        assert_int_equal(r.found, 1);
        assert_int_equal(r.seen, 141);
        assert_int_equal(r.broken, 0);
        roots_free(&r);
    }
    free(bundle);
    mbedtls_x509_crt_free(&chain);
}

/* A wanted entry that is longer than the scratch holds, alone and behind others: by one byte, by
 * some, and so that it just fits. */
static void leaves_out_what_does_not_fit(void **state)
{
    enum { ROOM = EXCHANGE_TX_CAP - TRUST_CHUNK_CAP };
    mbedtls_x509_crt chain = chain_of("good.pem"), root = chain_of("root.pem");
    char *pem = certs_text("root.pem");
    size_t marker = strlen("-----BEGIN CERTIFICATE-----\n");
    struct roots r;

    (void)state;
    for (size_t more = 0; more < 40; more++) {
        size_t whole = more % 3 == 0 ? 0 : 2; /* roots in front */
        size_t left = ROOM - whole * root.raw.len;
        char *to = text;

        for (size_t i = 0; i < whole; i++) {
            to += sprintf(to, "%s", pem);
        }
        to += sprintf(to, "%.*s", (int)(marker + 64 * (root.raw.len / 48)), pem);
        size_t len = root.raw.len / 48 * 48; /* so far; with rubbish behind it up to the end */

        for (; len + 3 <= left + more - 20; len += 3) {
            to += sprintf(to, "AAAA");
        }
        sprintf(to, "\n-----END CERTIFICATE-----\n%s", pem);
        assert_int_equal(find(&r, text, &chain, 0), 0);
        assert_true(r.found >= 1 && r.found <= whole + 1);
        assert_true(r.found + r.broken == whole + 2);
        roots_free(&r);
    }
    free(pem);
    mbedtls_x509_crt_free(&root);
    mbedtls_x509_crt_free(&chain);
}

/* The issuer's name in the chain in other letters: found in the second pass (RFC 5280 7.1). */
static void compares_names_without_case_when_nothing_matches(void **state)
{
    mbedtls_x509_crt chain = chain_of("good.pem");
    mbedtls_x509_crt *top = chain.next;
    char *bundle = certs_text("bundle.pem");
    struct roots r;
    unsigned char *name = NULL;

    (void)state;
    for (size_t i = 0; i + 10 <= top->issuer_raw.len; i++) {
        if (memcmp(top->issuer_raw.p + i, "Bench Root", 10) == 0) {
            name = top->issuer_raw.p + i;
        }
    }
    assert_non_null(name);
    memcpy(name, "bENCH rOOT", 10);
    assert_int_equal(find(&r, bundle, &chain, 0), 0);
    assert_int_equal(r.found, 1);
    assert_int_equal(r.seen, 141);
    roots_free(&r);
    memcpy(name, "bENCH_rOOT", 10);
    assert_int_equal(find(&r, bundle, &chain, 0), 0);
    assert_int_equal(r.found, 0);
    roots_free(&r);
    free(bundle);
    mbedtls_x509_crt_free(&chain);
}

/* Every bit of every byte of a root once the other way: found or not, but never a fault. */
static void outlives_any_changed_byte(void **state)
{
    mbedtls_x509_crt chain = chain_of("good.pem");
    char *bundle = certs_text("root.pem");
    size_t len = strlen(bundle);
    struct roots r;

    (void)state;
    for (size_t at = 0; at < len; at++) {
        for (int bit = 0; bit < 7; bit++) {
            bundle[at] = (char)(bundle[at] ^ (1 << bit));
            if (bundle[at] != '\0') {
                int err = find(&r, bundle, &chain, 0);

                assert_true(err == 0 || err == ERR_CA_FILE);
                assert_true(r.found <= 1);
                roots_free(&r);
            }
            bundle[at] = (char)(bundle[at] ^ (1 << bit));
        }
    }
    free(bundle);
    mbedtls_x509_crt_free(&chain);
}

/* Cut anywhere: what is whole is found. */
static void outlives_any_cut(void **state)
{
    mbedtls_x509_crt chain = chain_of("good.pem");
    char *bundle = certs_text("root.pem");
    struct roots r;

    (void)state;
    for (size_t len = strlen(bundle); len > 0; len--) {
        bundle[len] = '\0';
        (void)find(&r, bundle, &chain, 7);
        assert_true(r.found == (strchr(bundle, '=') != NULL || strstr(bundle, "\n-") != NULL));
        roots_free(&r);
    }
    free(bundle);
    mbedtls_x509_crt_free(&chain);
}

static void tells_a_file_that_cannot_be_read(void **state)
{
    mbedtls_x509_crt chain = chain_of("unknown.pem");
    char *bundle = certs_text("bundle.pem");
    int reads = 2 * (int)(strlen(bundle) / TRUST_CHUNK_CAP + 2);

    (void)state;
    for (int at = 0; at < reads; at++) {
        struct memory_file m = {
            .bytes = (const uint8_t *)bundle, .len = strlen(bundle), .fail_at = at};
        struct file f = memory_as_file(&m);
        struct roots r;

        assert_int_equal(roots_find(&r, &f, &chain, scratch), ERR_FILE_READ);
        roots_free(&r);
    }
    free(bundle);
    mbedtls_x509_crt_free(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_roots_in_bundles),
        cmocka_unit_test(finds_one_in_a_hundred_and_forty),
        cmocka_unit_test(leaves_out_what_does_not_fit),
        cmocka_unit_test(compares_names_without_case_when_nothing_matches),
        cmocka_unit_test(outlives_any_changed_byte),
        cmocka_unit_test(outlives_any_cut),
        cmocka_unit_test(tells_a_file_that_cannot_be_read),
    };

    memset(text, 0, EXCHANGE_TX_CAP);
    scratch = (uint8_t *)(uintptr_t)edge_copy(text, EXCHANGE_TX_CAP);
    certs_make();
    arena_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
