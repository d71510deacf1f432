/* fetch: requests over real sockets for test_tls.py, with every setting of a link as NAME=VALUE.
 * Prints one line of name=value words for each request, detail last. */
#include "base/err.h"
#include "base/num.h"
#include "limits.h"
#include "link/exchange.h"
#include "link/tls_platform.h"
#include "linux/clock.h"
#include "linux/cpu.h"
#include "linux/disk.h"
#include "mbedtls/sha256.h"
#include "sockets/sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ARENA_MAX = 1 << 20, HEAD_CAP = 1024 };

struct settings {
    const char *host, *port, *ca, *connect, *authority, *proxy, *proxy_credentials;
    const char *pin, *cert, *key, *method, *target;
    const char *next_ca, *next_pin, *next_host; /* from the second request on */
    long requests, body, gate, hold_ms, wall, next_wall, arena, sndbuf, pause_ms, close, chacha;
    long lookup_ms, connect_ms, handshake_ms, idle_ms, answer_ms, attempt_ms;
};

struct fetch {
    struct settings set;
    struct sockets sockets;
    struct sockets_options sockets_options;
    struct net inner, net; /* net: inner with addresses and buffers as set */
    struct net_addr addr[NET_ADDRS_MAX];
    int addrs;
    struct disk disk;
    struct exchange x;
    struct exchange_options options;
    struct tls_options tls;
    struct http_response reply;
    uint64_t reply_bytes, at, len, started_ms, now_ms;
    int64_t wall_s;               /* 0: the real clock */
    const char *version, *cipher; /* of the last connection */
    char head[HEAD_CAP];
    mbedtls_sha256_context sha, reply_sha;
};

static uint64_t arena[ARENA_MAX / sizeof(uint64_t)];

static void die(const char *what)
{
    fprintf(stderr, "fetch: %s\n", what);
    exit(2);
}

struct word {
    const char *name;
    size_t at;
    bool text;
};

#define TEXT(name)                                                                                 \
    {                                                                                              \
#name, offsetof(struct settings, name), true                                               \
    }
#define NUMBER(name)                                                                               \
    {                                                                                              \
#name, offsetof(struct settings, name), false                                              \
    }

static const struct word WORDS[] = {
    TEXT(host),
    TEXT(port),
    TEXT(ca),
    TEXT(connect),
    TEXT(authority),
    TEXT(proxy),
    TEXT(proxy_credentials),
    TEXT(pin),
    TEXT(cert),
    TEXT(key),
    TEXT(method),
    TEXT(target),
    TEXT(next_ca),
    TEXT(next_pin),
    TEXT(next_host),
    NUMBER(requests),
    NUMBER(body),
    NUMBER(gate),
    NUMBER(hold_ms),
    NUMBER(wall),
    NUMBER(next_wall),
    NUMBER(arena),
    NUMBER(sndbuf),
    NUMBER(pause_ms),
    NUMBER(close),
    NUMBER(chacha),
    NUMBER(lookup_ms),
    NUMBER(connect_ms),
    NUMBER(handshake_ms),
    NUMBER(idle_ms),
    NUMBER(answer_ms),
    NUMBER(attempt_ms),
};

static void take_word(struct settings *s, const char *arg)
{
    const char *value = strchr(arg, '=');

    for (size_t i = 0; value != NULL && i < COUNT(WORDS); i++) {
        char *field = (char *)s + WORDS[i].at;

        if (strlen(WORDS[i].name) != (size_t)(value - arg) ||
            memcmp(arg, WORDS[i].name, (size_t)(value - arg)) != 0) {
            continue;
        }
        const char *text = value + 1;
        long number = strtol(text, NULL, 10);

        memcpy(field, WORDS[i].text ? (const void *)&text : &number,
               WORDS[i].text ? sizeof text : sizeof number);
        return;
    }
    die(arg);
}

static char *slurp(const char *path)
{
    char *text = calloc(1, 65536);
    FILE *f = fopen(path, "rb");

    if (f == NULL || text == NULL) {
        die(path);
    }
    (void)!fread(text, 1, 65535, f);
    fclose(f);
    return text;
}

/* The addresses of connect= in order, in place of a look-up. */
static int set_resolve(void *ctx, const char *host, uint16_t port)
{
    struct fetch *f = ctx;
    char list[256];

    if (f->set.connect == NULL) {
        return f->inner.resolve(f->inner.ctx, host, port);
    }
    snprintf(list, sizeof list, "%s", f->set.connect);
    f->addrs = 0;
    for (char *one = strtok(list, ","); one != NULL; one = strtok(NULL, ",")) {
        if (f->inner.resolve(f->inner.ctx, one, port) != 0 ||
            f->inner.resolved(f->inner.ctx, &f->addr[f->addrs++], 1) != 1) {
            die("connect= takes addresses");
        }
    }
    return 0;
}

static int set_resolved(void *ctx, struct net_addr *out, size_t cap)
{
    struct fetch *f = ctx;

    if (f->set.connect == NULL) {
        return f->inner.resolved(f->inner.ctx, out, cap);
    }
    memcpy(out, f->addr, (size_t)f->addrs * sizeof f->addr[0]);
    return f->addrs;
}

static int set_open(void *ctx, const struct net_addr *addr)
{
    struct fetch *f = ctx;
    int size = (int)f->set.sndbuf;
    int err = f->inner.open(f->inner.ctx, addr);

    if (err == 0 && size > 0) {
        (void)setsockopt(f->sockets.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
    return err;
}

static int set_connected(void *ctx)
{
    struct fetch *f = ctx;

    return f->inner.connected(f->inner.ctx);
}

static int set_send(void *ctx, const uint8_t *src, size_t len)
{
    struct fetch *f = ctx;

    return f->inner.send(f->inner.ctx, src, len);
}

static int set_recv(void *ctx, uint8_t *dst, size_t cap)
{
    struct fetch *f = ctx;

    return f->inner.recv(f->inner.ctx, dst, cap);
}

static void set_wait(void *ctx, unsigned want, uint32_t timeout_ms)
{
    struct fetch *f = ctx;

    f->inner.wait(f->inner.ctx, want, timeout_ms);
}

static void set_close(void *ctx, bool abort)
{
    struct fetch *f = ctx;

    f->inner.close(f->inner.ctx, abort);
}

static struct now now(struct fetch *f)
{
    struct now n = clock_now();

    if (f->wall_s != 0) {
        n.wall_s = f->wall_s + (int64_t)((n.mono_ms - f->started_ms) / 1000);
    }
    return n;
}

/* Byte `at` of a request: the head, then no short period, so that a lost or doubled piece shows. */
static int pull(void *ctx, uint8_t *dst, size_t cap)
{
    struct fetch *f = ctx;
    size_t head = strlen(f->head);
    uint64_t left = f->len - f->at, gate = (uint64_t)f->set.gate;

    if (gate > 0 && !f->x.gate_open) {
        left = left > gate ? left - gate : 0;
        if (left == 0) {
            return ERR_WAIT;
        }
    }
    cap = left < cap ? (size_t)left : cap;
    for (size_t i = 0; i < cap; i++, f->at++) {
        dst[i] =
            f->at < head ? (uint8_t)f->head[f->at] : (uint8_t)((f->at * 2654435761u) >> 13 ^ f->at);
    }
    if (f->at > head && cap > 0) {
        size_t from = f->at - cap < head ? head - (size_t)(f->at - cap) : 0;

        (void)mbedtls_sha256_update(&f->sha, dst + from, cap - from);
    }
    return (int)cap;
}

static int push(void *ctx, const uint8_t *src, size_t len)
{
    struct fetch *f = ctx;

    f->reply_bytes += len;
    (void)mbedtls_sha256_update(&f->reply_sha, src, len);
    return 0;
}

static void take_pins(struct trust_anchor *a, const char *hex)
{
    unsigned byte;

    for (a->pins = 0; hex != NULL && strlen(hex) >= 64 && a->pins < TLS_PINS_MAX; a->pins++) {
        for (size_t i = 0; i < 32; i++, hex += 2) {
            sscanf(hex, "%2x", &byte);
            a->pin[a->pins][i] = (uint8_t)byte;
        }
        hex += *hex == ',';
    }
}

static void open_ca(struct fetch *f, const char *path)
{
    if (disk_open(&f->disk, path) != 0) {
        die(path);
    }
    f->tls.anchor.ca = f->disk.file;
    f->tls.anchor.ca_id = f->disk.id;
}

static uint32_t limit(long set, uint32_t usual)
{
    return set > 0 ? (uint32_t)set : usual;
}

static void set_up(struct fetch *f)
{
    const struct settings *s = &f->set;
    static char proxy[128];

    f->inner = sockets_net(&f->sockets, &f->sockets_options);
    f->net = (struct net){.ctx = f,
                          .resolve = set_resolve,
                          .resolved = set_resolved,
                          .open = set_open,
                          .connected = set_connected,
                          .send = set_send,
                          .recv = set_recv,
                          .wait = set_wait,
                          .close = set_close};
    f->options = (struct exchange_options){.host = s->host,
                                           .port = (uint16_t)atoi(s->port),
                                           .authority = s->authority,
                                           .proxy_credentials = s->proxy_credentials,
                                           .lookup_ms = limit(s->lookup_ms, 10000),
                                           .connect_ms = limit(s->connect_ms, 10000),
                                           .handshake_ms = limit(s->handshake_ms, 30000),
                                           .idle_ms = limit(s->idle_ms, 60000),
                                           .answer_ms = limit(s->answer_ms, 60000),
                                           .attempt_ms = limit(s->attempt_ms, 600000)};
    if (s->proxy != NULL) {
        snprintf(proxy, sizeof proxy, "%s", s->proxy);
        char *colon = strrchr(proxy, ':');

        f->options.proxy_port = (uint16_t)atoi(colon + 1);
        *colon = '\0';
        f->options.proxy_host = proxy;
    }
    open_ca(f, s->ca);
    take_pins(&f->tls.anchor, s->pin);
    f->tls.client_cert = s->cert != NULL ? slurp(s->cert) : NULL;
    f->tls.client_key = s->key != NULL ? slurp(s->key) : NULL;
    f->tls.aes_fast = s->chacha == 0 && cpu_has_aes();
    f->wall_s = s->wall;
    f->started_ms = clock_now().mono_ms;
}

static void change(struct fetch *f)
{
    const struct settings *s = &f->set;

    if (s->next_ca != NULL) {
        disk_close(&f->disk);
        open_ca(f, s->next_ca);
    }
    if (s->next_pin != NULL) {
        take_pins(&f->tls.anchor, s->next_pin);
    }
    if (s->next_host != NULL) {
        f->options.host = s->next_host;
    }
    if (s->next_wall != 0) {
        f->wall_s = s->next_wall;
    }
}

static void start(struct fetch *f)
{
    const struct settings *s = &f->set;
    const struct sink sink = {push, f};
    struct now n = now(f);
    int len = snprintf(f->head, sizeof f->head, "%s %s HTTP/1.1\r\nHost: %s\r\n", s->method,
                       s->target, f->options.host);

    if (s->body > 0) {
        len += snprintf(f->head + len, sizeof f->head - (size_t)len, "Content-Length: %ld\r\n",
                        s->body);
    }
    len += snprintf(f->head + len, sizeof f->head - (size_t)len, "\r\n");
    f->len = (uint64_t)len + (uint64_t)s->body;
    f->at = 0;
    f->reply_bytes = 0;
    f->version = f->cipher = "";
    (void)mbedtls_sha256_starts(&f->sha, 0);
    (void)mbedtls_sha256_starts(&f->reply_sha, 0);
    http_response_init(&f->reply, NULL, 0, &sink);
    exchange_start(&f->x, &(struct source){pull, f}, &f->reply, &n);
}

static void run(struct fetch *f)
{
    for (;;) {
        struct now n = now(f);
        enum want want = exchange_step(&f->x, &n);
        uint64_t until = exchange_deadline_ms(&f->x);

        if (f->x.connected) {
            f->version = tls_version(&f->x.tls);
            f->cipher = tls_cipher(&f->x.tls);
        }
        if (want == WANT_NOTHING) {
            return;
        }
        if (want == WANT_GATE) {
            f->net.wait(f->net.ctx, WANT_TIME, (uint32_t)f->set.hold_ms);
            n = now(f);
            exchange_go_on(&f->x, &n);
        } else if (want != WANT_STEP) {
            f->net.wait(f->net.ctx, want, until > n.mono_ms ? (uint32_t)(until - n.mono_ms) : 0);
        }
    }
}

static void print_sha(const char *name, mbedtls_sha256_context *sha)
{
    uint8_t sum[32];

    (void)mbedtls_sha256_finish(sha, sum);
    printf(" %s=", name);
    for (size_t i = 0; i < sizeof sum; i++) {
        printf("%02x", sum[i]);
    }
}

static void report(struct fetch *f, uint64_t from_ms)
{
    static const char *const sent[] = {"nothing", "some", "to_gate", "all"};
    const struct tls *t = &f->x.tls;

    printf("err=%s code=-0x%04x status=%u sent=%s bytes_out=%llu reply_bytes=%llu",
           err_name(f->x.err), (unsigned)-t->code, f->reply.status, sent[f->x.sent],
           (unsigned long long)f->x.bytes_out, (unsigned long long)f->reply_bytes);
    printf(" version=%s cipher=%s resumed=%d reused=%d connections=%u", f->version, f->cipher,
           t->resumed, f->x.reused, f->x.connections);
    printf(" seen=%u broken=%u found=%u ms=%llu", t->report.seen, t->report.broken, t->report.found,
           (unsigned long long)(clock_now().mono_ms - from_ms));
    print_sha("body_sha", &f->sha);
    print_sha("reply_sha", &f->reply_sha);
    printf(" used=%zu peak=%zu detail=%s\n", tls_platform_used(), tls_platform_peak(),
           t->report.detail);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct fetch f = {.set = {.host = "localhost",
                                     .authority = "localhost:443",
                                     .method = "GET",
                                     .target = "/",
                                     .requests = 1,
                                     .arena = TLS_ARENA_CAP}};
    uint8_t probe;

    if (argc == 2 && strcmp(argv[1], "profile") == 0) {
        puts(OCBULK_PROFILE);
        return 0;
    }
    for (int i = 1; i < argc; i++) {
        take_word(&f.set, argv[i]);
    }
    if (f.set.port == NULL || f.set.ca == NULL || f.set.arena > ARENA_MAX ||
        device_random(&probe, 1) != 0) {
        die("port= and ca= are wanted");
    }
    int err = tls_platform_begin((uint8_t *)arena, (size_t)f.set.arena);
    size_t level = tls_platform_used();

    set_up(&f);
    err = err == 0 ? exchange_init(&f.x, &f.options, &f.tls, &f.net) : err;
    if (err != 0) {
        printf("err=%s code=-0x%04x\n", err_name(err), (unsigned)-f.x.tls.code);
        return 1;
    }
    for (long i = 0; i < f.set.requests; i++) {
        uint64_t from_ms = clock_now().mono_ms;

        start(&f);
        run(&f);
        report(&f, from_ms);
        if (f.set.close != 0) {
            exchange_close(&f.x, true);
        }
        f.net.wait(f.net.ctx, WANT_TIME, (uint32_t)f.set.pause_ms);
        if (i == 0) {
            change(&f);
        }
    }
    exchange_free(&f.x);
    printf("level=%zu end=%zu peak=%zu connections=%u\n", level, tls_platform_used(),
           tls_platform_peak(), f.x.connections);
    tls_platform_end();
    disk_close(&f.disk);
    return 0;
}
