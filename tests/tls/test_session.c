/* exchange from one connection to the next: what is kept, resumed, believed again or not, and what
 * a cut or a stall at any byte leaves behind. */
/* LIBS: -lgnutls */
#include "base/err.h"
#include "mbedtls/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "scene.h"

#define GET      "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define GET_LEN  (sizeof GET - 1)
#define POST     "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000\r\n\r\n"
#define POST_LEN (sizeof POST - 1 + 3000)
#define REPLY    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define LIFE_S   (18 * 31557600) /* the certificates are dead by then */

static void pin(struct scene *s, const char *of)
{
    struct trust_anchor *a = &s->a.tls.anchor;
    mbedtls_x509_crt c;
    char *pem = certs_text(of);

    mbedtls_x509_crt_init(&c);
    assert_int_equal(mbedtls_x509_crt_parse(&c, (const uint8_t *)pem, strlen(pem) + 1), 0);
    (void)mbedtls_sha256(c.pk_raw.p, c.pk_raw.len, a->pin[a->pins++], 0);
    mbedtls_x509_crt_free(&c);
    free(pem);
}

static void change_nothing(struct scene *s)
{
    (void)s;
}

static void change_ca(struct scene *s)
{
    s->a.tls.anchor.ca_id++;
}

static void change_ca_to_another(struct scene *s)
{
    s->a.tls.anchor.ca_id++;
    free(s->a.bundle);
    s->a.bundle = certs_text("unknown_root.pem");
    s->a.ca.bytes = (const uint8_t *)s->a.bundle;
    s->a.ca.len = strlen(s->a.bundle);
}

static void add_right_pin(struct scene *s)
{
    pin(s, "root.pem");
}

static void add_wrong_pin(struct scene *s)
{
    pin(s, "unknown_root.pem");
}

static void wait_a_day(struct scene *s)
{
    s->a.now.wall_s += TLS_SESSION_MAX_S + 1;
}

static void clock_back(struct scene *s)
{
    s->a.now.wall_s -= 100;
}

static void clock_lost(struct scene *s)
{
    s->a.now.wall_s = 12;
}

static void wait_beyond_the_certificates(struct scene *s)
{
    s->a.now.wall_s += LIFE_S;
}

static void other_host_of_the_certificate(struct scene *s)
{
    s->a.options.host = "bench.example.net";
}

static void host_of_no_certificate(struct scene *s)
{
    s->a.options.host = "other.example.net";
}

static void server_forgets(struct scene *s)
{
    gnutls_free(s->p.key.data);
    assert_int_equal(gnutls_session_ticket_key_generate(&s->p.key), 0);
}

static void a_failure_between(struct scene *s)
{
    s->a.x.addrs = 0;
    s->a.f.lookup = ERR_DNS;
    assert_int_equal(attempt(s, GET, 0), ERR_DNS);
    s->a.f.lookup = 1;
}

static void a_broken_handshake_between(struct scene *s)
{
    s->a.f.cut_in = 20;
    assert_int_equal(attempt(s, GET, 0), ERR_NETWORK);
    s->a.f.cut_in = 0;
}

struct change {
    const char *name;
    void (*change)(struct scene *s);
    int want;
    bool resumed;
};

static const struct change CHANGES[] = {
    {"nothing changed", change_nothing, 0, true},
    {"another CA file, the same root in it: verified again", change_ca, 0, false},
    {"another CA file, another root: refused", change_ca_to_another, ERR_TLS_UNKNOWN_CA, false},
    {"a right pin: verified again", add_right_pin, 0, false},
    {"a wrong pin: refused", add_wrong_pin, ERR_TLS_PIN, false},
    {"a day later: verified again", wait_a_day, 0, false},
    {"the clock stepped back: verified again", clock_back, 0, false},
    {"the clock lost (C14): refused", clock_lost, ERR_CLOCK, false},
    {"beyond the certificates' time: refused", wait_beyond_the_certificates, ERR_TLS_EXPIRED,
     false},
    {"another host of the same certificate: verified again", other_host_of_the_certificate, 0,
     false},
    {"a host of no certificate: refused", host_of_no_certificate, ERR_TLS_NAME, false},
    {"the server knows the ticket no more", server_forgets, 0, false},
    {"a failed look-up between", a_failure_between, 0, true},
    {"a broken handshake between: the ticket may be why", a_broken_handshake_between, 0, false},
};

static void a_session_is_believed_while_its_verdict_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(CHANGES); i++) {
        const struct change *c = &CHANGES[i / 2];
        struct scene s = {
            .p = {.priority = VERSIONS[i % 2], .reply = REPLY, .reply_after = GET_LEN}};

        open_scene(&s, "good", "root.pem");
        assert_int_equal(attempt(&s, GET, 0), 0);
        assert_false(s.a.x.tls.resumed);
        exchange_close(&s.a.x, true);
        s.p.got_len = s.p.request_at = 0;
        c->change(&s);
        s.a.ca.reads = 0;
        int err = attempt(&s, GET, 0);

        if (err != c->want || s.a.x.tls.resumed != c->resumed || s.p.resumed != c->resumed ||
            (s.a.ca.reads == 0) != (c->resumed || c->want == ERR_CLOCK) ||
            s.p.got_len != (err == 0 ? GET_LEN : 0)) {
            fail_msg("%s (%s): %s, resumed %d, at the peer %u, %d reads of the bundle, %zu bytes",
                     c->name, VERSIONS[i % 2], err_name(err), s.a.x.tls.resumed, s.p.resumed,
                     s.a.ca.reads, s.p.got_len);
        }
        close_scene(&s);
    }
}

static void sessions_resume_one_after_the_other(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct scene s = {.p = {.priority = VERSIONS[v], .reply = REPLY, .reply_after = GET_LEN}};
        size_t level = 0;

        open_scene(&s, "good", "root.pem");
        for (unsigned i = 0; i < 10; i++) {
            assert_int_equal(attempt(&s, GET, 0), 0);
            assert_int_equal(s.p.resumed, i);
            assert_int_equal(s.p.sessions, i + 1);
            exchange_close(&s.a.x, true);
            if (i == 2) {
                level = tls_platform_used();
            }
            /* The allocator leaves small ends of blocks in them, so that a few bytes differ. */
            assert_true(i <= 2 || tls_platform_used() <= level + 128);
        }
        close_scene(&s);
    }
}

static void works_without_tickets(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct scene s = {.p = {.priority = VERSIONS[v],
                                .reply = REPLY,
                                .reply_after = GET_LEN,
                                .no_tickets = true}};

        open_scene(&s, "good", "root.pem");
        for (int i = 0; i < 3; i++) {
            assert_int_equal(attempt(&s, GET, 0), 0);
            assert_false(s.p.resumed);
            exchange_close(&s.a.x, true);
        }
        close_scene(&s);
    }
}

static void serve_as(struct scene *s, const char *leaf, const gnutls_datum_t *key)
{
    char cert[64], pkey[64];

    gnutls_certificate_free_credentials(s->p.cred);
    snprintf(cert, sizeof cert, "build/certs/%s.pem", leaf);
    snprintf(pkey, sizeof pkey, "build/certs/%s.key", leaf);
    assert_int_equal(gnutls_certificate_allocate_credentials(&s->p.cred), 0);
    assert_int_equal(
        gnutls_certificate_set_x509_key_file(s->p.cred, cert, pkey, GNUTLS_X509_FMT_PEM), 0);
    s->p.key = *key;
}

/* Two servers behind one name, each with a certificate and tickets of its own. */
static void a_session_of_one_server_survives_no_other(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct scene s = {.p = {.priority = VERSIONS[v], .reply = REPLY, .reply_after = GET_LEN}};
        gnutls_datum_t one, two;

        open_scene(&s, "good", "root.pem");
        one = s.p.key;
        assert_int_equal(gnutls_session_ticket_key_generate(&two), 0);
        assert_int_equal(attempt(&s, GET, 0), 0);
        exchange_close(&s.a.x, true);
        tls_peer_drop(&s.p);
        serve_as(&s, "good_rsa", &two);
        s.p.reply_after = 1000; /* no answer: that connection is not worth keeping */
        assert_int_equal(attempt(&s, GET, 0), ERR_ANSWER_DEADLINE);
        assert_false(s.a.x.tls.resumed);
        tls_peer_drop(&s.p);
        serve_as(&s, "good", &one);
        s.p.reply_after = GET_LEN;
        s.a.now.mono_ms = 5000;
        assert_int_equal(attempt(&s, GET, 0), 0);
        gnutls_free(two.data);
        close_scene(&s);
    }
}

struct name_row {
    const char *host, *want;
};

static const struct name_row SERVER_NAMES[] = {
    {"localhost", "localhost"},
    {"bench.example.net", "bench.example.net"},
    {"127.0.0.1", ""},
    {"::1", ""},
};

/* RFC 6066 3: a name is sent, an address never. */
static void asks_for_a_server_by_name_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(SERVER_NAMES); i++) {
        struct scene s = {
            .p = {.priority = VERSIONS[i % 2], .reply = REPLY, .reply_after = GET_LEN}};

        s.a.options.host = SERVER_NAMES[i / 2].host;
        open_scene(&s, "good", "root.pem");
        assert_int_equal(attempt(&s, GET, 0), 0);
        assert_string_equal(s.p.name, SERVER_NAMES[i / 2].want);
        close_scene(&s);
    }
}

/* Whoever waits for the socket must not have anything in hand: tickets come two in a flight. */
static void waits_for_the_socket_with_empty_hands(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct scene s = {.p = {.priority = VERSIONS[v]}};
        struct tls *t = &s.a.x.tls;
        uint8_t byte;

        open_scene(&s, "good", "root.pem");
        attempt_start(&s.a, GET, 0);
        while (!s.a.x.connected) {
            enum want want = exchange_step(&s.a.x, &s.a.now);

            if (want != WANT_STEP) {
                attempt_wait(&s.a, want);
            }
        }
        do {
            assert_int_equal(tls_recv(t, &byte, 1), ERR_WAIT);
        } while (t->want == WANT_STEP);
        assert_int_equal(t->want, WANT_READ);
        assert_int_equal(tls_recv(t, &byte, 1), ERR_WAIT);
        assert_int_equal(t->want, WANT_READ);
        assert_int_equal(t->code, MBEDTLS_ERR_SSL_WANT_READ);
        close_scene(&s);
    }
}

struct stale {
    const char *name;
    enum tls_after after;
    bool late; /* it closes only when the second request has begun, before its first byte */
};

static const struct stale STALES[] = {
    {"closed with close_notify", AFTER_NOTIFY, false},
    {"closed without", AFTER_END, false},
    {"reset", AFTER_RESET, false},
    {"closed without, seen only at the first step", AFTER_END, true},
    {"reset, seen only at the first step", AFTER_RESET, true},
};

/* C11: it costs no attempt, and nothing of the request was sent on the dead one. */
static void a_stale_connection_is_replaced(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(STALES); i++) {
        const struct stale *st = &STALES[i / 2];
        struct scene s = {
            .p = {.priority = VERSIONS[i % 2], .reply = REPLY, .reply_after = GET_LEN}};

        open_scene(&s, "good", "root.pem");
        s.p.after = st->late ? AFTER_KEEP : st->after;
        assert_int_equal(attempt(&s, GET, 0), 0);
        assert_true(s.a.x.connected);
        s.a.now.mono_ms += 1000;
        s.p.got_len = s.p.request_at = 0;
        attempt_start(&s.a, GET, 0);
        assert_int_equal(s.a.x.reused, st->late);
        if (st->late) {
            s.a.f.end = st->after == AFTER_END;
            s.a.f.reset = st->after == AFTER_RESET;
        }
        s.p.after = AFTER_KEEP;
        int err = attempt_run(&s.a);

        if (err != 0 || s.a.x.connections != 2 || s.p.got_len != GET_LEN || s.a.x.reused ||
            !s.a.x.tls.resumed || strcmp(s.a.body, "hello") != 0) {
            fail_msg("%s: %s, %u connections, %zu bytes, resumed %d", st->name, err_name(err),
                     s.a.x.connections, s.p.got_len, s.a.x.tls.resumed);
        }
        close_scene(&s);
    }
}

static void closed_behind_the_second_request_is_no_success(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct scene s = {.p = {.priority = VERSIONS[v], .reply = REPLY, .reply_after = GET_LEN}};

        open_scene(&s, "good", "root.pem");
        assert_int_equal(attempt(&s, GET, 0), 0);
        s.p.reply = "";
        s.p.reply_len = 0;
        s.p.reply_after = POST_LEN;
        s.p.after = AFTER_END;
        assert_int_equal(attempt(&s, POST, POST_LEN), ERR_CLOSED);
        assert_true(s.a.x.reused);
        assert_int_equal(s.a.x.sent, SENT_ALL);
        assert_int_equal(s.a.x.connections, 1);
        assert_int_equal(s.a.reply.status, 0);
        close_scene(&s);
    }
}

static void more_than_was_asked_for_is_not_kept(void **state)
{
    static const char closing[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                                  "Content-Length: 5\r\n\r\nhello";
    static const char *const reply[] = {REPLY "x", REPLY REPLY, closing};

    (void)state;
    for (size_t i = 0; i < 2 * COUNT(reply); i++) {
        struct scene s = {
            .p = {.priority = VERSIONS[i % 2], .reply = reply[i / 2], .reply_after = GET_LEN}};

        open_scene(&s, "good", "root.pem");
        assert_int_equal(attempt(&s, GET, 0), 0);
        assert_string_equal(s.a.body, "hello");
        assert_false(s.a.x.connected);
        assert_int_equal(attempt(&s, GET, 0), 0);
        assert_string_equal(s.a.body, "hello");
        assert_int_equal(s.a.x.connections, 2);
        close_scene(&s);
    }
}

/* Bytes that come while nothing is asked belong to no answer of ours. */
static void an_answer_before_the_question_is_not_taken(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct scene s = {.p = {.priority = VERSIONS[v], .reply = REPLY, .reply_after = GET_LEN}};

        open_scene(&s, "good", "root.pem");
        assert_int_equal(attempt(&s, GET, 0), 0);
        assert_true(gnutls_record_send(s.p.s, "HTTP/1.1 200 OK\r\n\r\nevil!", 24) == 24);
        assert_int_equal(attempt(&s, GET, 0), 0);
        assert_string_equal(s.a.body, "hello");
        assert_int_equal(s.a.x.connections, 2);
        close_scene(&s);
    }
}

static void warnings_without_end_hold_nobody(void **state)
{
    struct scene s = {.p = {.priority = TLS12, .warn = true, .reply = NULL}};

    (void)state;
    open_scene(&s, "good", "root.pem");
    s.a.options.answer_ms = 2000;
    assert_int_equal(attempt(&s, GET, 0), ERR_ANSWER_DEADLINE);
    assert_true(s.a.recvs_peak <= 128);
    close_scene(&s);
}

static void the_address_that_served_is_tried_first(void **state)
{
    struct scene s = {.p = {.reply = REPLY, .reply_after = GET_LEN}};

    (void)state;
    s.a.f.lookup = 3;
    s.a.f.way[0].again = FAKE_FOREVER;
    s.a.f.way[1].open = ERR_CONNECT;
    open_scene(&s, "good", "root.pem");
    assert_int_equal(attempt(&s, GET, 0), 0);
    assert_true(s.a.now.mono_ms >= 15000);
    assert_int_equal(s.a.f.opens, 3);
    for (int i = 0; i < 3; i++) {
        uint64_t from = s.a.now.mono_ms;

        exchange_close(&s.a.x, true);
        assert_int_equal(attempt(&s, GET, 0), 0);
        assert_true(s.a.now.mono_ms < from + 100);
        assert_int_equal(s.a.f.at, 2);
    }
    assert_int_equal(s.a.f.lookups, 1);
    close_scene(&s);
}

/* The peer of the first address closes in the handshake; the second serves (C21). */
static void pump_second(void *ctx, struct fake_net *f)
{
    if (f->at == 0) {
        f->end = f->out.len > 0;
        f->peer_ctx = ctx;
        return;
    }
    tls_peer_pump(ctx, f);
}

static void the_next_address_serves(void **state)
{
    struct scene s = {.p = {.reply = REPLY, .reply_after = GET_LEN}};

    (void)state;
    s.a.f.lookup = 2;
    open_scene(&s, "good", "root.pem");
    s.a.f.peer = pump_second;
    assert_int_equal(attempt(&s, GET, 0), 0);
    assert_int_equal(s.a.f.opens, 2);
    assert_int_equal(s.p.got_len, GET_LEN);
    close_scene(&s);
}

static void pump_behind_proxy(void *ctx, struct fake_net *f)
{
    static const char open[] = "HTTP/1.1 200 Connection established\r\n\r\n";
    uint8_t *at = f->out.len > 3 ? memmem(f->out.bytes, f->out.len, "\r\n\r\n", 4) : NULL;
    size_t end = at != NULL ? (size_t)(at - f->out.bytes) + 4 : 0;

    if (at != NULL && f->out.at < end) {
        f->out.at = end;
        fake_pipe_put(&f->in, open, sizeof open - 1);
    }
    if (at != NULL) {
        tls_peer_pump(ctx, f);
    }
}

/* In the clear: the tunnel's request and nothing of the service's. */
static void goes_through_a_proxy(void **state)
{
    static const char secret[] = "GET /x HTTP/1.1\r\nHost: localhost\r\n"
                                 "Authorization: User u, Element e\r\n\r\n";

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct scene s = {
            .p = {.priority = VERSIONS[v], .reply = REPLY, .reply_after = sizeof secret - 1}};

        s.a.options.proxy_host = "proxy.example.net";
        s.a.options.proxy_port = 3128;
        s.a.options.proxy_credentials = "Basic dXNlcjpwYXNz";
        open_scene(&s, "good", "root.pem");
        s.a.f.peer = pump_behind_proxy;
        s.a.f.send_step = 7;
        for (int i = 0; i < 2; i++) {
            assert_int_equal(attempt(&s, secret, 0), 0);
            assert_memory_equal(s.p.got + s.p.got_len - sizeof secret + 1, secret,
                                sizeof secret - 1);
            assert_null(memmem(s.p.got, s.p.got_len, "Proxy", 5));
            assert_null(memmem(s.a.f.out.bytes, s.a.f.out.len, "Element", 7));
            exchange_close(&s.a.x, true);
        }
        assert_int_equal(s.p.resumed, 1);
        close_scene(&s);
    }
}

static void shows_its_certificate_when_asked(void **state)
{
    char *cert = certs_text("client.pem"), *key = certs_text("client.key");

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        bool with = i / 2 == 1;
        struct scene s = {.p = {.priority = VERSIONS[i % 2],
                                .reply = REPLY,
                                .reply_after = GET_LEN,
                                .need_cert = true}};

        s.a.tls.client_cert = with ? cert : NULL;
        s.a.tls.client_key = with ? key : NULL;
        open_scene(&s, "good", "root.pem");
        assert_int_equal(attempt(&s, GET, 0), with ? 0 : ERR_TLS_HANDSHAKE);
        assert_int_equal(s.p.got_len, with ? GET_LEN : 0);
        close_scene(&s);
    }
    free(cert);
    free(key);
}

static void refuses_a_client_certificate_that_cannot_be_used(void **state)
{
    char *cert = certs_text("client.pem"), *key = certs_text("client.key");
    char *other = certs_text("good.key");
    const char *const pair[][2] = {{cert, NULL}, {NULL, key}, {cert, other}, {key, key},
                                   {cert, cert}, {"", key},   {cert, ""}};
    size_t used = tls_platform_used();

    (void)state;
    for (size_t i = 0; i < COUNT(pair); i++) {
        struct tls_options o = {.client_cert = pair[i][0], .client_key = pair[i][1]};
        struct fake_net f = {0};
        struct net net = fake_as_net(&f);
        struct tls t;

        assert_int_equal(tls_init(&t, &o, &net), ERR_CLIENT_CERT);
        tls_free(&t);
        assert_int_equal(tls_platform_used(), used);
    }
    free(cert);
    free(key);
    free(other);
}

enum fault { CUT_OUT, CUT_IN, STALL_IN, FAULTS };

static void set_fault(struct fake_net *f, enum fault kind, size_t at)
{
    f->cut_out = kind == CUT_OUT ? at : 0;
    f->cut_in = kind == CUT_IN ? at : 0;
    f->stall_in = kind == STALL_IN ? at : 0;
}

/* One fault at a byte of one way: told as a failure, or the answer was whole. What the owner
 * relies on: unless SENT_ALL, the peer cannot have the whole request. Then the same again
 * without fault. True when the fault came too late to matter. */
static bool run_with_fault(size_t v, enum fault kind, size_t at, size_t gate)
{
    struct scene s = {.p = {.priority = VERSIONS[v], .reply = REPLY, .reply_after = POST_LEN}};

    open_scene(&s, "good", "root.pem");
    s.a.gate = gate;
    set_fault(&s.a.f, kind, at);
    int err = attempt(&s, POST, POST_LEN);

    if (err == ERR_WAIT) {
        assert_true(s.p.got_len < POST_LEN);
        exchange_go_on(&s.a.x, &s.a.now);
        err = attempt_run(&s.a);
    }
    if (err == ERR_INTERNAL || (err == 0 && strcmp(s.a.body, "hello") != 0) ||
        (s.p.got_len == POST_LEN && s.a.x.sent < (gate > 0 ? SENT_TO_GATE : SENT_ALL)) ||
        (err != 0) != (s.a.f.at < 0)) {
        fail_msg("fault %d at %zu (%s): %s, sent %d, %zu bytes", kind, at, VERSIONS[v],
                 err_name(err), s.a.x.sent, s.p.got_len);
    }
    bool late = err == 0;

    set_fault(&s.a.f, FAULTS, 0);
    s.a.gate = 0;
    exchange_close(&s.a.x, true);
    s.p.request_at = s.p.got_len;
    assert_int_equal(attempt(&s, POST, POST_LEN), 0);
    assert_string_equal(s.a.body, "hello");
    close_scene(&s);
    return late;
}

static void outlives_a_fault_at_any_byte(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        for (int kind = 0; kind < FAULTS; kind++) {
            size_t at = 1, n = 0;

            while (!run_with_fault(v, (enum fault)kind, at, n % 2 == 0 ? 0 : 26)) {
                at += 1 + n++ % 97;
            }
            assert_true(n > 20);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_believed_while_its_verdict_holds),
        cmocka_unit_test(sessions_resume_one_after_the_other),
        cmocka_unit_test(works_without_tickets),
        cmocka_unit_test(a_session_of_one_server_survives_no_other),
        cmocka_unit_test(asks_for_a_server_by_name_only),
        cmocka_unit_test(waits_for_the_socket_with_empty_hands),
        cmocka_unit_test(a_stale_connection_is_replaced),
        cmocka_unit_test(closed_behind_the_second_request_is_no_success),
        cmocka_unit_test(more_than_was_asked_for_is_not_kept),
        cmocka_unit_test(an_answer_before_the_question_is_not_taken),
        cmocka_unit_test(warnings_without_end_hold_nobody),
        cmocka_unit_test(the_address_that_served_is_tried_first),
        cmocka_unit_test(the_next_address_serves),
        cmocka_unit_test(goes_through_a_proxy),
        cmocka_unit_test(shows_its_certificate_when_asked),
        cmocka_unit_test(refuses_a_client_certificate_that_cannot_be_used),
        cmocka_unit_test(outlives_a_fault_at_any_byte),
    };

    certs_make();
    arena_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
