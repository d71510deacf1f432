#include "base/err.h"
#include "base/stream.h"
#include "linux/out.h"
#include "linux/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "edge.h"

static int forget(void **state)
{
    (void)state;
    out_forget_secrets();
    return 0;
}

/* What `out` makes of a text, as a string. */
static const char *written(const char *text)
{
    static struct out out;
    size_t len = strlen(text);

    out_init(&out, -1);
    out_bytes(&out, edge_copy(text, len), len);
    out.buf[out.len] = 0;
    return out.buf;
}

static void secrets_are_masked_wherever_they_stand(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } rows[] = {
        {"alone", "tok_TEST_0000", "***"},
        {"in the middle (C37)", "bad token tok_TEST_0000, try again", "bad token ***, try again"},
        {"twice", "tok_TEST_0000tok_TEST_0000", "******"},
        {"another one", "secret=sec/TEST+=", "secret=***"},
        {"the longer of two that begin alike", "tok_TEST_0000_long!", "***!"},
        {"cut at the end", "bad token tok_TEST_", "bad token ***"},
        {"cut to four bytes", "bad token tok_", "bad token ***"},
        {"three bytes are nobody's", "bad token tok", "bad token tok"},
        {"a beginning in the middle", "tok_TEST_1", "tok_TEST_1"},
        {"after a false start", "tok_tok_TEST_0000", "tok_***"},
        {"in other letters", "TOK_TEST_0000", "TOK_TEST_0000"},
        {"empty", "", ""},
    };
    size_t at;

    (void)state;
    out_add_secret("tok_TEST_0000");
    out_add_secret("tok_TEST_0000_long");
    out_add_secret("sec/TEST+=");
    out_add_secret("abc"); /* too short: it would mask innocent words */
    out_add_secret("");
    for (at = 0; at < COUNT(rows); at++) {
        if (strcmp(written(rows[at].text), rows[at].want) != 0) {
            fail_msg("%s: %s", rows[at].name, written(rows[at].text));
        }
    }
    assert_string_equal(written("abc"), "abc");
    out_forget_secrets();
    assert_string_equal(written("tok_TEST_0000"), "tok_TEST_0000");
}

static void a_secret_that_was_wiped_masks_nothing(void **state)
{
    char secret[] = "tok_TEST_0000";

    (void)state;
    out_add_secret(secret);
    memset(secret, 0, sizeof(secret));
    assert_string_equal(written("tok_TEST_0000"), "tok_TEST_0000");
}

static void the_list_of_secrets_takes_each_once(void **state)
{
    static const char many[OUT_SECRETS_MAX][5] = {"aaaa", "bbbb", "cccc", "dddd",
                                                  "eeee", "ffff", "gggg", "hhhh"};
    size_t at, round;

    (void)state;
    for (round = 0; round < 3; round++) {
        for (at = 0; at < OUT_SECRETS_MAX; at++) {
            out_add_secret(many[at]);
        }
    }
    assert_string_equal(written("hhhh aaaa"), "*** ***");
}

static void numbers_in_full(void **state)
{
    struct out out;

    (void)state;
    out_init(&out, -1);
    out_u64(&out, UINT64_MAX);
    out_text(&out, " ");
    out_u64(&out, 0);
    out.buf[out.len] = 0;
    assert_string_equal(out.buf, "18446744073709551615 0");
}

/* More than a buffer, in pieces of every length up to 70. */
static void everything_arrives_in_order(void **state)
{
    static char sent[70 * 71 / 2], got[sizeof(sent) + 1];
    struct out out;
    size_t at = 0, len;
    int end[2];

    (void)state;
    for (at = 0; at < sizeof(sent); at++) {
        sent[at] = (char)('a' + at % 23);
    }
    assert_int_equal(pipe(end), 0);
    out_init(&out, end[1]);
    for (at = 0, len = 1; len <= 70; at += len++) {
        out_bytes(&out, sent + at, len);
    }
    assert_int_equal(out_flush(&out), 0);
    assert_int_equal(read(end[0], got, sizeof(got)), sizeof(sent));
    assert_memory_equal(got, sent, sizeof(sent));
    close(end[0]);
    close(end[1]);
}

static void a_failed_write_is_told_and_sticks(void **state)
{
    static const char block[OUT_CAP];
    struct out out;
    int full = open("/dev/full", O_WRONLY), end[2];

    (void)state;
    assert_true(full >= 0);
    out_init(&out, full);
    out_raw(&out, "x", 1);
    assert_int_equal(out_flush(&out), ERR_FILE_WRITE);
    out_raw(&out, block, sizeof(block));
    out_raw(&out, block, sizeof(block));
    assert_int_equal(out_flush(&out), ERR_FILE_WRITE);
    close(full);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(end), 0);
    close(end[0]);
    out_init(&out, end[1]);
    out_raw(&out, "x", 1);
    assert_int_equal(out_flush(&out), ERR_FILE_WRITE);
    close(end[1]);
}

static void a_line_in_memory_is_cut(void **state)
{
    static const char block[2 * OUT_CAP];
    struct out out;

    (void)state;
    out_init(&out, -1);
    out_raw(&out, block, sizeof(block));
    out_raw(&out, "x", 1);
    assert_int_equal(out.len, OUT_CAP);
    assert_int_equal(out_flush(&out), 0);
}

static void measures_utf8(void **state)
{
    static const struct {
        const char *name, *text;
        size_t len, want;
    } rows[] = {
        {"nothing", "", 0, 0},
        {"ASCII", "a", 1, 1},
        {"NUL", "\0", 1, 1},
        {"DEL", "\x7f", 1, 1},
        {"two bytes", "\xc3\xa4", 2, 2},
        {"the first of two bytes", "\xc2\x80", 2, 2},
        {"the last of two bytes", "\xdf\xbf", 2, 2},
        {"three bytes", "\xe2\x82\xac", 3, 3},
        {"the first of three bytes", "\xe0\xa0\x80", 3, 3},
        {"the last before the surrogates", "\xed\x9f\xbf", 3, 3},
        {"the first after the surrogates", "\xee\x80\x80", 3, 3},
        {"four bytes", "\xf0\x9f\x98\x80", 4, 4},
        {"the first of four bytes", "\xf0\x90\x80\x80", 4, 4},
        {"the last there is", "\xf4\x8f\xbf\xbf", 4, 4},
        {"more behind it", "\xc3\xa4x", 3, 2},
        {"a following byte alone", "\x80", 1, 0},
        {"overlong in two bytes", "\xc1\xbf", 2, 0},
        {"overlong in three bytes", "\xe0\x9f\xbf", 3, 0},
        {"overlong in four bytes", "\xf0\x8f\xbf\xbf", 4, 0},
        {"the first surrogate", "\xed\xa0\x80", 3, 0},
        {"beyond the last", "\xf4\x90\x80\x80", 4, 0},
        {"a first byte of five", "\xf8\x88\x80\x80\x80", 5, 0},
        {"0xFF", "\xff", 1, 0},
        {"cut after one of two", "\xc3", 1, 0},
        {"cut after two of three", "\xe2\x82", 2, 0},
        {"cut after three of four", "\xf0\x9f\x98", 3, 0},
        {"a letter as second byte",
         "\xc3"
         "a",
         2, 0},
        {"a letter as third byte",
         "\xe2\x82"
         "a",
         3, 0},
        {"a letter as fourth byte",
         "\xf0\x9f\x98"
         "a",
         4, 0},
        {"a first byte as fourth byte", "\xf0\x9f\x98\xc3", 4, 0},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        if (utf8_len(edge_copy(rows[at].text, rows[at].len), rows[at].len) != rows[at].want) {
            fail_msg("%s", rows[at].name);
        }
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(secrets_are_masked_wherever_they_stand),
        TEST(a_secret_that_was_wiped_masks_nothing),
        TEST(the_list_of_secrets_takes_each_once),
        TEST(numbers_in_full),
        TEST(everything_arrives_in_order),
        TEST(a_failed_write_is_told_and_sticks),
        TEST(a_line_in_memory_is_cut),
        TEST(measures_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
