#include "record/csv_field.h"

#include "base/err.h"

void csv_field_init(struct csv_field *f, const uint8_t *row, size_t len)
{
    *f = (struct csv_field){.at = row, .end = row + len, .more = len > 0};
}

static bool is_end(uint8_t c)
{
    return c == '\n' || c == '\r';
}

/* The next byte of the field into *c: false when the field is over. */
static bool take(struct csv_field *f, bool *quoted, uint8_t *c)
{
    while (f->at < f->end) {
        *c = *f->at;
        if (!*quoted && (*c == ',' || is_end(*c))) {
            return false;
        }
        f->at++;
        if (*c != '"') {
            return true;
        }
        if (*quoted && f->at < f->end && *f->at == '"') {
            f->at++;
            return true;
        }
        *quoted = !*quoted;
    }
    return false;
}

int csv_field_next(struct csv_field *f, char *dst, size_t cap)
{
    size_t n = 0;
    bool quoted = false;
    uint8_t c;

    if (!f->more) {
        return ERR_CSV_EMPTY;
    }
    while (take(f, &quoted, &c)) {
        if (n < cap - 1) {
            dst[n++] = (char)c;
        }
    }
    dst[n] = '\0';
    f->more = f->at < f->end && *f->at == ',';
    f->at += f->more ? 1 : 0;
    return (int)n;
}
