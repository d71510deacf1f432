#include "base/stream.h"
#include "edge.h"
#include "record/csv_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

/* By the definition, a byte at a time, up to the last whole word. */
static size_t plain_by_byte(const uint8_t *src, size_t len, uint32_t *commas)
{
    size_t n = 0;

    *commas = 0;
    while (n < len && src[n] >= 0x20 && src[n] < 0x80 && src[n] != '"') {
        *commas += src[n] == ',';
        n++;
    }
    return n;
}

/* csv_plain may stop early, but goes on where it stopped. */
static void expect_plain(const uint8_t *bytes, size_t len)
{
    const uint8_t *src = (const uint8_t *)edge_copy(bytes, len);
    uint32_t commas = 0, want_commas, some;
    size_t n = 0, used = 1, want;

    while (used > 0 && len - n >= CSV_WORD) {
        used = csv_plain(src + n, len - n, &some);
        assert_true(used <= len - n);
        commas += some;
        n += used;
    }
    want = plain_by_byte(src, n, &want_commas);
    assert_int_equal(n, want);
    assert_int_equal(commas, want_commas);
    want = plain_by_byte(src, len, &want_commas);
    assert_true(n == want || len - n < CSV_WORD);
}

/* Every byte at every place of the first words, among bytes that a carry or a borrow would change:
 * spaces, commas, tildes and the quote's neighbours. */
static void stops_at_every_special_byte_and_at_no_other(void **state)
{
    static const uint8_t among[] = {' ', ',', '~', '!', '#', 0x7F, '-', '+'};
    uint8_t bytes[3 * CSV_WORD + 3];
    size_t kind, place;
    unsigned value;

    (void)state;
    for (kind = 0; kind < COUNT(among); kind++) {
        for (place = 0; place < sizeof(bytes); place++) {
            for (value = 0; value < 256; value++) {
                memset(bytes, among[kind], sizeof(bytes));
                bytes[place] = (uint8_t)value;
                expect_plain(bytes, sizeof(bytes));
                bytes[sizeof(bytes) - 1 - place] = '\n';
                expect_plain(bytes, sizeof(bytes));
            }
        }
    }
}

static void counts_over_long_runs(void **state)
{
    static uint8_t bytes[2000];
    size_t len, every;

    (void)state;
    for (every = 1; every < 300; every += 7) {
        for (len = 0; len < sizeof(bytes); len++) {
            bytes[len] = len % every == 0 ? ',' : 'x';
        }
        expect_plain(bytes, sizeof(bytes));
        memset(bytes, 'x', sizeof(bytes));
        expect_plain(bytes, sizeof(bytes));
    }
}

static void takes_characters_cut_anywhere(void **state)
{
    static const char text[] = "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xDF\xBF\xEF\xBF\xBF";
    size_t len = strlen(text), cut, n;
    struct csv_utf8 u;
    bool bad;

    (void)state;
    for (cut = 0; cut <= len; cut++) {
        memset(&u, 0, sizeof(u));
        n = csv_utf8_take(&u, (const uint8_t *)edge_copy(text, cut), cut, &bad);
        assert_true(n == cut && !bad);
        n = csv_utf8_take(&u, (const uint8_t *)edge_copy(text + cut, len - cut), len - cut, &bad);
        assert_true(n == len - cut && !bad);
        assert_int_equal(u.left, 0);
    }
}

static void tells_where_a_bad_character_began(void **state)
{
    static const struct {
        const char *name, *text;
        size_t used, seen;
        bool bad;
    } rows[] = {
        {"ASCII is left alone", "a", 0, 0, false},
        {"a lonely continuation", "\x80z", 1, 1, true},
        {"behind a good one", "\xC3\xA9\xBFz", 3, 1, true},
        {"broken by ASCII", "\xE2\x82,", 2, 2, true},
        {"broken by the next character", "\xC3\xA9\xE2\xC3\xA9", 3, 1, true},
        {"broken late", "\xF0\x9F\x98z", 3, 3, true},
        {"cut, but good so far", "\xC3\xA9\xF0\x9F\x98", 5, 3, false},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        struct csv_utf8 u = {0, 0, 0, 0};
        size_t len = strlen(rows[at].text);
        bool bad;
        size_t n = csv_utf8_take(&u, (const uint8_t *)edge_copy(rows[at].text, len), len, &bad);
        if (n != rows[at].used || bad != rows[at].bad || u.seen != rows[at].seen) {
            fail_msg("%s: %u used, %u seen", rows[at].name, (unsigned)n, u.seen);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_at_every_special_byte_and_at_no_other),
        cmocka_unit_test(counts_over_long_runs),
        cmocka_unit_test(takes_characters_cut_anywhere),
        cmocka_unit_test(tells_where_a_bad_character_began),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
