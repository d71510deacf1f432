/* http_chunk: the lines between the pieces of a chunked body (RFC 9112 7.1).
 *
 * Sizes in hexadecimal of any case and with leading zeros, at most HTTP_CHUNK_MAX; extensions are
 * skipped, their quotes must close. A line has at most HTTP_CHUNK_LINE_MAX bytes and ends in CRLF:
 * no leniency, since a line end read differently elsewhere hides one reply in another (C06, C08).
 *
 * Calls   init, then each byte that is not data. After HTTP_CHUNK_DATA `size` bytes of data follow,
 *         then byte again. After HTTP_CHUNK_LAST the trailers follow and their empty line.
 * Errors  ERR_HTTP_CHUNK. The owner keeps it. */
#ifndef OCBULK_REPLY_HTTP_CHUNK_H
#define OCBULK_REPLY_HTTP_CHUNK_H

#include <stdint.h>

#define HTTP_CHUNK_MAX 0x80000000u /* bytes of one chunk */

enum http_chunk_event { HTTP_CHUNK_MORE, HTTP_CHUNK_DATA, HTTP_CHUNK_LAST };

struct http_chunk {
    uint32_t size;     /* bytes of this chunk, valid with HTTP_CHUNK_DATA */
    uint16_t line_len; /* of the size line so far, without its end */
    uint8_t state;
};

void http_chunk_init(struct http_chunk *c);
int http_chunk_byte(struct http_chunk *c, uint8_t byte); /* enum http_chunk_event, or an error */

#endif
