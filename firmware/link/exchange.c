#include "link/exchange.h"

#include "base/err.h"
#include "link/tls_platform.h"

int exchange_init(struct exchange *x, const struct exchange_options *options,
                  const struct tls_options *tls, const struct net *net)
{
    *x = (struct exchange){.options = options, .net = net};
    return tls_init(&x->tls, tls, net);
}

static void hang_up(struct exchange *x, bool keep_session, bool abort)
{
    tls_close(&x->tls, keep_session);
    x->net->close(x->net->ctx, abort);
    x->connected = false;
}

void exchange_close(struct exchange *x, bool keep_session)
{
    hang_up(x, keep_session, x->state == EX_SEND || x->state == EX_GATE);
    x->state = EX_IDLE;
}

void exchange_free(struct exchange *x)
{
    exchange_close(x, false);
    tls_free(&x->tls);
}

static enum want wait_for(struct exchange *x, unsigned want)
{
    x->want = (uint8_t)want;
    return (enum want)want;
}

/* Over: with an error the connection goes too, after the alert or close_notify TLS owes. */
static enum want finish(struct exchange *x, int err)
{
    x->err = err;
    x->state = EX_IDLE;
    if (err != 0 || !x->reply->keep || x->sent != SENT_ALL) {
        hang_up(x, err == 0, err != 0 || x->sent != SENT_ALL);
    }
    return wait_for(x, WANT_NOTHING);
}

static enum want enter(struct exchange *x, enum exchange_state state, uint64_t deadline_ms)
{
    x->state = (uint8_t)state;
    x->phase_ms = deadline_ms;
    return wait_for(x, WANT_STEP);
}

static enum want look_up(struct exchange *x, const struct now *now)
{
    const struct exchange_options *o = x->options;
    bool proxy = o->proxy_host != NULL;
    int err = x->net->resolve(x->net->ctx, proxy ? o->proxy_host : o->host,
                              proxy ? o->proxy_port : o->port);

    if (err != 0) {
        return finish(x, err);
    }
    return enter(x, EX_LOOKUP, now->mono_ms + o->lookup_ms);
}

static enum want connect_next(struct exchange *x, const struct now *now, int err)
{
    while (x->addr_at < x->addrs) {
        err = x->net->open(x->net->ctx, &x->addr[x->addr_at++]);
        if (err == 0) {
            return enter(x, EX_CONNECT, now->mono_ms + x->options->connect_ms);
        }
        x->net->close(x->net->ctx, true);
    }
    x->addrs = 0; /* perhaps they moved: the next attempt asks again */
    return finish(x, err);
}

/* Until the first request byte another address may do what this one did not (C21). */
static enum want next_address(struct exchange *x, const struct now *now, int err)
{
    hang_up(x, false, true);
    return connect_next(x, now, err);
}

static enum want connect_anew(struct exchange *x, const struct now *now)
{
    x->addr_at = 0;
    return x->addrs > 0 ? connect_next(x, now, ERR_CONNECT) : look_up(x, now);
}

/* A kept connection that the service has closed meanwhile is seen before a byte is sent (C11). */
static bool still_open(struct exchange *x)
{
    return tls_recv(&x->tls, x->rx, 1) == ERR_WAIT;
}

void exchange_start(struct exchange *x, const struct source *request, struct http_response *reply,
                    const struct now *now)
{
    x->request = *request;
    x->reply = reply;
    x->sent = SENT_NOTHING;
    x->err = 0;
    x->gate_open = x->write_broken = false;
    x->tx_len = x->tx_at = 0;
    x->bytes_out = 0;
    x->attempt_ms = now->mono_ms + x->options->attempt_ms;
    tls_platform_set_time(now);
    x->reused = x->connected && still_open(x);
    if (x->reused) {
        (void)enter(x, EX_SEND, now->mono_ms + x->options->idle_ms);
        return;
    }
    if (x->connected) {
        hang_up(x, true, false);
    }
    (void)connect_anew(x, now);
}

static enum want step_lookup(struct exchange *x, const struct now *now)
{
    int n = x->net->resolved(x->net->ctx, x->addr, NET_ADDRS_MAX);

    if (n == NET_AGAIN) {
        return wait_for(x, WANT_LOOKUP);
    }
    if (n < 1 || n > NET_ADDRS_MAX) {
        return finish(x, n < 0 ? n : ERR_DNS);
    }
    x->addrs = (uint8_t)n;
    return connect_next(x, now, ERR_CONNECT);
}

static enum want begin_handshake(struct exchange *x, const struct now *now)
{
    int err = tls_start(&x->tls, x->options->host);

    (void)now;
    if (err != 0) {
        return finish(x, err);
    }
    return enter(x, EX_HANDSHAKE, x->phase_ms);
}

static enum want step_connect(struct exchange *x, const struct now *now)
{
    const struct exchange_options *o = x->options;
    int err = x->net->connected(x->net->ctx);

    if (err == NET_AGAIN) {
        return wait_for(x, WANT_WRITE);
    }
    if (err != 0) {
        return next_address(x, now, err);
    }
    x->connections++;
    x->phase_ms = now->mono_ms + o->handshake_ms;
    if (o->proxy_host == NULL) {
        return begin_handshake(x, now);
    }
    err = tunnel_init(&x->tunnel, x->net, o->authority, o->proxy_credentials);
    return err == 0 ? enter(x, EX_TUNNEL, x->phase_ms) : finish(x, err);
}

static enum want step_tunnel(struct exchange *x, const struct now *now)
{
    int err = tunnel_step(&x->tunnel);

    if (err == ERR_WAIT) {
        return wait_for(x, x->tunnel.want);
    }
    return err == 0 ? begin_handshake(x, now) : finish(x, err);
}

static enum want step_handshake(struct exchange *x, const struct now *now)
{
    int err = tls_handshake(&x->tls);

    if (err == ERR_WAIT) {
        return wait_for(x, x->tls.want);
    }
    if (err == ERR_NETWORK || err == ERR_CLOSED) {
        return next_address(x, now, err);
    }
    if (err == 0) { /* tx is free until the first request byte */
        err = tls_verify(&x->tls, x->options->host, now->wall_s, x->tx);
    }
    if (err != 0) {
        return finish(x, err);
    }
    x->connected = true;
    return enter(x, EX_SEND, now->mono_ms + x->options->idle_ms);
}

/* Takes what has arrived: ERR_WAIT, 0 when the reply is whole, or an error. */
static int take_reply(struct exchange *x)
{
    for (;;) {
        int n = tls_recv(&x->tls, x->rx, sizeof x->rx);

        if (n == ERR_WAIT && x->tls.want == WANT_STEP) {
            continue; /* a session ticket; each is a whole record of the peer's, so this ends */
        }
        if (n == ERR_WAIT) {
            return ERR_WAIT;
        }
        if (n <= 0) {
            bool clean = n == 0;

            if (!x->reply->started) {
                return clean || n == ERR_CLOSED ? ERR_CLOSED : n;
            }
            int err = clean || n == ERR_CLOSED ? http_response_finish(x->reply, clean) : n;
            return err;
        }
        int used = http_response_push(x->reply, x->rx, (size_t)n);

        if (used < 0) {
            return used;
        }
        if (x->reply->done) {
            x->reply->keep = x->reply->keep && used == n; /* nobody asked for more */
            return 0;
        }
    }
}

/* Fills tx: 0 when it holds something, 1 at the end, ERR_WAIT at the gate, or an error. */
static int refill(struct exchange *x)
{
    x->tx_at = x->tx_len = 0;
    while (x->tx_len < sizeof x->tx) {
        int n = source_pull(&x->request, x->tx + x->tx_len, sizeof x->tx - x->tx_len);

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

/* One buffer at most: 0 sent and more is due, 1 all sent, ERR_WAIT: socket full or gate, or an
 * error. The end is looked for at once, so that a quick answer is not taken for an early one. */
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
        int n = tls_send(&x->tls, x->tx + x->tx_at, x->tx_len - x->tx_at);

        /* Even a write that said "again" may have put bytes on the wire. */
        x->sent = x->sent > SENT_SOME ? x->sent : SENT_SOME;
        if (n <= 0) {
            return n;
        }
        sent = true;
        x->tx_at += (size_t)n;
        x->bytes_out += (uint64_t)n;
        x->phase_ms = now->mono_ms + x->options->idle_ms;
    }
}

static enum want early_reply(struct exchange *x, const struct now *now)
{
    int err = take_reply(x);

    if (err == 0) {
        return finish(x, 0);
    }
    if (err == ERR_WAIT && x->reply->head_done) {
        return enter(x, EX_RECEIVE, now->mono_ms + x->options->answer_ms);
    }
    return err == ERR_WAIT ? WANT_STEP : finish(x, err);
}

static enum want step_send(struct exchange *x, const struct now *now)
{
    enum want early = early_reply(x, now);

    if (early != WANT_STEP || x->state != EX_SEND) {
        return early;
    }
    int err = send_some(x, now);

    if (err == 0) {
        return wait_for(x, WANT_STEP);
    }
    if (err == 1) {
        x->sent = SENT_ALL;
        return enter(x, EX_RECEIVE, now->mono_ms + x->options->answer_ms);
    }
    if (err == ERR_WAIT && x->tls.want == WANT_GATE) {
        x->sent = SENT_TO_GATE;
        x->state = EX_GATE;
        return wait_for(x, WANT_GATE);
    }
    if (err == ERR_WAIT) {
        return wait_for(x, (unsigned)x->tls.want | WANT_READ);
    }
    if (err == ERR_NETWORK) { /* the reason may be waiting to be read (C10) */
        x->write_broken = true;
        return enter(x, EX_RECEIVE, now->mono_ms + x->options->idle_ms);
    }
    return finish(x, err);
}

static enum want step_receive(struct exchange *x, const struct now *now)
{
    int err = take_reply(x);

    (void)now;
    if (err == ERR_WAIT) {
        return wait_for(x, x->tls.want);
    }
    if (err != 0 && x->write_broken && !x->reply->head_done) {
        err = ERR_NETWORK;
    }
    return finish(x, err);
}

void exchange_go_on(struct exchange *x, const struct now *now)
{
    if (x->state == EX_GATE) {
        x->gate_open = true;
        (void)enter(x, EX_SEND, now->mono_ms + x->options->idle_ms);
    }
}

static enum want out_of_time(struct exchange *x, const struct now *now)
{
    if (now->mono_ms >= x->attempt_ms) {
        return finish(x, ERR_ATTEMPT_DEADLINE);
    }
    switch ((enum exchange_state)x->state) {
    case EX_LOOKUP:
        return finish(x, ERR_DNS_DEADLINE);
    case EX_CONNECT:
        return next_address(x, now, ERR_CONNECT_DEADLINE);
    case EX_TUNNEL:
    case EX_HANDSHAKE:
        return next_address(x, now, ERR_HANDSHAKE_DEADLINE);
    case EX_SEND:
        return finish(x, ERR_IDLE_DEADLINE);
    default:
        return finish(x, x->write_broken ? ERR_NETWORK : ERR_ANSWER_DEADLINE);
    }
}

uint64_t exchange_deadline_ms(const struct exchange *x)
{
    bool phase = x->state != EX_GATE && x->phase_ms < x->attempt_ms;

    return phase ? x->phase_ms : x->attempt_ms;
}

enum want exchange_step(struct exchange *x, const struct now *now)
{
    tls_platform_set_time(now);
    if (x->state != EX_IDLE && now->mono_ms >= exchange_deadline_ms(x)) {
        return out_of_time(x, now);
    }
    switch ((enum exchange_state)x->state) {
    case EX_LOOKUP:
        return step_lookup(x, now);
    case EX_CONNECT:
        return step_connect(x, now);
    case EX_TUNNEL:
        return step_tunnel(x, now);
    case EX_HANDSHAKE:
        return step_handshake(x, now);
    case EX_SEND:
        return step_send(x, now);
    case EX_GATE:
        return wait_for(x, WANT_GATE);
    case EX_RECEIVE:
        return step_receive(x, now);
    default:
        return wait_for(x, WANT_NOTHING);
    }
}
