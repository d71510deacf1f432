/* Whole requests, as the calls of the API make them, against transcripts that a person can read:
 * tests/golden/NAME.txt.
 *
 * In a transcript \r, \n, \\ and \xHH stand for bytes; a line break stands for none, and a line
 * that starts with "# " is a note. Each request is pulled in pieces of many sizes. */
#include "arena.h"
#include "base/err.h"
#include "bulk/bulk.h"
#include "bytes.h"
#include "link/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#define TRANSCRIPT_CAP 16384

struct text {
    char text[TRANSCRIPT_CAP];
    size_t len;
};

static void read_file(struct text *t, const char *path)
{
    FILE *f = fopen(path, "rb");

    if (f == NULL) {
        fail_msg("cannot open %s", path);
        return;
    }
    t->len = fread(t->text, 1, sizeof t->text - 1, f);
    t->text[t->len] = 0;
    assert_int_equal(fclose(f), 0);
}

static int escaped(const char **at)
{
    const char kind = *(*at)++;
    char hex[3] = {0};

    switch (kind) {
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    case 'x':
        memcpy(hex, *at, 2);
        *at += 2;
        return (int)strtol(hex, NULL, 16);
    default:
        assert_int_equal(kind, '\\');
        return '\\';
    }
}

/* Turns a transcript into the bytes that it stands for, in place. */
static void read_transcript(struct text *t, const char *name)
{
    char path[128];
    const char *at = t->text;

    (void)snprintf(path, sizeof path, "tests/golden/%s.txt", name);
    read_file(t, path);
    for (t->len = 0; *at != 0;) {
        if ((at == t->text || at[-1] == '\n') && at[0] == '#' && at[1] == ' ') {
            at += strcspn(at, "\n");
        } else if (*at == '\n') {
            at++;
        } else if (*at == '\\') {
            at++;
            t->text[t->len++] = (char)escaped(&at);
        } else {
            t->text[t->len++] = *at++;
        }
    }
}

static void print_as_transcript(const struct text *t)
{
    size_t at;

    for (at = 0; at < t->len; at++) {
        unsigned char c = (unsigned char)t->text[at];
        if (c == '\n') {
            (void)printf("\\n\n");
        } else if (c == '\r') {
            (void)printf("\\r");
        } else if (c == '\\') {
            (void)printf("\\\\");
        } else if (c < 0x20 || c >= 0x7f) {
            (void)printf("\\x%02X", c);
        } else {
            (void)printf("%c", c);
        }
    }
    (void)printf("\n");
}

/* Pulls the whole request; its end is let out when all before it is there. */
static void pull_all(struct text *t, struct http_request *r, struct multipart *m, size_t step)
{
    int n;

    for (t->len = 0;; t->len += (size_t)n) {
        assert_true(t->len + step < sizeof t->text);
        n = http_request_pull(r, (uint8_t *)t->text + t->len, step);
        if (n == ERR_WAIT && !m->open) {
            multipart_open_gate(m);
            n = 0;
        } else if (n <= 0) {
            break;
        }
    }
    assert_int_equal(n, 0);
}

static void compare(const char *name, const struct text *got, const struct text *want, size_t step)
{
    if (got->len != want->len || memcmp(got->text, want->text, got->len) != 0) {
        print_as_transcript(got);
        fail_msg("%s, %u bytes at a time: differs", name, (unsigned)step);
    }
}

static const size_t STEPS[] = {1, 2, 3, 7, 64, 500, 1460, 8000};
static const struct now NOW = {.mono_ms = 1000, .wall_s = ARENA_NOW_S};
static struct text got, want, sample;
static struct bytes file;

/* No network: a call makes its request and waits for a look-up that nobody answers. */
static int no_resolve(void *ctx, const char *host, uint16_t port)
{
    (void)ctx;
    (void)host;
    (void)port;
    return 0;
}

static void no_close(void *ctx, bool abort)
{
    (void)ctx;
    (void)abort;
}

static const struct net NO_NET = {.resolve = no_resolve, .close = no_close};
static const struct exchange_options OPTIONS = {.host = "h", .port = 443, .authority = "h:443"};
static const struct tls_options TLS;

#define SEED_HOST "api.openconnectors.us2.ext.hana.ondemand.com"

static const struct bulk_service SEED = {
    .host = SEED_HOST,
    .base = "/elements/api-v2",
    .hub = "marketing",
    .user_agent = "ocbulk/0.1.0",
    .element_token = "zfY0u+/Qm4x=",
    .user_secret = "uL2b9/0aQ1w=",
};

/* All that can be configured, and no hub. */
static const struct bulk_service FULL = {
    .host = "[2001:db8::1]:8443",
    .base = "/elements/api-v2",
    .elements_version = "Helium",
    .callback_url = "https://device.example.net/hook?ocb=oc-1",
    .user_agent = "ocbulk/0.1.0",
    .element_token = "tok",
    .user_secret = "usr=",
    .organization_secret = "org/",
};

static const struct bulk_service CALLED = {
    .host = "h",
    .base = "/v2",
    .callback_url = "https://device.example.net/hook",
    .user_agent = "ocbulk/0.1.0",
    .element_token = "tok",
    .user_secret = "usr=",
};

static int objects(struct bulk *b)
{
    return bulk_objects(b, NULL, &NOW);
}

static int metadata(struct bulk *b)
{
    return bulk_metadata(b, "contact", NULL, &NOW);
}

static int status(struct bulk *b)
{
    return bulk_status(b, "1234", &NOW);
}

static int errors(struct bulk *b)
{
    return bulk_errors(b, "1234", NULL, &NOW);
}

static int errors_page(struct bulk *b)
{
    assert_int_equal(errors(b), 0);
    assert_true(percent_encode(b->page, sizeof b->page, "a/b=") > 0); /* as next_page does */
    return bulk_again(b, &NOW);
}

static int jobs(struct bulk *b)
{
    return bulk_jobs(b, NULL, &NOW);
}

static int cancel(struct bulk *b)
{
    return bulk_cancel(b, "1234", &NOW);
}

/* The boundary that these make is the alphabet's first letters. */
static struct bulk_upload upload(const char *object, const char *name, const char *src, size_t len)
{
    struct bulk_upload u = {.object = object, .name = name, .path = true, .file_len = len};
    size_t at;

    for (at = 0; at < sizeof u.random; at++) {
        u.random[at] = (uint8_t)at;
    }
    file = (struct bytes){.src = src, .len = len};
    u.file = (struct source){bytes_pull, &file};
    return u;
}

static int upload_sample(struct bulk *b)
{
    const struct bulk_upload u = upload("contact", "sample.csv", sample.text, sample.len);

    return bulk_upload(b, &u, &NOW);
}

static int upload_full(struct bulk *b)
{
    static const char rows[] = "email,name\r\nana@example.org,\"caf\xC3\xA9\r\n--01\"\r\n";
    struct bulk_upload u = upload("caf\xC3\xA9 & co?", "site \"A\"\r\nX-Evil: 1 caf\xC3\xA9.csv",
                                  rows, sizeof rows - 1);

    u.metadata = "{\"identifierFieldName\":\"email\",\"callback-payload\":\"oc-1\"}";
    return bulk_upload(b, &u, &NOW);
}

static int upload_no_path(struct bulk *b)
{
    struct bulk_upload u = upload("contact", "sample.csv", "a\n1\n", 4);

    u.path = false;
    return bulk_upload(b, &u, &NOW);
}

static const struct tag TAG = {UINT64_C(0x0123456789abcdef), 1, 0x89abcdef, 1};

static int upload_tagged(struct bulk *b)
{
    struct bulk_upload u = upload("contact", NULL, "a\n1\n", 4);

    u.metadata = "{ \"action\": \"upsert\" }";
    u.identifier = "e\"mail";
    u.tag = &TAG;
    return bulk_upload(b, &u, &NOW);
}

/* A name and a key of the user's own stay; and without a callback none is made up. */
static int upload_tagged_named(struct bulk *b)
{
    struct bulk_upload u = upload("contact", "sample.csv", "a\n1\n", 4);

    u.metadata = "{\"callback-payload\":\"mine\"}";
    u.tag = &TAG;
    return bulk_upload(b, &u, &NOW);
}

static int upload_tagged_no_path(struct bulk *b)
{
    struct bulk_upload u = upload("contact", NULL, "a\n1\n", 4);

    u.path = false;
    u.tag = &TAG;
    return bulk_upload(b, &u, &NOW);
}

static const struct row {
    const char *name; /* of the transcript */
    const struct bulk_service *service;
    int (*call)(struct bulk *b);
} ROWS[] = {
    {"objects", &SEED, objects},
    {"metadata", &SEED, metadata},
    {"upload_sample", &SEED, upload_sample},
    {"upload_full", &FULL, upload_full},
    {"upload_no_path", &SEED, upload_no_path},
    {"upload_tagged", &CALLED, upload_tagged},
    {"upload_tagged_named", &SEED, upload_tagged_named},
    {"upload_tagged_no_path", &FULL, upload_tagged_no_path},
    {"status", &SEED, status},
    {"errors", &SEED, errors},
    {"errors_page", &SEED, errors_page},
    {"jobs", &SEED, jobs},
    {"cancel", &FULL, cancel},
};

static void every_call_of_the_api(void **state)
{
    static struct bulk b;
    size_t at, step;

    (void)state;
    arena_begin();
    read_file(&sample, "tests/data/sample.csv");
    for (at = 0; at < COUNT(ROWS); at++) {
        const struct row *row = &ROWS[at];

        assert_int_equal(bulk_init(&b, row->service, &OPTIONS, &TLS, &NO_NET), 0);
        read_transcript(&want, row->name);
        for (step = 0; step < COUNT(STEPS); step++) {
            assert_int_equal(row->call(&b), 0);
            pull_all(&got, &b.request, &b.multipart, STEPS[step]);
            compare(row->name, &got, &want, STEPS[step]);
            bulk_drop(&b);
        }
        bulk_free(&b);
    }
}

static void a_tunnel_through_a_proxy(void **state)
{
    static struct tunnel t;
    size_t step;

    (void)state;
    read_transcript(&want, "connect");
    for (step = 0; step < COUNT(STEPS); step++) {
        assert_int_equal(tunnel_init(&t, &NO_NET, SEED_HOST ":443", "Basic dXNlcjpwYXNz"), 0);
        pull_all(&got, &t.request, NULL, STEPS[step]);
        compare("connect", &got, &want, STEPS[step]);
    }
}

static void expect_form(const char *name, const char *rows)
{
    static struct multipart m;
    const struct source body = {multipart_pull, &m};
    const struct multipart_form form = {
        "b0123456789abcdef0", NULL, "batch-000001.csv", {bytes_pull, &file}, strlen(rows)};
    struct http_request_spec spec = {.method = "POST", .target = {"/"}, .host = "h", .body = &body};
    struct http_request r;
    size_t step;

    read_transcript(&want, name);
    for (step = 0; step < COUNT(STEPS); step++) {
        file = (struct bytes){.src = rows, .len = strlen(rows)};
        assert_int_equal(multipart_init(&m, &form), 0);
        spec.body_len = multipart_len(&m);
        assert_int_equal(http_request_init(&r, &spec), 0);
        pull_all(&got, &r, &m, STEPS[step]);
        compare(name, &got, &want, STEPS[step]);
    }
}

/* C03, C04, S20: the bytes of the cases, behind the smallest head. */
static void the_forms_of_the_cases(void **state)
{
    (void)state;
    expect_form("form_c03", "email,first_name\r\nana@example.org,Ana\r\n");
    expect_form("form_c04", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_of_the_api),
        cmocka_unit_test(a_tunnel_through_a_proxy),
        cmocka_unit_test(the_forms_of_the_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
