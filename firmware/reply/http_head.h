/* http_head: one head of an HTTP/1.x response, status line and headers, byte by byte (RFC 9112 4,
 * 5); also the trailers behind a chunked body.
 *
 * What frames the body is read, whether it counts is the owner's to say: `framing` is
 * ERR_HTTP_LENGTH when Content-Length or Transfer-Encoding is folded, malformed or contradicts
 * itself. Which leniencies there are: http_response.h.
 *
 * Memory  The table is borrowed. Headers of interim replies and trailers count for nothing.
 * Calls   init once; begin, then byte until 1, for each head; begin_trailers likewise.
 * Errors  ERR_HTTP_STATUS_LINE, _HEADER, _LIMIT; _CHUNK for a bare LF in trailers. The owner keeps
 *         them. */
#ifndef OCBULK_REPLY_HTTP_HEAD_H
#define OCBULK_REPLY_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_field {
    const char *name; /* compared without case; up to 31 bytes */
    char *value;      /* with a final 0; empty when absent */
    uint16_t cap;     /* bytes with the final 0, at least 1 */
    bool seen, over;
};

struct http_head {
    struct http_field *field;
    size_t fields;
    uint64_t length; /* valid when has_length */
    int framing;     /* 0 or ERR_HTTP_LENGTH */
    uint16_t code;   /* the status; 0 until it is known in part */
    uint8_t minor;   /* HTTP/1.minor */
    bool has_length, chunked, close, keep_alive;
    /* the parser's own */
    uint32_t head_len, line_len;
    uint16_t word_len;
    uint8_t state, match;
    bool trailers, cr, over;
    char word[32]; /* header name or short value being compared */
};

void http_head_init(struct http_head *h, struct http_field *field, size_t fields);
void http_head_begin(struct http_head *h);
void http_head_begin_trailers(struct http_head *h);
int http_head_byte(struct http_head *h, uint8_t byte); /* 0, 1 at the head's end, or an error */

#endif
