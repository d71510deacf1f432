#include "request/piece.h"

#include "base/err.h"

int piece_text(const char *text, size_t *off, uint8_t *dst, size_t cap)
{
    size_t n = 0;

    while (n < cap && text[*off] != 0) {
        dst[n++] = (uint8_t)text[(*off)++];
    }
    return (int)n;
}

/* The end is asked for as well: only there can a source say that its checksum failed. */
static int body_end(const struct source *body)
{
    uint8_t beyond;
    int n = source_pull(body, &beyond, 1);

    return n > 0 ? ERR_SOURCE_CHANGED : n;
}

int piece_body(const struct source *body, uint64_t *left, uint8_t *dst, size_t cap)
{
    int n;

    if (*left == 0) {
        return body_end(body);
    }
    n = source_pull(body, dst, cap < *left ? cap : (size_t)*left);
    if (n > 0) {
        *left -= (uint64_t)n;
    }
    return n == 0 ? ERR_SOURCE_CHANGED : n;
}

int piece_fill(const struct source *from, int *err, uint8_t *dst, size_t cap)
{
    size_t n = 0;

    while (n < cap && *err == 0) {
        int got = source_pull(from, dst + n, cap - n);

        if (got == 0 || got == ERR_WAIT) {
            return n > 0 ? (int)n : got;
        }
        if (got < 0) {
            *err = got;
        } else {
            n += (size_t)got;
        }
    }
    return n > 0 ? (int)n : *err;
}
