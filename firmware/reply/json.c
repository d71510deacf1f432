#include "reply/json.h"

#include "base/err.h"
#include "base/num.h"
#include "reply/json_scan.h"

#include <assert.h>
#include <string.h>

/* Not JSMN_STRICT: that wants a byte behind a bare number, and refuses nothing that json_scan has
 * let pass. */
#define JSMN_STATIC
#include "jsmn.h"

#define REPLACEMENT 0xFFFDu

static enum json_kind kind_of(char first)
{
    switch (first) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

int json_check(const char *text, size_t len)
{
    struct json_scan scan;
    size_t at = 0, first = len;
    int err;

    json_scan_init(&scan);
    while (at < len) {
        size_t n = json_scan_plain(&scan, text + at, len - at);
        if (n == 0) {
            int mark = json_scan_byte(&scan, text[at]);
            if (mark < 0) {
                return mark;
            }
            first = first == len && mark != JSON_SPACE ? at : first;
            n = 1;
        }
        at += n;
    }
    err = json_scan_finish(&scan);
    return err != 0 ? err : (int)kind_of(text[first]);
}

/* Reads jsmn's tokens into ours; a string's first byte stands behind its quote. */
static void keep(struct json *j, const jsmntok_t *token, int count)
{
    int at;

    for (at = 0; at < count; at++) {
        bool string = token[at].type == JSMN_STRING;
        j->token[at].kind = string ? JSON_STRING : kind_of(j->text[token[at].start]);
        j->token[at].start = token[at].start;
        j->token[at].end = token[at].end;
        j->token[at].size = token[at].size;
    }
    j->count = count;
}

int json_parse(struct json *j, const char *text, size_t len)
{
    jsmntok_t token[JSON_TOKENS_MAX];
    jsmn_parser parser;
    int kind, count;

    j->text = text;
    j->count = 0;
    if (len > INT32_MAX) {
        return ERR_JSON_TOO_LARGE;
    }
    kind = json_check(text, len);
    if (kind < 0) {
        return kind;
    }
    jsmn_init(&parser);
    count = jsmn_parse(&parser, text, len, token, JSON_TOKENS_MAX);
    if (count <= 0) {
        return count == JSMN_ERROR_NOMEM ? ERR_JSON_TOO_LARGE : ERR_JSON_SYNTAX;
    }
    keep(j, token, count);
    return 0;
}

struct json_value json_at(const struct json *j, int token)
{
    struct json_value v;

    assert(token >= 0 && token < j->count);
    v.kind = j->token[token].kind;
    v.text = j->text + j->token[token].start;
    v.len = (size_t)(j->token[token].end - j->token[token].start);
    return v;
}

/* One character of a string's raw bytes; `bytes` is 0 when they end within it. */
struct character {
    uint32_t code;
    size_t bytes;
};

static uint32_t hex_digit(char c)
{
    return (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* The four digits behind \u. */
static uint32_t hex_unit(const char *digits)
{
    return hex_digit(digits[0]) << 12 | hex_digit(digits[1]) << 8 | hex_digit(digits[2]) << 4 |
           hex_digit(digits[3]);
}

static bool high_surrogate(uint32_t code)
{
    return code >= 0xD800 && code <= 0xDBFF;
}

/* \uXXXX, with its second half where there is one (RFC 8259 section 7). */
static struct character unicode_escape(const char *text, size_t len)
{
    struct character c = {0, 0};
    uint32_t second;

    if (len < 6) {
        return c;
    }
    c.code = hex_unit(text + 2);
    c.bytes = 6;
    if (!high_surrogate(c.code)) {
        return c;
    }
    second = len >= 12 && text[6] == '\\' && text[7] == 'u' ? hex_unit(text + 8) : 0;
    if (second >= 0xDC00 && second <= 0xDFFF) {
        c.code = 0x10000 + ((c.code - 0xD800) << 10) + (second - 0xDC00);
        c.bytes = 12;
    }
    return c;
}

static struct character escape(const char *text, size_t len)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    struct character c = {0, 0};
    const char *found;

    if (len < 2) {
        return c;
    }
    if (text[1] == 'u') {
        return unicode_escape(text, len);
    }
    found = memchr(from, text[1], sizeof(from) - 1);
    c.code = (uint8_t)(found != NULL ? to[found - from] : text[1]);
    c.bytes = 2;
    return c;
}

static struct character utf8(const char *text, size_t len)
{
    uint8_t lead = (uint8_t)text[0];
    size_t bytes = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, at;
    struct character c = {lead & (0x7Fu >> bytes), bytes};

    if (len < bytes) {
        c.bytes = 0;
        return c;
    }
    for (at = 1; at < bytes; at++) {
        c.code = c.code << 6 | ((uint8_t)text[at] & 0x3Fu);
    }
    return c;
}

/* text is of a string that json_scan has let pass, so there is nothing else to refuse. */
static struct character decode(const char *text, size_t len)
{
    struct character c = {(uint8_t)text[0], 1};

    if (text[0] == '\\') {
        return escape(text, len);
    }
    return c.code < 0x80 ? c : utf8(text, len);
}

size_t json_whole(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        struct character c = decode(text + at, len - at);
        bool half = high_surrogate(c.code) && len - at < 12; /* the other half may be cut off */
        if (c.bytes == 0 || half) {
            break;
        }
        at += c.bytes;
    }
    return at;
}

/* What a person may see of a character. */
static uint32_t harmless(uint32_t code)
{
    bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;

    return control || surrogate ? REPLACEMENT : code;
}

static size_t encode(char dst[4], uint32_t code)
{
    if (code < 0x80) {
        dst[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        dst[0] = (char)(0xC0 | code >> 6);
        dst[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        dst[0] = (char)(0xE0 | code >> 12);
        dst[1] = (char)(0x80 | (code >> 6 & 0x3F));
        dst[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    dst[0] = (char)(0xF0 | code >> 18);
    dst[1] = (char)(0x80 | (code >> 12 & 0x3F));
    dst[2] = (char)(0x80 | (code >> 6 & 0x3F));
    dst[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

static bool has_text(const struct json_value *v)
{
    return v->kind != JSON_NULL && v->kind != JSON_ARRAY && v->kind != JSON_OBJECT;
}

/* Writes as many whole characters as fit; *all tells whether that is all of them. */
static size_t write_text(char *dst, size_t cap, const struct json_value *v, bool *all)
{
    size_t len = has_text(v) ? v->len : 0, at = 0, used = 0;

    while (at < len) {
        char bytes[4];
        struct character c = decode(v->text + at, len - at);
        size_t n = encode(bytes, harmless(c.code));
        if (c.bytes == 0 || n >= cap - used) {
            break;
        }
        memcpy(dst + used, bytes, n);
        used += n;
        at += c.bytes;
    }
    dst[used] = 0;
    *all = at == len;
    return used;
}

int json_text(char *dst, size_t cap, const struct json_value *v)
{
    bool all;

    return (int)write_text(dst, cap, v, &all);
}

int json_exact(char *dst, size_t cap, const struct json_value *v)
{
    bool all;
    size_t len = write_text(dst, cap, v, &all);

    if (!all) {
        dst[0] = 0;
        return ERR_NO_ROOM;
    }
    return (int)len;
}

bool json_is(const struct json_value *v, const char *text)
{
    size_t at = 0;

    if (v->kind != JSON_STRING && v->kind != JSON_NUMBER) {
        return false;
    }
    while (at < v->len) {
        char bytes[4];
        struct character c = decode(v->text + at, v->len - at);
        size_t n = encode(bytes, c.code);
        if (c.bytes == 0 || c.code == 0 || strncmp(text, bytes, n) != 0) {
            return false;
        }
        text += n;
        at += c.bytes;
    }
    return *text == 0;
}

bool json_count(const struct json_value *v, uint64_t *out)
{
    bool could = v->kind == JSON_STRING || v->kind == JSON_NUMBER;

    return could && num_u64_max(v->text, v->len, INT64_MAX, out) == 0;
}
