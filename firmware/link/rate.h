/* rate: a limit on bytes a second, as a token bucket.
 *
 * Bytes go in pieces of a quarter second's worth (RATE_PIECE_MIN..EXCHANGE_TX_CAP); the bucket
 * holds one piece and a millisecond's worth, so that over any time t no more go than the rate gives
 * in t and these.
 *
 * Memory  A struct of the owner; all zero is one that fills from the clock's 0 on.
 * Calls   A piece may go from rate_from_ms on; rate_take when it has gone. per_s: bytes a second,
 *         from 1; the same for the struct's life. Time (monotonic) is an argument.
 * Errors  None. */
#ifndef OCBULK_LINK_RATE_H
#define OCBULK_LINK_RATE_H

#include <stddef.h>
#include <stdint.h>

struct rate {
    uint64_t at_ms;
    uint64_t held; /* thousandths of a byte that may go */
};

size_t rate_piece(uint32_t per_s); /* bytes of one piece */
/* From when on len bytes (at most a piece) may go; now_ms: at once. */
uint64_t rate_from_ms(struct rate *r, uint32_t per_s, size_t len, uint64_t now_ms);
void rate_take(struct rate *r, size_t len);

#endif
