#include "base/err.h"
#include "base/stream.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define LONG_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void copies_what_fits_and_nothing_else(void **state)
{
    char dst[6] = "xxxxx";

    (void)state;
    assert_int_equal(text_copy(dst, 4, "abc"), 3);
    assert_string_equal(dst, "abc");
    assert_int_equal(dst[4], 'x');
    assert_int_equal(text_copy(dst, 3, "abc"), ERR_NO_ROOM);
    assert_string_equal(dst, "");
    assert_int_equal(text_copy(dst, 1, ""), 0);
    assert_string_equal(dst, "");
    assert_int_equal(text_copy(dst, 1, "a"), ERR_NO_ROOM);
}

static void compares_without_ascii_case(void **state)
{
    static const struct {
        const char *name, *a, *b;
        bool want;
    } rows[] = {
        {"equal", "RUNNING", "RUNNING", true},
        {"other case (C27)", "Running", "rUNNING", true},
        {"both empty", "", "", true},
        {"one is the beginning of the other", "COMPLETE", "COMPLETED", false},
        {"the other way round", "COMPLETED", "COMPLETE", false},
        {"one empty", "", "a", false},
        {"neighbours of the letters are no letters", "[", "{", false},
        {"at sign and backquote differ", "@", "`", false},
        {"letters beyond ASCII are bytes", "\xc3\x84", "\xc3\xa4", false},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        if (text_equal_nocase(rows[at].a, rows[at].b) != rows[at].want) {
            fail_msg("%s", rows[at].name);
        }
    }
}

static void counts_edits(void **state)
{
    static const struct {
        const char *name, *a, *b;
        unsigned want;
    } rows[] = {
        {"equal", "base_url", "base_url", 0},
        {"case is no edit", "Base_URL", "base_url", 0},
        {"both empty", "", "", 0},
        {"from nothing", "", "abc", 3},
        {"to nothing", "abc", "", 3},
        {"one changed", "base-url", "base_url", 1},
        {"one missing", "base_ur", "base_url", 1},
        {"one too many", "basse_url", "base_url", 1},
        {"two swapped", "bsae_url", "base_url", 1},
        {"the first two swapped", "abse_url", "base_url", 1},
        {"the last two swapped", "base_ulr", "base_url", 1},
        {"kitten and sitting", "kitten", "sitting", 3},
        {"nothing in common", "abc", "xyz", 3},
        {"64 bytes are compared", LONG_64, "", 64},
        {"65 bytes are not", LONG_64 "0", LONG_64 "0", TEXT_WORD_MAX + 1},
        {"nor on the other side", "a", LONG_64 "0", TEXT_WORD_MAX + 1},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        unsigned got = text_distance(rows[at].a, rows[at].b);
        if (got != rows[at].want || text_distance(rows[at].b, rows[at].a) != got) {
            fail_msg("%s: %u", rows[at].name, got);
        }
    }
}

static void names_the_nearest_known_word(void **state)
{
    static const char *const known[] = {"base_url", "hub", "credentials_file", "ca_file", "pin"};
    static const struct {
        const char *name, *word;
        int want;
    } rows[] = {
        {"a slip in a long word", "credential_file", 2},
        {"another separator", "base-url", 0},
        {"another case", "CA_FILE", 3},
        {"a slip in a short word", "hubb", 1},
        {"one letter of three", "pen", 4},
        {"two letters of three are another word", "pot", -1},
        {"nothing near", "retention_days", -1},
        {"an empty word is near nothing", "", -1},
        {"a word of 65 bytes is near nothing", LONG_64 "x", -1},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        int got = text_nearest(rows[at].word, known, COUNT(known));
        if (got != rows[at].want) {
            fail_msg("%s: %d", rows[at].name, got);
        }
    }
    assert_int_equal(text_nearest("hub", known, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_what_fits_and_nothing_else),
        cmocka_unit_test(compares_without_ascii_case),
        cmocka_unit_test(counts_edits),
        cmocka_unit_test(names_the_nearest_known_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
