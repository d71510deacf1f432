/* attempt: drives an exchange over a fake net by a fake clock, for tests. A wait takes one
 * millisecond when it would end, else it lasts until the peer's next act or the deadline. */
#ifndef OCBULK_TESTS_ATTEMPT_H
#define OCBULK_TESTS_ATTEMPT_H

#include "arena.h"
#include "base/stream.h"
#include "certs.h"
#include "fake_net.h"
#include "link/exchange.h"

struct attempt {
    struct exchange x;
    struct exchange_options options;
    struct tls_options tls;
    struct fake_net f;
    struct net net;
    struct now now;
    struct memory_file ca;
    char *bundle;
    struct http_response reply;
    char body[65536]; /* of the reply, as far as it fits, with a final 0 */
    size_t body_len;
    /* the request */
    const char *head;
    uint64_t len;        /* all bytes of it; behind the head a pattern */
    uint64_t gate;       /* bytes withheld until opened; 0: no gate */
    uint64_t at;         /* given so far */
    size_t pull_step;    /* bytes a pull; 0: any */
    uint64_t fail_at;    /* the source fails behind so many; 0: never */
    unsigned recvs_peak; /* reads of the socket in one step */
};

/* Byte `at` of a body: no short period, so that a lost or doubled piece shows. */
static inline uint8_t attempt_byte(uint64_t at)
{
    return (uint8_t)((at * 2654435761u) >> 13 ^ at);
}

static inline int attempt_pull(void *ctx, uint8_t *dst, size_t cap)
{
    struct attempt *a = ctx;
    size_t head = strlen(a->head);
    uint64_t left = a->len - a->at;

    if (a->gate > 0 && !a->x.gate_open) {
        left = left > a->gate ? left - a->gate : 0;
        if (left == 0) {
            return ERR_WAIT;
        }
    }
    if (a->fail_at > 0 && a->at >= a->fail_at) {
        return ERR_SOURCE_CHANGED;
    }
    cap = a->pull_step > 0 && a->pull_step < cap ? a->pull_step : cap;
    cap = left < cap ? (size_t)left : cap;
    for (size_t i = 0; i < cap; i++, a->at++) {
        dst[i] = a->at < head ? (uint8_t)a->head[a->at] : attempt_byte(a->at);
    }
    return (int)cap;
}

static inline int attempt_push(void *ctx, const uint8_t *src, size_t len)
{
    struct attempt *a = ctx;

    for (size_t i = 0; i < len && a->body_len + 1 < sizeof a->body; i++) {
        a->body[a->body_len++] = (char)src[i];
    }
    a->body[a->body_len] = '\0';
    return 0;
}

static inline void attempt_open(struct attempt *a, const char *bundle)
{
    a->bundle = certs_text(bundle);
    a->ca = (struct memory_file){
        .bytes = (const uint8_t *)a->bundle, .len = strlen(a->bundle), .fail_at = -1};
    a->tls.anchor.ca = memory_as_file(&a->ca);
    a->tls.anchor.ca_id = 7;
    if (a->options.host == NULL) {
        a->options.host = "localhost";
    }
    a->options.port = 443;
    a->options.authority = "localhost:443";
    if (a->options.attempt_ms == 0) {
        a->options.lookup_ms = 10000;
        a->options.connect_ms = 10000;
        a->options.handshake_ms = 30000;
        a->options.idle_ms = 60000;
        a->options.answer_ms = 300000;
        a->options.attempt_ms = 3900000;
    }
    a->now = (struct now){.mono_ms = 5000, .wall_s = ARENA_NOW_S};
    a->net = fake_as_net(&a->f);
    if (exchange_init(&a->x, &a->options, &a->tls, &a->net) != 0) {
        abort();
    }
}

static inline void attempt_close(struct attempt *a)
{
    exchange_free(&a->x);
    fake_free(&a->f);
    free(a->bundle);
}

/* `len` bytes in all: the head, then a body as long as is missing. */
static inline void attempt_start(struct attempt *a, const char *head, uint64_t len)
{
    const struct sink sink = {attempt_push, a};

    a->head = head;
    a->len = len > strlen(head) ? len : strlen(head);
    a->at = 0;
    a->body_len = 0;
    a->body[0] = '\0';
    a->f.now_ms = a->now.mono_ms;
    http_response_init(&a->reply, NULL, 0, &sink);
    exchange_start(&a->x, &(struct source){attempt_pull, a}, &a->reply, &a->now);
}

static inline void attempt_wait(struct attempt *a, unsigned want)
{
    uint64_t until = exchange_deadline_ms(&a->x);

    if (fake_ready(&a->f, want)) {
        until = a->now.mono_ms + 1;
    } else if (a->f.next_ms > a->now.mono_ms && a->f.next_ms < until) {
        until = a->f.next_ms;
    }
    a->now.wall_s += (int64_t)(until / 1000 - a->now.mono_ms / 1000);
    a->now.mono_ms = until;
    a->f.now_ms = until;
}

/* Its end, ERR_WAIT at the gate, or ERR_INTERNAL when it never ends. */
static inline int attempt_run(struct attempt *a)
{
    for (int i = 0; i < 3000000; i++) {
        unsigned recvs = a->f.recvs;
        enum want want = exchange_step(&a->x, &a->now);

        recvs = a->f.recvs - recvs;
        a->recvs_peak = recvs > a->recvs_peak ? recvs : a->recvs_peak;
        if (want == WANT_NOTHING) {
            return a->f.faults == 0 ? a->x.err : ERR_INTERNAL;
        }
        if (want == WANT_GATE) {
            return ERR_WAIT;
        }
        if (want == WANT_STEP) {
            a->now.mono_ms++; /* work takes time too */
            a->f.now_ms = a->now.mono_ms;
        } else {
            if (exchange_deadline_ms(&a->x) <= a->now.mono_ms) {
                return ERR_INTERNAL; /* it should have been told at once */
            }
            attempt_wait(a, want);
        }
    }
    return ERR_INTERNAL;
}

#endif
