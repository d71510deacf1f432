/* tunnel: what goes to a proxy, and what its answers mean. */
#include "base/err.h"
#include "base/stream.h"
#include "link/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_net.h"

#define TLS_BYTES "\x16\x03\x03\x00\x7a"

struct row {
    const char *name, *reply;
    bool end;
    int want;
    unsigned status;
    const char *left; /* what the tunnel must leave unread */
};

static const struct row ROWS[] = {
    {"open", "HTTP/1.1 200 Connection established\r\n\r\n", false, 0, 200, ""},
    {"open, TLS bytes behind", "HTTP/1.1 200 OK\r\n\r\n" TLS_BYTES, false, 0, 200, TLS_BYTES},
    {"open, of HTTP/1.0", "HTTP/1.0 200 Connection established\r\n\r\n", false, 0, 200, ""},
    {"open, with headers", "HTTP/1.1 200 OK\r\nVia: 1.1 proxy\r\nX-Note: one\r\n\r\n" TLS_BYTES,
     false, 0, 200, TLS_BYTES},
    {"open, a length that does not count (RFC 9110 9.3.6)",
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" TLS_BYTES, false, 0, 200, TLS_BYTES},
    {"open, a coding that does not count (RFC 9110 9.3.6)",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" TLS_BYTES, false, 0, 200, TLS_BYTES},
    {"open, with Connection: close", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", false, 0, 200,
     ""},
    {"open, another 2xx", "HTTP/1.1 204 No Content\r\n\r\n", false, 0, 204, ""},
    {"open behind an interim reply",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" TLS_BYTES, false, 0, 200, TLS_BYTES},
    {"open, bare LF as line end (C08)", "HTTP/1.1 200 OK\n\n" TLS_BYTES, false, 0, 200, TLS_BYTES},
    {"407 wants other credentials",
     "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n"
     "Content-Length: 4\r\n\r\nno\r\n",
     false, ERR_PROXY_CREDENTIALS, 407, "no\r\n"},
    {"403 refuses", "HTTP/1.1 403 Forbidden\r\n\r\n", false, ERR_PROXY, 403, ""},
    {"401 refuses", "HTTP/1.1 401 Unauthorized\r\n\r\n", false, ERR_PROXY, 401, ""},
    {"502 refuses", "HTTP/1.1 502 Bad Gateway\r\n\r\n", false, ERR_PROXY, 502, ""},
    {"a redirect refuses", "HTTP/1.1 302 Found\r\nLocation: https://evil.test/\r\n\r\n", false,
     ERR_PROXY, 302, ""},
    {"an upgrade nobody asked for", "HTTP/1.1 101 Switching Protocols\r\n\r\n", false,
     ERR_HTTP_INTERIM, 0, ""},
    {"no HTTP at all", "SSH-2.0-OpenSSH\r\n", false, ERR_HTTP_STATUS_LINE, 0, NULL},
    {"a TLS alert", "\x15\x03\x01\x00\x02\x02\x28", false, ERR_HTTP_STATUS_LINE, 0, NULL},
    {"HTTP/2", "HTTP/2 200\r\n\r\n", false, ERR_HTTP_STATUS_LINE, 0, NULL},
    {"a malformed header", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", false, ERR_HTTP_HEADER, 0, NULL},
    {"closed without a word", "", true, ERR_CLOSED, 0, ""},
    {"closed in the status line", "HTTP/1.1 20", true, ERR_CLOSED, 0, ""},
    {"closed in the headers", "HTTP/1.1 200 OK\r\nVia: x\r\n", true, ERR_CLOSED, 0, ""},
};

struct shape {
    size_t send_step;
    bool send_again, recv_again;
};

static const struct shape SHAPES[] = {
    {0, false, false}, {1, false, false}, {1, true, true}, {7, true, false}, {0, true, true},
};

static void answer(void *ctx, struct fake_net *f)
{
    const struct row *row = ctx;

    if (f->in.len == 0 && f->out.len > 4 &&
        memcmp(f->out.bytes + f->out.len - 4, "\r\n\r\n", 4) == 0) {
        fake_pipe_put(&f->in, row->reply, strlen(row->reply));
        f->end = row->end;
    }
}

static int run(struct tunnel *t, struct fake_net *f)
{
    int err = ERR_WAIT;

    for (int i = 0; i < 10000 && err == ERR_WAIT; i++) {
        err = tunnel_step(t);
        if (err == ERR_WAIT) {
            assert_true(t->want == WANT_READ || t->want == WANT_WRITE);
        }
    }
    assert_int_equal(f->faults, 0);
    return err;
}

static void open_fake(struct fake_net *f, struct net *net)
{
    const struct net_addr addr = {.len = 1};

    *net = fake_as_net(f);
    assert_int_equal(net->open(net->ctx, &addr), 0);
}

static void check(const struct row *row, const struct shape *shape)
{
    struct fake_net f = {.peer = answer,
                         .peer_ctx = (void *)(uintptr_t)row,
                         .send_step = shape->send_step,
                         .send_again = shape->send_again,
                         .recv_again = shape->recv_again};
    struct net net;
    struct tunnel t;

    open_fake(&f, &net);
    assert_int_equal(tunnel_init(&t, &net, "api.example.net:443", NULL), 0);
    int err = run(&t, &f);

    if (err != row->want || t.status != row->status) {
        fail_msg("%s: %s, status %u", row->name, err_name(err), t.status);
    }
    if (row->left != NULL) {
        assert_int_equal(f.in.len - f.in.at, strlen(row->left));
        assert_memory_equal(f.in.bytes + f.in.at, row->left, strlen(row->left));
    }
    fake_free(&f);
}

static void reads_the_proxys_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        for (size_t s = 0; s < COUNT(SHAPES); s++) {
            check(&ROWS[i], &SHAPES[s]);
        }
    }
}

static void sends_its_request(void **state)
{
    static const struct row open = {.reply = "HTTP/1.1 200 OK\r\n\r\n"};
    static const char plain[] = "CONNECT [2001:db8::1]:8443 HTTP/1.1\r\n"
                                "Host: [2001:db8::1]:8443\r\n";
    static const char secret[] = "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n";

    (void)state;
    for (size_t s = 0; s < 2 * COUNT(SHAPES); s++) {
        const struct shape *shape = &SHAPES[s / 2];
        bool with = s % 2 == 1;
        struct fake_net f = {.peer = answer,
                             .peer_ctx = (void *)(uintptr_t)&open,
                             .send_step = shape->send_step,
                             .send_again = shape->send_again};
        struct net net;
        struct tunnel t;
        char got[512] = {0};

        open_fake(&f, &net);
        assert_int_equal(
            tunnel_init(&t, &net, "[2001:db8::1]:8443", with ? "Basic dXNlcjpwYXNz" : NULL), 0);
        assert_int_equal(run(&t, &f), 0);
        memcpy(got, f.out.bytes, f.out.len);
        assert_memory_equal(got, plain, sizeof plain - 1);
        assert_int_equal(strstr(got, secret) != NULL, with);
        assert_int_equal(strstr(got, "Authorization") != NULL, with);
        assert_null(strstr(got, "Content-Length"));
        assert_string_equal(got + f.out.len - 4, "\r\n\r\n");
        fake_free(&f);
    }
}

static void refuses_what_would_write_a_header(void **state)
{
    struct fake_net f = {0};
    struct net net = fake_as_net(&f);
    struct tunnel t;

    (void)state;
    assert_int_equal(tunnel_init(&t, &net, "a:443\r\nX: y", NULL), ERR_VALUE);
    assert_int_equal(tunnel_init(&t, &net, "a b:443", NULL), ERR_VALUE);
    assert_int_equal(tunnel_init(&t, &net, "a:443", "Basic a\r\nX: y"), ERR_VALUE);
}

static void tells_a_cut(void **state)
{
    static const struct row row = {.reply = "HTTP/1.1 200 OK\r\nVia: x\r\n\r\n"};

    (void)state;
    for (size_t at = 1; at < strlen(row.reply); at++) {
        struct fake_net f = {.peer = answer, .peer_ctx = (void *)(uintptr_t)&row, .cut_in = at};
        struct net net;
        struct tunnel t;

        open_fake(&f, &net);
        assert_int_equal(tunnel_init(&t, &net, "a:443", NULL), 0);
        assert_int_equal(run(&t, &f), ERR_NETWORK);
        fake_free(&f);
    }
    for (size_t at = 1; at < 30; at++) {
        struct fake_net f = {.peer = answer, .peer_ctx = (void *)(uintptr_t)&row, .cut_out = at};
        struct net net;
        struct tunnel t;

        open_fake(&f, &net);
        assert_int_equal(tunnel_init(&t, &net, "a:443", NULL), 0);
        assert_int_equal(run(&t, &f), ERR_NETWORK);
        fake_free(&f);
    }
}

static void no_endless_head(void *ctx, struct fake_net *f)
{
    const char *line = ctx;

    if (f->in.len == 0) {
        fake_pipe_put(&f->in, "HTTP/1.1 200 OK\r\n", 17);
    }
    if (f->in.at == f->in.len && f->in.len < FAKE_PIPE - 1024) {
        fake_pipe_put(&f->in, line, strlen(line));
    }
}

static void ends_an_endless_head(void **state)
{
    static const char *const line[] = {"X-Note: again\r\n", "X", "HTTP/1.1 100 C\r\n\r\n",
                                       "\r\n\r\nHTTP/1.1 100 C"};

    (void)state;
    for (size_t i = 0; i < COUNT(line); i++) {
        struct fake_net f = {.peer = no_endless_head, .peer_ctx = (void *)(uintptr_t)line[i]};
        struct net net;
        struct tunnel t;

        open_fake(&f, &net);
        assert_int_equal(tunnel_init(&t, &net, "a:443", NULL), 0);
        assert_true(run(&t, &f) != ERR_WAIT);
        fake_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_proxys_answer),
        cmocka_unit_test(sends_its_request),
        cmocka_unit_test(refuses_what_would_write_a_header),
        cmocka_unit_test(tells_a_cut),
        cmocka_unit_test(ends_an_endless_head),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
