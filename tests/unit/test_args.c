#include "base/err.h"
#include "linux/args.h"
#include "linux/utc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct args a;

static int read_args(const char *const *word)
{
    static char *argv[16]; /* words stay in it */
    int argc = 1;

    memset(argv, 0, sizeof argv);
    argv[0] = (char *)(uintptr_t) "ocbulk";
    for (; word[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)(uintptr_t)word[argc - 1];
    }
    return args_read(&a, argc, argv);
}

#define READ(...) read_args((const char *const[]){__VA_ARGS__, NULL})

static void test_options_stand_anywhere(void **state)
{
    (void)state;
    assert_int_equal(READ("--json", "upload", "-q", "contact", "f.csv", "--wait"), 0);
    assert_string_equal(a.command, "upload");
    assert_int_equal(a.words, 2);
    assert_string_equal(a.word[1], "f.csv");
    assert_null(a.word[2]);
    assert_true(a.json && a.quiet && a.wait && !a.dry_run);
}

static void test_values_come_in_every_form(void **state)
{
    (void)state;
    assert_int_equal(READ("errors", "-o", "a", "1"), 0);
    assert_string_equal(a.output, "a");
    assert_int_equal(READ("errors", "-ob", "1"), 0);
    assert_string_equal(a.output, "b");
    assert_int_equal(READ("errors", "--output=c=d", "1"), 0);
    assert_string_equal(a.output, "c=d");
    assert_int_equal(READ("errors", "-qvo", "e", "1"), 0);
    assert_string_equal(a.output, "e");
    assert_true(a.quiet && a.verbose);
    assert_int_equal(READ("check", "--object", "contact", "f"), 0);
    assert_string_equal(a.object, "contact");
}

static void test_unknown_long_options_are_settings(void **state)
{
    (void)state;
    assert_int_equal(READ("objects", "--base-url", "https://h/x", "--hub=m"), 0);
    assert_int_equal(a.flags, 2);
    assert_string_equal(a.flag[0].key, "base_url");
    assert_string_equal(a.flag[0].value, "https://h/x");
    assert_string_equal(a.flag[1].key, "hub");
    assert_null(a.flag[2].key);
}

static void test_two_dashes_end_options(void **state)
{
    (void)state;
    assert_int_equal(READ("check", "--", "-q"), 0);
    assert_string_equal(a.word[0], "-q");
    assert_false(a.quiet);
    assert_int_equal(READ("upload", "contact", "-"), 0);
    assert_string_equal(a.word[1], "-");
}

static void test_wrong_usage_is_told(void **state)
{
    (void)state;
    assert_int_equal(READ("objects", "-x"), ERR_USAGE);
    assert_non_null(strstr(a.fault.text, "-x"));
    assert_int_equal(READ("objects", "--hub"), ERR_USAGE);
    assert_non_null(strstr(a.fault.text, "--hub"));
    assert_int_equal(READ("errors", "-o"), ERR_USAGE);
    assert_int_equal(READ("objects", "--wait=yes"), ERR_USAGE);
    assert_int_equal(READ("a", "--a-name-that-is-longer-than-any-setting-has", "1"), ERR_USAGE);
}

/* Whether JSON is wanted decides how a fault is told, wherever it stands. */
static void test_a_fault_does_not_hide_json(void **state)
{
    (void)state;
    assert_int_equal(READ("objects", "-x", "--json"), ERR_USAGE);
    assert_true(a.json);
    assert_int_equal(READ("objects", "-x", "-y", "--wait=1"), ERR_USAGE);
    assert_string_equal(a.fault.text, "unknown option -x"); /* the first one */
    assert_int_equal(READ("objects", "--output", "--json", "-x"), ERR_USAGE);
    assert_false(a.json); /* that was a file's name */
    assert_int_equal(READ("objects", "-x", "--", "--json"), ERR_USAGE);
    assert_false(a.json);
}

/* C37: who tries it this way must not find the secret in the log. */
static void test_a_fault_repeats_no_value(void **state)
{
    (void)state;
    assert_int_equal(READ("a", "--a-name-that-is-longer-than-any-setting-has=tok_TEST"), ERR_USAGE);
    assert_null(strstr(a.fault.text, "tok_TEST"));
    assert_int_equal(READ("a", "--json=tok_TEST"), ERR_USAGE);
    assert_null(strstr(a.fault.text, "tok_TEST"));
    assert_int_equal(READ("a", "-utok_TEST"), ERR_USAGE);
    assert_null(strstr(a.fault.text, "tok_TEST"));
}

static void test_times_are_rfc_3339(void **state)
{
    char text[UTC_CAP];

    (void)state;
    utc_text(text, 0);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    utc_text(text, 1795599000123);
    assert_string_equal(text, "2026-11-25T09:30:00Z");
    utc_text(text, -1);
    assert_string_equal(text, "-");
    utc_text(text, INT64_MAX);
    assert_string_equal(text, "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_stand_anywhere),
        cmocka_unit_test(test_values_come_in_every_form),
        cmocka_unit_test(test_unknown_long_options_are_settings),
        cmocka_unit_test(test_two_dashes_end_options),
        cmocka_unit_test(test_wrong_usage_is_told),
        cmocka_unit_test(test_a_fault_does_not_hide_json),
        cmocka_unit_test(test_a_fault_repeats_no_value),
        cmocka_unit_test(test_times_are_rfc_3339),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
