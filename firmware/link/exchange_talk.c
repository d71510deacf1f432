#include "link/exchange_parts.h"

#include "base/err.h"

/* The connection's end, or an error of it. */
static int end_reply(struct exchange *x, int n)
{
    bool clean = n == 0;

    if (n != 0 && n != ERR_CLOSED) {
        return n;
    }
    return x->reply->started ? http_response_finish(x->reply, clean) : ERR_CLOSED;
}

/* Takes some of what has arrived: ERR_WAIT with what for (WANT_STEP: there may be more; never a
 * loop, a fast peer would hold us beyond every deadline), 0 when the reply is whole, or an error.
 */
static int take_reply(struct exchange *x)
{
    int n = tls_recv(&x->tls, x->rx, sizeof x->rx);

    if (n == ERR_WAIT) {
        return ERR_WAIT;
    }
    if (n <= 0) {
        return end_reply(x, n);
    }
    int used = http_response_push(x->reply, x->rx, (size_t)n);

    if (used < 0) {
        return used;
    }
    x->tls.want = WANT_STEP;
    if (!x->reply->done) {
        return ERR_WAIT;
    }
    x->reply->keep = x->reply->keep && used == n; /* nobody asked for more */
    return 0;
}

/* Fills tx, with whole records' worth: 0 when it holds something, 1 at the end, ERR_WAIT at the
 * gate, or an error. */
static int refill(struct exchange *x)
{
    size_t record = tls_record_max(&x->tls);
    size_t cap = record < sizeof x->tx ? sizeof x->tx - sizeof x->tx % record : sizeof x->tx;

    x->tx_at = x->tx_len = 0;
    while (x->tx_len < cap) {
        int n = source_pull(&x->request, x->tx + x->tx_len, cap - x->tx_len);

        if (n <= 0) {
            if (x->tx_len > 0 && (n == 0 || n == ERR_WAIT)) {
                return 0;
            }
            return n == 0 ? 1 : n;
        }
        x->tx_len += (size_t)n;
    }
    return 0;
}

/* How much of the buffer goes with the next send; 0: limit_rate lets nothing go yet. A send that
 * is to be repeated stays as it was (C18), and has been paid for. */
static size_t next_piece(struct exchange *x, const struct now *now)
{
    uint32_t per_s = x->options->limit_rate;
    size_t record = tls_record_max(&x->tls), piece = x->tx_len - x->tx_at;

    if (per_s == 0 || x->piece > 0) {
        return per_s == 0 ? piece : x->piece;
    }
    piece = piece < record ? piece : record;
    piece = piece < rate_piece(per_s) ? piece : rate_piece(per_s);
    uint64_t from_ms = rate_from_ms(&x->rate, per_s, piece, now->mono_ms);

    if (from_ms > now->mono_ms) {
        x->limited_ms = from_ms;
        return 0;
    }
    rate_take(&x->rate, piece);
    x->piece = piece;
    return piece;
}

/* One buffer at most: 0 sent and more is due, 1 all sent, ERR_WAIT: socket full, gate or
 * limit_rate, or an error. The end is looked for at once, so that a quick answer is not taken for
 * an early one. */
static int send_some(struct exchange *x, const struct now *now)
{
    bool sent = false;

    for (;;) {
        if (x->tx_at == x->tx_len) {
            int err = refill(x);

            if (err != 0 || sent) {
                x->tls.want = WANT_GATE;
                return err;
            }
        }
        size_t piece = next_piece(x, now);

        if (piece == 0) {
            x->tls.want = WANT_TIME;
            return ERR_WAIT;
        }
        int n = tls_send(&x->tls, x->tx + x->tx_at, piece);

        /* Even a write that said "again" may have put bytes on the wire. */
        x->sent = x->sent > SENT_SOME ? x->sent : SENT_SOME;
        if (n <= 0) {
            return n;
        }
        sent = true;
        x->piece = 0;
        x->tx_at += (size_t)n;
        x->bytes_out += (uint64_t)n;
    }
}

/* Closed before a byte of the request was sent: that costs no attempt (C11, C21). */
static enum want closed_early(struct exchange *x, const struct now *now, int err)
{
    if (!x->reused) {
        return exchange_next_address(x, now, err);
    }
    x->reused = false;
    exchange_hang_up(x, true, true);
    return exchange_connect(x, now);
}

/* WANT_STEP: go on sending. */
static enum want early_reply(struct exchange *x, const struct now *now)
{
    int err = take_reply(x);

    if ((err == ERR_NETWORK || err == ERR_CLOSED) && x->sent == SENT_NOTHING) {
        return closed_early(x, now, err);
    }
    if (err == ERR_WAIT && x->reply->head_done) {
        return exchange_enter(x, EX_RECEIVE, now->mono_ms + x->options->answer_ms);
    }
    return err == ERR_WAIT ? WANT_STEP : exchange_finish(x, err);
}

/* All but the last piece is sent. A reply that has come meanwhile is not asked about a gate. */
static enum want at_gate(struct exchange *x, bool looked)
{
    if (!looked) {
        return exchange_wait(x, WANT_STEP);
    }
    x->sent = SENT_TO_GATE;
    x->state = EX_GATE;
    return exchange_wait(x, WANT_GATE);
}

/* Goes on behind send_some. more: there is something to be read, and perhaps not in the socket any
 * more. */
static enum want go_on(struct exchange *x, const struct now *now, int err, bool more)
{
    if (err == 0) {
        return exchange_wait(x, WANT_STEP);
    }
    if (err == 1) {
        x->sent = SENT_ALL;
        return exchange_enter(x, EX_RECEIVE, now->mono_ms + x->options->answer_ms);
    }
    if (err == ERR_WAIT && (more || x->tls.want == WANT_STEP)) {
        return exchange_wait(x, WANT_STEP);
    }
    if (err == ERR_WAIT) {
        return exchange_wait(x, (unsigned)x->tls.want | WANT_READ);
    }
    if (err == ERR_NETWORK) { /* the reason may be waiting to be read (C10) */
        x->write_broken = true;
        return exchange_enter(x, EX_RECEIVE, now->mono_ms + x->options->idle_ms);
    }
    return exchange_finish(x, err);
}

/* While the socket takes buffer after buffer, only every so many of them is a reply looked for. But
 * a new connection's tickets must be taken before a record is half out: mbedTLS reads nothing
 * behind a ticket until it could flush, so that an early reply would stay unread (C10). */
enum want exchange_send(struct exchange *x, const struct now *now)
{
    bool look = x->look_in == 0, more = false;

    if (look) {
        enum want early = early_reply(x, now);

        if (early != WANT_STEP || x->state != EX_SEND) {
            return early;
        }
        more = x->tls.want == WANT_STEP;
        x->look_in = EXCHANGE_LOOK_EVERY;
    }
    x->tls.moved = false;
    x->limited_ms = 0;
    int err = send_some(x, now);

    x->look_in = err == 0 && !more && x->tls.heard ? x->look_in - 1 : 0;
    if (x->tls.moved || x->limited_ms != 0) {
        uint64_t from_ms = x->limited_ms != 0 ? x->limited_ms : now->mono_ms;

        x->phase_ms = from_ms + x->options->idle_ms;
    }
    if (err == ERR_WAIT && x->tls.want == WANT_GATE) {
        return at_gate(x, look);
    }
    return go_on(x, now, err, more);
}

enum want exchange_receive(struct exchange *x)
{
    int err = take_reply(x);

    return err == ERR_WAIT ? exchange_wait(x, x->tls.want) : exchange_finish(x, err);
}
