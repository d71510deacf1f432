#include "base/err.h"
#include "config/limits.h"
#include "edge.h"
#include "reply/http_response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define SHOWN    30 /* bytes of a body told */
#define BODY_CAP 65536

enum ending { OPEN, CLEAN, CUT }; /* the connection stays open; ends with, without close_notify */

/* What came out, as text: `status keep|last [body] name=value;...`, `tunnel` for CONNECT, `waits`
 * when the reply is not whole, the error's name; `+n` for bytes left over. */
struct outcome {
    char text[1024];
    char body[BODY_CAP];
    size_t body_len;
};

static struct outcome out;
static char note[8], retry[33], date[33], odd[4];
static struct http_field fields[] = {
    {.name = "X-Note", .value = note, .cap = sizeof note},
    {.name = "Retry-After", .value = retry, .cap = sizeof retry},
    {.name = "Date", .value = date, .cap = sizeof date},
    {.name = "Elements-Next-Page-Token-or-so.", .value = odd, .cap = sizeof odd},
};

static int take(void *ctx, const uint8_t *src, size_t len)
{
    struct outcome *o = ctx;

    assert_true(len > 0);
    assert_true(o->body_len + len < sizeof o->body);
    memcpy(o->body + o->body_len, src, len);
    o->body_len += len;
    return 0;
}

static void tell_some(const char *text, size_t len)
{
    size_t at = strlen(out.text), room = sizeof out.text - at - 1;

    len = strnlen(text, len < room ? len : room);
    memcpy(out.text + at, text, len);
    out.text[at + len] = '\0';
}

static void tell(const char *text)
{
    tell_some(text, strlen(text));
}

static void tell_fields(void)
{
    size_t at;

    for (at = 0; at < COUNT(fields); at++) {
        if (!fields[at].seen) {
            assert_int_equal(fields[at].value[0], 0);
            continue;
        }
        tell(" ");
        tell(fields[at].name);
        tell(fields[at].over ? " over" : "=");
        tell(fields[at].value);
        tell(";");
    }
}

static void tell_outcome(const struct http_response *r, size_t left)
{
    char line[64];

    out.text[0] = 0;
    if (r->err != 0) {
        tell(err_name(r->err));
        return;
    }
    assert_int_equal(r->body_bytes, out.body_len);
    if (!r->done) {
        tell("waits");
        return;
    }
    snprintf(line, sizeof line, "%u %s", r->status, r->keep ? "keep" : "last");
    tell(line);
    if (out.body_len > 0) {
        tell(" [");
        tell_some(out.body, out.body_len < SHOWN ? out.body_len : SHOWN);
        tell("]");
    }
    tell_fields();
    if (left > 0) {
        snprintf(line, sizeof line, " +%u", (unsigned)left);
        tell(line);
    }
}

/* The first bytes in one delivery, the rest in deliveries of `step`; then perhaps the end. */
static void run(const char *src, size_t len, size_t first, size_t step, enum ending ending,
                bool to_connect)
{
    static struct http_response r;
    const struct sink sink = {take, &out};
    size_t at = 0, n = first;

    out.body_len = 0;
    http_response_init(&r, fields, COUNT(fields), &sink);
    r.to_connect = to_connect;
    assert_false(r.started);
    while (at < len && r.err == 0 && !r.done) {
        n = n > len - at ? len - at : n;
        int used = http_response_push(&r, (const uint8_t *)edge_copy(src + at, n), n);
        if (used < 0) {
            assert_int_equal(used, r.err);
            assert_int_equal(http_response_push(&r, (const uint8_t *)"x", 1), used);
            break;
        }
        assert_true(n == 0 || (used > 0 && (r.done || (size_t)used == n)));
        assert_int_equal(r.started, at + n > 0);
        assert_true(r.head_done || (r.status == 0 && out.body_len == 0));
        at += (size_t)used;
        n = step;
    }
    if (r.done) {
        assert_int_equal(http_response_push(&r, (const uint8_t *)"x", 1), 0);
        assert_int_equal(http_response_finish(&r, false), 0);
    }
    if (ending != OPEN) {
        int err = http_response_finish(&r, ending == CLEAN);
        assert_int_equal(err, r.err);
        assert_true(r.done || r.err != 0);
    }
    tell_outcome(&r, len - at);
}

static void check(const char *name, size_t first, const char *want)
{
    if (strcmp(out.text, want) != 0) {
        fail_msg("%s, first %u bytes: %s, not %s", name, (unsigned)first, out.text, want);
    }
}

/* Whole, per byte, at every split. */
static void expect(const char *name, const char *src, size_t len, enum ending ending,
                   bool to_connect, const char *want)
{
    size_t at;

    for (at = 0; at <= len; at++) {
        run(src, len, at, len, ending, to_connect);
        check(name, at, want);
    }
    run(src, len, 0, 1, ending, to_connect);
    check(name, 0, want);
}

struct row {
    const char *name, *input;
    size_t len;
    enum ending ending;
    const char *want;
};

#define BYTES(text) text, sizeof(text) - 1
#define OK11        "HTTP/1.1 200 OK\r\n"
#define CHUNKED     OK11 "Transfer-Encoding: chunked\r\n\r\n"
#define JSON_BODY   "[{\"id\":\"j1\",\"state\":\"done\"}]"
#define TEN         "xxxxxxxxxx"

static const struct row CASES[] = {
    {"C06 S13: chunk sizes stay out of the body",
     BYTES("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
           "e\r\n{\"id\":\"j1\",\"st\r\n00C\r\nate\":\"done\"}\r\n0\r\n\r\n"),
     OPEN, "200 keep " JSON_BODY},
    {"C06: a chunk over 2^31 bytes is refused", BYTES(CHUNKED "80000001\r\n"), OPEN, "HTTP_CHUNK"},
    {"C06: a size that overflows 64 bits is refused", BYTES(CHUNKED "10000000000000001\r\nx"), OPEN,
     "HTTP_CHUNK"},
    {"C06: an empty size line is refused", BYTES(CHUNKED "\r\n"), OPEN, "HTTP_CHUNK"},
    {"C06: a size with a plus is refused", BYTES(CHUNKED "+5\r\nhello\r\n"), OPEN, "HTTP_CHUNK"},
    {"C06: a size with a minus is refused", BYTES(CHUNKED "-5\r\nhello\r\n"), OPEN, "HTTP_CHUNK"},
    {"C06: a size with 0x is refused", BYTES(CHUNKED "0x5\r\nhello\r\n"), OPEN, "HTTP_CHUNK"},
    {"C08: bare LF and a folded header are read",
     BYTES("HTTP/1.1 200 OK\nContent-Type: application/json\nX-Note: one\n two\n"
           "Content-Length: 16\n\n{\"state\":\"done\"}"),
     OPEN, "200 keep [{\"state\":\"done\"}] X-Note=one two;"},
    {"C08: a bare LF behind a chunk size is refused", BYTES(CHUNKED "5\nhello\r\n0\r\n\r\n"), OPEN,
     "HTTP_CHUNK"},
    {"C08: a bare LF behind chunk data is refused", BYTES(CHUNKED "5\r\nhello\n0\r\n\r\n"), OPEN,
     "HTTP_CHUNK"},
    {"C08: a bare LF behind the last chunk is refused", BYTES(CHUNKED "5\r\nhello\r\n0\n\r\n"),
     OPEN, "HTTP_CHUNK"},
    {"C08: a bare LF as the end of a chunked body is refused",
     BYTES(CHUNKED "5\r\nhello\r\n0\r\n\n"), OPEN, "HTTP_CHUNK"},
    {"C08: a bare LF behind a trailer is refused", BYTES(CHUNKED "0\r\nX-Sum: 1\n\r\n"), OPEN,
     "HTTP_CHUNK"},
    {"C08: a folded Content-Length is refused",
     BYTES(OK11 "Content-Length:\r\n 16\r\n\r\n{\"state\":\"done\"}"), OPEN, "HTTP_LENGTH"},
    {"C08: a folded Transfer-Encoding is refused",
     BYTES(OK11 "Transfer-Encoding: chunked\n\t\r\n\r\n0\r\n\r\n"), OPEN, "HTTP_LENGTH"},
    {"C08: two different Content-Length are refused",
     BYTES(OK11 "Content-Length: 16\r\nContent-Length: 5\r\n\r\n{\"state\":\"done\"}"), OPEN,
     "HTTP_LENGTH"},
    {"C09: interim replies nobody asked for are skipped",
     BYTES("HTTP/1.1 100 Continue\r\n\r\n"
           "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 5\r\n\r\n"
           "HTTP/1.1 202 Accepted\r\nContent-Length: 11\r\n\r\n{\"id\":\"j1\"}"),
     OPEN, "202 keep [{\"id\":\"j1\"}]"},
    {"C09: 101 is refused", BYTES("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), OPEN,
     "HTTP_INTERIM"},
    {"C09: 8 interim replies are skipped",
     BYTES("HTTP/1.1 100\n\nHTTP/1.1 100\n\nHTTP/1.1 100\n\nHTTP/1.1 100\n\n"
           "HTTP/1.1 100\n\nHTTP/1.1 100\n\nHTTP/1.1 100\n\nHTTP/1.1 100\n\n"
           "HTTP/1.1 204 No Content\r\n\r\n"),
     OPEN, "204 keep"},
    {"C09: the ninth is refused",
     BYTES("HTTP/1.1 100\n\nHTTP/1.1 100\n\nHTTP/1.1 100\n\nHTTP/1.1 100\n\n"
           "HTTP/1.1 100\n\nHTTP/1.1 100\n\nHTTP/1.1 100\n\nHTTP/1.1 100\n\n"
           "HTTP/1.1 102\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
     OPEN, "HTTP_INTERIM"},
    {"C09: headers of an interim reply are not the final one's",
     BYTES("HTTP/1.1 103\r\nRetry-After: 7\r\nX-Note: early\r\nConnection: close\r\n"
           "Transfer-Encoding: x\r\nContent-Length: +\r\n\r\n"
           "HTTP/1.1 429 Slow Down\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n"),
     OPEN, "429 keep Retry-After=9;"},
    {"C10: an early 413 is whole and ends the connection",
     BYTES("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
     OPEN, "413 last"},
    {"C12: without length the body ends with the connection",
     BYTES("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"state\":\"done\"}"), CLEAN,
     "200 last [{\"state\":\"done\"}]"},
    {"C12: without close_notify it was cut off",
     BYTES("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"state\":\"done\"}"), CUT,
     "HTTP_TRUNCATED"},
    {"C12: before the end it waits",
     BYTES("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"state\":\"done\"}"), OPEN,
     "waits"},
    {"C12: 204 has no body and does not wait", BYTES("HTTP/1.1 204 No Content\r\n\r\n"), OPEN,
     "204 keep"},
    {"C12: 304 has no body whatever its length says",
     BYTES("HTTP/1.1 304 Not Modified\r\nContent-Length: 16\r\n\r\n"), OPEN, "304 keep"},
    {"C38: both dates of a 429 are kept",
     BYTES("HTTP/1.1 429 Too Many Requests\r\nDate: Wed, 25 Nov 2026 03:28:00 GMT\r\n"
           "Retry-After: Wed, 25 Nov 2026 03:30:00 GMT\r\nContent-Length: 0\r\n\r\n"),
     OPEN,
     "429 keep Retry-After=Wed, 25 Nov 2026 03:30:00 GMT; Date=Wed, 25 Nov 2026 03:28:00 GMT;"},
    {"S13: half a reply waits", BYTES(OK11 "Content-Length: 16\r\n\r\n{\"state\":\"do"), OPEN,
     "waits"},
    {"S13: half a reply is cut off, also by a clean end",
     BYTES(OK11 "Content-Length: 16\r\n\r\n{\"state\":\"do"), CLEAN, "HTTP_TRUNCATED"},
    {"S19: only the header tells the wait",
     BYTES("HTTP/1.1 429 Slow\r\nRetry-After: 60\r\nContent-Length: 25\r\n\r\n"
           "resets at 23:54:18 UTC..."),
     OPEN, "429 keep [resets at 23:54:18 UTC...] Retry-After=60;"},
};

static const struct row FRAMING[] = {
    {"Content-Length with Transfer-Encoding is refused",
     BYTES(OK11 "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), OPEN,
     "HTTP_LENGTH"},
    {"Transfer-Encoding with Content-Length is refused",
     BYTES(OK11 "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), OPEN,
     "HTTP_LENGTH"},
    {"both of them are refused even where no body can be",
     BYTES("HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"), OPEN,
     "HTTP_LENGTH"},
    {"two equal Content-Length lines are one",
     BYTES(OK11 "Content-Length: 5\r\ncontent-length: 05\r\n\r\nhello"), OPEN, "200 keep [hello]"},
    {"a list of equal lengths is refused", BYTES(OK11 "Content-Length: 5, 5\r\n\r\nhello"), OPEN,
     "HTTP_LENGTH"},
    {"a list of different lengths is refused", BYTES(OK11 "Content-Length: 5,6\r\n\r\nhello"), OPEN,
     "HTTP_LENGTH"},
    {"a length with a plus sign is refused", BYTES(OK11 "Content-Length: +5\r\n\r\nhello"), OPEN,
     "HTTP_LENGTH"},
    {"a length with a minus sign is refused", BYTES(OK11 "Content-Length: -5\r\n\r\nhello"), OPEN,
     "HTTP_LENGTH"},
    {"a length with 0x is refused", BYTES(OK11 "Content-Length: 0x5\r\n\r\nhello"), OPEN,
     "HTTP_LENGTH"},
    {"a length with a space inside is refused", BYTES(OK11 "Content-Length: 5 5\r\n\r\nhello"),
     OPEN, "HTTP_LENGTH"},
    {"a length with a fraction is refused", BYTES(OK11 "Content-Length: 5.0\r\n\r\nhello"), OPEN,
     "HTTP_LENGTH"},
    {"white space around a length is no part of it",
     BYTES(OK11 "Content-Length: \t 5 \t\r\n\r\nhello"), OPEN, "200 keep [hello]"},
    {"a vertical tab before a length is refused", BYTES(OK11 "Content-Length: \v5\r\n\r\nhello"),
     OPEN, "HTTP_HEADER"},
    {"an empty length is refused", BYTES(OK11 "Content-Length:\r\n\r\nhello"), OPEN, "HTTP_LENGTH"},
    {"a length of 31 digits with leading zeros is read",
     BYTES(OK11 "Content-Length: 0000000000000000000000000000005\r\n\r\nhello"), OPEN,
     "200 keep [hello]"},
    {"more leading zeros than that are refused",
     BYTES(OK11 "Content-Length: 00000000000000000000000000000005\r\n\r\nhello"), OPEN,
     "HTTP_LENGTH"},
    {"a length of 2^64 is refused", BYTES(OK11 "Content-Length: 18446744073709551616\r\n\r\nx"),
     OPEN, "HTTP_LENGTH"},
    {"a length of 2^64-1 waits for the rest",
     BYTES(OK11 "Content-Length: 18446744073709551615\r\n\r\nx"), OPEN, "waits"},
    {"a malformed length is refused in a 204 too",
     BYTES("HTTP/1.1 204 No\r\nContent-Length: x\r\n\r\n"), OPEN, "HTTP_LENGTH"},
    {"chunked in other letters is chunked",
     BYTES(OK11 "TRANSFER-ENCODING:CHUNKED \r\n\r\n5\r\nhello\r\n0\r\n\r\n"), OPEN,
     "200 keep [hello]"},
    {"chunked twice is refused", BYTES(OK11 "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
     OPEN, "HTTP_LENGTH"},
    {"chunked in two lines is refused",
     BYTES(OK11 "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), OPEN,
     "HTTP_LENGTH"},
    {"xchunked is refused", BYTES(OK11 "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), OPEN,
     "HTTP_LENGTH"},
    {"chunkedx is refused", BYTES(OK11 "Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n"), OPEN,
     "HTTP_LENGTH"},
    {"gzip, chunked is refused", BYTES(OK11 "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
     OPEN, "HTTP_LENGTH"},
    {"gzip then chunked in lines of their own is refused",
     BYTES(OK11 "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), OPEN,
     "HTTP_LENGTH"},
    {"identity is refused", BYTES(OK11 "Transfer-Encoding: identity\r\n\r\nx"), OPEN,
     "HTTP_LENGTH"},
    {"an empty Transfer-Encoding is refused", BYTES(OK11 "Transfer-Encoding: \r\n\r\nx"), OPEN,
     "HTTP_LENGTH"},
    {"chunked with a parameter is refused",
     BYTES(OK11 "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"), OPEN, "HTTP_LENGTH"},
    {"a coding too long to be chunked is refused",
     BYTES(OK11 "Transfer-Encoding: chunked-and-more-than-31-bytes-of-it\r\n\r\n0\r\n\r\n"), OPEN,
     "HTTP_LENGTH"},
    {"a length that only begins like the name is another header",
     BYTES(OK11 "Content-Length-Of-Something-Or-Other: 7\r\nContent-Lengt: 6\r\n"
                "Content-Length: 2\r\n\r\n{}"),
     OPEN, "200 keep [{}]"},
    {"bytes behind a body of stated length are left over",
     BYTES(OK11 "Content-Length: 2\r\n\r\n{}HTTP/1.1"), OPEN, "200 keep [{}] +8"},
    {"bytes behind an empty body are left over", BYTES(OK11 "Content-Length: 0\r\n\r\nHTTP/1.1"),
     OPEN, "200 keep +8"},
    {"bytes behind a 204 are left over", BYTES("HTTP/1.1 204 X\r\n\r\nHTTP/1.1"), OPEN,
     "204 keep +8"},
};

static const struct row CHUNKS[] = {
    {"a body of no chunk is empty", BYTES(CHUNKED "0\r\n\r\n"), OPEN, "200 keep"},
    {"the last chunk may have many zeros", BYTES(CHUNKED "00000000000000000000000\r\n\r\n"), OPEN,
     "200 keep"},
    {"sizes are hexadecimal in any case",
     BYTES(CHUNKED "00a\r\n" TEN "\r\nA\r\n" TEN "\r\n0\r\n\r\n"), OPEN, "200 keep [" TEN TEN "]"},
    {"extensions are skipped, in quotes too",
     BYTES(CHUNKED "2;a\r\n{}\r\n2 ; b=\"x;\\\"\\\\,\r\"\r\n{}\r\n0\r\n\r\n"), OPEN, "HTTP_CHUNK"},
    {"quoted extensions with quote and backslash are skipped",
     BYTES(CHUNKED "2;a=1;b\r\n{}\r\n2 ; c = \"x;\\\"\\\\0\"\t;d\r\n{}\r\n0;e=\"\"\r\n\r\n"), OPEN,
     "200 keep [{}{}]"},
    {"a quote that never closes is refused", BYTES(CHUNKED "2;a=\"x\r\n{}\r\n0\r\n\r\n"), OPEN,
     "HTTP_CHUNK"},
    {"a quote that ends in a backslash is refused",
     BYTES(CHUNKED "2;a=\"x\\\r\n\"\r\n{}\r\n0\r\n\r\n"), OPEN, "HTTP_CHUNK"},
    {"a bare LF in an extension is refused", BYTES(CHUNKED "2;a\n{}\r\n0\r\n\r\n"), OPEN,
     "HTTP_CHUNK"},
    {"a bare CR in an extension is refused", BYTES(CHUNKED "2;a\rb\r\n{}\r\n0\r\n\r\n"), OPEN,
     "HTTP_CHUNK"},
    {"a bare LF inside an extension is refused", BYTES(CHUNKED "2;a\nb\r\n{}\r\n0\r\n\r\n"), OPEN,
     "HTTP_CHUNK"},
    {"control characters inside an extension are refused",
     BYTES(CHUNKED "2;a\x1f\r\n{}\r\n0\r\n\r\n"), OPEN, "HTTP_CHUNK"},
    {"DEL inside a quoted extension is refused", BYTES(CHUNKED "2;a=\"\x7f\"\r\n{}\r\n0\r\n\r\n"),
     OPEN, "HTTP_CHUNK"},
    {"another letter than LF behind a size's CR is refused", BYTES(CHUNKED "2\rx{}\r\n0\r\n\r\n"),
     OPEN, "HTTP_CHUNK"},
    {"another letter than LF behind the data's CR is refused", BYTES(CHUNKED "2\r\n{}\rx0\r\n\r\n"),
     OPEN, "HTTP_CHUNK"},
    {"a NUL in an extension is refused", BYTES(CHUNKED "2;a\0\r\n{}\r\n0\r\n\r\n"), OPEN,
     "HTTP_CHUNK"},
    {"white space behind a size without extension is refused",
     BYTES(CHUNKED "2 \r\n{}\r\n0\r\n\r\n"), OPEN, "HTTP_CHUNK"},
    {"white space before a size is refused", BYTES(CHUNKED " 2\r\n{}\r\n0\r\n\r\n"), OPEN,
     "HTTP_CHUNK"},
    {"a size of other letters is refused", BYTES(CHUNKED "2g\r\n{}\r\n0\r\n\r\n"), OPEN,
     "HTTP_CHUNK"},
    {"a size of an extension only is refused", BYTES(CHUNKED ";a\r\n\r\n"), OPEN, "HTTP_CHUNK"},
    {"data longer than its size is refused", BYTES(CHUNKED "2\r\n{}}\r\n0\r\n\r\n"), OPEN,
     "HTTP_CHUNK"},
    {"data shorter than its size is refused", BYTES(CHUNKED "4\r\n{}\r\n0\r\n\r\n"), OPEN,
     "HTTP_CHUNK"},
    {"two CR behind the data are refused", BYTES(CHUNKED "2\r\n{}\r\r\n0\r\n\r\n"), OPEN,
     "HTTP_CHUNK"},
    {"trailers are skipped",
     BYTES(CHUNKED "2\r\n{}\r\n0\r\nX-Note: late\r\nRetry-After: 5\r\n folded\r\n"
                   "Content-Length: 7\r\nTransfer-Encoding: x\r\nConnection: close\r\n\r\n"),
     OPEN, "200 keep [{}]"},
    {"a trailer without colon is refused", BYTES(CHUNKED "0\r\nX-Note\r\n\r\n"), OPEN,
     "HTTP_HEADER"},
    {"a NUL in a trailer is refused", BYTES(CHUNKED "0\r\nX-Note: \0\r\n\r\n"), OPEN,
     "HTTP_HEADER"},
    {"a chunked body without its last line is cut off, also by a clean end",
     BYTES(CHUNKED "2\r\n{}\r\n0\r\n"), CLEAN, "HTTP_TRUNCATED"},
    {"a chunked body without its last chunk is cut off", BYTES(CHUNKED "2\r\n{}\r\n"), CLEAN,
     "HTTP_TRUNCATED"},
    {"bytes behind the last chunk are left over", BYTES(CHUNKED "0\r\n\r\n\r\n"), OPEN,
     "200 keep +2"},
    {"a chunk of 2^31 bytes is awaited", BYTES(CHUNKED "80000000\r\nxx"), OPEN, "waits"},
};

static const struct row HEADS[] = {
    {"a reason may be empty", BYTES("HTTP/1.1 204 \r\n\r\n"), OPEN, "204 keep"},
    {"the space before an empty reason may be missing", BYTES("HTTP/1.1 204\r\n\r\n"), OPEN,
     "204 keep"},
    {"a reason may have any letters", BYTES("HTTP/1.1 204 \t\xC3\xA9 : \xFF\r\n\r\n"), OPEN,
     "204 keep"},
    {"a later minor version is 1.x", BYTES("HTTP/1.9 204 X\r\n\r\n"), OPEN, "204 keep"},
    {"HTTP/2.0 is refused", BYTES("HTTP/2.0 200 OK\r\n"), OPEN, "HTTP_STATUS_LINE"},
    {"HTTP/0.9 is refused", BYTES("HTTP/0.9 200 OK\r\n"), OPEN, "HTTP_STATUS_LINE"},
    {"HTTP/1.10 is refused", BYTES("HTTP/1.10 200 OK\r\n"), OPEN, "HTTP_STATUS_LINE"},
    {"HTTP/1. is refused", BYTES("HTTP/1. 200 OK\r\n"), OPEN, "HTTP_STATUS_LINE"},
    {"http in small letters is refused", BYTES("http/1.1 200 OK\r\n"), OPEN, "HTTP_STATUS_LINE"},
    {"another protocol is refused", BYTES("SSH-2.0-OpenSSH_9.2\r\n"), OPEN, "HTTP_STATUS_LINE"},
    {"HTML without a head is refused", BYTES("<html>"), OPEN, "HTTP_STATUS_LINE"},
    {"an empty line first is refused", BYTES("\r\nHTTP/1.1 204 X\r\n\r\n"), OPEN,
     "HTTP_STATUS_LINE"},
    {"status 99 is refused", BYTES("HTTP/1.1 99 X\r\n\r\n"), OPEN, "HTTP_STATUS_LINE"},
    {"status 099 is refused", BYTES("HTTP/1.1 099 X\r\n\r\n"), OPEN, "HTTP_STATUS_LINE"},
    {"status 1000 is refused", BYTES("HTTP/1.1 1000 X\r\n\r\n"), OPEN, "HTTP_STATUS_LINE"},
    {"status 2x0 is refused", BYTES("HTTP/1.1 2x0 X\r\n\r\n"), OPEN, "HTTP_STATUS_LINE"},
    {"status 999 is the owner's to judge", BYTES("HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n"),
     OPEN, "999 keep"},
    {"two spaces before the status are refused", BYTES("HTTP/1.1  200 OK\r\n"), OPEN,
     "HTTP_STATUS_LINE"},
    {"a tab behind the status is refused", BYTES("HTTP/1.1 200\tOK\r\n"), OPEN, "HTTP_STATUS_LINE"},
    {"a line that ends in the status is refused", BYTES("HTTP/1.1 20\r\n\r\n"), OPEN,
     "HTTP_STATUS_LINE"},
    {"a NUL in the reason is refused", BYTES("HTTP/1.1 200 O\0K\r\n"), OPEN, "HTTP_STATUS_LINE"},
    {"a bare CR in the reason is refused", BYTES("HTTP/1.1 200 O\rK\r\n"), OPEN,
     "HTTP_STATUS_LINE"},
    {"two CR behind the reason are refused", BYTES("HTTP/1.1 200 OK\r\r\n"), OPEN,
     "HTTP_STATUS_LINE"},
    {"a header without colon is refused", BYTES(OK11 "X-Note\r\n\r\n"), OPEN, "HTTP_HEADER"},
    {"a header without name is refused", BYTES(OK11 ": x\r\n\r\n"), OPEN, "HTTP_HEADER"},
    {"a space before the colon is refused", BYTES(OK11 "Content-Length : 5\r\n\r\nhello"), OPEN,
     "HTTP_HEADER"},
    {"a tab before the colon is refused", BYTES(OK11 "Transfer-Encoding\t: chunked\r\n\r\n"), OPEN,
     "HTTP_HEADER"},
    {"white space before the first header is refused",
     BYTES(OK11 " Content-Length: 5\r\n\r\nhello"), OPEN, "HTTP_HEADER"},
    {"a NUL in a name is refused", BYTES(OK11 "X-No\0te: x\r\n\r\n"), OPEN, "HTTP_HEADER"},
    {"a letter over 127 in a name is refused", BYTES(OK11 "X-N\xF6te: x\r\n\r\n"), OPEN,
     "HTTP_HEADER"},
    {"a NUL in a value is refused", BYTES(OK11 "X-Note: a\0b\r\n\r\n"), OPEN, "HTTP_HEADER"},
    {"a NUL in a value nobody wants is refused", BYTES(OK11 "X-Other: a\0b\r\n\r\n"), OPEN,
     "HTTP_HEADER"},
    {"a bare CR in a value is refused", BYTES(OK11 "X-Note: a\rb\r\n\r\n"), OPEN, "HTTP_HEADER"},
    {"two CR behind a value are refused", BYTES(OK11 "X-Note: a\r\r\n\r\n"), OPEN, "HTTP_HEADER"},
    {"two CR as the empty line are refused", BYTES(OK11 "X-Note: a\r\n\r\r\n"), OPEN,
     "HTTP_HEADER"},
    {"control characters in a value are refused", BYTES(OK11 "X-Note: \x1b[2J\r\n\r\n"), OPEN,
     "HTTP_HEADER"},
    {"DEL in a value is refused", BYTES(OK11 "X-Note: \x7f\r\n\r\n"), OPEN, "HTTP_HEADER"},
    {"a reply of half a head waits", BYTES(OK11 "Content-Length: 5\r\n"), OPEN, "waits"},
    {"a reply of half a head is cut off", BYTES(OK11 "Content-Length: 5\r\n"), CLEAN,
     "HTTP_TRUNCATED"},
    {"no byte at all is cut off", BYTES(""), CLEAN, "HTTP_TRUNCATED"},
    {"an interim reply alone is cut off", BYTES("HTTP/1.1 100 Continue\r\n\r\n"), CLEAN,
     "HTTP_TRUNCATED"},
    {"an error keeps its name at the end", BYTES("HTTP/2"), CLEAN, "HTTP_STATUS_LINE"},
};

#define NO_BODY "HTTP/1.1 204 X\r\n"

static const struct row FIELDS[] = {
    {"values lose outer white space only", BYTES(NO_BODY "x-note: \t a  b\t \r\n\r\n"), OPEN,
     "204 keep X-Note=a  b;"},
    {"a value needs no white space", BYTES(NO_BODY "X-NOTE:a\r\n\r\n"), OPEN, "204 keep X-Note=a;"},
    {"an empty value is seen", BYTES(NO_BODY "X-Note:\r\n\r\n"), OPEN, "204 keep X-Note=;"},
    {"a value as long as its room is kept", BYTES(NO_BODY "X-Note: 1234567\r\n\r\n"), OPEN,
     "204 keep X-Note=1234567;"},
    {"white space behind such a value is no part of it",
     BYTES(NO_BODY "X-Note: 1234567 \t       \r\n\r\n"), OPEN, "204 keep X-Note=1234567;"},
    {"a value longer than its room is dropped, not cut",
     BYTES(NO_BODY "X-Note: 12345678\r\nRetry-After: 1\r\n\r\n"), OPEN,
     "204 keep X-Note over; Retry-After=1;"},
    {"a value longer than its room by a gap is dropped",
     BYTES(NO_BODY "X-Note: 123456      8\r\n\r\n"), OPEN, "204 keep X-Note over;"},
    {"of a repeated header the first value stays",
     BYTES(NO_BODY "X-Note: 1\r\nX-Other: 3\r\nX-note: 2\r\n\r\n"), OPEN, "204 keep X-Note=1;"},
    {"folded lines join with one space",
     BYTES(NO_BODY "X-Note: a \t\r\n \t b\n\tc\r\n  \r\n d\r\n\r\n"), OPEN,
     "204 keep X-Note=a b c d;"},
    {"a value that begins in its folded line has no space before",
     BYTES(NO_BODY "X-Note:\r\n a\r\n\r\n"), OPEN, "204 keep X-Note=a;"},
    {"a folded line of white space ends no head", BYTES(NO_BODY "X-Note: a\r\n \r\n"), OPEN,
     "waits"},
    {"a folded value longer than its room is dropped",
     BYTES(NO_BODY "X-Note: 1234\r\n 678\r\n\r\n"), OPEN, "204 keep X-Note over;"},
    {"a folded header that nobody wants is skipped",
     BYTES(NO_BODY "X-Other: a\r\n Retry-After: 3\r\nX-Note: b\r\n\r\n"), OPEN,
     "204 keep X-Note=b;"},
    {"a name of 31 bytes is known", BYTES(NO_BODY "elements-next-page-token-or-so.: abc\r\n\r\n"),
     OPEN, "204 keep Elements-Next-Page-Token-or-so.=abc;"},
    {"a name that goes on after 31 bytes is another",
     BYTES(NO_BODY "Elements-Next-Page-Token-or-so.X: abc\r\n\r\n"), OPEN, "204 keep"},
    {"a name that only begins like one is another", BYTES(NO_BODY "X-Not: a\r\nX-Notes: b\r\n\r\n"),
     OPEN, "204 keep"},
};

static const struct row KEEPING[] = {
    {"HTTP/1.1 is kept", BYTES(NO_BODY "\r\n"), OPEN, "204 keep"},
    {"close among options ends it", BYTES(NO_BODY "Connection: x, CLOSE ,y\r\n\r\n"), OPEN,
     "204 last"},
    {"close in a second line ends it",
     BYTES(NO_BODY "Connection: keep-alive\r\nConnection: close\r\n\r\n"), OPEN, "204 last"},
    {"close in a folded line ends it", BYTES(NO_BODY "Connection: x,\r\n close\r\n\r\n"), OPEN,
     "204 last"},
    {"close behind an option of any length ends it",
     BYTES(NO_BODY "Connection: an-option-of-more-than-thirty-one-bytes,close\r\n\r\n"), OPEN,
     "204 last"},
    {"another option does not", BYTES(NO_BODY "Connection: closed, clos e, xclose\r\n\r\n"), OPEN,
     "204 keep"},
    {"HTTP/1.0 is not kept", BYTES("HTTP/1.0 204 X\r\n\r\n"), OPEN, "204 last"},
    {"HTTP/1.0 is kept on its word", BYTES("HTTP/1.0 204 X\r\nConnection: Keep-Alive\r\n\r\n"),
     OPEN, "204 keep"},
    {"chunked in HTTP/1.0 is read but not kept",
     BYTES("HTTP/1.0 200 X\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
           "2\r\n{}\r\n0\r\n\r\n"),
     OPEN, "200 last [{}]"},
    {"a body until close is not kept", BYTES(OK11 "Connection: keep-alive\r\n\r\n{}"), CLEAN,
     "200 last [{}]"},
};

static const struct row TUNNEL[] = {
    {"a tunnel opens at the head's end, its bytes are not ours",
     BYTES("HTTP/1.1 200 Connection established\r\n\r\n\x16\x03\x03"), OPEN, "200 last +3"},
    {"lengths of an opened tunnel are ignored",
     BYTES("HTTP/1.1 299 X\r\nContent-Length: x\r\nTransfer-Encoding: gzip\r\n\r\n"), OPEN,
     "299 last"},
    {"a refused tunnel has a body", BYTES("HTTP/1.1 407 Who\r\nContent-Length: 2\r\n\r\n{}"), OPEN,
     "407 keep [{}]"},
    {"an interim reply opens no tunnel", BYTES("HTTP/1.1 100 Continue\r\n\r\n"), OPEN, "waits"},
};

static void expect_rows(const struct row *row, size_t count, bool to_connect)
{
    size_t at;

    for (at = 0; at < count; at++) {
        expect(row[at].name, row[at].input, row[at].len, row[at].ending, to_connect, row[at].want);
    }
}

static void cases_have_their_right_value(void **state)
{
    (void)state;
    expect_rows(CASES, COUNT(CASES), false);
}

static void framing_that_others_may_read_otherwise_is_refused(void **state)
{
    (void)state;
    expect_rows(FRAMING, COUNT(FRAMING), false);
}

static void chunks_are_read_strictly(void **state)
{
    (void)state;
    expect_rows(CHUNKS, COUNT(CHUNKS), false);
}

static void heads_are_read_strictly(void **state)
{
    (void)state;
    expect_rows(HEADS, COUNT(HEADS), false);
}

static void wanted_fields_are_kept_whole(void **state)
{
    (void)state;
    expect_rows(FIELDS, COUNT(FIELDS), false);
}

static void a_connection_is_kept_when_both_may(void **state)
{
    (void)state;
    expect_rows(KEEPING, COUNT(KEEPING), false);
}

static void a_tunnel_has_no_body(void **state)
{
    (void)state;
    expect_rows(TUNNEL, COUNT(TUNNEL), true);
}

static char big[HTTP_HEAD_MAX + 4096];
static size_t big_len;

static void add(const char *text)
{
    for (; *text != 0; text++) {
        assert_true(big_len < sizeof big);
        big[big_len++] = *text;
    }
}

static void add_many(char c, size_t count)
{
    assert_true(big_len + count <= sizeof big);
    memset(big + big_len, c, count);
    big_len += count;
}

static void begin(const char *text)
{
    big_len = 0;
    add(text);
}

/* Whole, per byte, and in pieces that are no divisor of anything. */
static void expect_big(const char *name, const char *want)
{
    static const size_t steps[] = {1, 997, sizeof big};
    size_t at;

    for (at = 0; at < COUNT(steps); at++) {
        run(big, big_len, 0, steps[at], OPEN, false);
        check(name, steps[at], want);
    }
}

static void a_line_may_be_as_long_as_the_limit(void **state)
{
    size_t over;

    (void)state;
    for (over = 0; over < 2; over++) {
        begin(NO_BODY "X-Other:");
        add_many('x', HTTP_LINE_MAX - 8 + over);
        add("\r\n\r\n");
        expect_big("a header", over ? "HTTP_LIMIT" : "204 keep");
        begin("HTTP/1.1 204 ");
        add_many('x', HTTP_LINE_MAX - 13 + over);
        add("\r\n\r\n");
        expect_big("a status line", over ? "HTTP_LIMIT" : "204 keep");
        begin(NO_BODY);
        add_many('x', HTTP_LINE_MAX + over);
        expect_big("a name", over ? "HTTP_LIMIT" : "waits");
        begin(CHUNKED "0\r\nX-Other:");
        add_many(' ', HTTP_LINE_MAX - 8 + over);
        add("\r\n\r\n");
        expect_big("a trailer", over ? "HTTP_LIMIT" : "200 keep");
    }
}

/* Fills with header lines until `left` bytes of the limit are unused. */
static void fill_head(size_t from, size_t left)
{
    while (big_len - from + left + 2000 < HTTP_HEAD_MAX) {
        add("X-Other: ");
        add_many('x', 990);
        add("\n");
    }
    add("X: ");
    add_many('x', HTTP_HEAD_MAX - (big_len - from) - left - 1);
    add("\n");
}

static void a_head_may_be_as_long_as_the_limit(void **state)
{
    size_t over, from;

    (void)state;
    for (over = 0; over < 2; over++) {
        begin(NO_BODY);
        fill_head(0, 2 - over);
        add("\r\n");
        expect_big("a head", over ? "HTTP_LIMIT" : "204 keep");
        begin("HTTP/1.1 100 X\r\n\r\n");
        from = big_len;
        add(NO_BODY);
        fill_head(from, 2 - over);
        add("\r\n");
        expect_big("a head behind an interim one", over ? "HTTP_LIMIT" : "204 keep");
    }
}

static void trailers_are_bounded_as_heads_are(void **state)
{
    size_t at;

    (void)state;
    begin(CHUNKED "0\r\n");
    for (at = 0; at < HTTP_HEAD_MAX / 1000 + 1; at++) {
        add("X-Other: ");
        add_many('x', 989);
        add("\r\n");
    }
    expect_big("trailers", "HTTP_LIMIT");
    begin(OK11 "Transfer-Encoding: chunked\r\n");
    for (at = 0; at < 6; at++) {
        add("X-Other: ");
        add_many('x', HTTP_LINE_MAX - 9);
        add("\r\n");
    }
    add("\r\n0\r\nX-Other: ");
    add_many('x', HTTP_LINE_MAX - 9);
    add("\r\nX-Other: ");
    add_many('x', HTTP_LINE_MAX - 9);
    add("\r\n\r\n");
    expect_big("trailers behind a long head", "200 keep");
}

static void a_chunk_line_may_be_as_long_as_the_limit(void **state)
{
    size_t over;

    (void)state;
    for (over = 0; over < 2; over++) {
        begin(CHUNKED "2;");
        add_many('x', HTTP_CHUNK_LINE_MAX - 2 + over);
        add("\r\n{}\r\n");
        add_many('0', HTTP_CHUNK_LINE_MAX);
        add("\r\n\r\n");
        expect_big("an extension", over ? "HTTP_CHUNK" : "200 keep [{}]");
        begin(CHUNKED);
        add_many('0', HTTP_CHUNK_LINE_MAX - 1 + over);
        add("2\r\n{}\r\n0\r\n\r\n");
        expect_big("leading zeros", over ? "HTTP_CHUNK" : "200 keep [{}]");
    }
}

/* C16: one TLS record of 16384 bytes with a body of 16200. */
static void a_body_of_a_whole_record_is_read(void **state)
{
    (void)state;
    begin(OK11 "Content-Length: 16200\r\nX-Pad: ");
    add_many('p', 16384 - 16200 - big_len - 4);
    add("\r\n\r\n");
    add_many('x', 16200);
    assert_int_equal(big_len, 16384);
    expect_big("C16", "200 keep [" TEN TEN TEN "]");
    assert_int_equal(out.body_len, 16200);
}

static int refuse(void *ctx, const uint8_t *src, size_t len)
{
    (void)src;
    (void)len;
    ++*(int *)ctx;
    return ERR_JSON_SYNTAX;
}

static void what_the_sink_says_sticks(void **state)
{
    const char *text = OK11 "Content-Length: 2\r\n\r\n{}";
    struct http_response r;
    int calls = 0;
    const struct sink sink = {refuse, &calls};

    (void)state;
    http_response_init(&r, NULL, 0, &sink);
    assert_int_equal(http_response_push(&r, (const uint8_t *)text, strlen(text)), ERR_JSON_SYNTAX);
    assert_int_equal(http_response_push(&r, (const uint8_t *)text, 1), ERR_JSON_SYNTAX);
    assert_int_equal(http_response_finish(&r, true), ERR_JSON_SYNTAX);
    assert_int_equal(calls, 1);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.body_bytes, 0);
}

static void without_a_sink_the_body_is_dropped(void **state)
{
    const char *text = OK11 "Content-Length: 2\r\n\r\n{}";
    const struct sink none = {0};
    struct http_response r;

    (void)state;
    http_response_init(&r, NULL, 0, &none);
    assert_int_equal(http_response_push(&r, (const uint8_t *)text, strlen(text)), strlen(text));
    assert_true(r.done && r.keep);
    assert_int_equal(r.body_bytes, 2);
}

/* The owner acts on a status before the body is there (C10). */
static void the_status_is_known_at_the_heads_end(void **state)
{
    const char *text = OK11 "Content-Length: 2\r\n\r\n";
    const struct sink none = {0};
    struct http_response r;

    (void)state;
    http_response_init(&r, NULL, 0, &none);
    assert_int_equal(http_response_push(&r, (const uint8_t *)text, strlen(text) - 1),
                     strlen(text) - 1);
    assert_false(r.head_done);
    assert_int_equal(http_response_push(&r, (const uint8_t *)"\n", 1), 1);
    assert_true(r.head_done && !r.done);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.minor, 1);
}

static void a_second_reply_finds_nothing_of_the_first(void **state)
{
    static const char first[] = NO_BODY "X-Note: a\r\nDate: 123456789012345678901234567890123\r\n"
                                        "Connection: close\r\n\r\n";

    (void)state;
    run(BYTES(first), 0, 1, OPEN, false);
    check("first", 0, "204 last X-Note=a; Date over;");
    run(BYTES(NO_BODY "\r\n"), 0, 1, OPEN, false);
    check("second", 0, "204 keep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_have_their_right_value),
        cmocka_unit_test(framing_that_others_may_read_otherwise_is_refused),
        cmocka_unit_test(chunks_are_read_strictly),
        cmocka_unit_test(heads_are_read_strictly),
        cmocka_unit_test(wanted_fields_are_kept_whole),
        cmocka_unit_test(a_connection_is_kept_when_both_may),
        cmocka_unit_test(a_tunnel_has_no_body),
        cmocka_unit_test(a_line_may_be_as_long_as_the_limit),
        cmocka_unit_test(a_head_may_be_as_long_as_the_limit),
        cmocka_unit_test(trailers_are_bounded_as_heads_are),
        cmocka_unit_test(a_chunk_line_may_be_as_long_as_the_limit),
        cmocka_unit_test(a_body_of_a_whole_record_is_read),
        cmocka_unit_test(what_the_sink_says_sticks),
        cmocka_unit_test(without_a_sink_the_body_is_dropped),
        cmocka_unit_test(the_status_is_known_at_the_heads_end),
        cmocka_unit_test(a_second_reply_finds_nothing_of_the_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
