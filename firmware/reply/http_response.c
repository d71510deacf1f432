#include "reply/http_response.h"

#include "base/err.h"
#include "config/limits.h"

/* Named by what is awaited. */
enum { RESP_HEAD, RESP_CHUNK_LINE, RESP_CHUNK, RESP_TRAILERS, RESP_BODY, RESP_CLOSE };

void http_response_init(struct http_response *r, struct http_field *field, size_t fields,
                        const struct sink *body)
{
    static const struct http_response fresh = {.state = RESP_HEAD};

    *r = fresh;
    r->body = *body;
    http_head_init(&r->head, field, fields);
}

/* An interim reply and the answer that opens a tunnel have no body whatever their headers say
 * (RFC 9110 15.2, 9.3.6). */
static bool opens_tunnel(const struct http_response *r)
{
    return r->to_connect && r->head.code < 300;
}

static int end_interim(struct http_response *r)
{
    r->interim++;
    if (r->head.code == 101 || r->interim > HTTP_INTERIM_MAX) {
        return ERR_HTTP_INTERIM;
    }
    http_head_begin(&r->head);
    return 0;
}

/* RFC 9112 9.3; a chunked body is read in HTTP/1.0 too, but its connection not used again (6.1). */
static bool may_keep(const struct http_head *h)
{
    bool by_version = h->minor > 0 || (h->keep_alive && !h->chunked);

    return by_version && !h->close;
}

/* The body's kind in the order of RFC 9112 6.3. */
static int begin_body(struct http_response *r)
{
    const struct http_head *h = &r->head;

    if (opens_tunnel(r)) {
        r->done = true;
        return 0;
    }
    if (h->framing != 0 || (h->has_length && h->chunked)) {
        return ERR_HTTP_LENGTH;
    }
    r->keep = may_keep(h);
    r->left = h->length;
    if (h->code == 204 || h->code == 304 || (h->has_length && h->length == 0)) {
        r->done = true;
    } else if (h->chunked) {
        r->state = RESP_CHUNK_LINE;
        http_chunk_init(&r->chunk);
    } else {
        r->state = h->has_length ? RESP_BODY : RESP_CLOSE;
        r->keep = r->keep && h->has_length;
    }
    return 0;
}

static int end_head(struct http_response *r)
{
    int err;

    if (r->head.code < 200) {
        return end_interim(r);
    }
    err = begin_body(r);
    if (err == 0) {
        r->status = r->head.code;
        r->minor = r->head.minor;
        r->head_done = true;
    }
    return err;
}

static int take_head(struct http_response *r, uint8_t byte)
{
    int n = http_head_byte(&r->head, byte);

    if (n <= 0) {
        return n;
    }
    if (r->state == RESP_TRAILERS) {
        r->done = true;
        return 0;
    }
    return end_head(r);
}

static int take_chunk_line(struct http_response *r, uint8_t byte)
{
    int n = http_chunk_byte(&r->chunk, byte);

    if (n == HTTP_CHUNK_DATA) {
        r->state = RESP_CHUNK;
        r->left = r->chunk.size;
    } else if (n == HTTP_CHUNK_LAST) {
        r->state = RESP_TRAILERS;
        http_head_begin_trailers(&r->head);
    }
    return n < 0 ? n : 0;
}

static void count_down(struct http_response *r, size_t n)
{
    r->left -= n;
    if (r->left > 0) {
        return;
    }
    if (r->state == RESP_CHUNK) {
        r->state = RESP_CHUNK_LINE;
    } else {
        r->done = true;
    }
}

/* All there is, up to the end of chunk or body. Bytes taken, 0 with r->err. */
static size_t take_body(struct http_response *r, const uint8_t *src, size_t len)
{
    bool counted = r->state != RESP_CLOSE;
    size_t n = counted && r->left < len ? (size_t)r->left : len;

    if (r->body.push != NULL) {
        r->err = sink_push(&r->body, src, n);
    }
    if (r->err != 0) {
        return 0;
    }
    r->body_bytes += n;
    if (counted) {
        count_down(r, n);
    }
    return n;
}

static size_t take_some(struct http_response *r, const uint8_t *src, size_t len)
{
    switch (r->state) {
    case RESP_HEAD:
    case RESP_TRAILERS:
        r->err = take_head(r, *src);
        return 1;
    case RESP_CHUNK_LINE:
        r->err = take_chunk_line(r, *src);
        return 1;
    default:
        return take_body(r, src, len);
    }
}

int http_response_push(struct http_response *r, const uint8_t *src, size_t len)
{
    size_t at = 0;

    r->started = r->started || len > 0;
    while (at < len && !r->done && r->err == 0) {
        at += take_some(r, src + at, len - at);
    }
    return r->err != 0 ? r->err : (int)at;
}

int http_response_finish(struct http_response *r, bool clean)
{
    if (r->err != 0 || r->done) {
        return r->err;
    }
    if (r->state == RESP_CLOSE && clean) {
        r->done = true;
    } else {
        r->err = ERR_HTTP_TRUNCATED;
    }
    return r->err;
}
