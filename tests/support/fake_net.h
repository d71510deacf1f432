/* fake_net: a net without a network, for tests: a scripted resolver, addresses that fail or stay
 * silent, and a connection with short reads and writes, call-again patterns, a small window, a cut
 * after any byte. What the peer does is a function of the test's, called whenever bytes move. */
#ifndef OCBULK_TESTS_FAKE_NET_H
#define OCBULK_TESTS_FAKE_NET_H

#include "base/device.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAKE_PIPE = 1 << 22, FAKE_ADDRS = 8, FAKE_FOREVER = 1 << 30 };

struct fake_pipe {
    uint8_t *bytes;
    size_t len, at; /* written; read */
};

/* One address: what open and connected say. */
struct fake_way {
    int open;    /* 0 or an error */
    int again;   /* connected says NET_AGAIN this often */
    int connect; /* 0 or an error */
};

struct fake_net {
    /* the script; zero is a peer that connects at once and takes all */
    int resolve, lookup_again;
    int lookup; /* count of addresses, or an error; 0 counts as 1 */
    struct fake_way way[FAKE_ADDRS];
    size_t send_step, recv_step; /* bytes a call at most; 0: any */
    bool send_again, recv_again; /* every other call says again */
    size_t window;               /* bytes on the way to the peer at most; 0: any */
    size_t cut_out, cut_in;      /* a reset after so many bytes that way; 0: never */
    size_t stall_in;             /* nothing more arrives after so many bytes; 0: never */
    void (*peer)(void *ctx, struct fake_net *f);
    void *peer_ctx;
    /* set by the peer */
    bool end, reset;  /* when what it has sent is read */
    uint64_t next_ms; /* when it will do the next thing of its own; 0: never */
    uint64_t now_ms;  /* set by whoever drives */
    /* the record */
    char host[64];
    uint16_t port;
    unsigned lookups, opens, closes, aborts, sends, recvs, faults;
    int at; /* the address in use, -1: none */
    bool was_open;
    struct fake_pipe out, in; /* to the peer; from it */
    size_t peak;              /* bytes on the way to the peer at the most */
};

static inline void fake_pipe_put(struct fake_pipe *p, const void *src, size_t len)
{
    if (p->bytes == NULL) {
        p->bytes = malloc(FAKE_PIPE);
    }
    if (p->bytes == NULL || p->len + len > FAKE_PIPE) {
        abort();
    }
    memcpy(p->bytes + p->len, src, len);
    p->len += len;
}

static inline size_t fake_pipe_get(struct fake_pipe *p, void *dst, size_t cap)
{
    size_t n = p->len - p->at < cap ? p->len - p->at : cap;

    if (n > 0) {
        memcpy(dst, p->bytes + p->at, n);
    }
    p->at += n;
    return n;
}

/* Room for more, where the test lets bytes flow for long: what was read is forgotten. */
static inline void fake_pipe_shrink(struct fake_pipe *p)
{
    if (p->len > FAKE_PIPE / 2) {
        p->len -= p->at;
        memmove(p->bytes, p->bytes + p->at, p->len);
        p->at = 0;
    }
}

static inline void fake_pump(struct fake_net *f)
{
    if (f->peer != NULL) {
        f->peer(f->peer_ctx, f);
    }
}

static inline int fake_resolve(void *ctx, const char *host, uint16_t port)
{
    struct fake_net *f = ctx;

    f->lookups++;
    snprintf(f->host, sizeof f->host, "%s", host);
    f->port = port;
    return f->resolve;
}

static inline int fake_resolved(void *ctx, struct net_addr *out, size_t cap)
{
    struct fake_net *f = ctx;
    int n = f->lookup == 0 ? 1 : f->lookup;

    if (f->lookup_again > 0) {
        f->lookup_again--;
        return NET_AGAIN;
    }
    for (int i = 0; i < n; i++) {
        f->faults += (size_t)i >= cap;
        out[i] = (struct net_addr){.len = 1, .bytes = {(uint8_t)i}};
    }
    return n;
}

static inline int fake_open(void *ctx, const struct net_addr *addr)
{
    struct fake_net *f = ctx;

    f->opens++;
    f->faults += f->at >= 0 || addr->len != 1;
    f->at = addr->bytes[0];
    f->was_open = f->way[f->at].open == 0;
    f->out.len = f->out.at = f->in.len = f->in.at = 0;
    f->end = f->reset = false;
    return f->way[f->at].open;
}

static inline int fake_connected(void *ctx)
{
    struct fake_net *f = ctx;
    struct fake_way *way = &f->way[f->at];

    if (way->again > 0) {
        way->again -= way->again < FAKE_FOREVER;
        return NET_AGAIN;
    }
    return way->connect;
}

static inline int fake_send(void *ctx, const uint8_t *src, size_t len)
{
    struct fake_net *f = ctx;

    f->faults += f->at < 0 || len == 0;
    fake_pump(f);
    size_t room = f->window > 0 ? f->window - (f->out.len - f->out.at) : len;

    len = len < room ? len : room;
    if (f->reset || (f->cut_out > 0 && f->out.len >= f->cut_out)) {
        return ERR_NETWORK;
    }
    if (len == 0 || (f->send_again && f->sends++ % 2 == 0)) {
        return NET_AGAIN;
    }
    len = f->send_step > 0 && f->send_step < len ? f->send_step : len;
    len = f->cut_out > 0 && f->cut_out - f->out.len < len ? f->cut_out - f->out.len : len;
    fake_pipe_put(&f->out, src, len);
    if (f->out.len - f->out.at > f->peak) {
        f->peak = f->out.len - f->out.at;
    }
    fake_pump(f);
    return (int)len;
}

static inline int fake_recv(void *ctx, uint8_t *dst, size_t cap)
{
    struct fake_net *f = ctx;

    f->faults += f->at < 0 || cap == 0;
    if (f->recv_again && f->recvs % 2 == 0) {
        f->recvs++;
        return NET_AGAIN;
    }
    fake_pump(f);
    if (f->cut_in > 0) {
        size_t left = f->cut_in - f->in.at;

        if (left == 0) {
            return ERR_NETWORK;
        }
        cap = left < cap ? left : cap;
    }
    if (f->stall_in > 0) {
        cap = f->stall_in - f->in.at < cap ? f->stall_in - f->in.at : cap;
    }
    cap = f->recv_step > 0 && f->recv_step < cap ? f->recv_step : cap;
    int n = (int)fake_pipe_get(&f->in, dst, cap);

    f->recvs++;
    if (n > 0) {
        return n;
    }
    return f->reset ? ERR_NETWORK : f->end ? NET_END : NET_AGAIN;
}

static inline void fake_close(void *ctx, bool abort)
{
    struct fake_net *f = ctx;

    if (f->at >= 0) {
        fake_pump(f);
        f->closes++;
        f->aborts += abort;
    }
    f->at = -1;
}

/* Whether a wait for this would end before its time. */
static inline bool fake_ready(struct fake_net *f, unsigned want)
{
    if ((want & WANT_LOOKUP) != 0) {
        return f->lookup_again < FAKE_FOREVER;
    }
    if (f->at < 0 || f->way[f->at].again >= FAKE_FOREVER) {
        return false;
    }
    fake_pump(f);
    bool stalled = f->stall_in > 0 && f->in.at >= f->stall_in;
    bool readable = !stalled && (f->in.at < f->in.len || f->end || f->reset ||
                                 (f->cut_in > 0 && f->in.at >= f->cut_in) || f->recv_again);
    bool writable = f->window == 0 || f->out.len - f->out.at < f->window || f->reset;

    return ((want & WANT_READ) != 0 && readable) || ((want & WANT_WRITE) != 0 && writable);
}

static inline struct net fake_as_net(struct fake_net *f)
{
    f->at = -1;
    return (struct net){.ctx = f,
                        .resolve = fake_resolve,
                        .resolved = fake_resolved,
                        .open = fake_open,
                        .connected = fake_connected,
                        .send = fake_send,
                        .recv = fake_recv,
                        .close = fake_close};
}

static inline void fake_free(struct fake_net *f)
{
    free(f->out.bytes);
    free(f->in.bytes);
}

#endif
