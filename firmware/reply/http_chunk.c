#include "reply/http_chunk.h"

#include "base/err.h"
#include "config/limits.h"

/* Named by what is awaited. */
enum {
    CHUNK_SIZE,      /* the first digit */
    CHUNK_DIGIT,     /* behind a digit */
    CHUNK_SEMICOLON, /* behind white space */
    CHUNK_EXTENSION,
    CHUNK_QUOTED,  /* the quote's end */
    CHUNK_ESCAPED, /* behind a backslash in quotes */
    CHUNK_LINE_LF,
    CHUNK_DATA_CR, /* behind the data */
    CHUNK_DATA_LF
};

void http_chunk_init(struct http_chunk *c)
{
    static const struct http_chunk fresh = {.state = CHUNK_SIZE};

    *c = fresh;
}

static int digit_of(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    if (byte >= 'a' && byte <= 'f') {
        return byte - 'a' + 10;
    }
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static int become(struct http_chunk *c, uint8_t state)
{
    c->state = state;
    return HTTP_CHUNK_MORE;
}

/* White space behind the size is nobody's to send but must be read, when an extension follows. */
static int after_digits(struct http_chunk *c, uint8_t byte)
{
    switch (byte) {
    case ' ':
    case '\t':
        return become(c, CHUNK_SEMICOLON);
    case ';':
        return become(c, CHUNK_EXTENSION);
    case '\r':
        return c->state == CHUNK_DIGIT ? become(c, CHUNK_LINE_LF) : ERR_HTTP_CHUNK;
    default:
        return ERR_HTTP_CHUNK;
    }
}

static int take_digit(struct http_chunk *c, uint8_t byte)
{
    int digit = digit_of(byte);

    if (digit < 0) {
        return c->state == CHUNK_DIGIT ? after_digits(c, byte) : ERR_HTTP_CHUNK;
    }
    if (c->size > (HTTP_CHUNK_MAX - (uint32_t)digit) / 16) {
        return ERR_HTTP_CHUNK;
    }
    c->size = c->size * 16 + (uint32_t)digit;
    return become(c, CHUNK_DIGIT);
}

static int take_extension(struct http_chunk *c, uint8_t byte)
{
    if (byte == '\r') {
        return c->state == CHUNK_EXTENSION ? become(c, CHUNK_LINE_LF) : ERR_HTTP_CHUNK;
    }
    if ((byte < ' ' && byte != '\t') || byte == 127) {
        return ERR_HTTP_CHUNK;
    }
    if (c->state == CHUNK_ESCAPED) {
        return become(c, CHUNK_QUOTED);
    }
    if (byte == '"') {
        return become(c, c->state == CHUNK_QUOTED ? CHUNK_EXTENSION : CHUNK_QUOTED);
    }
    return byte == '\\' && c->state == CHUNK_QUOTED ? become(c, CHUNK_ESCAPED) : HTTP_CHUNK_MORE;
}

static int end_line(struct http_chunk *c)
{
    c->state = CHUNK_DATA_CR;
    return c->size > 0 ? HTTP_CHUNK_DATA : HTTP_CHUNK_LAST;
}

static int take_in_line(struct http_chunk *c, uint8_t byte)
{
    if (c->line_len == HTTP_CHUNK_LINE_MAX && byte != '\r') {
        return ERR_HTTP_CHUNK;
    }
    c->line_len++;
    switch (c->state) {
    case CHUNK_SIZE:
    case CHUNK_DIGIT:
        return take_digit(c, byte);
    case CHUNK_SEMICOLON:
        return after_digits(c, byte);
    default:
        return take_extension(c, byte);
    }
}

int http_chunk_byte(struct http_chunk *c, uint8_t byte)
{
    switch (c->state) {
    case CHUNK_LINE_LF:
        return byte == '\n' ? end_line(c) : ERR_HTTP_CHUNK;
    case CHUNK_DATA_CR:
        return byte == '\r' ? become(c, CHUNK_DATA_LF) : ERR_HTTP_CHUNK;
    case CHUNK_DATA_LF:
        http_chunk_init(c);
        return byte == '\n' ? HTTP_CHUNK_MORE : ERR_HTTP_CHUNK;
    default:
        return take_in_line(c, byte);
    }
}
