/* exchange with a TLS peer of another make (GnuTLS) behind a fake net and a fake clock: what goes
 * out and when, what early, late, cut and missing answers mean, what is kept and believed again. */
/* LIBS: -lgnutls */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "scene.h"

#define GET       "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define POST      "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
#define POST_LEN  (sizeof POST - 1 + 100000)
#define CLOSING   "\r\n--b0123456789abcdef0--\r\n" /* as long as a form's end */
#define REPLY     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define TOO_LARGE "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

/* What the peer got is the request's first bytes, in order, none twice (C18). */
static void check_prefix(const struct scene *s, const char *head, size_t from, size_t len)
{
    size_t head_len = strlen(head);

    for (size_t i = 0; i < len; i++) {
        uint8_t want = i < head_len ? (uint8_t)head[i] : attempt_byte(i);

        if (s->p.got[from + i] != want) {
            fail_msg("byte %zu of the request is another", i);
        }
    }
}

struct shape {
    const char *name;
    size_t send_step, recv_step, window, pull_step;
    bool send_again, recv_again;
};

static const struct shape SHAPES[] = {
    {"all at once", 0, 0, 0, 0, false, false},
    {"again every other call", 0, 0, 0, 0, true, true},
    {"7 bytes a call", 7, 7, 0, 0, true, true},
    {"1000 bytes a write, then again (C18)", 1000, 0, 0, 0, true, false},
    {"a window of 1000 bytes", 0, 0, 1000, 0, false, true},
    {"a window of 1 byte", 0, 0, 1, 0, false, false},
    {"a source of 100 bytes a pull", 0, 1, 0, 100, false, false},
};

static void shape(struct attempt *a, const struct shape *s)
{
    a->f.send_step = s->send_step;
    a->f.recv_step = s->recv_step;
    a->f.window = s->window;
    a->f.send_again = s->send_again;
    a->f.recv_again = s->recv_again;
    a->pull_step = s->pull_step;
}

static void requests_arrive_whole_whatever_the_socket_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(SHAPES); i++) {
        const struct shape *sh = &SHAPES[i / 2];
        struct scene s = {
            .p = {.priority = VERSIONS[i % 2], .reply = REPLY, .reply_after = POST_LEN}};

        open_scene(&s, "good", "root.pem");
        shape(&s.a, sh);
        for (int times = 1; times <= 2; times++) { /* the second on the kept connection */
            size_t before = s.a.f.out.len;
            int err = attempt(&s, POST, POST_LEN);

            if (err != 0 || s.p.got_len != (size_t)times * POST_LEN) {
                fail_msg("%s: %s, %zu bytes", sh->name, err_name(err), s.p.got_len);
            }
            check_prefix(&s, POST, s.p.got_len - POST_LEN, POST_LEN);
            assert_int_equal(s.a.x.sent, SENT_ALL);
            assert_int_equal(s.a.x.bytes_out, POST_LEN);
            assert_int_equal(s.a.reply.status, 200);
            assert_string_equal(s.a.body, "hello");
            assert_int_equal(s.a.x.connections, 1);
            assert_int_equal(s.a.x.reused, times == 2);
            if (times == 2 &&
                sh->pull_step == 0) { /* in full records, so with no more than theirs */
                size_t records = POST_LEN / (MBEDTLS_SSL_OUT_CONTENT_LEN - 1) + 1;

                assert_true(s.a.f.out.len - before <= POST_LEN + records * 30);
            }
            assert_true(s.a.x.connected);
        }
        close_scene(&s);
    }
}

/* At the gate the peer has all but the last piece, and stays at that for as long as it takes. */
static void the_gate_withholds_the_last_piece(void **state)
{
    const size_t last = sizeof CLOSING - 1;

    (void)state;
    for (size_t i = 0; i < 4 * COUNT(SHAPES); i++) {
        const struct shape *sh = &SHAPES[i / 4];
        bool opens = i % 4 < 2;
        struct scene s = {
            .p = {.priority = VERSIONS[i % 2], .reply = REPLY, .reply_after = POST_LEN}};

        open_scene(&s, "good", "root.pem");
        shape(&s.a, sh);
        s.a.gate = last;
        assert_int_equal(attempt(&s, POST, POST_LEN), ERR_WAIT);
        assert_int_equal(s.a.x.want, WANT_GATE);
        assert_int_equal(s.a.x.sent, SENT_TO_GATE);
        s.a.now.mono_ms += 1000000; /* longer than every limit of a phase */
        assert_int_equal(exchange_step(&s.a.x, &s.a.now), WANT_GATE);
        fake_pump(&s.a.f);
        while (s.a.f.out.at < s.a.f.out.len) {
            fake_pump(&s.a.f);
        }
        assert_int_equal(s.p.got_len, POST_LEN - last);
        if (opens) {
            exchange_go_on(&s.a.x, &s.a.now);
            assert_int_equal(attempt_run(&s.a), 0);
            assert_int_equal(s.p.got_len, POST_LEN);
            check_prefix(&s, POST, 0, POST_LEN);
            assert_int_equal(s.a.x.sent, SENT_ALL);
        } else {
            exchange_close(&s.a.x, true);
            assert_int_equal(s.a.f.aborts, 1);
            assert_int_equal(s.p.got_len, POST_LEN - last);
        }
        close_scene(&s);
    }
}

static void the_attempts_limit_holds_at_the_gate(void **state)
{
    struct scene s = {.p = {.reply = REPLY, .reply_after = POST_LEN}};

    (void)state;
    open_scene(&s, "good", "root.pem");
    s.a.gate = 1;
    assert_int_equal(attempt(&s, POST, POST_LEN), ERR_WAIT);
    assert_int_equal(exchange_deadline_ms(&s.a.x), 5000 + s.a.options.attempt_ms);
    s.a.now.mono_ms = 5000 + s.a.options.attempt_ms;
    assert_int_equal(attempt_run(&s.a), ERR_ATTEMPT_DEADLINE);
    assert_int_equal(s.a.x.sent, SENT_TO_GATE);
    exchange_go_on(&s.a.x, &s.a.now); /* too late: nothing moves */
    assert_int_equal(exchange_step(&s.a.x, &s.a.now), WANT_NOTHING);
    assert_int_equal(s.p.got_len, POST_LEN - 1);
    close_scene(&s);
}

struct reply_row {
    const char *name;
    struct tls_peer p;
    bool get;
    size_t window;
    int want;
    unsigned status;
    int sent;         /* enum exchange_sent, at the end */
    uint64_t took_ms; /* 0: any */
    const char *body; /* NULL: any */
};

static const struct reply_row REPLIES[] = {
    {.name = "early 413, then a reset (C10)",
     .p = {.reply = TOO_LARGE, .reply_after = 4096, .read_max = 4096, .after = AFTER_RESET},
     .window = 10000,
     .want = 0,
     .status = 413,
     .sent = SENT_SOME},
    {.name = "early 413 behind an interim reply, then a reset: our write breaks first (C10)",
     .p = {.reply = "HTTP/1.1 100 Continue\r\n\r\n" TOO_LARGE,
           .reply_piece = 25,
           .reply_after = 4096,
           .read_max = 4096,
           .after = AFTER_RESET},
     .window = 10000,
     .want = 0,
     .status = 413,
     .sent = SENT_SOME},
    {.name = "early 413, then close_notify (C10)",
     .p = {.reply = TOO_LARGE, .reply_after = 4096, .read_max = 4096, .after = AFTER_NOTIFY},
     .window = 10000,
     .want = 0,
     .status = 413,
     .sent = SENT_SOME},
    {.name = "early 401, the connection kept by the peer, not by us (C10)",
     .p = {.reply = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
           .reply_after = 4096,
           .read_max = 4096},
     .window = 10000,
     .want = 0,
     .status = 401,
     .sent = SENT_SOME},
    {.name = "early 200: not all was sent, the owner is told",
     .p = {.reply = REPLY, .reply_after = 4096, .read_max = 4096},
     .window = 10000,
     .want = 0,
     .status = 200,
     .sent = SENT_SOME,
     .body = "hello"},
    {.name = "early 413 whose body never ends: it stops the sending, and has its limit",
     .p = {.reply = "HTTP/1.1 413 No\r\nContent-Length: 100\r\n\r\nx",
           .reply_after = 4096,
           .read_max = 4096},
     .window = 10000,
     .want = ERR_ANSWER_DEADLINE,
     .status = 413,
     .sent = SENT_SOME,
     .took_ms = 300000},
    {.name = "an interim reply stops nothing (C09)",
     .p = {.reply = "HTTP/1.1 100 Continue\r\n\r\n", .reply_after = 4096, .read_max = 4096},
     .window = 10000,
     .want = ERR_IDLE_DEADLINE,
     .sent = SENT_SOME},
    {.name = "a reset in the body, no word before (C20)",
     .p = {.reply = "", .reply_after = 1024, .read_max = 1024, .after = AFTER_RESET},
     .window = 10000,
     .want = ERR_NETWORK,
     .sent = SENT_SOME},
    {.name = "closed in the body, no word before",
     .p = {.reply = "", .reply_after = 1024, .read_max = 1024, .after = AFTER_END},
     .window = 10000,
     .want = ERR_CLOSED,
     .sent = SENT_SOME},
    {.name = "the peer reads no more: the idle limit",
     .p = {.read_max = 20000},
     .window = 10000,
     .want = ERR_IDLE_DEADLINE,
     .sent = SENT_SOME},
    {.name = "the peer reads a byte every 50 s: that is not idle; the attempt's limit",
     .p = {.read_max = 20000, .read_every = 50000},
     .window = 10000,
     .want = ERR_ATTEMPT_DEADLINE,
     .sent = SENT_SOME,
     .took_ms = 3900000},
    {.name = "no answer: the answer's limit",
     .get = true,
     .want = ERR_ANSWER_DEADLINE,
     .sent = SENT_ALL,
     .took_ms = 300000},
    {.name = "an answer that drips: the same limit",
     .p = {.reply = REPLY, .reply_every = 10000},
     .get = true,
     .want = ERR_ANSWER_DEADLINE,
     .sent = SENT_ALL,
     .status = 0,
     .took_ms = 300000},
    {.name = "an answer that drips in time",
     .p = {.reply = REPLY, .reply_every = 1000},
     .get = true,
     .want = 0,
     .sent = SENT_ALL,
     .status = 200,
     .body = "hello"},
    {.name = "an answer without end, as fast as we read: the limit holds",
     .p = {.reply = "HTTP/1.1 200 OK\r\n\r\nxxxxxxxxxxxxxxxxxxxxxxxxx", .again = true},
     .get = true,
     .want = ERR_ANSWER_DEADLINE,
     .sent = SENT_ALL,
     .status = 200,
     .took_ms = 3000},
    {.name = "closed without an answer: no success (C11)",
     .p = {.reply = "", .after = AFTER_NOTIFY},
     .get = true,
     .want = ERR_CLOSED,
     .sent = SENT_ALL},
    {.name = "closed without an answer or close_notify: no success (C11)",
     .p = {.reply = "", .after = AFTER_END},
     .get = true,
     .want = ERR_CLOSED,
     .sent = SENT_ALL},
    {.name = "a body that ends with the connection (C12)",
     .p = {.reply = "HTTP/1.0 200 OK\r\n\r\n{\"state\":\"done\"}", .after = AFTER_NOTIFY},
     .get = true,
     .want = 0,
     .sent = SENT_ALL,
     .status = 200,
     .body = "{\"state\":\"done\"}"},
    {.name = "the same without close_notify is cut off (C12)",
     .p = {.reply = "HTTP/1.0 200 OK\r\n\r\n{\"state\":\"done\"}", .after = AFTER_END},
     .get = true,
     .want = ERR_HTTP_TRUNCATED,
     .sent = SENT_ALL,
     .status = 200},
    {.name = "a body shorter than its length is cut off, close_notify or not",
     .p = {.reply = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", .after = AFTER_NOTIFY},
     .get = true,
     .want = ERR_HTTP_TRUNCATED,
     .sent = SENT_ALL,
     .status = 200},
    {.name = "a whole body needs no close_notify",
     .p = {.reply = REPLY, .after = AFTER_END},
     .get = true,
     .want = 0,
     .sent = SENT_ALL,
     .status = 200,
     .body = "hello"},
    {.name = "an oversized record (C16)",
     .p = {.reply = REPLY, .big = true},
     .get = true,
     .want = ERR_TLS_RECORD,
     .sent = SENT_ALL},
    {.name = "no HTTP",
     .p = {.reply = "hello, this is no HTTP\r\n\r\n"},
     .get = true,
     .want = ERR_HTTP_STATUS_LINE,
     .sent = SENT_ALL},
};

static void answers_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(REPLIES); i++) {
        const struct reply_row *row = &REPLIES[i / 2];
        struct scene s = {.p = row->p};

        s.p.priority = VERSIONS[i % 2];
        s.p.reply_after = row->get ? sizeof GET - 1 : row->p.reply_after;
        open_scene(&s, "good", "root.pem");
        s.a.f.window = row->window;
        s.a.options.answer_ms = row->p.again ? 3000 : s.a.options.answer_ms;
        int err = row->get ? attempt(&s, GET, 0) : attempt(&s, POST, POST_LEN);
        uint64_t took = s.a.now.mono_ms - 5000;

        if (err != row->want || s.a.reply.status != row->status || s.a.x.sent != row->sent ||
            (row->took_ms > 0 && (took < row->took_ms || took > row->took_ms + 100)) ||
            (row->body != NULL && strcmp(row->body, s.a.body) != 0)) {
            fail_msg("%s: %s, status %u, sent %u, after %llu ms, \"%.40s\"", row->name,
                     err_name(err), s.a.reply.status, s.a.x.sent, (unsigned long long)took,
                     s.a.body);
        }
        if (row->sent != SENT_ALL) {
            assert_true(s.p.got_len < POST_LEN);
        }
        check_prefix(&s, row->get ? GET : POST, 0, s.p.got_len);
        if (err != 0 || row->sent != SENT_ALL) {
            assert_false(s.a.x.connected);
            assert_int_equal(s.a.f.at, -1);
        }
        assert_true(s.a.recvs_peak <= 128);
        close_scene(&s);
    }
}

/* A kept connection, and a socket that takes all. */
static void open_kept_scene(struct scene *s, const char *version)
{
    s->p = (struct tls_peer){.priority = version, .reply = REPLY, .reply_after = sizeof GET - 1};
    open_scene(s, "good", "root.pem");
    assert_int_equal(attempt(s, GET, 0), 0);
    s->a.f.recvs = 0;
}

static void a_reply_is_looked_for_only_now_and_then(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene s = {.p = {0}};

        open_kept_scene(&s, VERSIONS[i]);
        s.p.reply = NULL;
        s.a.gate = 1;
        assert_int_equal(attempt(&s, POST, 64 * EXCHANGE_TX_CAP), ERR_WAIT);
        assert_true(s.a.x.reused);
        /* and one before it is used again, one at the gate */
        assert_in_range(s.a.f.recvs, 64 / EXCHANGE_LOOK_EVERY, 64 / EXCHANGE_LOOK_EVERY + 3);
        close_scene(&s);
    }
}

/* What comes just behind a look is found by the next one. */
static void an_early_reply_is_found_by_the_next_look(void **state)
{
    static const struct {
        const char *name;
        size_t after, len, gate;
    } rows[] = {
        {"with the first buffer", 1, 64 * EXCHANGE_TX_CAP, 0},
        {"behind the second", 2 * EXCHANGE_TX_CAP, 64 * EXCHANGE_TX_CAP, 0},
        {"behind the ninth", 9 * EXCHANGE_TX_CAP, 64 * EXCHANGE_TX_CAP, 0},
        {"in front of the gate", 3 * EXCHANGE_TX_CAP - 200, 3 * EXCHANGE_TX_CAP, 1},
        {"with the last byte in front of it", 3 * EXCHANGE_TX_CAP - 1, 3 * EXCHANGE_TX_CAP, 1},
    };

    (void)state;
    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        struct scene s = {.p = {0}};

        open_kept_scene(&s, VERSIONS[i % 2]);
        s.p.reply = TOO_LARGE;
        s.p.reply_len = strlen(TOO_LARGE);
        s.p.reply_after = rows[i / 2].after;
        s.a.gate = rows[i / 2].gate;
        int err = attempt(&s, POST, rows[i / 2].len);

        if (err != 0 || s.a.reply.status != 413 || s.a.x.sent != SENT_SOME || !s.a.x.reused ||
            s.a.x.bytes_out > rows[i / 2].after + EXCHANGE_LOOK_EVERY * EXCHANGE_TX_CAP) {
            fail_msg("%s: %s, status %u, sent %u, %llu bytes", rows[i / 2].name, err_name(err),
                     s.a.reply.status, s.a.x.sent, (unsigned long long)s.a.x.bytes_out);
        }
        close_scene(&s);
    }
}

/* A new connection is looked at before each record, lest its tickets come while one is half out. */
static void tickets_are_taken_before_more_is_sent(void **state)
{
    struct scene s = {.p = {.priority = TLS13, .reply_after = 1}};

    (void)state;
    open_scene(&s, "good", "root.pem");
    s.a.gate = 1;
    assert_int_equal(attempt(&s, POST, 0), ERR_WAIT);
    unsigned one = s.a.f.recvs; /* those of the handshake, too */

    exchange_close(&s.a.x, false);
    s.a.f.recvs = 0;
    assert_int_equal(attempt(&s, POST, 20 * EXCHANGE_TX_CAP), ERR_WAIT);
    assert_true(s.a.f.recvs >= one + 18);
    close_scene(&s);
}

static void the_idle_limit_counts_from_the_last_byte(void **state)
{
    struct scene s = {.p = {.read_max = 20000}};

    (void)state;
    open_scene(&s, "good", "root.pem");
    s.a.f.window = 10000;
    attempt_start(&s.a, POST, POST_LEN);
    while (s.a.x.state != EX_SEND || s.a.f.out.len - s.a.f.out.at < 10000) {
        enum want want = exchange_step(&s.a.x, &s.a.now);

        assert_true(want != WANT_NOTHING);
        if (want != WANT_STEP) {
            s.a.now.mono_ms += 1;
            s.a.f.now_ms = s.a.now.mono_ms;
        }
    }
    uint64_t from = s.a.now.mono_ms;

    while (exchange_step(&s.a.x, &s.a.now) !=
           WANT_NOTHING) { /* woken for nothing again and again */
        s.a.now.mono_ms += 1000;
    }
    assert_int_equal(s.a.x.err, ERR_IDLE_DEADLINE);
    assert_true(s.a.now.mono_ms <= from + s.a.options.idle_ms + 1000);
    close_scene(&s);
}

struct refusal {
    const char *name, *leaf, *bundle, *host;
    int64_t wall_s; /* 0: now */
    int want;
    int alert;
};

static const struct refusal REFUSALS[] = {
    {"self-signed", "selfsigned", "root.pem", "localhost", 0, ERR_TLS_UNKNOWN_CA,
     GNUTLS_A_UNKNOWN_CA},
    {"unknown issuer", "unknown", "root.pem", "localhost", 0, ERR_TLS_UNKNOWN_CA,
     GNUTLS_A_UNKNOWN_CA},
    {"missing intermediate (S02)", "noint", "root.pem", "localhost", 0, ERR_TLS_CHAIN_INCOMPLETE,
     GNUTLS_A_UNKNOWN_CA},
    {"expired", "expired", "root.pem", "localhost", 0, ERR_TLS_EXPIRED,
     GNUTLS_A_CERTIFICATE_EXPIRED},
    {"not yet valid", "future", "root.pem", "localhost", 0, ERR_TLS_FUTURE,
     GNUTLS_A_BAD_CERTIFICATE},
    {"wrong name", "wrongname", "root.pem", "localhost", 0, ERR_TLS_NAME, GNUTLS_A_BAD_CERTIFICATE},
    {"no name", "nosan", "root.pem", "localhost", 0, ERR_TLS_NAME, GNUTLS_A_BAD_CERTIFICATE},
    {"a name like an address (S01)", "ip_dns", "root.pem", "127.0.0.1", 0, ERR_TLS_NAME,
     GNUTLS_A_BAD_CERTIFICATE},
    {"extended key usage", "eku", "root.pem", "localhost", 0, ERR_TLS_USAGE,
     GNUTLS_A_UNSUPPORTED_CERTIFICATE},
    {"clock not set (C14)", "good", "root.pem", "localhost", 12, ERR_CLOCK,
     GNUTLS_A_BAD_CERTIFICATE},
    {"only the old signer", "cross", "cross_old_only.pem", "localhost", 0, ERR_TLS_EXPIRED,
     GNUTLS_A_CERTIFICATE_EXPIRED},
    {"an empty bundle", "good", "good.key", "localhost", 0, ERR_CA_FILE, GNUTLS_A_BAD_CERTIFICATE},
};

static void who_is_not_believed_gets_no_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * COUNT(REFUSALS); i++) {
        const struct refusal *row = &REFUSALS[i / 2];
        struct scene s = {.p = {.priority = VERSIONS[i % 2], .reply = REPLY}};

        s.a.options.host = row->host;
        open_scene(&s, row->leaf, row->bundle);
        s.a.now.wall_s = row->wall_s != 0 ? row->wall_s : s.a.now.wall_s;
        s.p.reply_after = 1u << 20;
        int err = attempt(&s, GET, 0);

        if (err != row->want || s.p.got_len != 0 || s.a.x.sent != SENT_NOTHING || s.a.at != 0 ||
            s.p.alert != row->alert || !s.p.shaken) {
            fail_msg("%s: %s, %zu bytes, alert %d", row->name, err_name(err), s.p.got_len,
                     s.p.alert);
        }
        assert_int_equal(s.a.f.at, -1);
        /* And no other way in behind it. */
        uint8_t byte = 0;
        assert_int_equal(tls_send(&s.a.x.tls, &byte, 1), ERR_INTERNAL);
        assert_int_equal(tls_recv(&s.a.x.tls, &byte, 1), ERR_INTERNAL);
        close_scene(&s);
    }
}

/* send and recv do nothing in any state but verified. */
static void no_byte_moves_before_verify(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene s = {.p = {.priority = VERSIONS[i], .reply = REPLY}};
        uint8_t byte = 'x';
        struct net_addr addr = {.len = 1};
        struct tls t;

        open_scene(&s, "good", "root.pem");
        assert_int_equal(tls_init(&t, &s.a.tls, &s.a.net), 0);
        assert_int_equal(tls_send(&t, &byte, 1), ERR_INTERNAL);
        assert_int_equal(s.a.net.open(s.a.net.ctx, &addr), 0);
        assert_int_equal(tls_start(&t, "localhost", ARENA_NOW_S), 0);
        int err;

        do {
            assert_int_equal(tls_send(&t, &byte, 1), ERR_INTERNAL);
            assert_int_equal(tls_recv(&t, &byte, 1), ERR_INTERNAL);
            assert_int_equal(tls_verify(&t, "localhost", ARENA_NOW_S, s.a.x.tx), ERR_INTERNAL);
            err = tls_handshake(&t);
        } while (err == ERR_WAIT);
        assert_int_equal(err, 0);
        assert_int_equal(tls_send(&t, &byte, 1), ERR_INTERNAL);
        assert_int_equal(tls_recv(&t, &byte, 1), ERR_INTERNAL);
        fake_pump(&s.a.f);
        assert_true(s.p.shaken);
        assert_int_equal(s.p.got_len, 0);
        assert_int_equal(tls_verify(&t, "localhost", ARENA_NOW_S, s.a.x.tx), 0);
        assert_int_equal(tls_send(&t, &byte, 1), 1);
        fake_pump(&s.a.f);
        assert_int_equal(s.p.got_len, 1);
        tls_close(&t, false);
        assert_int_equal(tls_send(&t, &byte, 1), ERR_INTERNAL);
        tls_free(&t);
        s.a.net.close(s.a.net.ctx, false);
        close_scene(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_arrive_whole_whatever_the_socket_does),
        cmocka_unit_test(the_gate_withholds_the_last_piece),
        cmocka_unit_test(the_attempts_limit_holds_at_the_gate),
        cmocka_unit_test(answers_are_told_apart),
        cmocka_unit_test(a_reply_is_looked_for_only_now_and_then),
        cmocka_unit_test(an_early_reply_is_found_by_the_next_look),
        cmocka_unit_test(tickets_are_taken_before_more_is_sent),
        cmocka_unit_test(the_idle_limit_counts_from_the_last_byte),
        cmocka_unit_test(who_is_not_believed_gets_no_byte),
        cmocka_unit_test(no_byte_moves_before_verify),
    };

    certs_make();
    arena_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
