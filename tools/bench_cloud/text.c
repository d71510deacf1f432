#include "text.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void *must(void *memory)
{
    if (memory == NULL) {
        fputs("bench_cloud: no memory\n", stderr);
        abort();
    }
    return memory;
}

char *text_copy(const char *s)
{
    return s == NULL ? NULL : must(strdup(s));
}

int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void text_room(struct text *t, size_t more)
{
    size_t need = t->len + more + 1;

    if (need <= t->cap) {
        return;
    }
    t->cap = need < 2 * t->cap ? 2 * t->cap : need + 64;
    t->at = must(realloc(t->at, t->cap));
}

void text_put(struct text *t, const void *src, size_t len)
{
    text_room(t, len);
    if (len > 0) {
        memcpy(t->at + t->len, src, len);
    }
    t->len += len;
    t->at[t->len] = '\0';
}

void text_puts(struct text *t, const char *s)
{
    text_put(t, s, strlen(s));
}

void text_printf(struct text *t, const char *fmt, ...)
{
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0) {
        return;
    }
    text_room(t, (size_t)len);
    va_start(args, fmt);
    vsnprintf(t->at + t->len, (size_t)len + 1, fmt, args);
    va_end(args);
    t->len += (size_t)len;
}

void text_html(struct text *t, const char *s)
{
    for (; *s != '\0'; s++) {
        switch (*s) {
        case '<':
            text_puts(t, "&lt;");
            break;
        case '>':
            text_puts(t, "&gt;");
            break;
        case '&':
            text_puts(t, "&amp;");
            break;
        case '"':
            text_puts(t, "&quot;");
            break;
        case '\'':
            text_puts(t, "&#39;");
            break;
        default:
            text_put(t, s, 1);
            break;
        }
    }
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

/* Bytes that are no UTF-8 are shown as Latin-1, so that the reply stays JSON. */
static bool is_utf8(const char *src, size_t len)
{
    json_t *s;

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)src[i] >= 0x80) {
            s = json_stringn(src, len);
            json_decref(s);
            return s != NULL;
        }
    }
    return true;
}

void text_json(struct text *t, const char *src, size_t len)
{
    bool utf8 = is_utf8(src, len);
    size_t from = 0;

    text_put(t, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)src[i];

        if (is_plain(c) && (c < 0x80 || utf8)) {
            continue;
        }
        text_put(t, src + from, i - from);
        from = i + 1;
        if (c == '"' || c == '\\') {
            char two[2] = {'\\', (char)c};
            text_put(t, two, 2);
        } else {
            text_printf(t, "\\u%04x", c);
        }
    }
    text_put(t, src + from, len - from);
    text_put(t, "\"", 1);
}

void text_jsons(struct text *t, const char *s)
{
    if (s == NULL) {
        text_puts(t, "null");
    } else {
        text_json(t, s, strlen(s));
    }
}

void text_free(struct text *t)
{
    free(t->at);
    *t = (struct text){0};
}
