/* What became of an upload, by everything that an attempt can end with. */
#include "fake_exchange.h"

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
        cmocka_unit_test(test_an_upload_has_no_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
