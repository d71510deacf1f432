#include "linux/json_out.h"
#include "linux/utf8.h"

#include <assert.h>
#include <string.h>

enum { DEPTH_MAX = 32 };

void json_out_init(struct json_out *j, struct out *out)
{
    memset(j, 0, sizeof(*j));
    j->out = out;
}

/* What stands in front of a value: nothing behind a key, else the comma that is due. */
static void before_value(struct json_out *j)
{
    assert(j->depth == 0 || j->keyed == ((j->objects & 1) != 0));
    if (j->comma && !j->keyed) {
        out_raw(j->out, ",", 1);
    }
    j->comma = true;
    j->keyed = false;
}

static void open_level(struct json_out *j, bool object)
{
    before_value(j);
    assert(j->depth < DEPTH_MAX);
    out_raw(j->out, object ? "{" : "[", 1);
    j->objects = j->objects << 1 | (object ? 1 : 0);
    j->depth++;
    j->comma = false;
}

void json_out_object(struct json_out *j)
{
    open_level(j, true);
}

void json_out_array(struct json_out *j)
{
    open_level(j, false);
}

void json_out_end(struct json_out *j)
{
    assert(j->depth > 0 && !j->keyed);
    out_raw(j->out, (j->objects & 1) != 0 ? "}" : "]", 1);
    j->objects >>= 1;
    j->depth--;
    j->comma = j->depth > 0;
    if (j->depth == 0) {
        out_raw(j->out, "\n", 1);
    }
}

static void put_escape(struct out *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char short_for[] = "\"\\\b\f\n\r\t";
    const char *at = c == 0 ? NULL : strchr(short_for, c);
    char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

    if (at != NULL) {
        text[1] = "\"\\bfnrt"[at - short_for];
    }
    out_raw(out, text, at != NULL ? 2 : sizeof(text));
}

/* One character, or a registered secret: bytes taken. DEL and C1 controls are escaped too, lest
 * they drive the terminal that shows the JSON. */
static size_t put_character(struct out *out, const char *text, size_t len)
{
    unsigned char c = (unsigned char)text[0];
    size_t hide = out_secret_len(text, len);
    size_t n;

    if (hide > 0) {
        out_raw(out, "***", 3);
        return hide;
    }
    if (c < ' ' || c == '"' || c == '\\' || c == 0x7f) {
        put_escape(out, c);
        return 1;
    }
    n = utf8_len(text, len);
    if (n == 0) {
        out_raw(out, "\xef\xbf\xbd", 3);
        return 1;
    }
    if (n == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0) {
        put_escape(out, (unsigned char)text[1]);
    } else {
        out_raw(out, text, n);
    }
    return n;
}

static void put_string(struct out *out, const char *text, size_t len)
{
    size_t at = 0;

    out_raw(out, "\"", 1);
    while (at < len) {
        at += put_character(out, text + at, len - at);
    }
    out_raw(out, "\"", 1);
}

void json_out_key(struct json_out *j, const char *key)
{
    assert((j->objects & 1) != 0 && !j->keyed);
    if (j->comma) {
        out_raw(j->out, ",", 1);
    }
    put_string(j->out, key, strlen(key));
    out_raw(j->out, ":", 1);
    j->keyed = true;
}

void json_out_string_len(struct json_out *j, const char *text, size_t len)
{
    before_value(j);
    put_string(j->out, text, len);
}

void json_out_string(struct json_out *j, const char *text)
{
    if (text == NULL) {
        json_out_null(j);
    } else {
        json_out_string_len(j, text, strlen(text));
    }
}

void json_out_u64(struct json_out *j, uint64_t v)
{
    before_value(j);
    out_u64(j->out, v);
}

void json_out_bool(struct json_out *j, bool v)
{
    before_value(j);
    out_raw(j->out, v ? "true" : "false", v ? 4 : 5);
}

void json_out_null(struct json_out *j)
{
    before_value(j);
    out_raw(j->out, "null", 4);
}

void json_out_put_string(struct json_out *j, const char *key, const char *text)
{
    json_out_key(j, key);
    json_out_string(j, text);
}

void json_out_put_u64(struct json_out *j, const char *key, uint64_t v)
{
    json_out_key(j, key);
    json_out_u64(j, v);
}

void json_out_put_count(struct json_out *j, const char *key, int64_t v)
{
    json_out_key(j, key);
    if (v < 0) {
        json_out_null(j);
    } else {
        json_out_u64(j, (uint64_t)v);
    }
}

void json_out_put_bool(struct json_out *j, const char *key, bool v)
{
    json_out_key(j, key);
    json_out_bool(j, v);
}
