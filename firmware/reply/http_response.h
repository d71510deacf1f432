/* http_response: reads one HTTP/1.x response as it arrives (RFC 9110, RFC 9112).
 *
 * Skips up to HTTP_INTERIM_MAX interim (1xx) replies, 101 is refused. Headers of any number and
 * length stream by within HTTP_LINE_MAX and HTTP_HEAD_MAX; only those in the owner's table are
 * kept. Body: Content-Length, chunked (extensions and trailers skipped), or until close; none for
 * 204, 304, 1xx, and 2xx to CONNECT. Leniencies, each from the field: LF alone as line end in the
 * head (RFC 9112 2.2, C08) and folded lines joined by one space (C08). Refused: Content-Length
 * with Transfer-Encoding, two different Content-Length, a folded or malformed one of them, space
 * before the colon, codings other than a single final chunked, bare CR, NUL in the head.
 *
 * Memory  Keeps no reference to input. Table and sink are borrowed. A value is kept without outer
 *         white space; one longer than its cap is dropped as a whole (`over`), never cut; of a
 *         repeated header the first value stays.
 * Calls   init, push until r->done or an error; finish at the end of the connection.
 * Errors  ERR_HTTP_STATUS_LINE, _HEADER, _LENGTH, _CHUNK, _LIMIT, _INTERIM, _TRUNCATED (finish),
 *         or what the sink says. They stick. */
#ifndef OCBULK_REPLY_HTTP_RESPONSE_H
#define OCBULK_REPLY_HTTP_RESPONSE_H

#include "base/stream.h"

#include <stdbool.h>

struct http_field {
    const char *name; /* compared without case */
    char *value;      /* with a final 0; empty when absent */
    uint16_t cap;     /* bytes with the final 0 */
    bool seen, over;
};

struct http_response {
    struct http_field *field;
    size_t fields;
    struct sink body;      /* push may be NULL: body bytes are dropped */
    bool to_connect;       /* the request was CONNECT */
    uint16_t status;       /* final status once head_done; 0 before */
    uint8_t minor;         /* HTTP/1.minor */
    bool head_done, done;
    bool keep;             /* the connection may serve another request; valid when done */
    bool started;          /* at least one byte came */
    uint64_t body_bytes;   /* given to the sink so far */
    /* the parser's own */
    uint64_t left, length;
    uint32_t head_len, line_len;
    uint16_t name_len, value_len;
    uint8_t state, interim, match;
    bool has_length, has_coding, chunked, close, keep_alive;
    char word[32]; /* header name or short value being compared */
    int err;
};

void http_response_init(struct http_response *r, struct http_field *field, size_t fields,
                        const struct sink *body);
/* Bytes used (1..len; fewer than len only when done), or an error. */
int http_response_push(struct http_response *r, const uint8_t *src, size_t len);
/* The connection ended (`clean`: with close_notify). 0 when the response is complete by that,
 * else ERR_HTTP_TRUNCATED. A close-delimited body is complete only when clean (C12). */
int http_response_finish(struct http_response *r, bool clean);

#endif
