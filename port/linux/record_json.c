#include "linux/record_json.h"

#include "base/err.h"

#include <string.h>

void record_json_init(struct record_json *j, struct record *record, char *text, size_t cap)
{
    *j = (struct record_json){
        .record = record, .text = text, .cap = cap, .lines = j->lines, .why = ""};
    record->fields = 0;
    json_scan_init(&j->scan);
}

static int refuse(struct record_json *j, const char *why)
{
    j->why = why;
    return ERR_RECORD;
}

static unsigned hex_digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

static unsigned hex(const char *at)
{
    return hex_digit(at[0]) << 12 | hex_digit(at[1]) << 8 | hex_digit(at[2]) << 4 |
           hex_digit(at[3]);
}

static size_t put_utf8(char *dst, unsigned c)
{
    size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0x00, 0xC0, 0xE0, 0xF0};

    dst[0] = (char)(lead[more] | c >> 6 * more);
    for (size_t i = 1; i <= more; i++) {
        dst[i] = (char)(0x80 | (c >> 6 * (more - i) & 0x3F));
    }
    return more + 1;
}

static char escape(char c)
{
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

/* The character of \uXXXX, or of two of them; *at moves behind it. 0: none that may stand here. */
static unsigned escaped(const char **at, const char *end)
{
    unsigned c = hex(*at + 2), low;

    *at += 6;
    if (c < 0xD800 || c > 0xDFFF) {
        return c;
    }
    if (c > 0xDBFF || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u') {
        return 0;
    }
    low = hex(*at + 2);
    *at += 6;
    return low < 0xDC00 || low > 0xDFFF ? 0 : 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

/* Reads a string's escapes in place, its quotes go: 0, or an error. */
static int decode(struct record_json *j)
{
    const char *at = j->text + j->token_at + 1, *end = j->text + j->len - 1;
    char *to = j->text + j->token_at;

    while (at < end) {
        if (at[0] != '\\') {
            *to++ = *at++;
        } else if (at[1] != 'u') {
            *to++ = escape(at[1]);
            at += 2;
        } else {
            unsigned c = escaped(&at, end);

            if (c == 0) {
                return refuse(j, "an escape that is no character");
            }
            to += put_utf8(to, c);
        }
    }
    j->len = (size_t)(to - j->text);
    return 0;
}

/* The string, number or word that has ended. */
static int take_token(struct record_json *j)
{
    struct record *r = j->record;
    const char *text = j->text + j->token_at;
    bool null = text[0] == 'n';
    int err = text[0] == '"' ? decode(j) : 0;
    size_t len = null ? 0 : j->len - j->token_at;

    j->token = false;
    if (err != 0) {
        return err;
    }
    if (r->fields == COLUMNS_MAX) {
        return refuse(j, "more members than a record can have columns");
    }
    if (j->value) {
        r->field[r->fields].value = text;
        r->field[r->fields++].value_len = len;
    } else {
        r->field[r->fields] = (struct record_field){.name = text, .name_len = len};
    }
    return 0;
}

static int append(struct record_json *j, const uint8_t *src, size_t len)
{
    if (len > j->cap - j->len) {
        return ERR_CSV_TOO_LONG;
    }
    if (!j->token) {
        j->token = true;
        j->token_at = j->len;
    }
    memcpy(j->text + j->len, src, len);
    j->len += len;
    return 0;
}

static int open(struct record_json *j, char c)
{
    if (j->begun) {
        return refuse(j, "a value that is itself an object or an array");
    }
    j->begun = true;
    j->line = j->lines + 1;
    return c == '{' ? 0 : refuse(j, "an array: give one object behind the other");
}

static int take_mark(struct record_json *j, int mark, const uint8_t *c)
{
    int err = 0;

    if (mark == JSON_TEXT) {
        return j->begun ? append(j, c, 1) : refuse(j, "no JSON object");
    }
    if (j->token) {
        err = take_token(j);
    }
    if (err == 0 && mark == JSON_OPEN) {
        err = open(j, (char)*c);
    }
    if (mark == JSON_COLON || mark == JSON_COMMA) {
        j->value = mark == JSON_COLON;
    }
    return err;
}

static int end_object(struct record_json *j)
{
    return j->record->fields > 0 ? 0 : refuse(j, "an object without members");
}

int record_json_push(struct record_json *j, const uint8_t *src, size_t len, bool *whole)
{
    size_t n = 0;

    *whole = false;
    while (n < len && !*whole) {
        size_t plain = json_scan_plain(&j->scan, (const char *)src + n, len - n);
        int mark = plain > 0 ? JSON_TEXT : json_scan_byte(&j->scan, (char)src[n]);
        int err;

        if (mark < 0) {
            return refuse(j, "this is not JSON");
        }
        err = plain > 0 ? append(j, src + n, plain) : take_mark(j, mark, &src[n]);
        if (err != 0) {
            return err;
        }
        *whole = mark == JSON_CLOSE;
        j->lines += src[n] == '\n' ? 1 : 0;
        n += plain > 0 ? plain : 1;
    }
    if (*whole) {
        int err = end_object(j);

        return err == 0 ? (int)n : err;
    }
    return (int)n;
}

int record_json_end(struct record_json *j)
{
    return j->begun ? refuse(j, "it ends in the middle of an object") : 0;
}
