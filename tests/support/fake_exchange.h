/* fake_exchange: plays one attempt after the other under the bulk API, for its tests; request,
 * reply and parsers are the real ones. It stands in for firmware/link, so it is to be included once
 * in a test that links nothing else of the link. */
#ifndef OCBULK_TESTS_FAKE_EXCHANGE_H
#define OCBULK_TESTS_FAKE_EXCHANGE_H

#include "base/err.h"
#include "bulk/bulk.h"
#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

/* One attempt: how far the request went, what came back, and how it ended. */
struct attempt {
    const char *reply;
    int err;
    bool cut;  /* the connection ends behind the reply, without close_notify */
    bool gate; /* the request gets as far as the gate, and through it */
    bool part; /* through the gate, but not to its end */
};

static const struct attempt *next, *end;
static char target[1024]; /* of the last request */
static struct bulk b;
static const struct now NOW = {.mono_ms = 1000, .wall_s = 1795651200};

int exchange_init(struct exchange *x, const struct exchange_options *options,
                  const struct tls_options *tls, const struct net *net)
{
    (void)options;
    (void)tls;
    (void)net;
    *x = (struct exchange){.state = EX_IDLE};
    return 0;
}

void exchange_start(struct exchange *x, const struct source *request, struct http_response *reply,
                    const struct now *now)
{
    (void)now;
    x->request = *request;
    x->reply = reply;
    x->err = 0;
    x->sent = SENT_NOTHING;
    x->gate_open = false;
    x->state = EX_SEND;
}

void exchange_go_on(struct exchange *x, const struct now *now)
{
    (void)now;
    assert_int_equal(x->state, EX_GATE);
    x->gate_open = true;
    x->state = EX_SEND;
}

void exchange_close(struct exchange *x, bool keep_session)
{
    (void)keep_session;
    x->state = EX_IDLE;
}

void exchange_free(struct exchange *x)
{
    x->state = EX_IDLE;
}

static void read_target(const uint8_t *head, size_t len)
{
    const char *from = memchr(head, ' ', len);
    const char *to =
        from != NULL ? memchr(from + 1, ' ', len - (size_t)(from - (char *)head) - 1) : NULL;

    if (to != NULL && (size_t)(to - from) < sizeof target) {
        memcpy(target, from + 1, (size_t)(to - from) - 1);
        target[to - from - 1] = 0;
    }
}

/* 0 at the request's end, ERR_WAIT at its gate, or the source's error. */
static int send_all(struct exchange *x)
{
    uint8_t buf[512];
    bool first = x->sent == SENT_NOTHING;
    int n;

    while ((n = source_pull(&x->request, buf, sizeof buf)) > 0) {
        if (first) {
            read_target(buf, (size_t)n);
            first = false;
        }
        x->sent = SENT_SOME;
    }
    return n;
}

static enum want finish(struct exchange *x, int err)
{
    x->err = err;
    x->state = EX_IDLE;
    return WANT_NOTHING;
}

static enum want hear(struct exchange *x, const struct attempt *a)
{
    size_t len = strlen(a->reply);
    int n = len > 0 ? http_response_push(x->reply, (const uint8_t *)a->reply, len) : 0;

    next++;
    if (n < 0 || a->err != 0) {
        return finish(x, n < 0 ? n : a->err);
    }
    if (!x->reply->done) {
        return finish(x, len > 0 ? http_response_finish(x->reply, !a->cut) : ERR_CLOSED);
    }
    return finish(x, 0);
}

enum want exchange_step(struct exchange *x, const struct now *now)
{
    const struct attempt *a = next;
    bool upload = b.call == BULK_UPLOAD;

    (void)now;
    assert_true(next < end); /* another attempt than the test has is one too many */
    if (upload && !a->gate && !a->part) {
        x->sent = SENT_SOME;
        return hear(x, a);
    }
    if (a->part && x->gate_open) {
        return hear(x, a);
    }
    int err = send_all(x);

    if (err == ERR_WAIT) {
        x->state = EX_GATE;
        x->sent = SENT_TO_GATE;
        return WANT_GATE;
    }
    x->sent = err == 0 ? SENT_ALL : x->sent;
    return err != 0 ? finish(x, err) : hear(x, a);
}

#define NO_OPTIONS              NULL, NULL, NULL
#define HEAD(status)            "HTTP/1.1 " status "\r\nContent-Type: application/json\r\n"
#define BODY(status, len, body) HEAD(status) "Content-Length: " #len "\r\n\r\n" body
#define CREATED                 BODY("200 OK", 32, "{\"id\":\"1234\",\"status\":\"CREATED\"}")

static const struct bulk_service SERVICE = {.host = "h",
                                            .base = "/v2",
                                            .user_agent = "t",
                                            .element_token = "tok_TEST",
                                            .user_secret = "usr_TEST"};

static inline void begin(const struct attempt *attempt, size_t count)
{
    next = attempt;
    end = count > 0 ? attempt + count : attempt;
    assert_int_equal(bulk_init(&b, &SERVICE, NO_OPTIONS), 0);
}

static inline int finish_call(int err)
{
    while (err == 0) {
        enum want want = bulk_step(&b, &NOW);

        if (want == WANT_NOTHING) {
            return b.err;
        }
        if (want == WANT_GATE) {
            bulk_commit(&b, &NOW);
        } else {
            assert_int_equal(want, WANT_STEP);
        }
    }
    return err;
}

static inline int upload_named(const char *name, int file_end)
{
    static struct bytes file;
    struct bulk_upload up = {.object = "contact", .name = name, .path = true, .file_len = 4};

    file = (struct bytes){.src = "a\n1\n", .len = 4, .end = file_end};
    up.file = (struct source){bytes_pull, &file};
    return finish_call(bulk_upload(&b, &up, &NOW));
}

static inline int upload(void)
{
    return upload_named("f.csv", 0);
}

#endif
