#include "base/err.h"
#include "base/stream.h"
#include "edge.h"
#include "reply/job_json.h"
#include "reply/json_items.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* Reads the first item of a reply, the first bytes in one delivery, the rest by `step`. */
static int read_job(struct job *job, const char *src, size_t len, size_t first, size_t step)
{
    struct json_items it;
    size_t at = 0;

    job_init(job);
    json_items_init(&it, NULL);
    while (at < len) {
        size_t n = at < first ? first - at : len - at < step ? len - at : step, used = 0;
        const char *part = edge_copy(src + at, n);
        while (used < n) {
            int got = json_items_push(&it, part + used, n - used);
            if (got < 0) {
                return got;
            }
            used += (size_t)got;
            if (it.event == JSON_MEMBER && it.items == 0) {
                int err = job_take(job, &it.key, &it.value);
                assert_int_equal(err, job->err);
            }
        }
        at += n;
    }
    return json_items_finish(&it);
}

/* Whole, per byte, at every split: the same job. */
static void read_every_way(const char *name, struct job *job, const char *src)
{
    size_t len = strlen(src), at;
    struct job other;

    assert_int_equal(read_job(job, src, len, len, 1), 0);
    for (at = 0; at <= len; at++) {
        assert_int_equal(read_job(&other, src, len, at, at == 0 ? 1 : len), 0);
        if (memcmp(job, &other, sizeof(other)) != 0) {
            fail_msg("%s: another job when split at %u", name, (unsigned)at);
        }
    }
}

#define LONG_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"

/* id and word as they are told; err. */
static const struct id_row {
    const char *name, *input, *id;
    int err;
} IDS[] = {
    {"a string", "{\"id\":\"1234\"}", "1234", 0},
    {"an 18-digit number (C26)", "{\"id\":640794306199020323,\"status\":\"queued\"}",
     "640794306199020323", 0},
    {"the same in a string (C26)", "{\"id\":\"640794306199020323\",\"status\":\"queued\"}",
     "640794306199020323", 0},
    {"the same with white space (C26)", "{\"id\": 640794306199020323 }", "640794306199020323", 0},
    {"more digits than any integer has", "{\"id\":123456789012345678901234567890}",
     "123456789012345678901234567890", 0},
    {"every kind of character allowed", "{\"id\":\"azAZ09._-\"}", "azAZ09._-", 0},
    {"64 characters", "{\"id\":\"" LONG_64 "\"}", LONG_64, 0},
    {"65 characters are refused", "{\"id\":\"" LONG_64 "x\"}", "", ERR_JOB_ID},
    {"written with escapes", "{\"id\":\"\\u0031\\u0032\"}", "12", 0},
    {"an exponent is refused (C26)", "{\"id\":6.4e17}", "", ERR_JOB_ID},
    {"an exponent without point is refused", "{\"id\":6e17}", "", ERR_JOB_ID},
    {"a sign is refused (C26)", "{\"id\":-1}", "", ERR_JOB_ID},
    {"an empty id is refused (C26)", "{\"id\":\"\"}", "", ERR_JOB_ID},
    {"a slash is refused (C26)", "{\"id\":\"a/b\"}", "", ERR_JOB_ID},
    {"an escaped slash is refused", "{\"id\":\"a\\/b\"}", "", ERR_JOB_ID},
    {"a percent sign is refused (C26)", "{\"id\":\"a%2fb\"}", "", ERR_JOB_ID},
    {"a newline is refused (C26)", "{\"id\":\"a\\r\\nb\"}", "", ERR_JOB_ID},
    {"NUL is refused", "{\"id\":\"a\\u0000\"}", "", ERR_JOB_ID},
    {"a space is refused", "{\"id\":\"a b\"}", "", ERR_JOB_ID},
    {"letters beyond ASCII are refused", "{\"id\":\"\xc3\xa9\"}", "", ERR_JOB_ID},
    {"a dot is refused", "{\"id\":\".\"}", "", ERR_JOB_ID},
    {"two dots are refused (C26)", "{\"id\":\"..\"}", "", ERR_JOB_ID},
    {"three dots are a name", "{\"id\":\"...\"}", "...", 0},
    {"true is refused", "{\"id\":true}", "", ERR_JOB_ID},
    {"an array is refused", "{\"id\":[1]}", "", ERR_JOB_ID},
    {"an object is refused", "{\"id\":{\"id\":1}}", "", ERR_JOB_ID},
    {"null is absent (C25)", "{\"id\":null}", "", 0},
    {"absent", "{}", "", 0},
    {"instanceId where there is no id", "{\"instanceId\":477,\"status\":\"CREATED\"}", "477", 0},
    {"instanceId where id is null", "{\"id\":null,\"instanceId\":477}", "477", 0},
    {"id before instanceId", "{\"id\":\"1\",\"instanceId\":477}", "1", 0},
    {"instanceId before id", "{\"instanceId\":477,\"id\":\"1\"}", "1", 0},
    {"an illegal instanceId is not usable", "{\"instanceId\":\"a/b\",\"id\":\"1\"}", "1", 0},
    {"an illegal id is not mended by instanceId", "{\"id\":\"a/b\",\"instanceId\":477}", "477",
     ERR_JOB_ID},
    {"of one key twice the first", "{\"id\":\"1\",\"id\":\"2\"}", "1", 0},
    {"a nested id is none", "{\"x\":{\"id\":\"2\"},\"y\":[{\"id\":3}]}", "", 0},
};

static void keeps_ids_as_text(void **state)
{
    struct job job;
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(IDS); at++) {
        read_every_way(IDS[at].name, &job, IDS[at].input);
        if (strcmp(job.id, IDS[at].id) != 0 || job.err != IDS[at].err) {
            fail_msg("%s: \"%s\", %s", IDS[at].name, job.id, err_name(job.err));
        }
    }
}

static const struct status_row {
    const char *name, *input, *word;
    enum job_state state;
    bool known;
    int err;
} STATUSES[] = {
    {"created", "{\"status\":\"CREATED\"}", "CREATED", JOB_GOING, true, 0},
    {"started", "{\"status\":\"STARTED\"}", "STARTED", JOB_GOING, true, 0},
    {"running", "{\"status\":\"RUNNING\"}", "RUNNING", JOB_GOING, true, 0},
    {"to be cancelled", "{\"status\":\"CANCELLATION_PENDING\"}", "CANCELLATION_PENDING", JOB_GOING,
     true, 0},
    {"completed", "{\"status\":\"COMPLETED\"}", "COMPLETED", JOB_COMPLETED, true, 0},
    {"complete, as the seed has it", "{\"id\":\"1234\",\"status\":\"COMPLETE\"}", "COMPLETE",
     JOB_COMPLETED, true, 0},
    {"cancelled", "{\"status\":\"CANCELLED\"}", "CANCELLED", JOB_CANCELLED, true, 0},
    {"canceled", "{\"status\":\"CANCELED\"}", "CANCELED", JOB_CANCELLED, true, 0},
    {"aborted", "{\"status\":\"ABORTED\"}", "ABORTED", JOB_ABORTED, true, 0},
    {"error", "{\"status\":\"ERROR\"}", "ERROR", JOB_ERROR, true, 0},
    {"case does not count (C27)", "{\"status\":\"Completed\"}", "Completed", JOB_COMPLETED, true,
     0},
    {"the word as it came (C27)", "{\"status\":\"Queued\"}", "Queued", JOB_GOING, false, 0},
    {"another word (C27)", "{\"status\":\"IN_PROGRESS\"}", "IN_PROGRESS", JOB_GOING, false, 0},
    {"a third (C27)", "{\"status\":\"NotProcessed\"}", "NotProcessed", JOB_GOING, false, 0},
    {"done is none of the page's (C27)", "{\"status\":\"DONE\"}", "DONE", JOB_GOING, false, 0},
    {"a word that begins like one", "{\"status\":\"COMPLETED_WITH_ERRORS\"}",
     "COMPLETED_WITH_ERRORS", JOB_GOING, false, 0},
    {"a space is part of the word", "{\"status\":\"ERROR \"}", "ERROR ", JOB_GOING, false, 0},
    {"a long word is cut", "{\"status\":\"" LONG_64 "\"}", "0123456789abcdef0123456789abcdef",
     JOB_GOING, false, 0},
    {"an escape sequence is made harmless", "{\"status\":\"\\u001b[2J\"}", "\xef\xbf\xbd[2J",
     JOB_GOING, false, 0},
    {"the C23 answer", "{\"id\":\"j1\",\"errors\":[{\"row\":1}],\"status\":\"failed\"}", "failed",
     JOB_GOING, false, 0},
    {"null is absent (C25)",
     "{\"id\":\"j1\",\"status\":null,\"error\":null,\"extra\":{\"a\":[null]}}", "", JOB_GOING,
     false, 0},
    {"the four letters null are a word", "{\"status\":\"null\"}", "null", JOB_GOING, false, 0},
    {"an empty word is absent", "{\"status\":\"\"}", "", JOB_GOING, false, 0},
    {"absent", "{}", "", JOB_GOING, false, 0},
    {"a number is refused (C25)", "{\"status\":404}", "", JOB_GOING, false, ERR_REPLY_SHAPE},
    {"true is refused (C25)", "{\"status\":true}", "", JOB_GOING, false, ERR_REPLY_SHAPE},
    {"an array is refused (C25)", "{\"status\":[\"COMPLETED\"]}", "", JOB_GOING, false,
     ERR_REPLY_SHAPE},
    {"an object is refused (C25)", "{\"status\":{\"status\":\"COMPLETED\"}}", "", JOB_GOING, false,
     ERR_REPLY_SHAPE},
    {"jobStatus alone", "{\"jobStatus\":\"RUNNING\"}", "RUNNING", JOB_GOING, true, 0},
    {"job_state alone", "{\"job_state\":\"ABORTED\"}", "ABORTED", JOB_ABORTED, true, 0},
    {"status wins over job_state", "{\"status\":\"COMPLETED\",\"job_state\":\"RUNNING\"}",
     "COMPLETED", JOB_COMPLETED, true, 0},
    {"in whatever order", "{\"job_state\":\"COMPLETED\",\"status\":\"RUNNING\"}", "RUNNING",
     JOB_GOING, true, 0},
    {"a known word does not outlive an unknown better one",
     "{\"job_state\":\"COMPLETED\",\"status\":\"odd\"}", "odd", JOB_GOING, false, 0},
    {"job_state where status is empty", "{\"status\":\"\",\"job_state\":\"ERROR\"}", "ERROR",
     JOB_ERROR, true, 0},
    {"in front of it too", "{\"job_state\":\"ERROR\",\"status\":\"\"}", "ERROR", JOB_ERROR, true,
     0},
    {"job_state where status is null", "{\"status\":null,\"job_state\":\"ERROR\"}", "ERROR",
     JOB_ERROR, true, 0},
    {"a bad spelling is refused beside a good one", "{\"status\":\"COMPLETED\",\"jobStatus\":1}",
     "COMPLETED", JOB_COMPLETED, true, ERR_REPLY_SHAPE},
    {"and in front of it", "{\"jobStatus\":1,\"status\":\"COMPLETED\"}", "COMPLETED", JOB_COMPLETED,
     true, ERR_REPLY_SHAPE},
};

static void reads_status_words(void **state)
{
    struct job job;
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(STATUSES); at++) {
        const struct status_row *row = &STATUSES[at];
        read_every_way(row->name, &job, row->input);
        if (strcmp(job.word, row->word) != 0 || job.state != row->state ||
            job.known != row->known || job.err != row->err) {
            fail_msg("%s: \"%s\", state %d, known %d, %s", row->name, job.word, job.state,
                     job.known, err_name(job.err));
        }
    }
}

static const struct count_row {
    const char *name, *input;
    int64_t records, failed;
} COUNTS[] = {
    {"absent", "{}", JOB_UNTOLD, JOB_UNTOLD},
    {"first spelling", "{\"recordsCount\":10,\"recordsFailedCount\":2}", 10, 2},
    {"second spelling", "{\"recordCount\":10,\"errorCount\":2}", 10, 2},
    {"third spelling", "{\"record_count\":10,\"error_count\":2}", 10, 2},
    {"in strings", "{\"recordsCount\":\"10\",\"recordsFailedCount\":\"0\"}", 10, 0},
    {"null while it runs (C25)", "{\"record_count\":null,\"error_count\":null}", JOB_UNTOLD,
     JOB_UNTOLD},
    {"null beside another spelling", "{\"recordsCount\":null,\"record_count\":7}", 7, JOB_UNTOLD},
    {"the better spelling wins in any order",
     "{\"error_count\":3,\"recordsFailedCount\":4,\"errorCount\":5}", JOB_UNTOLD, 4},
    {"a sign is not usable", "{\"recordsCount\":-1,\"recordCount\":8}", 8, JOB_UNTOLD},
    {"a fraction is not usable", "{\"recordsCount\":1.5}", JOB_UNTOLD, JOB_UNTOLD},
    {"the largest", "{\"recordsCount\":9223372036854775807}", INT64_MAX, JOB_UNTOLD},
    {"an overflow is unknown, not wrapped (C26)", "{\"recordsCount\":18446744073709551617}",
     JOB_UNTOLD, JOB_UNTOLD},
    {"another kind is not usable", "{\"recordsCount\":[1],\"recordsFailedCount\":true}", JOB_UNTOLD,
     JOB_UNTOLD},
};

static void reads_counts_in_every_spelling(void **state)
{
    struct job job;
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(COUNTS); at++) {
        read_every_way(COUNTS[at].name, &job, COUNTS[at].input);
        if (job.records != COUNTS[at].records || job.failed != COUNTS[at].failed || job.err != 0) {
            fail_msg("%s: %lld, %lld", COUNTS[at].name, (long long)job.records,
                     (long long)job.failed);
        }
    }
}

static const struct message_row {
    const char *name, *input, *want;
} MESSAGES[] = {
    {"absent", "{}", ""},
    {"error", "{\"error\":\"e\"}", "e"},
    {"statusMessage", "{\"statusMessage\":\"s\"}", "s"},
    {"message", "{\"message\":\"m\"}", "m"},
    {"providerMessage", "{\"providerMessage\":\"p\"}", "p"},
    {"null and empty ones are absent (C25)",
     "{\"error\":null,\"statusMessage\":\"\",\"message\":\"m\"}", "m"},
    {"the first of the list wins in any order",
     "{\"providerMessage\":\"p\",\"message\":\"m\",\"statusMessage\":\"s\"}", "s"},
    {"another kind is not usable", "{\"error\":{\"message\":\"x\"},\"message\":\"m\"}", "m"},
    {"true is not usable", "{\"error\":true}", ""},
    {"words that drive a terminal are made harmless", "{\"message\":\"a\\u001b]0;x\\u0007\"}",
     "a\xef\xbf\xbd]0;x\xef\xbf\xbd"},
};

static void reads_messages(void **state)
{
    char input[1400], long_word[1300];
    struct job job;
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(MESSAGES); at++) {
        read_every_way(MESSAGES[at].name, &job, MESSAGES[at].input);
        if (strcmp(job.message, MESSAGES[at].want) != 0 || job.err != 0) {
            fail_msg("%s: \"%s\"", MESSAGES[at].name, job.message);
        }
    }
    memset(long_word, 'w', sizeof(long_word));
    long_word[sizeof(long_word) - 1] = 0;
    sprintf(input, "{\"message\":\"%s\",\"id\":\"1\"}", long_word);
    read_every_way("a message longer than any buffer", &job, input);
    assert_int_equal(strlen(job.message), MESSAGE_CAP - 1);
    assert_string_equal(job.id, "1");
    sprintf(input, "{\"id\":\"%s\",\"message\":\"m\"}", long_word);
    read_every_way("an id longer than any buffer", &job, input);
    assert_int_equal(job.err, ERR_JOB_ID);
    assert_string_equal(job.message, "m");
}

static void reads_an_element_of_the_job_list(void **state)
{
    struct job job;

    (void)state;
    read_every_way("job list", &job,
                   "[{\"id\":52,\"instanceId\":477,\"object_name\":\"contact\","
                   "\"job_direction\":\"UPLOAD\",\"status\":\"COMPLETED\",\"job_state\":null,"
                   "\"record_count\":10,\"error_count\":1,\"createdDate\":1467729963000,"
                   "\"completion_time\":1467729970123,\"fileFormat\":\"csv\","
                   "\"notification_url\":null}]");
    assert_string_equal(job.id, "52");
    assert_string_equal(job.object, "contact");
    assert_true(job.upload);
    assert_int_equal(job.state, JOB_COMPLETED);
    assert_int_equal(job.records, 10);
    assert_int_equal(job.failed, 1);
    assert_true(job.created_ms == 1467729963000);
    assert_true(job.completed_ms == 1467729970123);
    assert_int_equal(job.err, 0);
    read_every_way("another direction", &job,
                   "{\"job_direction\":\"DOWNLOAD\",\"createdDate\":\"x\"}");
    assert_false(job.upload);
    assert_int_equal(job.created_ms, JOB_UNTOLD);
    read_every_way("of one key twice the first", &job,
                   "{\"job_direction\":\"UPLOAD\",\"job_direction\":\"DOWNLOAD\"}");
    assert_true(job.upload);
}

static void reads_an_error_body(void **state)
{
    struct job job;

    (void)state;
    read_every_way("error body", &job,
                   "{\"requestId\":\"56a8\",\"message\":\"Not found\",\"providerMessage\":\"x\"}");
    assert_string_equal(job.request_id, "56a8");
    assert_string_equal(job.message, "Not found");
    read_every_way("a request id that is too long", &job, "{\"requestId\":\"" LONG_64 "x\"}");
    assert_string_equal(job.request_id, "");
    read_every_way("a name that is too long is no better one", &job,
                   "{\"object_name\":\"contact\",\"objectName\":\"" LONG_64 "x\"}");
    assert_string_equal(job.object, "contact");
}

static void keeps_the_first_error(void **state)
{
    struct job job;

    (void)state;
    read_every_way("two errors", &job, "{\"status\":1,\"id\":-1,\"recordsCount\":5}");
    assert_int_equal(job.err, ERR_REPLY_SHAPE);
    assert_int_equal(job.records, 5);
}

static void judges_ids(void **state)
{
    (void)state;
    assert_true(job_id_ok("1234"));
    assert_true(job_id_ok(LONG_64));
    assert_false(job_id_ok(LONG_64 "x"));
    assert_false(job_id_ok(""));
    assert_false(job_id_ok("."));
    assert_false(job_id_ok(".."));
    assert_false(job_id_ok("a\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_ids_as_text),
        cmocka_unit_test(reads_status_words),
        cmocka_unit_test(reads_counts_in_every_spelling),
        cmocka_unit_test(reads_messages),
        cmocka_unit_test(reads_an_element_of_the_job_list),
        cmocka_unit_test(reads_an_error_body),
        cmocka_unit_test(keeps_the_first_error),
        cmocka_unit_test(judges_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
