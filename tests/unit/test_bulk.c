/* What became of a call, by everything that an attempt can end with. The exchange is a fake that
 * plays one attempt after the other; request, reply and parsers are the real ones. */
#include "base/err.h"
#include "bulk/bulk.h"
#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

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

static void begin(const struct attempt *attempt, size_t count)
{
    next = attempt;
    end = attempt + count;
    assert_int_equal(bulk_init(&b, &SERVICE, NO_OPTIONS), 0);
}

static int finish_call(int err)
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

static int upload_named(const char *name, int file_end)
{
    static struct bytes file;
    struct bulk_upload up = {.object = "contact", .name = name, .path = true, .file_len = 4};

    file = (struct bytes){.src = "a\n1\n", .len = 4, .end = file_end};
    up.file = (struct source){bytes_pull, &file};
    return finish_call(bulk_upload(&b, &up, &NOW));
}

static int upload(void)
{
    return upload_named("f.csv", 0);
}

/* Every end that an upload can have: only what was clearly refused, or could not be whole, made no
 * job; all else behind the gate is unknown. */
static const struct upload_row {
    const char *name;
    struct attempt attempt;
    int want, cause;
} UPLOADS[] = {
    {"a clear answer", {.reply = CREATED, .gate = true}, 0, 0},
    {"201 and 202 too", {.reply = BODY("202 Accepted", 10, "{\"id\":\"1\"}"), .gate = true}, 0, 0},
    {"nothing sent, no connection", {.reply = "", .err = ERR_CONNECT}, ERR_CONNECT, 0},
    {"cut in the body", {.reply = "", .err = ERR_NETWORK}, ERR_NETWORK, 0},
    {"time is over in the body", {.reply = "", .err = ERR_IDLE_DEADLINE}, ERR_IDLE_DEADLINE, 0},
    {"no HTTP before the gate", {.reply = "SSH-2.0-x\r\n"}, ERR_HTTP_STATUS_LINE, 0},
    {"401 in the body", {.reply = BODY("401 No", 2, "{}")}, ERR_UNAUTHORIZED, 0},
    {"413 in the body, its own body cut",
     {.reply = BODY("413 No", 9, "{"), .cut = true},
     ERR_TOO_LARGE,
     0},
    {"503 in the body", {.reply = BODY("503 No", 0, "")}, ERR_SERVICE, 0},
    {"302 in the body", {.reply = BODY("302 No", 0, "")}, ERR_REDIRECTED, 0},
    {"a whole 200 before the gate: a job of half a file, perhaps",
     {.reply = CREATED},
     ERR_OUTCOME_UNKNOWN,
     ERR_REPLY_SHAPE},
    {"a 200 before the gate, cut",
     {.reply = BODY("200 OK", 32, "{\"id\":"), .cut = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_HTTP_TRUNCATED},
    {"the closing delimiter is cut",
     {.reply = "", .err = ERR_NETWORK, .part = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_NETWORK},
    {"a whole 200 although the closing delimiter is cut",
     {.reply = CREATED, .part = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_REPLY_SHAPE},
    {"400 although the closing delimiter is cut",
     {.reply = BODY("400 No", 0, ""), .part = true},
     ERR_BAD_REQUEST,
     0},
    {"the end instead of an answer", {.reply = "", .gate = true}, ERR_OUTCOME_UNKNOWN, ERR_CLOSED},
    {"silence",
     {.reply = "", .err = ERR_ANSWER_DEADLINE, .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_ANSWER_DEADLINE},
    {"the attempt's end",
     {.reply = "", .err = ERR_ATTEMPT_DEADLINE, .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_ATTEMPT_DEADLINE},
    {"a reset", {.reply = "", .err = ERR_NETWORK, .gate = true}, ERR_OUTCOME_UNKNOWN, ERR_NETWORK},
    {"a damaged record",
     {.reply = "", .err = ERR_TLS_RECORD, .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_TLS_RECORD},
    {"an alert",
     {.reply = "", .err = ERR_TLS_HANDSHAKE, .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_TLS_HANDSHAKE},
    {"half a status line",
     {.reply = "HTTP/1.1 2", .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_HTTP_TRUNCATED},
    {"half a head of a 400",
     {.reply = "HTTP/1.1 400 No\r\nA:", .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_HTTP_TRUNCATED},
    {"no HTTP",
     {.reply = "\x15\x03\x01\r\n", .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_HTTP_STATUS_LINE},
    {"only interim replies",
     {.reply = "HTTP/1.1 100 Go\r\n\r\n", .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_HTTP_TRUNCATED},
    {"an upgrade",
     {.reply = "HTTP/1.1 101 Go\r\n\r\n", .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_HTTP_INTERIM},
    {"an answer cut behind its id",
     {.reply = BODY("200 OK", 32, "{\"id\":\"1234\""), .cut = true, .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_HTTP_TRUNCATED},
    {"no JSON",
     {.reply = BODY("200 OK", 6, "<html>"), .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_JSON_SYNTAX},
    {"nothing at all in a 200",
     {.reply = BODY("200 OK", 0, ""), .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_JSON_SYNTAX},
    {"204",
     {.reply = "HTTP/1.1 204 No\r\n\r\n", .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_JSON_SYNTAX},
    {"no id",
     {.reply = BODY("200 OK", 20, "{\"status\":\"CREATED\"}"), .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_JOB_ID},
    {"an illegal id",
     {.reply = BODY("200 OK", 12, "{\"id\":\"a/b\"}"), .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_JOB_ID},
    {"two jobs",
     {.reply = BODY("200 OK", 23, "[{\"id\":\"1\"},{\"id\":\"2\"}]"), .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_REPLY_SHAPE},
    {"an empty list",
     {.reply = BODY("200 OK", 2, "[]"), .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_JOB_ID},
    {"a status that is no text",
     {.reply = BODY("200 OK", 21, "{\"id\":\"1\",\"status\":5}"), .gate = true},
     ERR_OUTCOME_UNKNOWN,
     ERR_REPLY_SHAPE},
    {"500", {.reply = BODY("500 No", 0, ""), .gate = true}, ERR_OUTCOME_UNKNOWN, ERR_SERVICE},
    {"503", {.reply = BODY("503 No", 0, ""), .gate = true}, ERR_OUTCOME_UNKNOWN, ERR_SERVICE},
    {"408", {.reply = BODY("408 No", 0, ""), .gate = true}, ERR_OUTCOME_UNKNOWN, ERR_SERVICE},
    {"600", {.reply = BODY("600 No", 0, ""), .gate = true}, ERR_OUTCOME_UNKNOWN, 0},
    {"400", {.reply = BODY("400 No", 0, ""), .gate = true}, ERR_BAD_REQUEST, 0},
    {"401", {.reply = BODY("401 No", 0, ""), .gate = true}, ERR_UNAUTHORIZED, 0},
    {"403", {.reply = BODY("403 No", 0, ""), .gate = true}, ERR_FORBIDDEN, 0},
    {"404", {.reply = BODY("404 No", 0, ""), .gate = true}, ERR_NOT_FOUND, 0},
    {"409", {.reply = BODY("409 No", 0, ""), .gate = true}, ERR_CONFLICT, 0},
    {"413", {.reply = BODY("413 No", 0, ""), .gate = true}, ERR_TOO_LARGE, 0},
    {"429", {.reply = BODY("429 No", 0, ""), .gate = true}, ERR_RATE_LIMITED, 0},
    {"499 is a no like 400", {.reply = BODY("499 No", 0, ""), .gate = true}, ERR_BAD_REQUEST, 0},
    {"a refusal whose body is cut is one",
     {.reply = BODY("400 No", 9, "{"), .cut = true, .gate = true},
     ERR_BAD_REQUEST,
     0},
    {"a redirect is not followed",
     {.reply = HEAD("307 No") "Location: /v2/x\r\nContent-Length: 0\r\n\r\n", .gate = true},
     ERR_REDIRECTED,
     0},
};

static void test_uploads(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(UPLOADS); i++) {
        const struct upload_row *row = &UPLOADS[i];

        begin(&row->attempt, 1);
        int err = upload();

        if (err != row->want || (row->cause != 0 && b.cause != row->cause)) {
            fail_msg("%s: %s because %s", row->name, err_name(err), err_name(b.cause));
        }
        assert_ptr_equal(next, end);
    }
}

/* The gate stays shut for a file that says no at its end (C05): not even the head need be sent. */
static void test_a_file_that_changed_makes_no_job(void **state)
{
    static const struct attempt one = {.reply = CREATED, .gate = true};

    (void)state;
    begin(&one, 1);
    assert_int_equal(upload_named("f.csv", ERR_SOURCE_CHANGED), ERR_SOURCE_CHANGED);
    assert_false(b.x.gate_open);
}

static void test_names_of_files(void **state)
{
    static const struct attempt one = {.reply = CREATED, .gate = true};
    static const char *const bad[] = {".", "..", "a\x01.csv", ""};
    char name[URL_PART_CAP];

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        begin(&one, 1);
        assert_int_equal(upload_named(bad[i], 0), ERR_VALUE);
        assert_ptr_equal(next, &one);
    }
    memset(name, '/', sizeof name - 1);
    name[sizeof name - 1] = 0;
    begin(&one, 1);
    assert_int_equal(upload_named(name, 0), 0);
    begin(&one, 1);
    assert_int_equal(upload_named("a b\"\r\n%.csv", 0), 0);
    assert_string_equal(target, "/v2/bulk/contact?path=/a%20b%22%0D%0A%25.csv");
}

struct told {
    unsigned count;
    char last[64];
};

static void tell(void *ctx, const struct bulk_item *item)
{
    struct told *t = ctx;

    t->count++;
    (void)strncpy(t->last, item->text, sizeof t->last - 1);
}

static struct told told;
static const struct bulk_receiver TO = {tell, &told};

#define PAGE(token, len, body)                                                                     \
    HEAD("200 OK") "Elements-Next-Page-Token: " token "\r\nContent-Length: " #len "\r\n\r\n" body

/* What the service said to one call is not said of the next (wait, words, status, request id). */
static void test_nothing_is_left_of_the_call_before(void **state)
{
    static const struct attempt attempt[] = {
        {.reply = HEAD(
             "503 No") "Retry-After: 7\r\nElements-Request-Id: r1\r\nContent-Length: 17\r\n\r\n"
                       "{\"message\":\"busy\"}"},
        {.reply = "", .err = ERR_CONNECT},
    };

    (void)state;
    begin(attempt, 2);
    assert_int_equal(finish_call(bulk_status(&b, "1", &NOW)), ERR_SERVICE);
    assert_int_equal(b.status, 503);
    assert_int_equal(b.retry_after_ms, 7000);
    assert_string_equal(b.job.message, "busy");
    assert_string_equal(bulk_request_id(&b), "r1");
    assert_int_equal(finish_call(bulk_again(&b, &NOW)), ERR_CONNECT);
    assert_int_equal(b.status, 0);
    assert_int_equal(b.retry_after_ms, 0);
    assert_string_equal(b.job.message, "");
    assert_string_equal(bulk_request_id(&b), "");

    begin(attempt, 1);
    assert_int_equal(finish_call(bulk_status(&b, "1", &NOW)), ERR_SERVICE);
    assert_int_equal(upload_named("..", 0), ERR_VALUE); /* fails before it is sent */
    assert_int_equal(b.status, 0);
    assert_int_equal(b.retry_after_ms, 0);
    assert_string_equal(b.job.message, "");
    assert_string_equal(bulk_request_id(&b), "");
}

static void test_a_page_that_fails_has_no_status_of_the_one_before(void **state)
{
    static const struct attempt attempt[] = {{.reply = PAGE("A", 5, "[\"1\"]")},
                                             {.reply = "", .err = ERR_NETWORK}};

    (void)state;
    begin(attempt, 2);
    assert_int_equal(finish_call(bulk_errors(&b, "1", &TO, &NOW)), ERR_NETWORK);
    assert_int_equal(b.status, 0);
}

static void test_the_words_of_a_failed_call_are_read(void **state)
{
    static const struct attempt no = {.reply = BODY("404 No", 15, "{\"message\":\"x\"}")};

    (void)state;
    begin(&no, 1);
    assert_int_equal(finish_call(bulk_metadata(&b, "contact", &TO, &NOW)), ERR_NOT_FOUND);
    assert_string_equal(b.job.message, "x");
    begin(&no, 1);
    assert_int_equal(finish_call(bulk_objects(&b, &TO, &NOW)), ERR_NOT_FOUND);
    assert_string_equal(b.job.message, "x");
}

/* A page is asked for again with its own token, and what it told before is not told twice. */
static void test_a_page_asked_again_tells_the_rest(void **state)
{
    static const struct attempt attempt[] = {
        {.reply = PAGE("A", 9, "[\"1\",\"2\"]")},
        {.reply = BODY("200 OK", 99, "[\"3\",\"4\","), .cut = true},
        {.reply = BODY("200 OK", 99, "[\"3\","), .cut = true}, /* less than the time before */
        {.reply = BODY("200 OK", 13, "[\"3\",\"4\",\"5\"]")},
    };

    (void)state;
    told = (struct told){0};
    begin(attempt, COUNT(attempt));
    assert_int_equal(finish_call(bulk_errors(&b, "1", &TO, &NOW)), ERR_HTTP_TRUNCATED);
    assert_int_equal(finish_call(bulk_again(&b, &NOW)), ERR_HTTP_TRUNCATED);
    assert_string_equal(target, "/v2/bulk/1/errors?pageSize=200&nextPage=A");
    assert_int_equal(told.count, 4);
    assert_int_equal(finish_call(bulk_again(&b, &NOW)), 0);
    assert_int_equal(told.count, 5);
    assert_string_equal(told.last, "5");
    assert_int_equal(b.items, 5);
}

static void test_a_token_that_cannot_be_sent(void **state)
{
    static const struct attempt attempt[] = {
        {.reply = PAGE("A", 5, "[\"1\"]")},
        {.reply = PAGE("..", 5, "[\"2\"]")},
        {.reply = PAGE("..", 5, "[\"2\"]")},
    };

    (void)state;
    told = (struct told){0};
    begin(attempt, COUNT(attempt));
    assert_int_equal(finish_call(bulk_errors(&b, "1", &TO, &NOW)), ERR_REPLY_SHAPE);
    assert_int_equal(finish_call(bulk_again(&b, &NOW)), ERR_REPLY_SHAPE);
    assert_string_equal(target, "/v2/bulk/1/errors?pageSize=200&nextPage=A");
    assert_int_equal(told.count, 2);
}

/* Pages that go round end, whatever the round's length; long lists do not. */
static void test_pages_that_go_round(void **state)
{
    static const struct attempt round[] = {
        {.reply = PAGE("A", 2, "[]")}, {.reply = PAGE("B", 2, "[]")}, {.reply = PAGE("C", 2, "[]")},
        {.reply = PAGE("B", 2, "[]")}, {.reply = PAGE("C", 2, "[]")}, {.reply = PAGE("B", 2, "[]")},
        {.reply = PAGE("C", 2, "[]")},
    };
    static const struct attempt same[] = {{.reply = PAGE("A", 2, "[]")},
                                          {.reply = PAGE("A", 2, "[]")}};
    static const struct attempt far[] = {
        {.reply = PAGE("A", 2, "[]")},      {.reply = PAGE("B", 2, "[]")},
        {.reply = PAGE("C", 2, "[]")},      {.reply = PAGE("D", 2, "[]")},
        {.reply = PAGE("E", 2, "[]")},      {.reply = PAGE("F", 2, "[]")},
        {.reply = BODY("200 OK", 2, "[]")},
    };

    (void)state;
    begin(round, COUNT(round));
    assert_int_equal(finish_call(bulk_errors(&b, "1", &TO, &NOW)), ERR_REPLY_SHAPE);
    begin(same, COUNT(same));
    assert_int_equal(finish_call(bulk_jobs(&b, &TO, &NOW)), ERR_REPLY_SHAPE);
    begin(far, COUNT(far));
    assert_int_equal(finish_call(bulk_jobs(&b, &TO, &NOW)), 0);
    assert_ptr_equal(next, end);
    begin(far, COUNT(far)); /* what the list before was like does not matter */
    assert_int_equal(finish_call(bulk_jobs(&b, &TO, &NOW)), 0);
}

static const struct {
    const char *location;
    const char *target; /* or NULL: refused */
} REDIRECTS[] = {
    {"/v3/objects", "/v3/objects"},
    {"https://h/v3", "/v3"},
    {"https://h:443/v3", NULL},
    {"https://hh/v3", NULL},
    {"https://h", NULL},
    {"https://h@evil/", NULL},
    {"https://h.evil/", NULL},
    {"http://h/v3", NULL},
    {"//h/v3", NULL},
    {"v3", NULL},
    {"", NULL},
};

/* C40 */
static void test_redirects(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(REDIRECTS); i++) {
        char reply[256];
        struct attempt attempt[] = {{.reply = reply}, {.reply = BODY("200 OK", 2, "[]")}};

        (void)snprintf(reply, sizeof reply,
                       "HTTP/1.1 302 No\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                       REDIRECTS[i].location);
        begin(attempt, 2);
        int err = finish_call(bulk_objects(&b, &TO, &NOW));

        if (REDIRECTS[i].target == NULL) {
            assert_int_equal(err, ERR_REDIRECTED);
            assert_ptr_equal(next, attempt + 1);
        } else {
            assert_int_equal(err, 0);
            assert_string_equal(target, REDIRECTS[i].target);
        }
        begin(attempt, 1);
        assert_int_equal(finish_call(bulk_cancel(&b, "1", &NOW)), ERR_REDIRECTED);
    }
}

static void test_names_that_are_not_sent(void **state)
{
    (void)state;
    begin(NULL, 0);
    assert_int_equal(bulk_metadata(&b, "..", &TO, &NOW), ERR_OBJECT_NAME);
    assert_int_equal(bulk_metadata(&b, "jobs", &TO, &NOW), ERR_OBJECT_VERB);
    assert_int_equal(bulk_status(&b, "a/b", &NOW), ERR_JOB_ID);
    assert_int_equal(bulk_errors(&b, "", &TO, &NOW), ERR_JOB_ID);
    assert_int_equal(bulk_cancel(&b, "..", &NOW), ERR_JOB_ID);
}

/* An upload is never asked again, whatever came of it. */
static void test_an_upload_has_no_again(void **state)
{
    static const struct attempt one = {.reply = "", .err = ERR_NETWORK};

    (void)state;
    begin(&one, 1);
    assert_int_equal(upload(), ERR_NETWORK);
    assert_int_equal(bulk_again(&b, &NOW), ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uploads),
        cmocka_unit_test(test_a_file_that_changed_makes_no_job),
        cmocka_unit_test(test_names_of_files),
        cmocka_unit_test(test_nothing_is_left_of_the_call_before),
        cmocka_unit_test(test_a_page_that_fails_has_no_status_of_the_one_before),
        cmocka_unit_test(test_the_words_of_a_failed_call_are_read),
        cmocka_unit_test(test_a_page_asked_again_tells_the_rest),
        cmocka_unit_test(test_a_token_that_cannot_be_sent),
        cmocka_unit_test(test_pages_that_go_round),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_names_that_are_not_sent),
        cmocka_unit_test(test_an_upload_has_no_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
