#include "link/rate.h"

#include "limits.h"

enum { SECOND_MS = 1000, PIECES_A_SECOND = 4 };

size_t rate_piece(uint32_t per_s)
{
    size_t piece = per_s / PIECES_A_SECOND;

    if (piece < RATE_PIECE_MIN) {
        return RATE_PIECE_MIN;
    }
    return piece < EXCHANGE_TX_CAP ? piece : EXCHANGE_TX_CAP;
}

static void fill(struct rate *r, uint32_t per_s, uint64_t now_ms)
{
    uint64_t most = (uint64_t)rate_piece(per_s) * SECOND_MS + per_s; /* waits end on a whole ms */
    uint64_t full_ms = most / per_s + 1; /* longer is no more, and could overflow */
    uint64_t ms = now_ms - r->at_ms < full_ms ? now_ms - r->at_ms : full_ms;

    r->held += ms * per_s;
    r->held = r->held < most ? r->held : most;
    r->at_ms = now_ms;
}

uint64_t rate_from_ms(struct rate *r, uint32_t per_s, size_t len, uint64_t now_ms)
{
    uint64_t due = (uint64_t)len * SECOND_MS;

    fill(r, per_s, now_ms);
    return due <= r->held ? now_ms : now_ms + (due - r->held + per_s - 1) / per_s;
}

void rate_take(struct rate *r, size_t len)
{
    uint64_t gone = (uint64_t)len * SECOND_MS;

    r->held -= gone < r->held ? gone : r->held;
}
