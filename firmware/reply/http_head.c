#include "reply/http_head.h"

#include "base/err.h"
#include "base/num.h"
#include "base/stream.h"
#include "base/text.h"
#include "config/limits.h"

#include <string.h>

/* Named by what is awaited. */
enum {
    HEAD_STATUS,     /* the fixed part of the status line */
    HEAD_STATUS_END, /* a space or the line's end */
    HEAD_REASON,
    HEAD_FIRST, /* the first header, or the head's end */
    HEAD_NEXT,  /* the next header, a folded line of the last one, or the head's end */
    HEAD_NAME,
    HEAD_VALUE,
    HEAD_FOLD /* the first visible character of a folded line */
};

/* Whose value the line has: an index into the owner's table, or one of these. */
enum { MATCH_LENGTH = 252, MATCH_CODING, MATCH_CONNECTION, MATCH_NONE };

static const char STATUS_LINE[] = "HTTP/1.# ###"; /* # is a digit */

#define MINOR_AT 7

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool is_text(uint8_t c)
{
    return c == '\t' || (c >= ' ' && c != 127);
}

static bool is_token(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

void http_head_init(struct http_head *h, struct http_field *field, size_t fields)
{
    size_t at;

    memset(h, 0, sizeof(*h));
    h->field = field;
    h->fields = fields;
    for (at = 0; at < fields; at++) {
        field[at].seen = field[at].over = false;
        field[at].value[0] = 0;
    }
    http_head_begin(h);
}

void http_head_begin(struct http_head *h)
{
    h->state = HEAD_STATUS;
    h->match = MATCH_NONE;
    h->head_len = 0;
    h->code = 0;
}

void http_head_begin_trailers(struct http_head *h)
{
    h->state = HEAD_FIRST;
    h->head_len = 0;
    h->trailers = true;
}

static int take_status(struct http_head *h, uint8_t c)
{
    size_t at = h->line_len - 1;

    if (STATUS_LINE[at] != '#') {
        return c == (uint8_t)STATUS_LINE[at] ? 0 : ERR_HTTP_STATUS_LINE;
    }
    if (c < '0' || c > '9') {
        return ERR_HTTP_STATUS_LINE;
    }
    if (at == MINOR_AT) {
        h->minor = (uint8_t)(c - '0');
        return 0;
    }
    h->code = (uint16_t)(h->code * 10 + (c - '0'));
    if (h->code == 0) {
        return ERR_HTTP_STATUS_LINE; /* below 100 */
    }
    if (STATUS_LINE[at + 1] == 0) {
        h->state = HEAD_STATUS_END;
    }
    return 0;
}

static uint8_t match_own(const struct http_head *h)
{
    static const char *const own[] = {"Content-Length", "Transfer-Encoding", "Connection"};
    size_t at;

    for (at = 0; at < COUNT(own); at++) {
        if (text_equal_nocase(h->word, own[at])) {
            return (uint8_t)(MATCH_LENGTH + at);
        }
    }
    return MATCH_NONE;
}

/* Of a repeated header the first value stays. */
static uint8_t match_owners(struct http_head *h)
{
    size_t at;

    for (at = 0; at < h->fields; at++) {
        struct http_field *f = &h->field[at];
        if (!f->seen && text_equal_nocase(h->word, f->name)) {
            f->seen = true;
            return (uint8_t)at;
        }
    }
    return MATCH_NONE;
}

/* Where the value goes. */
static char *place(struct http_head *h, size_t *cap)
{
    if (h->match < MATCH_LENGTH) {
        *cap = h->field[h->match].cap;
        return h->field[h->match].value;
    }
    *cap = sizeof(h->word);
    return h->word;
}

static void empty(struct http_head *h)
{
    h->word_len = 0;
    h->over = false;
}

static void put(struct http_head *h, uint8_t c)
{
    size_t cap;
    char *dst = place(h, &cap);

    if (h->word_len + 1u < cap) {
        dst[h->word_len++] = (char)c;
    } else if (!is_space(c)) {
        h->over = true;
    }
}

/* What is too long is dropped, not cut: a word of no bytes is no length, coding or option. */
static void trim(struct http_head *h)
{
    size_t cap;
    char *dst = place(h, &cap);

    while (h->word_len > 0 && is_space((uint8_t)dst[h->word_len - 1])) {
        h->word_len--;
    }
    h->word_len = h->over ? 0 : h->word_len;
    dst[h->word_len] = 0;
}

static void end_name(struct http_head *h)
{
    trim(h);
    if (h->code >= 200 && !h->trailers) {
        uint8_t own = match_own(h);
        h->match = own != MATCH_NONE ? own : match_owners(h);
    }
    empty(h);
    h->state = HEAD_VALUE;
}

static void take_option(struct http_head *h)
{
    trim(h);
    h->close = h->close || text_equal_nocase(h->word, "close");
    h->keep_alive = h->keep_alive || text_equal_nocase(h->word, "keep-alive");
    empty(h);
}

static void take_length(struct http_head *h)
{
    uint64_t length = 0;

    if (num_u64(h->word, h->word_len, &length) != 0 || (h->has_length && length != h->length)) {
        h->framing = ERR_HTTP_LENGTH;
    }
    h->has_length = true;
    h->length = length;
}

static void take_coding(struct http_head *h)
{
    if (h->chunked || !text_equal_nocase(h->word, "chunked")) {
        h->framing = ERR_HTTP_LENGTH;
    }
    h->chunked = true;
}

static void end_value(struct http_head *h)
{
    if (h->match == MATCH_NONE) {
        return;
    }
    trim(h);
    switch (h->match) {
    case MATCH_LENGTH:
        take_length(h);
        break;
    case MATCH_CODING:
        take_coding(h);
        break;
    case MATCH_CONNECTION:
        take_option(h);
        break;
    default:
        h->field[h->match].over = h->over;
    }
    h->match = MATCH_NONE;
}

static int take_value(struct http_head *h, uint8_t c)
{
    if (!is_text(c)) {
        return ERR_HTTP_HEADER;
    }
    if (h->match == MATCH_NONE || (is_space(c) && h->word_len == 0)) {
        return 0;
    }
    if (h->match == MATCH_CONNECTION && c == ',') {
        take_option(h);
        return 0;
    }
    put(h, c);
    return 0;
}

static int take_name(struct http_head *h, uint8_t c)
{
    if (c == ':' && h->state == HEAD_NAME) {
        end_name(h);
        return 0;
    }
    h->state = HEAD_NAME;
    put(h, c);
    return is_token(c) ? 0 : ERR_HTTP_HEADER;
}

static int begin_line(struct http_head *h, uint8_t c)
{
    end_value(h);
    empty(h);
    return take_name(h, c);
}

static int begin_fold(struct http_head *h)
{
    if (h->match == MATCH_LENGTH || h->match == MATCH_CODING) {
        h->framing = ERR_HTTP_LENGTH;
    }
    if (h->match != MATCH_NONE) {
        trim(h);
    }
    h->state = HEAD_FOLD;
    return take_value(h, ' ');
}

static int take_fold(struct http_head *h, uint8_t c)
{
    if (is_space(c)) {
        return 0;
    }
    h->state = HEAD_VALUE;
    return take_value(h, c);
}

static int take_in_line(struct http_head *h, uint8_t c)
{
    switch (h->state) {
    case HEAD_STATUS:
        return take_status(h, c);
    case HEAD_STATUS_END:
        h->state = HEAD_REASON;
        return c == ' ' ? 0 : ERR_HTTP_STATUS_LINE;
    case HEAD_REASON:
        return is_text(c) ? 0 : ERR_HTTP_STATUS_LINE;
    case HEAD_NEXT:
        return is_space(c) ? begin_fold(h) : begin_line(h, c);
    case HEAD_FIRST:
        return begin_line(h, c);
    case HEAD_NAME:
        return take_name(h, c);
    case HEAD_FOLD:
        return take_fold(h, c);
    default:
        return take_value(h, c);
    }
}

static int end_line(struct http_head *h)
{
    h->line_len = 0;
    h->cr = false;
    switch (h->state) {
    case HEAD_STATUS:
        return ERR_HTTP_STATUS_LINE;
    case HEAD_STATUS_END:
    case HEAD_REASON:
        h->state = HEAD_FIRST;
        return 0;
    case HEAD_FIRST:
    case HEAD_NEXT:
        end_value(h);
        return 1;
    case HEAD_NAME:
        return ERR_HTTP_HEADER; /* no colon */
    default:
        h->state = HEAD_NEXT;
        return 0;
    }
}

int http_head_byte(struct http_head *h, uint8_t byte)
{
    if (++h->head_len > HTTP_HEAD_MAX) {
        return ERR_HTTP_LIMIT;
    }
    if (h->cr && byte != '\n') {
        return h->state < HEAD_FIRST ? ERR_HTTP_STATUS_LINE : ERR_HTTP_HEADER;
    }
    if (byte == '\n') { /* trailers are chunk framing: only CRLF ends their lines */
        return h->trailers && !h->cr ? ERR_HTTP_CHUNK : end_line(h);
    }
    if (byte == '\r') {
        h->cr = true;
        return 0;
    }
    if (++h->line_len > HTTP_LINE_MAX) {
        return ERR_HTTP_LIMIT;
    }
    return take_in_line(h, byte);
}
