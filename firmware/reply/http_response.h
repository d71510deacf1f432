/* http_response: reads one HTTP/1.x response as it arrives (RFC 9110, RFC 9112).
 *
 * Skips up to HTTP_INTERIM_MAX interim (1xx) replies, 101 is refused. Headers of any number and
 * length stream by within HTTP_LINE_MAX and HTTP_HEAD_MAX; only those in the owner's table are
 * kept. Body: Content-Length, chunked (extensions and trailers skipped), or until close; none for
 * 204, 304, 1xx, and 2xx to CONNECT. Leniencies, each from the field: LF alone as line end in the
 * head (RFC 9112 2.2, C08), folded lines joined by one space (C08), and no space behind the status
 * when no reason follows. Refused: Content-Length with Transfer-Encoding, two different
 * Content-Length or a list of them (equal ones in lines of their own are one), a folded or
 * malformed one of both, space before the colon, codings other than a single final chunked, bare
 * CR, NUL and other control characters in the head.
 *
 * Memory  Keeps no reference to input. Table and sink are borrowed. A value is kept without outer
 *         white space; one longer than its cap is dropped as a whole (`over`), never cut; of a
 *         repeated header the first value stays. The table has up to 250 names of up to 31 bytes,
 *         not Connection, Content-Length or Transfer-Encoding.
 * Calls   init, push until r->done or an error; finish at the end of the connection.
 * Errors  ERR_HTTP_STATUS_LINE, _HEADER, _LENGTH, _CHUNK, _LIMIT, _INTERIM, _TRUNCATED (finish),
 *         or what the sink says. They stick. */
#ifndef OCBULK_REPLY_HTTP_RESPONSE_H
#define OCBULK_REPLY_HTTP_RESPONSE_H

#include "base/stream.h"
#include "reply/http_chunk.h"
#include "reply/http_head.h"

struct http_response {
    struct sink body; /* push may be NULL: body bytes are dropped */
    bool to_connect;  /* the request was CONNECT; the owner sets it behind init */
    uint16_t status;  /* final status once head_done; 0 before */
    uint8_t minor;    /* HTTP/1.minor, valid with status */
    bool head_done, done;
    bool keep;           /* the connection may serve another request; valid when done */
    bool started;        /* at least one byte came */
    uint64_t body_bytes; /* given to the sink so far */
    /* the parser's own */
    struct http_head head;
    struct http_chunk chunk;
    uint64_t left;
    uint8_t state, interim;
    int err;
};

void http_response_init(struct http_response *r, struct http_field *field, size_t fields,
                        const struct sink *body);
/* Bytes used (1..len, at most INT_MAX; fewer than len only when done), or an error. */
int http_response_push(struct http_response *r, const uint8_t *src, size_t len);
/* The connection ended (`clean`: with close_notify). 0 when the response is complete by that,
 * else ERR_HTTP_TRUNCATED. A close-delimited body is complete only when clean (C12). */
int http_response_finish(struct http_response *r, bool clean);

#endif
