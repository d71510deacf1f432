#include "link/exchange_parts.h"

#include "base/err.h"
#include "link/tls_platform.h"

enum { READS_MAX = 16 }; /* two a ticket, of a kept connection before it is used again */

int exchange_init(struct exchange *x, const struct exchange_options *options,
                  const struct tls_options *tls, const struct net *net)
{
    *x = (struct exchange){.options = options, .net = net};
    return tls_init(&x->tls, tls, net);
}

void exchange_hang_up(struct exchange *x, bool keep_session, bool abort)
{
    tls_close(&x->tls, keep_session);
    x->net->close(x->net->ctx, abort);
    x->connected = false;
}

void exchange_close(struct exchange *x, bool keep_session)
{
    exchange_hang_up(x, keep_session, x->state == EX_SEND || x->state == EX_GATE);
    x->state = EX_IDLE;
}

void exchange_free(struct exchange *x)
{
    exchange_close(x, false);
    tls_free(&x->tls);
}

enum want exchange_wait(struct exchange *x, unsigned want)
{
    x->want = (uint8_t)want;
    return (enum want)want;
}

/* Over: with an error the connection goes too, after the alert or close_notify TLS owes. */
enum want exchange_finish(struct exchange *x, int err)
{
    x->err = err;
    x->state = EX_IDLE;
    if (err != 0) {
        x->addrs = 0; /* perhaps the service has moved: the next attempt asks again */
    }
    if (err != 0 || !x->reply->keep || x->sent != SENT_ALL) {
        exchange_hang_up(x, err == 0, err != 0 || x->sent != SENT_ALL);
    }
    return exchange_wait(x, WANT_NOTHING);
}

enum want exchange_enter(struct exchange *x, enum exchange_state state, uint64_t deadline_ms)
{
    x->state = (uint8_t)state;
    x->phase_ms = deadline_ms;
    return exchange_wait(x, WANT_STEP);
}

/* A kept connection that the service has closed meanwhile is seen before a byte is sent (C11). One
 * that does not come to rest is not used either. */
static bool still_open(struct exchange *x)
{
    for (int i = 0; i < READS_MAX; i++) {
        if (tls_recv(&x->tls, x->rx, 1) != ERR_WAIT) {
            return false;
        }
        if (x->tls.want != WANT_STEP) {
            return true;
        }
    }
    return false;
}

void exchange_start(struct exchange *x, const struct source *request, struct http_response *reply,
                    const struct now *now)
{
    x->request = *request;
    x->reply = reply;
    x->sent = SENT_NOTHING;
    x->err = 0;
    x->gate_open = x->write_broken = false;
    x->tx_len = x->tx_at = x->piece = 0;
    x->limited_ms = 0;
    x->look_in = 0;
    x->bytes_out = 0;
    x->attempt_ms = now->mono_ms + x->options->attempt_ms;
    tls_platform_set_time(now);
    x->reused = x->connected && still_open(x);
    if (x->reused) {
        (void)exchange_enter(x, EX_SEND, now->mono_ms + x->options->idle_ms);
        return;
    }
    if (x->connected) {
        exchange_hang_up(x, true, false);
    }
    (void)exchange_connect(x, now);
}

void exchange_go_on(struct exchange *x, const struct now *now)
{
    if (x->state == EX_GATE) {
        x->gate_open = true;
        (void)exchange_enter(x, EX_SEND, now->mono_ms + x->options->idle_ms);
    }
}

static enum want out_of_time(struct exchange *x, const struct now *now)
{
    if (now->mono_ms >= x->attempt_ms) {
        return exchange_finish(x, ERR_ATTEMPT_DEADLINE);
    }
    switch ((enum exchange_state)x->state) {
    case EX_LOOKUP:
        return exchange_finish(x, ERR_DNS_DEADLINE);
    case EX_CONNECT:
        return exchange_next_address(x, now, ERR_CONNECT_DEADLINE);
    case EX_TUNNEL:
    case EX_HANDSHAKE:
        return exchange_next_address(x, now, ERR_HANDSHAKE_DEADLINE);
    case EX_SEND:
        return exchange_finish(x, ERR_IDLE_DEADLINE);
    default:
        return exchange_finish(x, x->write_broken ? ERR_NETWORK : ERR_ANSWER_DEADLINE);
    }
}

static uint64_t end_ms(const struct exchange *x)
{
    bool phase = x->state != EX_GATE && x->phase_ms < x->attempt_ms;

    return phase ? x->phase_ms : x->attempt_ms;
}

uint64_t exchange_deadline_ms(const struct exchange *x)
{
    bool limited = x->state == EX_SEND && x->limited_ms != 0 && x->limited_ms < end_ms(x);

    return limited ? x->limited_ms : end_ms(x);
}

enum want exchange_step(struct exchange *x, const struct now *now)
{
    tls_platform_set_time(now);
    if (x->state != EX_IDLE && now->mono_ms >= end_ms(x)) {
        return out_of_time(x, now);
    }
    switch ((enum exchange_state)x->state) {
    case EX_LOOKUP:
        return exchange_lookup(x, now);
    case EX_CONNECT:
        return exchange_connected(x, now);
    case EX_TUNNEL:
        return exchange_tunnel(x, now);
    case EX_HANDSHAKE:
        return exchange_handshake(x, now);
    case EX_SEND:
        return exchange_send(x, now);
    case EX_GATE:
        return exchange_wait(x, WANT_GATE);
    case EX_RECEIVE:
        return exchange_receive(x);
    default:
        return exchange_wait(x, WANT_NOTHING);
    }
}
