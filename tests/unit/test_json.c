#include "base/err.h"
#include "base/stream.h"
#include "edge.h"
#include "reply/json.h"
#include "reply/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define BYTES(text) text, sizeof(text) - 1

static const struct row {
    const char *name, *input;
    size_t len;
    int want;
} ROWS[] = {
    {"an empty object", BYTES("{}"), JSON_OBJECT},
    {"an empty array", BYTES("[]"), JSON_ARRAY},
    {"a lonely number", BYTES("42"), JSON_NUMBER},
    {"a lonely zero", BYTES("0"), JSON_NUMBER},
    {"a lonely minus zero", BYTES("-0"), JSON_NUMBER},
    {"a lonely string", BYTES("\"a\""), JSON_STRING},
    {"a lonely true", BYTES("true"), JSON_TRUE},
    {"a lonely false", BYTES("false"), JSON_FALSE},
    {"a lonely null", BYTES("null"), JSON_NULL},
    {"white space around", BYTES(" \t\r\n{ \"a\" : [ 1 , 2 ] } \n"), JSON_OBJECT},
    {"an empty key", BYTES("{\"\":0}"), JSON_OBJECT},
    {"a key twice", BYTES("{\"a\":1,\"a\":2}"), JSON_OBJECT},
    {"all escapes", BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\""), JSON_STRING},
    {"a raw DEL is no control character of the RFC", BYTES("\"\x7f\""), JSON_STRING},
    {"an escaped lone surrogate passes", BYTES("\"\\ud800\""), JSON_STRING},
    {"number with fraction and exponent", BYTES("-12.5e+10"), JSON_NUMBER},
    {"exponent without sign", BYTES("1E9"), JSON_NUMBER},
    {"two-byte, three-byte and four-byte characters",
     BYTES("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"
           "\""),
     JSON_STRING},
    {"32 levels", BYTES("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
     JSON_ARRAY},
    {"33 levels are refused",
     BYTES("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"), ERR_JSON_DEPTH},
    {"nothing is refused", BYTES(""), ERR_JSON_SYNTAX},
    {"white space alone is refused", BYTES(" \n"), ERR_JSON_SYNTAX},
    {"a key without a value is refused (S12)", BYTES("{\"a\"}"), ERR_JSON_SYNTAX},
    {"a lonely comma in an object is refused (S12)", BYTES("{,}"), ERR_JSON_SYNTAX},
    {"a lonely comma in an array is refused", BYTES("[,]"), ERR_JSON_SYNTAX},
    {"a comma behind the last element is refused", BYTES("[1,]"), ERR_JSON_SYNTAX},
    {"a comma behind the last member is refused", BYTES("{\"a\":1,}"), ERR_JSON_SYNTAX},
    {"two commas are refused", BYTES("[1,,2]"), ERR_JSON_SYNTAX},
    {"a missing comma is refused", BYTES("{\"a\":1 \"b\":2}"), ERR_JSON_SYNTAX},
    {"a missing comma in an array is refused", BYTES("[1 2]"), ERR_JSON_SYNTAX},
    {"a missing value is refused", BYTES("{\"a\":}"), ERR_JSON_SYNTAX},
    {"two colons are refused", BYTES("{\"a\"::1}"), ERR_JSON_SYNTAX},
    {"a colon in an array is refused", BYTES("[\"a\":1]"), ERR_JSON_SYNTAX},
    {"a key that is no string is refused", BYTES("{1:2}"), ERR_JSON_SYNTAX},
    {"a key without quotes is refused", BYTES("{a:2}"), ERR_JSON_SYNTAX},
    {"a bare word is refused (S12)", BYTES("{\"status\":nope}"), ERR_JSON_SYNTAX},
    {"a word cut short is refused", BYTES("[tru]"), ERR_JSON_SYNTAX},
    {"a word at the end cut short is refused", BYTES("nul"), ERR_JSON_SYNTAX},
    {"a word too long is refused", BYTES("[truee]"), ERR_JSON_SYNTAX},
    {"another case is refused", BYTES("[True]"), ERR_JSON_SYNTAX},
    {"not a number is refused", BYTES("[NaN]"), ERR_JSON_SYNTAX},
    {"a leading zero is refused", BYTES("[01]"), ERR_JSON_SYNTAX},
    {"a leading plus is refused", BYTES("[+1]"), ERR_JSON_SYNTAX},
    {"a lonely minus is refused", BYTES("[-]"), ERR_JSON_SYNTAX},
    {"a point without digits is refused", BYTES("[1.]"), ERR_JSON_SYNTAX},
    {"a point in front is refused", BYTES("[.5]"), ERR_JSON_SYNTAX},
    {"an exponent without digits is refused", BYTES("[1e]"), ERR_JSON_SYNTAX},
    {"an exponent's sign without digits is refused", BYTES("[1e+]"), ERR_JSON_SYNTAX},
    {"a broken exponent is refused", BYTES("[1e5.5]"), ERR_JSON_SYNTAX},
    {"two signs are refused", BYTES("[--1]"), ERR_JSON_SYNTAX},
    {"hexadecimal is refused", BYTES("[0x1]"), ERR_JSON_SYNTAX},
    {"a lonely number that is unfinished is refused", BYTES("1."), ERR_JSON_SYNTAX},
    {"a second value is refused", BYTES("{}{}"), ERR_JSON_SYNTAX},
    {"a second number is refused", BYTES("1 2"), ERR_JSON_SYNTAX},
    {"a comma behind everything is refused", BYTES("{},"), ERR_JSON_SYNTAX},
    {"the other bracket is refused", BYTES("[1}"), ERR_JSON_SYNTAX},
    {"the other brace is refused", BYTES("{\"a\":1]"), ERR_JSON_SYNTAX},
    {"a bracket too many is refused", BYTES("[]]"), ERR_JSON_SYNTAX},
    {"a bracket never closed is refused", BYTES("[[]"), ERR_JSON_SYNTAX},
    {"a string never closed is refused", BYTES("[\"a"), ERR_JSON_SYNTAX},
    {"a string in single quotes is refused", BYTES("['a']"), ERR_JSON_SYNTAX},
    {"an unknown escape is refused", BYTES("\"\\x41\""), ERR_JSON_SYNTAX},
    {"an escape cut by the quote is refused", BYTES("\"\\u12\""), ERR_JSON_SYNTAX},
    {"an escape of no hexadecimal digits is refused", BYTES("\"\\u12g4\""), ERR_JSON_SYNTAX},
    {"a newline in a string is refused", BYTES("\"a\nb\""), ERR_JSON_SYNTAX},
    {"a NUL in a string is refused", BYTES("\"a\0b\""), ERR_JSON_SYNTAX},
    {"a NUL behind the text is refused", BYTES("{}\0"), ERR_JSON_SYNTAX},
    {"a vertical tab is no white space", BYTES("[1,\v2]"), ERR_JSON_SYNTAX},
    {"a BOM is refused", BYTES("\xef\xbb\xbf{}"), ERR_JSON_SYNTAX},
    {"a comment is refused", BYTES("{}//x"), ERR_JSON_SYNTAX},
    {"HTML is refused", BYTES("<html>"), ERR_JSON_SYNTAX},
    {"an overlong character is refused", BYTES("\"\xc0\xaf\""), ERR_JSON_SYNTAX},
    {"an overlong three-byte character is refused", BYTES("\"\xe0\x9f\xbf\""), ERR_JSON_SYNTAX},
    {"an overlong four-byte character is refused", BYTES("\"\xf0\x8f\xbf\xbf\""), ERR_JSON_SYNTAX},
    {"a surrogate in UTF-8 is refused", BYTES("\"\xed\xa0\x80\""), ERR_JSON_SYNTAX},
    {"a character beyond U+10FFFF is refused", BYTES("\"\xf4\x90\x80\x80\""), ERR_JSON_SYNTAX},
    {"a lead byte beyond UTF-8 is refused", BYTES("\"\xf5\x80\x80\x80\""), ERR_JSON_SYNTAX},
    {"a lonely continuation byte is refused", BYTES("\"\x80\""), ERR_JSON_SYNTAX},
    {"a character cut by the quote is refused", BYTES("\"\xc3\""), ERR_JSON_SYNTAX},
    {"a character cut in the middle is refused", BYTES("\"\xe2\x82\""), ERR_JSON_SYNTAX},
    {"Latin-1 is refused", BYTES("\"caf\xe9 x\""), ERR_JSON_SYNTAX},
};

static void checks_the_whole_grammar(void **state)
{
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(ROWS); at++) {
        const struct row *row = &ROWS[at];
        const char *text = edge_copy(row->input, row->len);
        struct json j;
        int kind = json_check(text, row->len), parsed = json_parse(&j, text, row->len);
        bool too_many = parsed == ERR_JSON_TOO_LARGE && row->want >= 0;
        if (kind != row->want || (parsed != (row->want < 0 ? row->want : 0) && !too_many)) {
            fail_msg("%s: kind %d, parsed %s", row->name, kind, err_name(parsed));
        }
        assert_true(parsed != 0 || (j.count > 0 && (int)j.token[0].kind == kind));
        assert_true(parsed == 0 || j.count == 0);
    }
}

/* The scanner alone, one byte at a time without its fast run. */
static void scans_each_byte_alike(void **state)
{
    size_t at, i;

    (void)state;
    for (at = 0; at < COUNT(ROWS); at++) {
        struct json_scan s;
        int rc = 0;
        json_scan_init(&s);
        for (i = 0; i < ROWS[at].len && rc >= 0; i++) {
            rc = json_scan_byte(&s, ROWS[at].input[i]);
        }
        if (rc < 0) {
            assert_int_equal(json_scan_byte(&s, ' '), rc);
        }
        rc = json_scan_finish(&s);
        if (rc != (ROWS[at].want < 0 ? ROWS[at].want : 0)) {
            fail_msg("%s: %s", ROWS[at].name, err_name(rc));
        }
        assert_int_equal(json_scan_finish(&s), rc);
    }
}

static void tells_tokens_in_front_of_what_they_contain(void **state)
{
    static const char text[] = " {\"a\" : [1, \"b\\n\", null], \"c\":{\"d\":true}}";
    static const struct {
        enum json_kind kind;
        int size;
        const char *text;
    } want[] = {
        {JSON_OBJECT, 2, "{\"a\" : [1, \"b\\n\", null], \"c\":{\"d\":true}}"},
        {JSON_STRING, 1, "a"},
        {JSON_ARRAY, 3, "[1, \"b\\n\", null]"},
        {JSON_NUMBER, 0, "1"},
        {JSON_STRING, 0, "b\\n"},
        {JSON_NULL, 0, "null"},
        {JSON_STRING, 1, "c"},
        {JSON_OBJECT, 1, "{\"d\":true}"},
        {JSON_STRING, 1, "d"},
        {JSON_TRUE, 0, "true"},
    };
    struct json j;
    int at;

    (void)state;
    assert_int_equal(json_parse(&j, text, sizeof(text) - 1), 0);
    assert_int_equal(j.count, COUNT(want));
    for (at = 0; at < j.count; at++) {
        struct json_value v = json_at(&j, at);
        assert_int_equal(v.kind, want[at].kind);
        assert_int_equal(j.token[at].size, want[at].size);
        assert_int_equal(v.len, strlen(want[at].text));
        assert_memory_equal(v.text, want[at].text, v.len);
    }
}

/* C23: more tokens than there is room for is an error of its own, and the next text is parsed. */
static void names_too_many_tokens(void **state)
{
    char text[4 * JSON_TOKENS_MAX + 2] = "[";
    struct json j;
    int at;

    (void)state;
    for (at = 1; at < JSON_TOKENS_MAX; at++) {
        strcat(text, at > 1 ? ",1" : "1");
    }
    strcat(text, "]");
    assert_int_equal(json_parse(&j, text, strlen(text)), 0);
    assert_int_equal(j.count, JSON_TOKENS_MAX);
    strcpy(text + strlen(text) - 1, ",1]");
    assert_int_equal(json_parse(&j, text, strlen(text)), ERR_JSON_TOO_LARGE);
    assert_int_equal(j.count, 0);
    assert_int_equal(json_check(text, strlen(text)), JSON_ARRAY);
    assert_int_equal(json_parse(&j, "[1]", 3), 0);
    assert_int_equal(j.count, 2);
}

#define FFFD "\xef\xbf\xbd"

static const struct text_row {
    const char *name, *input;
    size_t cap;
    const char *want;
    bool whole; /* json_exact gives the same; else ERR_NO_ROOM */
} TEXTS[] = {
    {"plain", "\"abc\"", 16, "abc", true},
    {"empty", "\"\"", 16, "", true},
    {"it just fits", "\"abc\"", 4, "abc", true},
    {"one too long is cut", "\"abcd\"", 4, "abc", false},
    {"room for the final 0 only", "\"a\"", 1, "", false},
    {"short escapes", "\"\\\"\\\\\\/\"", 16, "\"\\/", true},
    {"escaped control characters are made harmless", "\"\\b\\f\\n\\r\\t\\u001b[2J\"", 32,
     FFFD FFFD FFFD FFFD FFFD FFFD "[2J", true},
    {"NUL is made harmless", "\"a\\u0000b\"", 16, "a" FFFD "b", true},
    {"DEL is made harmless", "\"\x7f\\u007f\"", 16, FFFD FFFD, true},
    {"the terminal's eight-bit controls are made harmless", "\"\\u009b2J\xc2\x9b\xc2\x80\"", 16,
     FFFD "2J" FFFD FFFD, true},
    {"the characters beside them stay", "\" ~\xc2\xa0\"", 16, " ~\xc2\xa0", true},
    {"Latin letters", "\"\\u00e9\xc3\xa9\"", 16, "\xc3\xa9\xc3\xa9", true},
    {"the euro sign", "\"\\u20AC\xe2\x82\xac\"", 16, "\xe2\x82\xac\xe2\x82\xac", true},
    {"a pair of surrogates is one character", "\"\\uD83D\\uDE00\"", 16, "\xf0\x9f\x98\x80", true},
    {"a lone high surrogate", "\"\\ud83d\"", 16, FFFD, true},
    {"a lone high surrogate in front of text", "\"\\ud83dab\"", 16, FFFD "ab", true},
    {"a high surrogate in front of another escape", "\"\\ud83d\\u0041\"", 16, FFFD "A", true},
    {"a high surrogate in front of a short escape", "\"\\ud83d\\\\u0041\"", 16, FFFD "\\u0041",
     true},
    {"the lowest pair of surrogates", "\"\\ud800\\udc00\"", 16, "\xf0\x90\x80\x80", true},
    {"the highest", "\"\\uDBFF\\uDFFF\"", 16, "\xf4\x8f\xbf\xbf", true},
    {"a high surrogate in front of what follows the low ones", "\"\\ud800\\ue000\"", 16,
     FFFD "\xee\x80\x80", true},
    {"the first and the last of the surrogates alone", "\"\\udfff\\ud800\"", 16, FFFD FFFD, true},
    {"the characters beside the surrogates", "\"\\ud7ff\\ue000\"", 16, "\xed\x9f\xbf\xee\x80\x80",
     true},
    {"two high surrogates", "\"\\ud83d\\ud83d\"", 16, FFFD FFFD, true},
    {"high, high, low", "\"\\ud83d\\ud83d\\ude00\"", 16, FFFD "\xf0\x9f\x98\x80", true},
    {"a lone low surrogate", "\"\\ude00\"", 16, FFFD, true},
    {"cut in front of a two-byte character", "\"a\xc3\xa9\"", 3, "a", false},
    {"cut in front of a three-byte character", "\"ab\xe2\x82\xac\"", 5, "ab", false},
    {"cut in front of an escaped pair", "\"a\\uD83D\\uDE00z\"", 5, "a", false},
    {"a three-byte character just fits", "\"\xe2\x82\xac\"", 4, "\xe2\x82\xac", true},
    {"a number as it stands (C26)", "640794306199020323", 32, "640794306199020323", true},
    {"a word as it stands", "true", 16, "true", true},
    {"null is empty, not four letters (C25)", "null", 16, "", true},
    {"an array is empty", "[1]", 16, "", true},
    {"an object is empty", "{\"a\":1}", 16, "", true},
};

static void decodes_text_for_a_person(void **state)
{
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(TEXTS); at++) {
        const struct text_row *row = &TEXTS[at];
        const char *text = edge_copy(row->input, strlen(row->input));
        char got[40], exact[40];
        struct json j;
        struct json_value v;
        int len, exact_len;
        assert_int_equal(json_parse(&j, text, strlen(row->input)), 0);
        v = json_at(&j, 0);
        memset(got, 'x', sizeof(got));
        len = json_text(got, row->cap, &v);
        exact_len = json_exact(exact, row->cap, &v);
        if (strcmp(got, row->want) != 0 || len != (int)strlen(row->want) || got[row->cap] != 'x') {
            fail_msg("%s: \"%s\", %d", row->name, got, len);
        }
        if (strcmp(exact, row->whole ? row->want : "") != 0 ||
            exact_len != (row->whole ? len : ERR_NO_ROOM)) {
            fail_msg("%s: exact \"%s\", %d", row->name, exact, exact_len);
        }
    }
}

static struct json_value value(struct json *j, const char *text)
{
    assert_int_equal(json_parse(j, text, strlen(text)), 0);
    return json_at(j, 0);
}

static void compares_decoded_text(void **state)
{
    static const struct {
        const char *name, *input, *text;
        bool want;
    } rows[] = {
        {"equal", "\"id\"", "id", true},
        {"both empty", "\"\"", "", true},
        {"longer", "\"idx\"", "id", false},
        {"shorter", "\"i\"", "id", false},
        {"case counts", "\"ID\"", "id", false},
        {"written with escapes", "\"\\u0069\\u0064\"", "id", true},
        {"NUL is no end of text", "\"id\\u0000\"", "id", false},
        {"NUL behind everything", "\"\\u0000\"", "", false},
        {"controls are compared as they are", "\"a\\nb\"", "a\nb", true},
        {"a number", "1234", "1234", true},
        {"null is not its word (C25)", "null", "null", false},
        {"true is not its word", "true", "true", false},
        {"an array", "[]", "[]", false},
    };
    struct json j;
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        struct json_value v = value(&j, rows[at].input);
        if (json_is(&v, edge_copy(rows[at].text, strlen(rows[at].text) + 1)) != rows[at].want) {
            fail_msg("%s", rows[at].name);
        }
    }
}

static void reads_counts(void **state)
{
    static const struct {
        const char *name, *input;
        bool want;
        uint64_t n;
    } rows[] = {
        {"a number", "10", true, 10},
        {"zero", "0", true, 0},
        {"digits in a string", "\"10\"", true, 10},
        {"the largest", "9223372036854775807", true, INT64_MAX},
        {"one more is refused", "9223372036854775808", false, 0},
        {"far more is refused, not wrapped (C26)", "18446744073709551617", false, 0},
        {"a sign is refused", "-1", false, 0},
        {"a fraction is refused", "1.0", false, 0},
        {"an exponent is refused", "1e3", false, 0},
        {"an empty string is refused", "\"\"", false, 0},
        {"a space is refused", "\" 1\"", false, 0},
        {"null is absent (C25)", "null", false, 0},
        {"true is no count", "true", false, 0},
        {"an array is no count", "[1]", false, 0},
    };
    struct json j;
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        struct json_value v = value(&j, rows[at].input);
        uint64_t n = 0;
        if (json_count(&v, &n) != rows[at].want || n != rows[at].n) {
            fail_msg("%s: %llu", rows[at].name, (unsigned long long)n);
        }
    }
}

/* Wherever a string is cut, what json_whole leaves is a string again. */
static void finds_where_a_string_may_be_cut(void **state)
{
    static const char raw[] = "a\xc3\xa9\\n\\u20ac\xe2\x82\xac\\uD83D\\uDE00\xf0\x9f\x98\x80\\\\z";
    static const char lone[] = "\\ud83dabcdef"; /* no low one can follow from the 12th byte on */
    static const uint8_t ends[] = {0, 1, 3, 5, 11, 14, 26, 30, 32, 33};
    size_t len;

    (void)state;
    for (len = 0; len < sizeof(raw); len++) {
        size_t got = json_whole(edge_copy(raw, len), len), want = 0, at;
        for (at = 0; at < COUNT(ends); at++) {
            want = ends[at] <= len ? ends[at] : want;
        }
        assert_int_equal(got, want);
    }
    assert_int_equal(json_whole(edge_copy(lone, 11), 11), 0);
    assert_int_equal(json_whole(edge_copy(lone, 12), 12), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_the_whole_grammar),
        cmocka_unit_test(scans_each_byte_alike),
        cmocka_unit_test(tells_tokens_in_front_of_what_they_contain),
        cmocka_unit_test(names_too_many_tokens),
        cmocka_unit_test(decodes_text_for_a_person),
        cmocka_unit_test(compares_decoded_text),
        cmocka_unit_test(reads_counts),
        cmocka_unit_test(finds_where_a_string_may_be_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
