/* limit_rate over a whole exchange with a TLS peer of another make (GnuTLS), by a fake clock. */
/* LIBS: -lgnutls */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "scene.h"

#define GET       "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define POST      "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n"
#define POST_LEN  (sizeof POST - 1 + 200000)
#define REPLY     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define TOO_LARGE "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

/* Drives one attempt and holds every step of it to the rate, by what the socket was given since the
 * request began. */
struct meter {
    uint64_t begin_ms, took_ms; /* from the request's first byte to the end of the attempt */
    size_t begin;               /* of what the socket was given */
    unsigned steps, waits;      /* while sending; for limit_rate */
};

static void hold_rate(const struct attempt *a, uint32_t per_s, struct meter *m)
{
    uint64_t most = rate_piece(per_s) + (a->now.mono_ms - m->begin_ms + 2) * per_s / 1000;

    if (a->x.sent == SENT_NOTHING) {
        m->begin_ms = a->now.mono_ms;
        m->begin = a->f.out.len;
    } else { /* TLS adds some 30 bytes to a piece */
        assert_true(a->f.out.len - m->begin <= most + most / 16 + 64);
    }
}

static int run(struct scene *s, uint32_t per_s, struct meter *m)
{
    struct attempt *a = &s->a;
    unsigned all = 0;

    *m = (struct meter){.begin_ms = a->now.mono_ms, .begin = a->f.out.len};
    for (;;) {
        enum want want = exchange_step(&a->x, &a->now);

        hold_rate(a, per_s, m);
        m->steps += a->x.state == EX_SEND;
        if (want == WANT_NOTHING || want == WANT_GATE) {
            m->took_ms = a->now.mono_ms - m->begin_ms;
            return want == WANT_GATE ? ERR_WAIT : a->x.err;
        }
        assert_true(all++ < 200000);
        if (want == WANT_STEP) {
            continue; /* work takes no time here */
        }
        if ((want & WANT_TIME) != 0) {
            assert_int_equal(want, WANT_TIME | WANT_READ);
            assert_true(exchange_deadline_ms(&a->x) > a->now.mono_ms);
            assert_true(exchange_deadline_ms(&a->x) <= a->now.mono_ms + 1000);
            m->waits++;
        }
        attempt_wait(a, want);
    }
}

static int limited(struct scene *s, uint32_t per_s, const char *head, uint64_t len, struct meter *m)
{
    s->a.options.limit_rate = per_s;
    attempt_start(&s->a, head, len);
    return run(s, per_s, m);
}

static void a_request_takes_as_long_as_it_must(void **state)
{
    static const uint32_t rates[] = {1024, 5000, 102400, 1 << 20, 1 << 30};

    (void)state;
    for (size_t i = 0; i < 2 * COUNT(rates); i++) {
        uint32_t per_s = rates[i / 2];
        struct scene s = {
            .p = {.priority = VERSIONS[i % 2], .reply = REPLY, .reply_after = POST_LEN}};
        struct meter m;

        open_scene(&s, "good", "root.pem");
        s.a.options.idle_ms = 1000; /* shorter than the whole by far, and no longer than a wait */
        assert_int_equal(limited(&s, per_s, POST, POST_LEN, &m), 0);
        assert_int_equal(s.p.got_len, POST_LEN);
        assert_string_equal(s.a.body, "hello");
        uint64_t want_ms = (POST_LEN - rate_piece(per_s)) * 1000ull / per_s;

        assert_true(m.took_ms + 2 >= want_ms && m.took_ms <= want_ms + 1010);
        /* a wait for each piece at most, of which each buffer has a smaller one: no busy loop */
        unsigned pieces = (unsigned)(POST_LEN / rate_piece(per_s) + POST_LEN / 4096 + 4);

        assert_true(m.waits <= pieces && m.steps <= 3 * pieces);
        close_scene(&s);
    }
}

static void no_limit_waits_for_nothing(void **state)
{
    struct scene s = {.p = {.reply = REPLY, .reply_after = POST_LEN}};

    (void)state;
    open_scene(&s, "good", "root.pem");
    attempt_start(&s.a, POST, POST_LEN);
    for (enum want want; want = exchange_step(&s.a.x, &s.a.now), want != WANT_NOTHING;) {
        assert_true((want & WANT_TIME) == 0);
        if (want != WANT_STEP) {
            attempt_wait(&s.a, want);
        }
    }
    assert_int_equal(s.a.x.err, 0);
    assert_int_equal(s.p.got_len, POST_LEN);
    close_scene(&s);
}

/* Sockets that take little, or not at once, change nothing of the bytes (C18) nor of the rate. */
static void bytes_stay_in_order_whatever_the_socket_does(void **state)
{
    static const struct {
        size_t send_step, window;
        bool again;
    } shapes[] = {{7, 0, true}, {1000, 0, true}, {0, 1000, false}, {0, 1, false}};

    (void)state;
    for (size_t i = 0; i < COUNT(shapes); i++) {
        struct scene s = {.p = {.reply = REPLY, .reply_after = 20000}};
        struct meter m;

        open_scene(&s, "good", "root.pem");
        s.a.f.send_step = shapes[i].send_step;
        s.a.f.window = shapes[i].window;
        s.a.f.send_again = shapes[i].again;
        assert_int_equal(limited(&s, 3000, POST, 20000, &m), 0);
        assert_int_equal(s.p.got_len, 20000);
        for (size_t at = sizeof POST - 1; at < 20000; at++) {
            assert_int_equal(s.p.got[at], attempt_byte(at));
        }
        close_scene(&s);
    }
}

/* A reply that comes while we hold back is heard when it comes, not when we may send (C10). */
static void an_early_reply_ends_the_wait(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene s = {.p = {.priority = VERSIONS[i], .reply = TOO_LARGE, .reply_after = 3000}};
        struct meter m;

        open_scene(&s, "good", "root.pem");
        assert_int_equal(limited(&s, 1024, POST, POST_LEN, &m), 0);
        assert_int_equal(s.a.reply.status, 413);
        assert_true(s.p.got_len <= 3000 + 1024);
        assert_true(m.took_ms < 3000);
        assert_false(s.a.x.connected);
        close_scene(&s);
    }
}

/* The attempt has its limit, and a peer that takes nothing is idle, limit_rate or not. */
static void deadlines_hold(void **state)
{
    struct scene s = {.p = {.reply = REPLY, .reply_after = POST_LEN}};
    struct meter m;

    (void)state;
    open_scene(&s, "good", "root.pem");
    s.a.options.attempt_ms = 20000;
    assert_int_equal(limited(&s, 1024, POST, POST_LEN, &m), ERR_ATTEMPT_DEADLINE);
    assert_int_equal(s.a.now.mono_ms, 5000 + 20000);
    assert_true(s.p.got_len >= 18 * 1024);
    close_scene(&s);

    s = (struct scene){.p = {.read_max = 10000}};
    open_scene(&s, "good", "root.pem");
    s.a.f.window = 2000;
    s.a.options.idle_ms = 30000;
    assert_int_equal(limited(&s, 1024, POST, POST_LEN, &m), ERR_IDLE_DEADLINE);
    assert_true(m.took_ms > 30000 && m.took_ms < 30000 + 15000);
    close_scene(&s);
}

/* The next request is none the freer for what the last one took. */
static void the_limit_goes_on_with_the_next_request(void **state)
{
    struct scene s = {.p = {.reply = REPLY, .reply_after = sizeof GET - 1}};
    uint64_t begin_ms = 0;
    struct meter m;

    (void)state;
    open_scene(&s, "good", "root.pem");
    for (int i = 0; i < 200; i++) {
        assert_int_equal(limited(&s, 1024, GET, 0, &m), 0);
        begin_ms = begin_ms == 0 ? m.begin_ms : begin_ms;
    }
    uint64_t sent = 200 * (sizeof GET - 1);

    assert_int_equal(s.a.x.connections, 1);
    assert_true((s.a.now.mono_ms - begin_ms) * 1024 / 1000 + 1024 + 1 >= sent);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_takes_as_long_as_it_must),
        cmocka_unit_test(no_limit_waits_for_nothing),
        cmocka_unit_test(bytes_stay_in_order_whatever_the_socket_does),
        cmocka_unit_test(an_early_reply_ends_the_wait),
        cmocka_unit_test(deadlines_hold),
        cmocka_unit_test(the_limit_goes_on_with_the_next_request),
    };

    certs_make();
    arena_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
