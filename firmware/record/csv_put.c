#include "record/csv_put.h"

#include "base/err.h"

#include <string.h>

void csv_put_init(struct csv_put *p, uint8_t *dst, size_t cap)
{
    *p = (struct csv_put){.dst = dst, .cap = cap};
}

static void put(struct csv_put *p, const void *src, size_t len)
{
    if (len > p->cap - p->len) {
        p->over = true;
        return;
    }
    if (len > 0) {
        memcpy(p->dst + p->len, src, len);
    }
    p->len += len;
}

static void begin(struct csv_put *p)
{
    if (p->fields++ > 0) {
        put(p, ",", 1);
    }
}

static bool is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == ',' || text[i] == '"' || text[i] == '\r' || text[i] == '\n') {
            return false;
        }
    }
    return true;
}

void csv_put_field(struct csv_put *p, const char *text, size_t len)
{
    begin(p);
    if (is_plain(text, len)) {
        put(p, text, len);
        return;
    }
    put(p, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        put(p, "\"\"", text[i] == '"' ? 1 : 0);
        put(p, &text[i], 1);
    }
    put(p, "\"", 1);
}

void csv_put_raw(struct csv_put *p, const uint8_t *src, size_t len)
{
    begin(p);
    put(p, src, len);
}

int csv_put_end(struct csv_put *p)
{
    if (p->len == 0) {
        put(p, "\"\"", 2);
    }
    put(p, "\n", 1);
    return p->over ? ERR_CSV_TOO_LONG : (int)p->len;
}
