/* What the daemon says of its news, and how often: the clock is an argument. */
#include "base/err.h"
#include "linux/daemon_say.h"
#include "linux/log.h"
#include "linux/out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

static struct session session;
static struct uploader uploader;
static struct daemon_say say;
static char text[65536];
static int kept_stderr, file;

static int begin(void **state)
{
    (void)state;
    memset(&say, 0, sizeof say);
    memset(&uploader, 0, sizeof uploader);
    memset(&session, 0, sizeof session);
    session.exchange.authority = "h:443";
    say.session = &session;
    say.uploader = &uploader;
    log_begin(LOG_AT_INFO, false);
    kept_stderr = dup(STDERR_FILENO);
    file = fileno(tmpfile());
    dup2(file, STDERR_FILENO);
    return 0;
}

static int end(void **state)
{
    (void)state;
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    close(file);
    return 0;
}

/* What was said since the last call. */
static const char *said(void)
{
    ssize_t n = pread(file, text, sizeof text - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    assert_int_equal(ftruncate(file, 0), 0);
    lseek(file, 0, SEEK_SET);
    return text;
}

static struct uploader_news news(enum uploader_news_kind kind)
{
    return (struct uploader_news){.kind = (uint8_t)kind,
                                  .object = "",
                                  .id = "",
                                  .file = "",
                                  .request_id = "",
                                  .told = -1,
                                  .failed = -1};
}

static void trouble(int err, uint16_t http, uint64_t now_ms)
{
    struct uploader_news n = news(NEWS_TROUBLE);

    n.err = err;
    n.http = http;
    daemon_say(&say, &n, now_ms);
}

static void recover(int err, uint64_t now_ms)
{
    struct uploader_news n = news(NEWS_RECOVERED);

    n.err = err;
    daemon_say(&say, &n, now_ms);
}

static void first_failure_and_recovery(void **state)
{
    (void)state;
    session.sockets.sys = ENETUNREACH;
    trouble(ERR_CONNECT, 0, 1000);
    assert_string_equal(said(), "ocbulk: warning: no connection to the host: h:443: Network is "
                                "unreachable, CONNECT; it is tried again\n");
    for (uint64_t ms = 2000; ms < 30 * MINUTE; ms += MINUTE) {
        trouble(ERR_CONNECT, 0, ms);
    }
    assert_string_equal(said(), "");
    recover(ERR_CONNECT, 1000 + 30 * MINUTE);
    assert_string_equal(said(), "ocbulk: the service answers again, after 30 min and 31 failed "
                                "tries\n");
    recover(ERR_CONNECT, 31 * MINUTE);
    assert_string_equal(said(), "");
}

static void the_same_is_said_after_an_hour(void **state)
{
    unsigned lines = 0;

    (void)state;
    for (uint64_t ms = 0; ms < 24 * (uint64_t)HOUR; ms += MINUTE) {
        trouble(ERR_SERVICE, 503, ms);
        lines += said()[0] != '\0';
    }
    assert_int_equal(lines, 24);
    trouble(ERR_SERVICE, 503, 24 * (uint64_t)HOUR);
    assert_non_null(strstr(said(), ", HTTP 503, SERVICE, since 24 h; it is tried again"));
}

static void each_other_cause_is_said_once(void **state)
{
    static const int cause[] = {ERR_DNS, ERR_CONNECT, ERR_NETWORK, ERR_DNS_DEADLINE};
    unsigned lines = 0;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        trouble(cause[i % COUNT(cause)], 0, i * 1000);
        lines += said()[0] != '\0';
    }
    assert_int_equal(lines, COUNT(cause));
    trouble(ERR_SERVICE, 500, 101000);
    assert_non_null(strstr(said(), "HTTP 500"));
    trouble(ERR_SERVICE, 502, 102000);
    assert_non_null(strstr(said(), "HTTP 502"));
}

static void behind_a_recovery_the_same_is_news(void **state)
{
    (void)state;
    trouble(ERR_DNS, 0, 0);
    recover(ERR_DNS, 1000);
    (void)said();
    trouble(ERR_DNS, 0, 2000);
    assert_non_null(strstr(said(), "cannot be resolved"));
}

static void flash_and_calls_are_told_apart(void **state)
{
    (void)state;
    trouble(ERR_DNS, 0, 0);
    trouble(ERR_FLASH_FULL, 0, 0);
    assert_non_null(strstr(said(), "the flash is full, FLASH_FULL; nothing is lost"));
    recover(ERR_FLASH_FULL, 5000);
    assert_string_equal(said(), "ocbulk: flash works again, after 5 s and 1 failed try\n");
    recover(ERR_DNS, 6000);
    assert_string_equal(said(), "ocbulk: the service answers again, after 6 s and 1 failed try\n");
}

/* The uploader tells a failure that repeats once; how often it tried stands in its retry. */
static void tries_are_the_uploaders(void **state)
{
    (void)state;
    trouble(ERR_DNS, 0, 0);
    uploader.retry.get.tries = 9;
    (void)said();
    recover(ERR_DNS, 90 * MINUTE);
    assert_non_null(strstr(said(), "after 90 min and 9 failed tries"));
}

static const struct row {
    struct uploader_news n;
    const char *want;
} ROWS[] = {
    {{.kind = NEWS_CREATED, .object = "o", .id = "77", .batch = 7, .records = 1},
     "o: batch 7 (1 record), job 77 taken by the service"},
    {{.kind = NEWS_ADOPTED, .object = "o", .id = "", .file = "ana@example.org.csv", .segment = 3},
     "o: segment 3 taken over from outbox"},
    {{.kind = NEWS_FINAL, .object = "o", .id = "77", .batch = 7, .records = 500, .how = FINAL_DONE},
     "o: batch 7 (500 records), job 77: all stored"},
    {{.kind = NEWS_FINAL,
      .object = "o",
      .id = "",
      .batch = 7,
      .how = FINAL_DONE,
      .reason = REASON_HAND},
     "o: batch 7: taken as stored; by hand"},
    {{.kind = NEWS_FINAL,
      .object = "o",
      .id = "77",
      .batch = 7,
      .records = 500,
      .failed = 2,
      .how = FINAL_PARTIAL},
     "warning: o: batch 7 (500 records), job 77, 2 failed, the others are stored; see failed/o"},
    {{.kind = NEWS_FINAL,
      .object = "o",
      .id = "77",
      .batch = 7,
      .records = 500,
      .failed = -1,
      .how = FINAL_PARTIAL},
     "warning: o: batch 7 (500 records), job 77, some failed, the others are stored; see failed/o"},
    {{.kind = NEWS_FINAL, .object = "o", .id = "77", .batch = 7, .how = FINAL_FAILED},
     "warning: o: batch 7, job 77: failed; a part may be stored; see failed/o"},
    {{.kind = NEWS_HELD, .object = "o", .id = "", .batch = 7, .reason = REASON_TWO_JOBS},
     "warning: o: batch 7 waits for a hand, `ocbulk queue` shows it; more than one job has its "
     "tag"},
    {{.kind = NEWS_UNKNOWN, .object = "o", .id = "", .batch = 7, .reason = REASON_UNKNOWN},
     "warning: o: batch 7 was sent, no clear answer came; it is looked for"},
    {{.kind = NEWS_VOID,
      .object = "o",
      .id = "",
      .batch = 7,
      .reason = REASON_TOO_LARGE,
      .http = 413,
      .request_id = "r-1"},
     "o: batch 7 was not taken and is cut anew; too large for the service, HTTP 413, request id "
     "r-1"},
    {{.kind = NEWS_HOLD_OBJECT, .object = "o", .id = "", .reason = REASON_PLACE, .http = 404},
     "warning: o: nothing of it is sent until that is mended; tried each hour; wrong hub or "
     "address, HTTP 404"},
    {{.kind = NEWS_HOLD_ACCOUNT, .object = "", .id = "", .reason = REASON_CREDENTIALS, .http = 401},
     "warning: nothing is sent until that is mended; tried each hour; the service refuses the "
     "credentials, HTTP 401"},
    {{.kind = NEWS_ROT, .object = "", .id = "", .reason = REASON_JOURNAL},
     "what waited is held, `ocbulk queue` shows it; new records are sent; journal damaged or "
     "missing"},
};

static void each_kind_has_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct uploader_news n = ROWS[i].n;
        char want[512];

        n.file = n.file != NULL ? n.file : "";
        n.request_id = n.request_id != NULL ? n.request_id : "";
        snprintf(want, sizeof want, "ocbulk: %s\n", ROWS[i].want);
        daemon_say(&say, &n, 0);
        assert_string_equal(said(), want);
    }
}

/* A kind that was left without words would be an empty line. */
static void no_kind_is_forgotten(void **state)
{
    (void)state;
    for (int kind = 0; kind < NEWS_KINDS; kind++) {
        struct uploader_news n = news((enum uploader_news_kind)kind);

        n.err = kind == NEWS_TROUBLE || kind == NEWS_RECOVERED ? ERR_DNS : 0;
        if (kind == NEWS_RECOVERED) {
            trouble(ERR_DNS, 0, 0);
            (void)said();
        }
        daemon_say(&say, &n, 0);
        assert_true(strlen(said()) > strlen("ocbulk: warning: ;\n"));
    }
}

static void a_flood_is_cut_and_counted(void **state)
{
    struct uploader_news n = news(NEWS_QUARANTINED);
    unsigned lines = 0;

    (void)state;
    n.object = "o";
    n.batch = 1;
    for (unsigned i = 0; i < 1000; i++) {
        daemon_say(&say, &n, i);
        lines += said()[0] != '\0';
    }
    assert_int_equal(lines, SAY_HOUR_MAX);
    n.kind = NEWS_HELD; /* another kind has its own hour */
    daemon_say(&say, &n, 2000);
    assert_non_null(strstr(said(), "waits for a hand"));
    n.kind = NEWS_QUARANTINED;
    daemon_say(&say, &n, HOUR);
    assert_non_null(strstr(said(), "and 940 more lines like the next one, in an hour\n"));
    daemon_say(&say, &n, 3 * HOUR);
    assert_null(strstr(said(), "more lines"));
}

static void spans_in_words(void **state)
{
    static const struct {
        uint64_t ms;
        const char *want;
    } row[] = {{0, "0 s"},
               {1999, "1 s"},
               {119999, "119 s"},
               {120000, "2 min"},
               {2 * HOUR - 1, "119 min"},
               {2 * HOUR, "2 h"},
               {47ull * HOUR, "47 h"},
               {48ull * HOUR, "2 d"},
               {9000ull * HOUR, "375 d"}};
    struct line l;

    (void)state;
    for (size_t i = 0; i < COUNT(row); i++) {
        line_set(&l, "");
        daemon_say_span(&l, row[i].ms);
        assert_string_equal(l.text, row[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(first_failure_and_recovery, begin, end),
        cmocka_unit_test_setup_teardown(the_same_is_said_after_an_hour, begin, end),
        cmocka_unit_test_setup_teardown(each_other_cause_is_said_once, begin, end),
        cmocka_unit_test_setup_teardown(behind_a_recovery_the_same_is_news, begin, end),
        cmocka_unit_test_setup_teardown(flash_and_calls_are_told_apart, begin, end),
        cmocka_unit_test_setup_teardown(tries_are_the_uploaders, begin, end),
        cmocka_unit_test_setup_teardown(each_kind_has_its_words, begin, end),
        cmocka_unit_test_setup_teardown(no_kind_is_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(a_flood_is_cut_and_counted, begin, end),
        cmocka_unit_test(spans_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
