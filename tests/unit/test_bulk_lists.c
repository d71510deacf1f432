/* What is told of lists and their pages, of redirects, and of the call before. */
#include "fake_exchange.h"

#include <stdio.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_left_of_the_call_before),
        cmocka_unit_test(test_a_page_that_fails_has_no_status_of_the_one_before),
        cmocka_unit_test(test_the_words_of_a_failed_call_are_read),
        cmocka_unit_test(test_a_page_asked_again_tells_the_rest),
        cmocka_unit_test(test_a_token_that_cannot_be_sent),
        cmocka_unit_test(test_pages_that_go_round),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_names_that_are_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
