/* The inputs of JSONTestSuite: what must be accepted is, what must be refused is, and what is left
 * to us is as the table says; by json_check, json_parse and json_items alike. */
#include "base/err.h"
#include "base/stream.h"
#include "edge.h"
#include "reply/json_items.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define SUITE     "tests/data/json-test-suite/test_parsing"
#define INPUT_MAX (300 * 1024)

static char input[INPUT_MAX];

/* Names without `i_` and `.json`. */
static const struct choice {
    const char *name;
    int err;
    const char *why;
} CHOICES[] = {
    {"number_double_huge_neg_exp", 0, "numbers are text to us"},
    {"number_huge_exp", 0, "numbers are text to us"},
    {"number_neg_int_huge_exp", 0, "numbers are text to us"},
    {"number_pos_double_huge_exp", 0, "numbers are text to us"},
    {"number_real_neg_overflow", 0, "numbers are text to us"},
    {"number_real_pos_overflow", 0, "numbers are text to us"},
    {"number_real_underflow", 0, "numbers are text to us"},
    {"number_too_big_neg_int", 0, "numbers are text to us"},
    {"number_too_big_pos_int", 0, "numbers are text to us"},
    {"number_very_big_negative_int", 0, "numbers are text to us"},
    {"object_key_lone_2nd_surrogate", 0, "escaped halves pass"},
    {"string_1st_surrogate_but_2nd_missing", 0, "escaped halves pass"},
    {"string_1st_valid_surrogate_2nd_invalid", 0, "escaped halves pass"},
    {"string_UTF-16LE_with_BOM", ERR_JSON_SYNTAX, "RFC 8259 section 8.1: UTF-8"},
    {"string_UTF-8_invalid_sequence", ERR_JSON_SYNTAX, "strings are UTF-8"},
    {"string_UTF8_surrogate_U+D800", ERR_JSON_SYNTAX, "strings are UTF-8"},
    {"string_incomplete_surrogate_and_escape_valid", 0, "escaped halves pass"},
    {"string_incomplete_surrogate_pair", 0, "escaped halves pass"},
    {"string_incomplete_surrogates_escape_valid", 0, "escaped halves pass"},
    {"string_invalid_lonely_surrogate", 0, "escaped halves pass"},
    {"string_invalid_surrogate", 0, "escaped halves pass"},
    {"string_invalid_utf-8", ERR_JSON_SYNTAX, "strings are UTF-8"},
    {"string_inverted_surrogates_U+1D11E", 0, "escaped halves pass"},
    {"string_iso_latin_1", ERR_JSON_SYNTAX, "strings are UTF-8"},
    {"string_lone_second_surrogate", 0, "escaped halves pass"},
    {"string_lone_utf8_continuation_byte", ERR_JSON_SYNTAX, "strings are UTF-8"},
    {"string_not_in_unicode_range", ERR_JSON_SYNTAX, "strings are UTF-8"},
    {"string_overlong_sequence_2_bytes", ERR_JSON_SYNTAX, "strings are UTF-8"},
    {"string_overlong_sequence_6_bytes", ERR_JSON_SYNTAX, "strings are UTF-8"},
    {"string_overlong_sequence_6_bytes_null", ERR_JSON_SYNTAX, "strings are UTF-8"},
    {"string_truncated-utf-8", ERR_JSON_SYNTAX, "strings are UTF-8"},
    {"string_utf16BE_no_BOM", ERR_JSON_SYNTAX, "RFC 8259 section 8.1: UTF-8"},
    {"string_utf16LE_no_BOM", ERR_JSON_SYNTAX, "RFC 8259 section 8.1: UTF-8"},
    {"structure_500_nested_arrays", ERR_JSON_DEPTH, "deeper than JSON_DEPTH_MAX"},
    {"structure_UTF-8_BOM_empty_object", ERR_JSON_SYNTAX, "a BOM is refused"},
};

/* The first byte that json_scan refuses, or len. */
static size_t wrong_byte(const char *text, size_t len)
{
    struct json_scan scan;
    size_t at = 0;

    json_scan_init(&scan);
    while (at < len && json_scan_byte(&scan, text[at]) >= 0) {
        at++;
    }
    return at;
}

/* What json_items makes of a text in pieces of `step`: 0 or its error. */
static int items_of(const char *text, size_t len, size_t step)
{
    struct json_items it;
    size_t at = 0;

    json_items_init(&it, NULL);
    while (at < len) {
        size_t n = len - at < step ? len - at : step;
        const char *part = edge_copy(text + at, n);
        size_t used = 0;
        while (used < n) {
            int got = json_items_push(&it, part + used, n - used);
            if (got < 0) {
                assert_true(it.byte == wrong_byte(text, len));
                return got;
            }
            used += (size_t)got;
        }
        at += n;
    }
    return json_items_finish(&it);
}

/* json_items has no items to tell in a text that is a string, number or word. */
static int items_verdict(int kind)
{
    bool scalar = kind >= 0 && kind != JSON_ARRAY && kind != JSON_OBJECT;

    return kind < 0 ? kind : scalar ? ERR_REPLY_SHAPE : 0;
}

/* Every reader says the same of a text; returns what json_check says. */
static int agreed(const char *name, const char *text, size_t len)
{
    struct json json;
    int kind = json_check(edge_copy(text, len), len);
    int parsed = json_parse(&json, edge_copy(text, len), len);
    int whole = items_of(text, len, len), split = items_of(text, len, 1);

    if (kind >= 0 && wrong_byte(text, len) != len) {
        fail_msg("%s: json_check takes every byte, json_scan does not", name);
    }
    if (parsed != (kind < 0 ? kind : 0) && parsed != ERR_JSON_TOO_LARGE) {
        fail_msg("%s: json_parse says %s, json_check %s", name, err_name(parsed), err_name(kind));
    }
    if (whole != items_verdict(kind)) {
        fail_msg("%s: json_items says %s, json_check %s", name, err_name(whole), err_name(kind));
    }
    if (split != whole) {
        fail_msg("%s: json_items says %s in single bytes, %s of the whole", name, err_name(split),
                 err_name(whole));
    }
    return kind < 0 ? kind : 0;
}

static const struct wrap {
    const char *before, *behind;
} WRAPS[] = {
    {"[", "]"},
    {"{\"a\":", "}"},
    {"[{\"a\":[", "],\"b\":1}]"},
};

/* As an element, a member, and deeper, where it is scanned and dropped. */
static void judge_wrapped(const char *name, size_t len, bool good)
{
    static char wrapped[INPUT_MAX + 64];
    size_t at;

    for (at = 0; at < COUNT(WRAPS); at++) {
        size_t before = strlen(WRAPS[at].before), behind = strlen(WRAPS[at].behind);
        memcpy(wrapped, WRAPS[at].before, before);
        memcpy(wrapped + before, input, len);
        memcpy(wrapped + before + len, WRAPS[at].behind, behind);
        int err = agreed(name, wrapped, before + len + behind);
        if (good && err != 0) {
            fail_msg("%s: refused between %s and %s", name, WRAPS[at].before, WRAPS[at].behind);
        }
    }
}

static int choice_of(const char *name)
{
    size_t at;

    for (at = 0; at < COUNT(CHOICES); at++) {
        size_t len = strlen(CHOICES[at].name);
        if (strncmp(name + 2, CHOICES[at].name, len) == 0 && strcmp(name + 2 + len, ".json") == 0) {
            return CHOICES[at].err;
        }
    }
    fail_msg("%s is not in the table", name);
    return 0;
}

static void judge(const char *name, size_t len)
{
    int err = agreed(name, input, len);

    if (name[0] == 'i' && err != choice_of(name)) {
        fail_msg("%s: %s", name, err_name(err));
    } else if (name[0] == 'y' && err != 0) {
        fail_msg("%s must be accepted: %s", name, err_name(err));
    } else if (name[0] == 'n' && err != ERR_JSON_SYNTAX && err != ERR_JSON_DEPTH) {
        fail_msg("%s must be refused: %s", name, err_name(err));
    }
    judge_wrapped(name, len, err == 0);
}

static size_t load(const char *name)
{
    char path[512];
    FILE *f;
    size_t len;

    snprintf(path, sizeof(path), "%s/%s", SUITE, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    len = fread(input, 1, sizeof(input), f);
    fclose(f);
    return len;
}

static void judges_the_suite_as_it_must(void **state)
{
    DIR *dir = opendir(SUITE);
    struct dirent *entry;
    unsigned yes = 0, no = 0, either = 0;

    (void)state;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (strchr("yni", entry->d_name[0]) == NULL) {
            continue;
        }
        yes += entry->d_name[0] == 'y';
        no += entry->d_name[0] == 'n';
        either += entry->d_name[0] == 'i';
        judge(entry->d_name, load(entry->d_name));
    }
    closedir(dir);
    assert_int_equal(yes, 95);
    assert_int_equal(no, 186);
    assert_int_equal(either, COUNT(CHOICES));
}

static void repeat(const char *unit, size_t times)
{
    size_t len = strlen(unit), at;

    for (at = 0; at < times; at++) {
        memcpy(input + at * len, unit, len);
    }
}

static void refuses_what_is_nested_without_end(void **state)
{
    (void)state;
    repeat("[", 100000);
    judge("n_structure_100000_opening_arrays", 100000);
    repeat("[{\"\":", 50000);
    input[250000] = '\n';
    judge("n_structure_open_array_object", 250001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_the_suite_as_it_must),
        cmocka_unit_test(refuses_what_is_nested_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
