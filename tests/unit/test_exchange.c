/* exchange as far as no peer speaks TLS: look-up, addresses, tunnel, deadlines by a fake clock.
 * What comes behind the handshake: tests/tls/test_exchange.c. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "attempt.h"

#define NEVER FAKE_FOREVER

enum kind { SILENT, CLOSES, RESETS, SAYS, DRIPS, FLOODS };

/* What each address does once it is connected. */
struct act {
    enum kind kind;
    const char *text;
    size_t len;
};

static void perform(void *ctx, struct fake_net *f)
{
    const struct act *act = (const struct act *)ctx + (f->at < 0 ? 0 : f->at);

    if (f->at < 0 || f->out.len == 0) {
        return; /* nothing before our first byte */
    }
    switch (act->kind) {
    case SILENT:
        break;
    case CLOSES:
        f->end = true;
        break;
    case RESETS:
        f->reset = true;
        break;
    case SAYS:
        if (f->in.len == 0) {
            fake_pipe_put(&f->in, act->text, act->len);
        }
        break;
    case DRIPS:
        if (f->now_ms >= f->next_ms) {
            fake_pipe_put(&f->in, act->text + f->in.len % act->len, 1);
            f->next_ms = f->now_ms + 5000;
        }
        break;
    case FLOODS:
        if (f->in.at == f->in.len) {
            f->in.at = f->in.len = 0;
            fake_pipe_put(&f->in, act->text, act->len);
        }
        break;
    }
}

struct row {
    const char *name;
    struct fake_net f;
    struct act act[4];
    const char *proxy;
    uint32_t attempt_ms; /* 0: the usual */
    int want;
    uint64_t took_ms;
    unsigned opens;
};

#define TEXT(s) s, sizeof(s) - 1
#define WARNING "\x15\x03\x03\x00\x02\x01\x5a" /* user_canceled, as a warning */
#define CCS     "\x14\x03\x03\x00\x01\x01"
#define HELLO   "\x16\x03\x03\x00\x40\x02\x00\x00\x3c"
#define OPEN    "HTTP/1.1 200 OK\r\n\r\n"

static const struct row ROWS[] = {
    {.name = "the look-up cannot start", .f = {.resolve = ERR_DNS}, .want = ERR_DNS},
    {.name = "the name is unknown", .f = {.lookup = ERR_DNS}, .want = ERR_DNS},
    {.name = "the name is unknown after a while",
     .f = {.lookup = ERR_DNS, .lookup_again = 100},
     .want = ERR_DNS,
     .took_ms = 100},
    {.name = "the resolver is silent (S06)",
     .f = {.lookup_again = NEVER},
     .want = ERR_DNS_DEADLINE,
     .took_ms = 10000},
    {.name = "the resolver is silent, the attempt shorter than the look-up's limit",
     .f = {.lookup_again = NEVER},
     .attempt_ms = 7000,
     .want = ERR_ATTEMPT_DEADLINE,
     .took_ms = 7000},
    {.name = "no route at once",
     .f = {.way = {{.open = ERR_CONNECT}}},
     .want = ERR_CONNECT,
     .opens = 1},
    {.name = "refused", .f = {.way = {{.connect = ERR_CONNECT}}}, .want = ERR_CONNECT, .opens = 1},
    {.name = "no answer to the SYN",
     .f = {.way = {{.again = NEVER}}},
     .want = ERR_CONNECT_DEADLINE,
     .took_ms = 10000,
     .opens = 1},
    {.name = "first no route, then refused (C21a)",
     .f = {.lookup = 2, .way = {{.open = ERR_CONNECT}, {.connect = ERR_CONNECT}}},
     .want = ERR_CONNECT,
     .opens = 2},
    {.name = "first no answer, then no route (C21b)",
     .f = {.lookup = 2, .way = {{.again = NEVER}, {.open = ERR_CONNECT}}},
     .want = ERR_CONNECT,
     .took_ms = 10000,
     .opens = 2},
    {.name = "first TLS silent, then refused (C21c, C19)",
     .f = {.lookup = 2, .way = {{0}, {.connect = ERR_CONNECT}}},
     .want = ERR_CONNECT,
     .took_ms = 30000,
     .opens = 2},
    {.name = "three silent ones: each has its own limit",
     .f = {.lookup = 3, .way = {{.again = NEVER}, {0}, {.again = NEVER}}},
     .want = ERR_CONNECT_DEADLINE,
     .took_ms = 50000,
     .opens = 3},
    {.name = "eight silent ones: the attempt's limit ends it",
     .f = {.lookup = 8},
     .attempt_ms = 100000,
     .want = ERR_ATTEMPT_DEADLINE,
     .took_ms = 100000,
     .opens = 4},
    {.name = "TLS silent (C19)", .want = ERR_HANDSHAKE_DEADLINE, .took_ms = 30000, .opens = 1},
    {.name = "closed in the handshake", .act = {{CLOSES, NULL, 0}}, .want = ERR_CLOSED, .opens = 1},
    {.name = "closed in the handshake, the next address too (C21)",
     .f = {.lookup = 2},
     .act = {{CLOSES, NULL, 0}, {CLOSES, NULL, 0}},
     .want = ERR_CLOSED,
     .opens = 2},
    {.name = "reset in the handshake, the next address is silent (C21)",
     .f = {.lookup = 2},
     .act = {{RESETS, NULL, 0}},
     .want = ERR_HANDSHAKE_DEADLINE,
     .took_ms = 30000,
     .opens = 2},
    {.name = "plain HTTP on the port: no other address is tried",
     .f = {.lookup = 2},
     .act = {{SAYS, TEXT("HTTP/1.1 400 Bad Request\r\n\r\n")}},
     .want = ERR_TLS_HANDSHAKE,
     .opens = 1},
    {.name = "a handshake alert",
     .act = {{SAYS, TEXT("\x15\x03\x03\x00\x02\x02\x28")}},
     .want = ERR_TLS_HANDSHAKE,
     .opens = 1},
    {.name = "a byte of a hello every 5 s (C19)",
     .act = {{DRIPS, TEXT(HELLO)}},
     .want = ERR_HANDSHAKE_DEADLINE,
     .took_ms = 30000,
     .opens = 1},
    {.name = "warnings without end hold nobody beyond the deadline",
     .act = {{FLOODS, TEXT(WARNING)}},
     .want = ERR_HANDSHAKE_DEADLINE,
     .took_ms = 30000,
     .opens = 1},
    {.name = "a proxy is silent",
     .proxy = "proxy.example.net",
     .want = ERR_HANDSHAKE_DEADLINE,
     .took_ms = 30000,
     .opens = 1},
    {.name = "a proxy's answer drips",
     .proxy = "proxy.example.net",
     .act = {{DRIPS, TEXT(OPEN)}},
     .want = ERR_HANDSHAKE_DEADLINE,
     .took_ms = 30000,
     .opens = 1},
    {.name = "a proxy closes, the next address too",
     .f = {.lookup = 2},
     .proxy = "proxy.example.net",
     .act = {{CLOSES, NULL, 0}, {CLOSES, NULL, 0}},
     .want = ERR_CLOSED,
     .opens = 2},
    {.name = "a proxy refuses: no other address is tried",
     .f = {.lookup = 2},
     .proxy = "proxy.example.net",
     .act = {{SAYS, TEXT("HTTP/1.1 403 Forbidden\r\n\r\n")}},
     .want = ERR_PROXY,
     .opens = 1},
    {.name = "a proxy wants credentials",
     .proxy = "proxy.example.net",
     .act = {{SAYS, TEXT("HTTP/1.1 407 Who\r\n\r\n")}},
     .want = ERR_PROXY_CREDENTIALS,
     .opens = 1},
    {.name = "a proxy lets through, the service behind is silent",
     .proxy = "proxy.example.net",
     .act = {{SAYS, TEXT(OPEN)}},
     .want = ERR_HANDSHAKE_DEADLINE,
     .took_ms = 30000,
     .opens = 1},
    {.name = "a proxy lets through and goes on in plain HTTP",
     .proxy = "proxy.example.net",
     .act = {{SAYS, TEXT(OPEN "HTTP/1.1 200 OK\r\n\r\n")}},
     .want = ERR_TLS_HANDSHAKE,
     .opens = 1},
};

static void load(struct attempt *a, const struct row *row)
{
    *a = (struct attempt){.f = row->f};
    a->options.proxy_host = row->proxy;
    a->options.proxy_port = 3128;
    a->f.peer = perform;
    a->f.peer_ctx = (void *)(uintptr_t)row->act;
    attempt_open(a, "root.pem");
    if (row->attempt_ms > 0) {
        a->options.attempt_ms = row->attempt_ms;
    }
}

static void connects_or_says_why_not(void **state)
{
    size_t used = tls_platform_used();

    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct row *row = &ROWS[i];
        struct attempt a;

        load(&a, row);
        attempt_start(&a, "GET / HTTP/1.1\r\n\r\n", 0);
        int err = attempt_run(&a);

        uint64_t took_ms = a.now.mono_ms - 5000; /* a step costs one, too */

        if (err != row->want || took_ms < row->took_ms || took_ms > row->took_ms + 20 ||
            a.f.opens != row->opens) {
            fail_msg("%s: %s after %llu ms, %u opened", row->name, err_name(err),
                     (unsigned long long)took_ms, a.f.opens);
        }
        assert_int_equal(a.x.sent, SENT_NOTHING);
        assert_int_equal(a.at, 0);
        assert_int_equal(a.f.at, -1);
        assert_string_equal(a.f.host, row->proxy != NULL ? row->proxy : "localhost");
        assert_int_equal(a.f.port, row->proxy != NULL ? 3128 : 443);
        assert_true(a.recvs_peak <= 64);
        attempt_close(&a);
        assert_int_equal(tls_platform_used(), used);
    }
}

/* Closed behind any step: nothing stays open, and the next attempt is a fresh one. */
static void may_be_closed_at_any_step(void **state)
{
    size_t used = tls_platform_used();

    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        for (int steps = 0; steps < 12; steps++) {
            struct attempt a;

            load(&a, &ROWS[i]);
            attempt_start(&a, "GET / HTTP/1.1\r\n\r\n", 0);
            for (int s = 0; s < steps; s++) {
                enum want want = exchange_step(&a.x, &a.now);

                if (want != WANT_STEP && want != WANT_NOTHING) {
                    attempt_wait(&a, want);
                }
            }
            exchange_close(&a.x, true);
            assert_int_equal(a.f.at, -1);
            assert_int_equal(exchange_step(&a.x, &a.now), WANT_NOTHING);
            a.now.mono_ms = 5000;
            for (size_t w = 0; w < FAKE_ADDRS; w++) {
                a.f.way[w] = (struct fake_way){.connect = ERR_CONNECT};
            }
            a.f.lookup_again = 0;
            a.f.lookup = 1;
            a.f.resolve = 0;
            attempt_start(&a, "GET / HTTP/1.1\r\n\r\n", 0);
            assert_int_equal(attempt_run(&a), ERR_CONNECT);
            attempt_close(&a);
            assert_int_equal(tls_platform_used(), used);
        }
    }
}

static void a_failure_makes_the_next_attempt_look_up_again(void **state)
{
    struct attempt a;

    (void)state;
    load(&a, &(struct row){.act = {{SAYS, TEXT("HTTP/1.1 400 Bad Request\r\n\r\n")}}});
    for (unsigned i = 1; i <= 3; i++) {
        attempt_start(&a, "GET / HTTP/1.1\r\n\r\n", 0);
        assert_int_equal(attempt_run(&a), ERR_TLS_HANDSHAKE);
        assert_int_equal(a.f.lookups, i);
    }
    attempt_close(&a);
}

static void waits_for_entropy(void **state)
{
    struct attempt a;

    (void)state;
    load(&a, &(struct row){.name = ""});
    arena_no_entropy = true;
    attempt_start(&a, "GET / HTTP/1.1\r\n\r\n", 0);
    assert_int_equal(attempt_run(&a), ERR_ENTROPY);
    arena_no_entropy = false;
    assert_int_equal(a.f.out.len, 0);
    attempt_close(&a);
}

/* The proxy's credentials go to the proxy, and the service's hello only behind its answer. */
static void tells_the_proxy_only_what_it_needs(void **state)
{
    static const char want[] = "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n"
                               "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n";
    struct attempt a;

    (void)state;
    load(&a, &(struct row){.proxy = "proxy.example.net"});
    a.options.proxy_credentials = "Basic dXNlcjpwYXNz";
    attempt_start(&a, "GET /secret HTTP/1.1\r\n\r\n", 0);
    assert_int_equal(attempt_run(&a), ERR_HANDSHAKE_DEADLINE);
    assert_int_equal(a.f.out.len, sizeof want - 1);
    assert_memory_equal(a.f.out.bytes, want, sizeof want - 1);
    attempt_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connects_or_says_why_not),
        cmocka_unit_test(may_be_closed_at_any_step),
        cmocka_unit_test(a_failure_makes_the_next_attempt_look_up_again),
        cmocka_unit_test(waits_for_entropy),
        cmocka_unit_test(tells_the_proxy_only_what_it_needs),
    };

    certs_make();
    arena_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
