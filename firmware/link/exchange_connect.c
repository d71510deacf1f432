#include "link/exchange_parts.h"

#include "base/err.h"

static enum want look_up(struct exchange *x, const struct now *now)
{
    const struct exchange_options *o = x->options;
    bool proxy = o->proxy_host != NULL;
    int err = x->net->resolve(x->net->ctx, proxy ? o->proxy_host : o->host,
                              proxy ? o->proxy_port : o->port);

    if (err != 0) {
        return exchange_finish(x, err);
    }
    return exchange_enter(x, EX_LOOKUP, now->mono_ms + o->lookup_ms);
}

static enum want connect_next(struct exchange *x, const struct now *now, int err)
{
    while (x->addr_at < x->addrs) {
        err = x->net->open(x->net->ctx, &x->addr[x->addr_at++]);
        if (err == 0) {
            return exchange_enter(x, EX_CONNECT, now->mono_ms + x->options->connect_ms);
        }
        x->net->close(x->net->ctx, true);
    }
    return exchange_finish(x, err);
}

/* Until the first request byte another address may do what this one did not (C21). */
enum want exchange_next_address(struct exchange *x, const struct now *now, int err)
{
    exchange_hang_up(x, false, true);
    return connect_next(x, now, err);
}

enum want exchange_connect(struct exchange *x, const struct now *now)
{
    x->addr_at = 0;
    return x->addrs > 0 ? connect_next(x, now, ERR_CONNECT) : look_up(x, now);
}

enum want exchange_lookup(struct exchange *x, const struct now *now)
{
    int n = x->net->resolved(x->net->ctx, x->addr, NET_ADDRS_MAX);

    if (n == NET_AGAIN) {
        return exchange_wait(x, WANT_LOOKUP);
    }
    if (n < 1 || n > NET_ADDRS_MAX) {
        return exchange_finish(x, n < 0 ? n : ERR_DNS);
    }
    x->addrs = (uint8_t)n;
    return connect_next(x, now, ERR_CONNECT);
}

static enum want begin_handshake(struct exchange *x, const struct now *now)
{
    int err = tls_start(&x->tls, x->options->host, now->wall_s);

    if (err != 0) {
        return exchange_finish(x, err);
    }
    return exchange_enter(x, EX_HANDSHAKE, x->phase_ms);
}

enum want exchange_connected(struct exchange *x, const struct now *now)
{
    const struct exchange_options *o = x->options;
    int err = x->net->connected(x->net->ctx);

    if (err == NET_AGAIN) {
        return exchange_wait(x, WANT_WRITE);
    }
    if (err != 0) {
        return exchange_next_address(x, now, err);
    }
    x->connections++;
    x->phase_ms = now->mono_ms + o->handshake_ms;
    if (o->proxy_host == NULL) {
        return begin_handshake(x, now);
    }
    err = tunnel_init(&x->tunnel, x->net, o->authority, o->proxy_credentials);
    return err == 0 ? exchange_enter(x, EX_TUNNEL, x->phase_ms) : exchange_finish(x, err);
}

enum want exchange_tunnel(struct exchange *x, const struct now *now)
{
    int err = tunnel_step(&x->tunnel);

    if (err == ERR_WAIT) {
        return exchange_wait(x, x->tunnel.want);
    }
    if (err == ERR_NETWORK || err == ERR_CLOSED) {
        return exchange_next_address(x, now, err);
    }
    return err == 0 ? begin_handshake(x, now) : exchange_finish(x, err);
}

/* The address that served is tried first from now on (C21). */
static void prefer_address(struct exchange *x)
{
    struct net_addr good = x->addr[x->addr_at - 1];

    x->addr[x->addr_at - 1] = x->addr[0];
    x->addr[0] = good;
}

enum want exchange_handshake(struct exchange *x, const struct now *now)
{
    int err = tls_handshake(&x->tls);

    if (err == ERR_WAIT) {
        return exchange_wait(x, x->tls.want);
    }
    if (err == ERR_NETWORK || err == ERR_CLOSED || x->tls.again) {
        x->addr_at = (uint8_t)(x->addr_at - x->tls.again);
        return exchange_next_address(x, now, err);
    }
    if (err == 0) { /* tx is free until the first request byte */
        err = tls_verify(&x->tls, x->options->host, now->wall_s, x->tx);
    }
    if (err != 0) {
        return exchange_finish(x, err);
    }
    x->connected = true;
    prefer_address(x);
    return exchange_enter(x, EX_SEND, now->mono_ms + x->options->idle_ms);
}
