/* stream: how bytes move between engines.
 *
 * A byte goes out through pull and comes in through push; there is no third verb.
 * Memory  Both sides borrow the buffer for the call only.
 * Errors  pull: count > 0, 0 at the end and nothing else, ERR_WAIT when there is nothing now, or
 *         a negative enum err, which sticks. push: 0, or a negative enum err, which sticks. */
#ifndef OCBULK_BASE_STREAM_H
#define OCBULK_BASE_STREAM_H

#include <stddef.h>
#include <stdint.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct source {
    int (*pull)(void *ctx, uint8_t *dst, size_t cap); /* cap is 1..INT_MAX */
    void *ctx;
};

struct sink {
    int (*push)(void *ctx, const uint8_t *src, size_t len);
    void *ctx;
};

static inline int source_pull(const struct source *s, uint8_t *dst, size_t cap)
{
    return s->pull(s->ctx, dst, cap);
}

static inline int sink_push(const struct sink *s, const uint8_t *src, size_t len)
{
    return s->push(s->ctx, src, len);
}

#endif
