/* Whole requests against transcripts that a person can read: tests/golden/NAME.txt.
 *
 * In a transcript \r, \n, \\ and \xHH stand for bytes; a line break stands for none, and a line
 * that starts with "# " is a note. Each request is pulled in pieces of many sizes. */
#include "base/err.h"
#include "bytes.h"
#include "request/http_request.h"
#include "request/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#define TRANSCRIPT_CAP 16384
#define BOUNDARY       "b0123456789abcdef0123456789abcd"

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

static void pull_all(struct text *t, const struct http_request_spec *spec, struct multipart *form,
                     size_t step)
{
    struct http_request r;
    int n;

    t->len = 0;
    assert_int_equal(http_request_init(&r, spec), 0);
    for (;;) {
        assert_true(t->len + step < sizeof t->text);
        n = http_request_pull(&r, (uint8_t *)t->text + t->len, step);
        if (n == ERR_WAIT && form != NULL && !form->open) {
            multipart_open_gate(form);
        } else if (n <= 0) {
            break;
        } else {
            t->len += (size_t)n;
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

static struct http_header SEED[] = {
    {"Authorization", {"Element ", "zfY0u+/Qm4x=", ", User ", "uL2b9/0aQ1w="}},
    {"Accept", {"application/json"}},
    {"User-Agent", {"ocbulk/0.1.0"}},
    {"Content-Type", {"multipart/form-data; boundary=", BOUNDARY}},
};
static struct http_header ORGANIZATION[] = {
    {"Authorization", {"Element ", "tok", ", User ", "usr=", ", Organization ", "org/"}},
    {"Accept", {"application/json"}},
    {"User-Agent", {"ocbulk/0.1.0"}},
    {"Elements-Version", {"Helium"}},
    {"Elements-Async-Callback-Url", {"https://device.example.net/hook?ocb=oc-1"}},
    {"Content-Type", {"multipart/form-data; boundary=", BOUNDARY}},
};
static struct http_header PROXY[] = {{"Proxy-Authorization", {"Basic dXNlcjpwYXNz"}}};

#define HOST     "api.openconnectors.us2.ext.hana.ondemand.com"
#define BASE     "/elements/api-v2", "/hubs/", "marketing"
#define GET_SEED .method = "GET", .host = HOST, .header = SEED, .headers = 3

static const struct row {
    const char *name;
    struct http_request_spec spec;
} WITHOUT_BODY[] = {
    {"objects", {GET_SEED, .target = {BASE, "/objects"}}},
    {"metadata", {GET_SEED, .target = {BASE, "/objects/", "contact", "/metadata"}}},
    {"status", {GET_SEED, .target = {BASE, "/bulk/", "1234", "/status"}}},
    {"errors_page",
     {GET_SEED,
      .target = {BASE, "/bulk/", "1234", "/errors", "?pageSize=200", "&nextPage=", "a%2Fb%3D"}}},
    {"cancel",
     {.method = "PUT",
      .host = "api.example.org:8443",
      .header = SEED,
      .headers = 3,
      .target = {"/elements/api-v2", "/bulk/", "1234", "/cancel"}}},
    {"connect",
     {.method = "CONNECT",
      .host = HOST ":443",
      .header = PROXY,
      .headers = 1,
      .target = {HOST ":443"}}},
};

static void requests_without_a_body(void **state)
{
    static struct text got, want;
    size_t at, step;

    (void)state;
    for (at = 0; at < COUNT(WITHOUT_BODY); at++) {
        read_transcript(&want, WITHOUT_BODY[at].name);
        for (step = 0; step < COUNT(STEPS); step++) {
            pull_all(&got, &WITHOUT_BODY[at].spec, NULL, STEPS[step]);
            compare(WITHOUT_BODY[at].name, &got, &want, STEPS[step]);
        }
    }
}

static void expect_upload(const char *name, struct http_request_spec spec,
                          const struct multipart_form *form, struct bytes *file)
{
    static struct text got, want;
    static struct multipart m;
    const struct source body = {multipart_pull, &m};
    size_t step;

    read_transcript(&want, name);
    for (step = 0; step < COUNT(STEPS); step++) {
        bytes_rewind(file);
        assert_int_equal(multipart_init(&m, form), 0);
        spec.body = &body;
        spec.body_len = multipart_len(&m);
        pull_all(&got, &spec, &m, STEPS[step]);
        compare(name, &got, &want, STEPS[step]);
    }
}

static void the_seed_s_upload(void **state)
{
    static struct text sample;
    struct bytes file = {.src = sample.text};
    struct multipart_form form = {BOUNDARY, NULL, "sample.csv", {bytes_pull, &file}, 0};

    (void)state;
    read_file(&sample, "tests/data/sample.csv");
    form.file_len = file.len = sample.len;
    expect_upload(
        "upload_sample",
        (struct http_request_spec){.method = "POST",
                                   .host = HOST,
                                   .header = SEED,
                                   .headers = COUNT(SEED),
                                   .target = {BASE, "/bulk/", "contact", "?path=/", "sample.csv"}},
        &form, &file);
}

static void an_upload_with_all_that_can_be_said(void **state)
{
    static const char rows[] = "email,name\r\nana@example.org,\"caf\xC3\xA9\r\n--b0\"\r\n";
    struct bytes file = {.src = rows, .len = sizeof rows - 1};
    const struct multipart_form form = {
        BOUNDARY,
        "{\"identifierFieldName\":\"email\",\"callback-payload\":\"oc-1\"}",
        "site \"A\"\r\nX-Evil: 1 caf\xC3\xA9.csv",
        {bytes_pull, &file},
        sizeof rows - 1};
    char name[128];

    (void)state;
    assert_true(percent_encode(name, sizeof name, form.file_name) > 0);
    expect_upload(
        "upload_full",
        (struct http_request_spec){.method = "POST",
                                   .host = "[2001:db8::1]:8443",
                                   .header = ORGANIZATION,
                                   .headers = COUNT(ORGANIZATION),
                                   .target = {BASE, "/bulk/", "contact", "?path=/", name}},
        &form, &file);
}

/* C03, C04: the bytes of the two cases, behind the smallest head. */
static void expect_form(const char *name, const char *rows)
{
    struct bytes file = {.src = rows, .len = strlen(rows)};
    const struct multipart_form form = {
        "b0123456789abcdef0", NULL, "batch-000001.csv", {bytes_pull, &file}, file.len};

    expect_upload(name, (struct http_request_spec){.method = "POST", .host = "h", .target = {"/"}},
                  &form, &file);
}

static void the_forms_of_the_cases(void **state)
{
    (void)state;
    expect_form("form_c03", "email,first_name\r\nana@example.org,Ana\r\n");
    expect_form("form_c04", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_without_a_body),
        cmocka_unit_test(the_seed_s_upload),
        cmocka_unit_test(an_upload_with_all_that_can_be_said),
        cmocka_unit_test(the_forms_of_the_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
