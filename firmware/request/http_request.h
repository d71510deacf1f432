/* http_request: one HTTP/1.1 request (RFC 9110, RFC 9112) as a source: head, then body.
 *
 * The head is a list of pieces pulled in order, so secrets are never copied into a buffer. Every
 * value is checked before the first byte: header and path injection cannot be written.
 * Content-Length is written for a body, and as 0 for POST and PUT without one (RFC 9110 8.6).
 *
 * Memory  Copies nothing; all strings and the body's source are borrowed until the end, the spec
 *         and its arrays only by init.
 * Calls   init, pull until 0; ERR_WAIT comes from the body (its gate). May be dropped anywhere.
 * Errors  init: ERR_VALUE (method or header name not a token; target or host empty or with other
 *         than visible ASCII; control characters in a header value), ERR_NO_ROOM (too many
 *         pieces). pull: what the body's source says, ERR_SOURCE_CHANGED when it is not body_len
 *         long. The first one sticks. */
#ifndef OCBULK_REQUEST_HTTP_REQUEST_H
#define OCBULK_REQUEST_HTTP_REQUEST_H

#include "base/stream.h"

enum { HTTP_PIECES_MAX = 64, TARGET_PARTS_MAX = 12, HEADER_PARTS_MAX = 8 };

struct http_header {
    const char *name;
    const char *part[HEADER_PARTS_MAX]; /* the value, joined; NULL ends it */
};

struct http_request_spec {
    const char *method;                   /* "GET", "POST", "PUT", "CONNECT" */
    const char *target[TARGET_PARTS_MAX]; /* joined; NULL ends it; already percent-encoded */
    const char *host;                     /* Host header: name or [IPv6], with :port if not 443 */
    const struct http_header *header;     /* further ones, User-Agent included */
    size_t headers;
    const struct source *body; /* NULL: none */
    uint64_t body_len;         /* exact bytes of the body */
};

struct http_request {
    const char *piece[HTTP_PIECES_MAX]; /* the head in order; NULL stands for length */
    const struct source *body;          /* NULL once its end was seen */
    uint64_t body_left;
    size_t off;        /* bytes into this piece */
    uint8_t at, count; /* which piece, of how many */
    char length[21];   /* Content-Length in digits */
    int err;
};

int http_request_init(struct http_request *r, const struct http_request_spec *spec);
size_t http_request_head_len(const struct http_request *r); /* bytes of the head */
int http_request_pull(void *ctx, uint8_t *dst, size_t cap); /* see stream.h */

/* Percent-encodes src (RFC 3986 unreserved bytes stay) into dst with a final 0: its length,
 * ERR_NO_ROOM, or ERR_VALUE for "." and "..", which encoded or not are steps and no names; dst is
 * empty then. For a path segment or a query value. cap is 1..INT_MAX. */
int percent_encode(char *dst, size_t cap, const char *src);

#endif
