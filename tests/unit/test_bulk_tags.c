/* What is found of tags in replies, and whose status a reply is. */
#include "fake_exchange.h"

#include <stdio.h>

#define PREFIX "oc-0123456789abcdef-"
#define A      PREFIX "00000007-89abcdef-01"
#define B      PREFIX "00000008-89abcdef-01"
#define ALIEN  "oc-fedcba9876543210-00000007-89abcdef-01"

static struct bulk_service tagged;

/* One line an item: id, count of tags, `f` for foreign ones, the first one. */
static char told[1024];

static void tell(const char *id, const struct tag_finder *tags)
{
    size_t len = strlen(told);
    char first[TAG_CAP] = "";

    if (tags->count > 0) {
        tag_text(first, &tags->first);
    }
    (void)snprintf(told + len, sizeof told - len, "%s %u%s %s\n", id, tags->count,
                   tags->foreign ? "f" : "", first);
}

static void take(void *ctx, const struct bulk_item *item)
{
    (void)ctx;
    tell(item->job->id, item->tags);
}

static const struct bulk_receiver TO = {take, NULL};

static void start(const struct attempt *attempt, size_t count, uint64_t spool_id)
{
    next = attempt;
    end = attempt + count;
    told[0] = '\0';
    tagged = SERVICE;
    tagged.spool_id = spool_id;
    assert_int_equal(bulk_init(&b, &tagged, NO_OPTIONS), 0);
}

/* No length: the connection's end ends it. */
#define REPLY(body) HEAD("200 OK") "\r\n" body

#define LIST_1                                                                                     \
    "[{\"id\":1,\"notification_url\":\"https://d/h?ocb=" A "\"},"                                  \
    "{\"id\":2,\"path\":\"/" ALIEN ".csv\",\"metaData\":{\"a\":[\"" A "\",{\"b\":\"" B "\"}]}},"   \
    "{\"metadata\":\"{\\\"callback-payload\\\":\\\"" B "\\\"}\",\"id\":3},"                        \
    "{\"id\":4}]"
#define LIST_2 "[{\"fileName\":\"" A ".csv\",\"id\":5},{\"id\":6,\"n\":\"" B "x\"}]"

static void each_item_of_a_list_has_its_own(void **state)
{
    static const struct attempt attempt[] = {
        {.reply = HEAD("200 OK") "Elements-Next-Page-Token: t\r\n\r\n" LIST_1},
        {.reply = REPLY(LIST_2)},
    };

    (void)state;
    start(attempt, COUNT(attempt), UINT64_C(0x0123456789abcdef));
    assert_int_equal(finish_call(bulk_jobs(&b, &TO, &NOW)), 0);
    assert_string_equal(told, "1 1 " A "\n"
                              "2 2f " A "\n"
                              "3 1 " B "\n"
                              "4 0 \n"
                              "5 1 " A "\n"
                              "6 0 \n");
}

/* A chunk for every byte, so that each is told alone. */
static void put_per_byte(char *dst, const char *body)
{
    dst += sprintf(dst, "%s", HEAD("200 OK") "Transfer-Encoding: chunked\r\n\r\n");
    for (; *body != '\0'; body++) {
        dst += sprintf(dst, "1\r\n%c\r\n", *body);
    }
    (void)sprintf(dst, "0\r\n\r\n");
}

static void bytes_that_come_alone_are_told_alike(void **state)
{
    static char reply[8192];
    const struct attempt one = {.reply = reply};

    (void)state;
    put_per_byte(reply, LIST_1);
    start(&one, 1, UINT64_C(0x0123456789abcdef));
    assert_int_equal(finish_call(bulk_jobs(&b, &TO, &NOW)), 0);
    assert_string_equal(told, "1 1 " A "\n2 2f " A "\n3 1 " B "\n4 0 \n");
}

/* What a cut page told of its last item is not told of the first one when it is asked for again. */
static void a_page_asked_again_begins_anew(void **state)
{
    static const struct attempt attempt[] = {
        {.reply = REPLY("[{\"id\":1},{\"id\":2,\"a\":\"" A "\",\"b\":\"" PREFIX), .cut = true},
        {.reply = REPLY("[{\"id\":1,\"a\":\"00000007-89abcdef-01\"},{\"id\":2},{\"id\":3}]")},
    };

    (void)state;
    start(attempt, COUNT(attempt), UINT64_C(0x0123456789abcdef));
    assert_int_not_equal(finish_call(bulk_jobs(&b, &TO, &NOW)), 0);
    assert_int_equal(finish_call(bulk_again(&b, &NOW)), 0);
    assert_string_equal(told, "1 0 \n2 0 \n3 0 \n");
}

static void nothing_is_looked_for_without_a_spool(void **state)
{
    static const struct attempt attempt[] = {{.reply = REPLY(LIST_1)}};

    (void)state;
    start(attempt, 1, 0);
    assert_int_equal(finish_call(bulk_jobs(&b, &TO, &NOW)), 0);
    assert_string_equal(told, "1 0 \n2 0 \n3 0 \n4 0 \n");
}

#define STATUS(members) REPLY("{\"id\":\"77\",\"status\":\"RUNNING\"" members "}")

static void a_status_shows_tags(void **state)
{
    static const struct attempt attempt[] = {
        {.reply = STATUS(",\"metaData\":{\"callback-payload\":\"" A "\"},\"path\":\"/" B "\"")},
        {.reply = STATUS(",\"path\":\"/" ALIEN ".csv\"")},
        {.reply = STATUS("")},
    };
    static const char *const want[] = {"77 2 " A "\n", "77 0f \n", "77 0 \n"};

    (void)state;
    start(attempt, COUNT(attempt), UINT64_C(0x0123456789abcdef));
    for (size_t i = 0; i < COUNT(attempt); i++) {
        told[0] = '\0';
        assert_int_equal(finish_call(bulk_status(&b, "77", &NOW)), 0);
        tell(b.job.id, &b.tags);
        assert_string_equal(told, want[i]);
    }
}

/* The words of a refusal may quote the request. */
static void a_refusal_shows_none(void **state)
{
    static const struct attempt attempt[] = {
        {.reply = HEAD("404 No") "\r\n{\"message\":\"no \\\"" A "\\\"\"}"},
    };

    (void)state;
    start(attempt, 1, UINT64_C(0x0123456789abcdef));
    assert_int_equal(finish_call(bulk_status(&b, "77", &NOW)), ERR_NOT_FOUND);
    assert_int_equal(b.tags.count, 0);
}

static void an_upload_s_answer_shows_tags(void **state)
{
    static const struct attempt attempt[] = {
        {.reply = REPLY("{\"id\":\"77\",\"path\":\"/" A ".csv\"}"), .gate = true},
        {.reply = CREATED, .gate = true},
    };

    (void)state;
    start(attempt, COUNT(attempt), UINT64_C(0x0123456789abcdef));
    assert_int_equal(upload(), 0);
    assert_int_equal(b.tags.count, 1);
    assert_int_equal(b.tags.first.batch, 7);
    assert_int_equal(upload(), 0);
    assert_int_equal(b.tags.count, 0);
}

static const struct {
    const char *name, *reply;
    int want;
} IDS[] = {
    {"the id asked for", REPLY("{\"id\":\"77\",\"status\":\"COMPLETED\"}"), 0},
    {"as a number", REPLY("{\"id\":77,\"status\":\"COMPLETED\"}"), 0},
    {"no id", REPLY("{\"status\":\"COMPLETED\"}"), 0},
    {"null", REPLY("{\"id\":null,\"status\":\"COMPLETED\"}"), 0},
    {"an instance's id", REPLY("{\"instanceId\":5,\"status\":\"COMPLETED\"}"), 0},
    {"an instance's id before it", REPLY("{\"instanceId\":5,\"id\":77,\"status\":\"RUNNING\"}"), 0},
    {"another", REPLY("{\"id\":\"78\",\"status\":\"COMPLETED\"}"), ERR_REPLY_SHAPE},
    {"another behind it", REPLY("{\"status\":\"COMPLETED\",\"id\":\"770\"}"), ERR_REPLY_SHAPE},
    {"its start", REPLY("{\"id\":7,\"status\":\"COMPLETED\"}"), ERR_REPLY_SHAPE},
    {"with a zero in front", REPLY("{\"id\":\"077\",\"status\":\"ERROR\"}"), ERR_REPLY_SHAPE},
    {"an illegal one", REPLY("{\"id\":\"a/b\",\"status\":\"COMPLETED\"}"), ERR_JOB_ID},
};

static void a_status_is_that_of_the_job_asked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(IDS); i++) {
        const struct attempt one = {.reply = IDS[i].reply};

        start(&one, 1, 0);
        int err = finish_call(bulk_status(&b, "77", &NOW));

        if (err != IDS[i].want) {
            fail_msg("%s: %s", IDS[i].name, err_name(err));
        }
        if (err == ERR_REPLY_SHAPE) { /* nothing of it is believed */
            assert_int_equal(b.job.state, JOB_GOING);
            assert_string_equal(b.job.word, "");
            assert_string_equal(b.job.id, "");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_item_of_a_list_has_its_own),
        cmocka_unit_test(bytes_that_come_alone_are_told_alike),
        cmocka_unit_test(a_page_asked_again_begins_anew),
        cmocka_unit_test(nothing_is_looked_for_without_a_spool),
        cmocka_unit_test(a_status_shows_tags),
        cmocka_unit_test(a_refusal_shows_none),
        cmocka_unit_test(an_upload_s_answer_shows_tags),
        cmocka_unit_test(a_status_is_that_of_the_job_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
