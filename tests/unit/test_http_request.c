#include "base/err.h"
#include "base/stream.h"
#include "bytes.h"
#include "edge.h"
#include "request/http_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#define TEXT_CAP 4096

struct out {
    char text[TEXT_CAP];
    size_t len;
    int end;
};

/* Pulls first bytes, then `step` at a time, each into memory that ends at an unreadable page. */
static void run(struct out *out, const struct http_request_spec *spec, size_t first, size_t step)
{
    struct http_request r;
    size_t cap = first > 0 ? first : step;
    int n, waits = 0;

    memset(out, 0, sizeof *out);
    n = http_request_init(&r, spec);
    for (; n >= 0 || n == ERR_WAIT; cap = step) {
        char *room = (char *)(uintptr_t)edge_copy(out->text, cap);
        n = http_request_pull(&r, (uint8_t *)room, cap);
        assert_true(n <= (int)cap);
        if (n == ERR_WAIT) {
            assert_true(++waits < 10000);
            continue;
        }
        if (n <= 0) {
            break;
        }
        assert_true(out->len + (size_t)n <= TEXT_CAP);
        memcpy(out->text + out->len, room, (size_t)n);
        out->len += (size_t)n;
    }
    out->end = n;
    assert_int_equal(http_request_pull(&r, (uint8_t *)out->text + out->len, 1), n);
    if (n == 0 || out->len > 0) {
        const char *end = strstr(out->text, "\r\n\r\n");
        assert_non_null(end);
        assert_int_equal(http_request_head_len(&r), end + 4 - out->text);
    }
}

static void check(const char *name, const struct out *out, const char *want, int end, size_t cap)
{
    if (out->end != end || out->len != strlen(want) || memcmp(out->text, want, out->len) != 0) {
        fail_msg("%s, %u: %s, %u bytes: %s", name, (unsigned)cap, err_name(out->end),
                 (unsigned)out->len, out->text);
    }
}

/* Whole, at every buffer size, at every first cut. */
static void expect(const char *name, const struct http_request_spec *spec, struct bytes *body,
                   const char *want, int end)
{
    static struct out out;
    size_t cap;

    for (cap = 1; cap <= strlen(want) + 1; cap++) {
        bytes_rewind(body);
        run(&out, spec, 0, cap);
        check(name, &out, want, end, cap);
        bytes_rewind(body);
        run(&out, spec, cap, TEXT_CAP);
        check(name, &out, want, end, cap);
    }
}

static const struct http_header SEED_HEADERS[] = {
    {"Authorization", {"Element ", "tok+/=", ", User ", "sec+/="}},
    {"User-Agent", {"ocbulk/0.1.0"}},
};

static const struct row {
    const char *name;
    struct http_request_spec spec;
    const char *want;
} ROWS[] = {
    {"a GET has no length",
     {.method = "GET",
      .target = {"/elements/api-v2", "/hubs/", "marketing", "/objects"},
      .host = "api.example.org",
      .header = SEED_HEADERS,
      .headers = 2},
     "GET /elements/api-v2/hubs/marketing/objects HTTP/1.1\r\nHost: api.example.org\r\n"
     "Authorization: Element tok+/=, User sec+/=\r\nUser-Agent: ocbulk/0.1.0\r\n\r\n"},
    {"no header but Host",
     {.method = "GET", .target = {"/"}, .host = "h"},
     "GET / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"empty parts leave nothing",
     {.method = "GET", .target = {"", "/a", "", "/b", ""}, .host = "[::1]:8443"},
     "GET /a/b HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n"},
    {"a PUT without a body says so",
     {.method = "PUT", .target = {"/bulk/", "1", "/cancel"}, .host = "h"},
     "PUT /bulk/1/cancel HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
    {"a POST without a body says so, whatever body_len is",
     {.method = "POST", .target = {"/"}, .host = "h", .body_len = 9},
     "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
    {"CONNECT names host and port twice",
     {.method = "CONNECT", .target = {"api.example.org:443"}, .host = "api.example.org:443"},
     "CONNECT api.example.org:443 HTTP/1.1\r\nHost: api.example.org:443\r\n\r\n"},
    {"all parts in use need no end",
     {.method = "GET",
      .target = {"/", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b"},
      .host = "h",
      .header = &(const struct http_header){"X", {"1", "2", "3", "4", "5", "6", "7", "8"}},
      .headers = 1},
     "GET /123456789ab HTTP/1.1\r\nHost: h\r\nX: 12345678\r\n\r\n"},
    {"an empty header value",
     {.method = "GET",
      .target = {"/"},
      .host = "h",
      .header = &(const struct http_header){"X", {NULL}},
      .headers = 1},
     "GET / HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n"},
    {"a header value may hold spaces and bytes above ASCII",
     {.method = "GET",
      .target = {"/"},
      .host = "h",
      .header = &(const struct http_header){"X", {"a b", "\xC3\xA9"}},
      .headers = 1},
     "GET / HTTP/1.1\r\nHost: h\r\nX: a b\xC3\xA9\r\n\r\n"},
};

static void gives_these_bytes(void **state)
{
    struct bytes none = {0};
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(ROWS); at++) {
        expect(ROWS[at].name, &ROWS[at].spec, &none, ROWS[at].want, 0);
    }
}

static void sends_a_body_of_the_length_announced(void **state)
{
    struct bytes body = {.src = "a,b\r\n1,2\r\n", .len = 10};
    const struct source source = {bytes_pull, &body};
    struct http_request_spec spec = {
        .method = "POST", .target = {"/"}, .host = "h", .body = &source, .body_len = 10};
    static const char want[] =
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\na,b\r\n1,2\r\n";

    (void)state;
    expect("ten bytes", &spec, &body, want, 0);
    body.step = 1;
    expect("ten bytes, one at a time", &spec, &body, want, 0);
    body.waits = true;
    expect("ten bytes after ten waits", &spec, &body, want, 0);
    body = (struct bytes){.src = "", .len = 0};
    spec.body_len = 0;
    expect("an empty body", &spec, &body, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
           0);
}

static void holds_the_body_to_its_length(void **state)
{
    struct bytes body = {.src = "0123456789", .len = 10};
    const struct source source = {bytes_pull, &body};
    struct http_request_spec spec = {
        .method = "POST", .target = {"/"}, .host = "h", .body = &source, .body_len = 9};

    (void)state;
    expect("C05: one byte too many", &spec, &body,
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n012345678", ERR_SOURCE_CHANGED);
    spec.body_len = 11;
    expect("C05: one byte too few", &spec, &body,
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n0123456789",
           ERR_SOURCE_CHANGED);
    spec.body_len = 0;
    expect("C05: a body where none was announced", &spec, &body,
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", ERR_SOURCE_CHANGED);
    spec.body_len = 12;
    body.end = ERR_FILE_READ;
    expect("the body's own error", &spec, &body,
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n0123456789", ERR_FILE_READ);
    spec.body_len = 10;
    expect("an error that only the body's end shows", &spec, &body,
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789", ERR_FILE_READ);
    spec.body_len = UINT64_MAX;
    expect("the largest length is printed whole", &spec, &body,
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551615\r\n\r\n0123456789",
           ERR_FILE_READ);
}

static void asks_no_body_behind_its_end(void **state)
{
    struct bytes body = {.src = "0123456789", .len = 10};
    const struct source source = {bytes_pull, &body};
    const struct http_request_spec spec = {
        .method = "POST", .target = {"/"}, .host = "h", .body = &source, .body_len = 10};
    struct http_request r;
    uint8_t room[TEXT_CAP];

    (void)state;
    assert_int_equal(http_request_init(&r, &spec), 0);
    assert_int_equal(http_request_pull(&r, room, sizeof room), (int)http_request_head_len(&r) + 10);
    body.end = ERR_INTERNAL;
    assert_int_equal(http_request_pull(&r, room, sizeof room), 0);
}

/* A request can be moved or its spec dropped: only the strings are borrowed. */
static void borrows_only_strings(void **state)
{
    static struct http_request r, moved;
    struct http_header header = {"X", {"1", "2"}};
    struct http_request_spec spec = {
        .method = "PUT", .target = {"/", "a"}, .host = "h", .header = &header, .headers = 1};
    char room[TEXT_CAP] = {0};

    (void)state;
    assert_int_equal(http_request_init(&r, &spec), 0);
    memset(&spec, 0xA5, sizeof spec);
    memset(&header, 0xA5, sizeof header);
    moved = r;
    memset(&r, 0xA5, sizeof r);
    assert_int_equal(http_request_pull(&moved, (uint8_t *)room, sizeof room),
                     (int)http_request_head_len(&moved));
    assert_string_equal(room, "PUT /a HTTP/1.1\r\nHost: h\r\nX: 12\r\nContent-Length: 0\r\n\r\n");
}

static int init_of(const char *method, const char *target, const char *host, const char *name,
                   const char *value)
{
    const struct http_header header[] = {{"A", {"b"}}, {name, {"x", value, "y"}}};
    const struct http_request_spec spec = {
        .method = method, .target = {"/", target}, .host = host, .header = header, .headers = 2};
    struct http_request r;
    uint8_t room[TEXT_CAP];
    int err = http_request_init(&r, &spec);

    /* No byte of a refused request can be had. */
    assert_true(err == 0 || http_request_pull(&r, room, sizeof room) == err);
    return err;
}

static bool tchar(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static void injects_nothing(void **state)
{
    int c;

    (void)state;
    for (c = 1; c < 256; c++) {
        const char bad[] = {'a', (char)c, 'b', 0};
        bool visible = c > 0x20 && c < 0x7f, value = c >= 0x20 && c != 0x7f;
        int got[] = {
            init_of(bad, "t", "h", "N", "v"),   init_of("GET", bad, "h", "N", "v"),
            init_of("GET", "t", bad, "N", "v"), init_of("GET", "t", "h", bad, "v"),
            init_of("GET", "t", "h", "N", bad),
        };
        bool want[] = {tchar(c), visible, visible, tchar(c), value};
        size_t at;

        for (at = 0; at < COUNT(got); at++) {
            if (got[at] != (want[at] ? 0 : ERR_VALUE)) {
                fail_msg("byte %d in place %u: %d", c, (unsigned)at, got[at]);
            }
        }
    }
    assert_int_equal(init_of("GET", "a HTTP/1.1\r\nX: y", "h", "N", "v"), ERR_VALUE);
    assert_int_equal(init_of("GET", "t", "h", "N", "v\r\n\r\nGET / HTTP/1.1"), ERR_VALUE);
}

static void refuses_what_is_missing(void **state)
{
    const struct http_request_spec no_target = {.method = "GET", .target = {""}, .host = "h"};
    struct http_request r;

    (void)state;
    assert_int_equal(init_of("", "t", "h", "N", "v"), ERR_VALUE);
    assert_int_equal(init_of("GET", "t", "", "N", "v"), ERR_VALUE);
    assert_int_equal(init_of("GET", "t", "h", "", "v"), ERR_VALUE);
    assert_int_equal(http_request_init(&r, &no_target), ERR_VALUE);
}

/* 6 pieces around them and 4 for each header: with 14 headers two more fit. */
static void refuses_too_many_pieces(void **state)
{
    struct http_header header[15];
    struct http_request_spec spec = {.method = "GET", .target = {"/", "a", "b"}, .host = "h"};
    struct http_request r;
    uint8_t room[TEXT_CAP];
    size_t n;

    (void)state;
    for (n = 0; n < COUNT(header); n++) {
        header[n] = (struct http_header){"N", {"v"}};
    }
    spec.header = header;
    spec.headers = 14;
    assert_int_equal(http_request_init(&r, &spec), 0);
    assert_int_equal(r.count, HTTP_PIECES_MAX);
    spec.target[3] = "c";
    assert_int_equal(http_request_init(&r, &spec), ERR_NO_ROOM);
    assert_int_equal(http_request_pull(&r, room, sizeof room), ERR_NO_ROOM);
    spec.headers = 15;
    assert_int_equal(http_request_init(&r, &spec), ERR_NO_ROOM);
    spec.host = "";
    assert_int_equal(http_request_init(&r, &spec), ERR_VALUE); /* the first one stays */
}

static const struct encode_row {
    const char *name, *input, *want;
} ENCODE_ROWS[] = {
    {"nothing", "", ""},
    {"unreserved bytes stay", "AZaz09-._~", "AZaz09-._~"},
    {"a slash, a question mark and a hash", "a/b?c#d", "a%2Fb%3Fc%23d"},
    {"percent signs and plus signs", "100%+1", "100%25%2B1"},
    {"a space and quotes", "job_direction='UPLOAD'", "job_direction%3D%27UPLOAD%27"},
    {"UTF-8 byte by byte", "caf\xC3\xA9.csv", "caf%C3%A9.csv"},
    {"line ends and DEL", "\r\n\t\x7f", "%0D%0A%09%7F"},
    {"the highest byte", "\xff", "%FF"},
    {"dots in a longer name", "...", "..."},
    {"a name that starts with dots", "..a", "..a"},
};

static void encodes_what_a_path_must_not_hold(void **state)
{
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(ENCODE_ROWS); at++) {
        const struct encode_row *row = &ENCODE_ROWS[at];
        size_t len = strlen(row->want), cap;

        for (cap = 1; cap <= len + 2; cap++) {
            char *dst = (char *)(uintptr_t)edge_copy("????????????????????????????????????", cap);
            int n = percent_encode(dst, cap, row->input);
            const char *want = cap > len ? row->want : "";
            if (n != (cap > len ? (int)len : ERR_NO_ROOM) || strcmp(dst, want) != 0) {
                fail_msg("%s, %u: %d %s", row->name, (unsigned)cap, n, dst);
            }
        }
    }
}

static void encodes_every_other_byte(void **state)
{
    int c;

    (void)state;
    for (c = 1; c < 256; c++) {
        const char src[] = {(char)c, '_', 0};
        char dst[8];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        assert_int_equal(percent_encode(dst, sizeof dst, src), plain ? 2 : 4);
    }
}

static void refuses_the_two_names_that_are_steps(void **state)
{
    char dst[8] = "x";

    (void)state;
    assert_int_equal(percent_encode(dst, sizeof dst, "."), ERR_VALUE);
    assert_string_equal(dst, "");
    assert_int_equal(percent_encode(dst, sizeof dst, ".."), ERR_VALUE);
    assert_string_equal(dst, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_these_bytes),
        cmocka_unit_test(sends_a_body_of_the_length_announced),
        cmocka_unit_test(holds_the_body_to_its_length),
        cmocka_unit_test(asks_no_body_behind_its_end),
        cmocka_unit_test(borrows_only_strings),
        cmocka_unit_test(injects_nothing),
        cmocka_unit_test(refuses_what_is_missing),
        cmocka_unit_test(refuses_too_many_pieces),
        cmocka_unit_test(encodes_what_a_path_must_not_hold),
        cmocka_unit_test(encodes_every_other_byte),
        cmocka_unit_test(refuses_the_two_names_that_are_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
