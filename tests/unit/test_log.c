#include "base/err.h"
#include "base/stream.h"
#include "limits.h"
#include "linux/log.h"
#include "linux/out.h"
#include "linux/syslog_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int kept = -1, memory = -1;

/* stderr goes to memory until caught() gives what was written. */
static void catch_stderr(void)
{
    kept = dup(STDERR_FILENO);
    memory = memfd_create("stderr", 0);
    assert_true(kept >= 0 && memory >= 0 && dup2(memory, STDERR_FILENO) >= 0);
}

static const char *caught(void)
{
    static char text[8192];
    ssize_t n;

    dup2(kept, STDERR_FILENO);
    close(kept);
    n = pread(memory, text, sizeof(text) - 1, 0);
    close(memory);
    assert_true(n >= 0);
    text[n] = 0;
    return text;
}

static int calm(void **state)
{
    (void)state;
    log_begin(LOG_AT_NOTICE, false);
    out_forget_secrets();
    return 0;
}

static void each_message_is_one_line(void **state)
{
    static const struct {
        const char *name;
        enum log_level level;
        const char *const part[4];
        const char *want;
    } rows[] = {
        {"an error", LOG_AT_ERROR, {"it failed"}, "ocbulk: it failed\n"},
        {"a warning", LOG_AT_WARNING, {"careful"}, "ocbulk: warning: careful\n"},
        {"a notice", LOG_AT_NOTICE, {"job ", "1234", " done"}, "ocbulk: job 1234 done\n"},
        {"information", LOG_AT_INFO, {"so"}, "ocbulk: so\n"},
        {"debugging", LOG_AT_DEBUG, {"so"}, "ocbulk: debug: so\n"},
        {"nothing to say", LOG_AT_ERROR, {NULL}, "ocbulk: \n"},
        {"a line end inside",
         LOG_AT_ERROR,
         {"a\nocbulk: b\r\n"},
         "ocbulk: a\\x0aocbulk: b\\x0d\\x0a\n"},
        {"escape codes", LOG_AT_ERROR, {"\x1b[2J\x07"}, "ocbulk: \\x1b[2J\\x07\n"},
        {"a C1 control",
         LOG_AT_ERROR,
         {"\xc2\x9b"
          "2J"},
         "ocbulk: \\xc2\\x9b2J\n"},
        {"a DEL", LOG_AT_ERROR, {"\x7f"}, "ocbulk: \\x7f\n"},
        {"a tab", LOG_AT_ERROR, {"a\tb"}, "ocbulk: a\\x09b\n"},
        {"UTF-8", LOG_AT_ERROR, {"\xc3\xa4\xf0\x9f\x98\x80"}, "ocbulk: \xc3\xa4\xf0\x9f\x98\x80\n"},
        {"bytes that are none", LOG_AT_ERROR, {"a\xff\xe2\x82"}, "ocbulk: a\\xff\\xe2\\x82\n"},
        {"a character over two parts", LOG_AT_ERROR, {"\xc3", "\xa4"}, "ocbulk: \\xc3\\xa4\n"},
    };
    size_t at;

    (void)state;
    log_begin(LOG_AT_DEBUG, false);
    for (at = 0; at < COUNT(rows); at++) {
        const char *got;
        catch_stderr();
        log_parts(rows[at].level, rows[at].part);
        got = caught();
        if (strcmp(got, rows[at].want) != 0) {
            fail_msg("%s: %s", rows[at].name, got);
        }
    }
}

static void a_reply_that_echoes_the_token_is_masked(void **state)
{
    (void)state;
    out_add_secret("tok_TEST_0000");
    out_add_secret("se\tc\xff");
    log_begin(LOG_AT_DEBUG, false);
    catch_stderr();
    log_put(LOG_AT_DEBUG, "401: ", "{\"message\":\"token tok_TEST_0000 is invalid\"}");
    log_put(LOG_AT_ERROR, "cut: token tok_TEST_", ", request id 7");
    log_put(LOG_AT_ERROR, "masked before it is escaped: se\tc\xff");
    log_error(ERR_UNAUTHORIZED, "bulk.example.net says: tok_TEST_0000", "drop tok_TEST_0000");
    assert_string_equal(caught(), "ocbulk: debug: 401: {\"message\":\"token *** is invalid\"}\n"
                                  "ocbulk: cut: token ***, request id 7\n"
                                  "ocbulk: masked before it is escaped: ***\n"
                                  "ocbulk: the service refuses the credentials (401): "
                                  "bulk.example.net says: ***; drop ***\n");
}

static void levels_are_kept(void **state)
{
    enum log_level level, at;

    (void)state;
    for (level = LOG_AT_ERROR; level <= LOG_AT_DEBUG; level++) {
        size_t lines = 0;
        const char *got;
        log_begin(level, false);
        catch_stderr();
        for (at = LOG_AT_ERROR; at <= LOG_AT_DEBUG; at++) {
            log_put(at, "x");
            assert_true(log_wants(at) == (at <= level));
        }
        for (got = caught(); *got != 0; got++) {
            lines += *got == '\n' ? 1 : 0;
        }
        assert_int_equal(lines, (size_t)level + 1);
    }
}

static void failures_have_one_form(void **state)
{
    (void)state;
    catch_stderr();
    log_error(ERR_CSV_QUOTE, "contacts.csv:4:17", NULL);
    log_error(ERR_CSV_QUOTE, "", "");
    log_error(ERR_CONFIG, "/etc/ocbulk.conf:3: unknown key `huub` in [service]",
              "did you mean `hub`?");
    assert_string_equal(
        caught(),
        "ocbulk: a quote where RFC 4180 allows none: contacts.csv:4:17; quote the whole field and "
        "double the quotes inside it\n"
        "ocbulk: a quote where RFC 4180 allows none; quote the whole field and double the quotes "
        "inside it\n"
        "ocbulk: wrong configuration: /etc/ocbulk.conf:3: unknown key `huub` in [service]; did you "
        "mean `hub`?\n");
}

/* A text of every length around the limit, of two-byte characters: the line is whole and short. */
static void long_messages_are_cut_at_a_character(void **state)
{
    static char text[2 * LOG_LINE_CAP];
    size_t len;

    (void)state;
    for (len = LOG_LINE_CAP - 24; len < LOG_LINE_CAP + 24; len++) {
        const char *got;
        size_t got_len, at;
        text[0] = 'x';
        for (at = 1; at < len; at++) {
            text[at] = (char)(at % 2 == 1 ? 0xc3 : 0xa4);
        }
        text[len - 1 + len % 2] = 0;
        catch_stderr();
        log_put(LOG_AT_ERROR, text);
        got = caught();
        got_len = strlen(got);
        assert_true(got_len <= LOG_LINE_CAP + 1);
        assert_int_equal(got[got_len - 1], '\n');
        assert_null(strstr(got, "\\x"));
        assert_int_equal((unsigned char)got[got_len - 2], 0xa4);
    }
}

static void a_message_erases_the_meter(void **state)
{
    (void)state;
    catch_stderr();
    log_meter("");
    log_meter("50%  long");
    log_meter("51%");
    log_put(LOG_AT_NOTICE, "hello");
    log_meter("52%");
    log_meter("");
    log_meter("");
    assert_string_equal(caught(), "\r50%  long"
                                  "\r51%      "
                                  "\r   \r"
                                  "ocbulk: hello\n"
                                  "\r52%"
                                  "\r   \r");
}

static int daemon_at(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    unlink(path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

static void syslog_gets_a_datagram_for_each_message(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char path[100], want[128], got[2048];
    struct syslog_out s;
    ssize_t n;
    int fd;

    (void)state;
    snprintf(path, sizeof(path), "%s/ocbulk-test-log-%d", tmp != NULL ? tmp : P_tmpdir,
             (int)getpid());
    syslog_out_init(&s, path);
    syslog_out_send(&s, 3, "nobody listens", 0);
    assert_int_equal(s.fd, -1);
    fd = daemon_at(path);
    syslog_out_send(&s, 5, "hello", 1795599481); /* 2026-11-25 09:38:01 UTC */
    n = recv(fd, got, sizeof(got) - 1, 0);
    assert_true(n > 0);
    got[n] = 0;
    snprintf(want, sizeof(want), "<29>Nov 25 09:38:01 ocbulk[%d]: hello", (int)getpid());
    assert_string_equal(got, want);
    close(fd);
    fd = daemon_at(path); /* restarted */
    syslog_out_send(&s, 3, "again", 0);
    n = recv(fd, got, sizeof(got) - 1, 0);
    assert_true(n > 0);
    got[n] = 0;
    snprintf(want, sizeof(want), "<27>Jan  1 00:00:00 ocbulk[%d]: again", (int)getpid());
    assert_string_equal(got, want);
    close(fd);
    unlink(path);
    syslog_out_send(&s, 3, "gone", 0);
    assert_int_equal(s.fd, -1);
}

static void syslog_takes_nothing_to_stderr(void **state)
{
    (void)state;
    log_begin(LOG_AT_DEBUG, true);
    catch_stderr();
    log_put(LOG_AT_DEBUG, "x");
    assert_string_equal(caught(), "");
}

#define TEST(name) cmocka_unit_test_teardown(name, calm)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_message_is_one_line),
        TEST(a_reply_that_echoes_the_token_is_masked),
        TEST(levels_are_kept),
        TEST(failures_have_one_form),
        TEST(long_messages_are_cut_at_a_character),
        TEST(a_message_erases_the_meter),
        TEST(syslog_gets_a_datagram_for_each_message),
        TEST(syslog_takes_nothing_to_stderr),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
