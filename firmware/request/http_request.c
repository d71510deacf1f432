#include "request/http_request.h"

#include "base/err.h"
#include "base/num.h"
#include "request/piece.h"

#include <stdbool.h>
#include <string.h>

static bool is_alnum(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* c is never 0 here, so strchr cannot find the text's own end. */
static bool is_token(unsigned char c) /* RFC 9110 5.6.2 */
{
    return is_alnum(c) || strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_unreserved(unsigned char c) /* RFC 3986 2.3 */
{
    return is_alnum(c) || strchr("-._~", c) != NULL;
}

static bool is_visible(unsigned char c)
{
    return c > 0x20 && c < 0x7f;
}

static bool is_value(unsigned char c) /* RFC 9110 5.5, and no tab either */
{
    return c >= 0x20 && c != 0x7f;
}

static void fail(struct http_request *r, int err)
{
    if (r->err == 0) {
        r->err = err;
    }
}

static void add(struct http_request *r, const char *text)
{
    if (r->count == HTTP_PIECES_MAX) {
        fail(r, ERR_NO_ROOM);
        return;
    }
    r->piece[r->count++] = text;
}

/* Adds up to max texts, each of legal bytes only: how many bytes they are. */
static size_t add_checked(struct http_request *r, const char *const *text, size_t max,
                          bool (*legal)(unsigned char))
{
    size_t at, len = 0;

    for (at = 0; at < max && text[at] != NULL; at++) {
        const char *c;

        for (c = text[at]; *c != 0; c++) {
            if (!legal((unsigned char)*c)) {
                fail(r, ERR_VALUE);
            }
        }
        len += (size_t)(c - text[at]);
        add(r, text[at]);
    }
    return len;
}

static void add_filled(struct http_request *r, const char *const *text, size_t max,
                       bool (*legal)(unsigned char))
{
    if (add_checked(r, text, max, legal) == 0) {
        fail(r, ERR_VALUE);
    }
}

static void add_header(struct http_request *r, const struct http_header *header)
{
    add(r, "\r\n");
    add_filled(r, &header->name, 1, is_token);
    add(r, ": ");
    add_checked(r, header->part, HEADER_PARTS_MAX, is_value);
}

/* A server may wait for, or insist on, a length where the method can have a body. */
static void add_length(struct http_request *r, const char *method)
{
    if (r->body != NULL || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) {
        num_print_u64(r->length, r->body_left);
        add(r, "\r\nContent-Length: ");
        add(r, NULL);
    }
}

int http_request_init(struct http_request *r, const struct http_request_spec *spec)
{
    size_t at;

    *r = (struct http_request){.body = spec->body};
    r->body_left = spec->body != NULL ? spec->body_len : 0;
    add_filled(r, &spec->method, 1, is_token);
    add(r, " ");
    add_filled(r, spec->target, TARGET_PARTS_MAX, is_visible);
    add(r, " HTTP/1.1\r\nHost: ");
    add_filled(r, &spec->host, 1, is_visible);
    for (at = 0; at < spec->headers; at++) {
        add_header(r, &spec->header[at]);
    }
    add_length(r, spec->method);
    add(r, "\r\n\r\n");
    return r->err;
}

static const char *text_of(const struct http_request *r, uint8_t at)
{
    return r->piece[at] != NULL ? r->piece[at] : r->length;
}

size_t http_request_head_len(const struct http_request *r)
{
    size_t len = 0;
    uint8_t at;

    for (at = 0; at < r->count; at++) {
        len += strlen(text_of(r, at));
    }
    return len;
}

static int pull_some(void *ctx, uint8_t *dst, size_t cap)
{
    struct http_request *r = ctx;
    int got = 0;

    while (r->at < r->count) {
        got = piece_text(text_of(r, r->at), &r->off, dst, cap);
        if (got > 0) {
            return got;
        }
        r->at++;
        r->off = 0;
    }
    if (r->body != NULL) {
        got = piece_body(r->body, &r->body_left, dst, cap);
        r->body = got == 0 ? NULL : r->body;
    }
    return got;
}

int http_request_pull(void *ctx, uint8_t *dst, size_t cap)
{
    struct http_request *r = ctx;
    const struct source some = {pull_some, r};

    return piece_fill(&some, &r->err, dst, cap);
}

static int encode_refused(char *dst, int err)
{
    dst[0] = 0;
    return err;
}

int percent_encode(char *dst, size_t cap, const char *src)
{
    static const char HEX[] = "0123456789ABCDEF";
    size_t len = 0;

    if (strcmp(src, ".") == 0 || strcmp(src, "..") == 0) {
        return encode_refused(dst, ERR_VALUE);
    }
    for (; *src != 0; src++) {
        unsigned char c = (unsigned char)*src;
        bool plain = is_unreserved(c);

        if (cap - len <= (plain ? 1 : 3)) {
            return encode_refused(dst, ERR_NO_ROOM);
        }
        if (plain) {
            dst[len++] = (char)c;
        } else {
            dst[len++] = '%';
            dst[len++] = HEX[c >> 4];
            dst[len++] = HEX[c & 15];
        }
    }
    dst[len] = 0;
    return (int)len;
}
