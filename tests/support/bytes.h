/* bytes: a source from memory for tests; it gives `step` bytes at a time at most, may say ERR_WAIT
 * before each of them, and ends with `end` (0, or an error). */
#ifndef OCBULK_TESTS_BYTES_H
#define OCBULK_TESTS_BYTES_H

#include "base/err.h"
#include "base/stream.h"

#include <stdbool.h>
#include <string.h>

struct bytes {
    const char *src;
    size_t len, at;
    size_t step; /* 0: as much as there is room for */
    bool waits, waited;
    int end;
};

static inline int bytes_pull(void *ctx, uint8_t *dst, size_t cap)
{
    struct bytes *b = ctx;
    size_t n = b->len - b->at;

    if (b->waits && !b->waited) {
        b->waited = true;
        return ERR_WAIT;
    }
    b->waited = false;
    n = n < cap ? n : cap;
    n = b->step != 0 && b->step < n ? b->step : n;
    if (n == 0) {
        return b->end;
    }
    memcpy(dst, b->src + b->at, n);
    b->at += n;
    return (int)n;
}

static inline void bytes_rewind(struct bytes *b)
{
    b->at = 0;
    b->waited = false;
}

#endif
