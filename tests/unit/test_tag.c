/* Tags: printf and POSIX regular expressions judge. */
#include "base/stream.h"
#include "edge.h"
#include "spool/tag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OURS   UINT64_C(0x0123456789abcdef)
#define PREFIX "oc-0123456789abcdef-"
#define A      PREFIX "00000007-89abcdef-01"
#define B      PREFIX "00000007-89abcdef-02"
#define C      PREFIX "00000008-89abcdef-01"
#define ALIEN  "oc-fedcba9876543210-00000007-89abcdef-01"

#define TAG_REGEX "^oc-[0-9a-f]{16}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{2}"

static bool same(const struct tag *a, const struct tag *b)
{
    return a->spool == b->spool && a->batch == b->batch && a->print == b->print &&
           a->attempt == b->attempt;
}

static void text_is_what_printf_writes(void **state)
{
    static const struct tag tags[] = {
        {0, 0, 0, 0},
        {OURS, 7, 0x89abcdef, 1},
        {UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT8_MAX},
        {UINT64_C(0xa000000000000000), 0xb0000000, 0xc0000000, 0xd0},
        {1, 2, 3, 4},
    };
    char text[TAG_CAP], want[TAG_CAP + 1];
    struct tag back;

    (void)state;
    for (size_t i = 0; i < COUNT(tags); i++) {
        const struct tag *t = &tags[i];

        assert_int_equal(snprintf(want, sizeof want,
                                  "oc-%016" PRIx64 "-%08" PRIx32 "-%08" PRIx32 "-%02" PRIx8,
                                  t->spool, t->batch, t->print, t->attempt),
                         TAG_LEN);
        tag_text(text, t);
        assert_string_equal(text, want);
        assert_true(tag_parse(edge_copy(text, TAG_LEN), TAG_LEN, &back));
        assert_true(same(&back, t));
    }
}

/* Every byte at every place, every length. */
static void only_a_tag_is_read(void **state)
{
    char text[TAG_CAP] = A;
    struct tag got = {1, 2, 3, 4};
    const struct tag before = got;
    regex_t tag;

    (void)state;
    assert_int_equal(regcomp(&tag, TAG_REGEX "$", REG_EXTENDED | REG_NOSUB), 0);
    for (size_t at = 0; at < TAG_LEN; at++) {
        for (unsigned c = 1; c < 256; c++) {
            text[at] = (char)c;
            bool want = regexec(&tag, text, 0, NULL, 0) == 0;

            got = before;
            assert_int_equal(tag_parse(edge_copy(text, TAG_LEN), TAG_LEN, &got), want);
            assert_int_equal(same(&got, &before), !want);
        }
        text[at] = '\0';
        assert_false(tag_parse(edge_copy(text, TAG_LEN), TAG_LEN, &got));
        text[at] = A[at];
        assert_false(tag_parse(edge_copy(text, at), at, &got));
    }
    assert_false(tag_parse(edge_copy(A "0", TAG_LEN + 1), TAG_LEN + 1, &got));
    regfree(&tag);
}

/* What a finder tells: count, then `f` for foreign ones, then the first of ours. */
static void told(const struct tag_finder *f, char *dst)
{
    dst[0] = (char)('0' + f->count);
    dst[1] = f->foreign ? 'f' : '-';
    dst[2] = 0;
    if (f->count > 0) {
        tag_text(dst + 2, &f->first);
    }
}

static void deliver(struct tag_finder *f, const char *src, size_t len)
{
    tag_finder_push(f, edge_copy(src, len), len);
}

static void expect(const char *name, const char *text, size_t len, const char *want)
{
    struct tag_finder f;
    char got[TAG_CAP + 2];

    for (size_t at = 0; at <= len; at++) {
        tag_finder_init(&f, OURS);
        deliver(&f, text, at);
        deliver(&f, text + at, len - at);
        told(&f, got);
        if (strcmp(got, want) != 0) {
            fail_msg("%s, split at %u: %s", name, (unsigned)at, got);
        }
    }
    tag_finder_init(&f, OURS);
    for (size_t at = 0; at < len; at++) {
        deliver(&f, text + at, 1);
    }
    told(&f, got);
    if (strcmp(got, want) != 0) {
        fail_msg("%s, per byte: %s", name, got);
    }
}

static const struct row {
    const char *name, *text, *want;
} ROWS[] = {
    {"nothing", "", "0-"},
    {"in a callback's URL", "\"https://d.example/hook?ocb=" A "\"", "1-" A},
    {"as a path", "\"/" A ".csv\"", "1-" A},
    {"as a name", "{\"fileName\":\"" A ".csv\"}", "1-" A},
    {"as a value", "{\"callback-payload\":\"" A "\"}", "1-" A},
    {"in a JSON text in a string", "{\"metaData\":\"{\\\"callback-payload\\\":\\\"" A "\\\"}\"}",
     "1-" A},
    {"percent-encoded", "path=%2F" A ".csv", "1-" A},
    {"behind an escape of JSON", "\"\\u002f" A "\"", "1-" A},
    {"behind a line break of JSON", "\"\\n" A "\"", "1-" A},
    {"behind an escaped slash", "\"\\/" A "\"", "1-" A},
    {"behind an entity", "&quot;" A "&quot;", "1-" A},
    {"behind a character above ASCII", "\xC3\xA9" A "\xC3\xA9", "1-" A},
    {"behind a dash or an underscore", "copy_" A "_2", "1-" A},
    {"at the very start", A " ", "1-" A},
    {"a tag with nothing behind it is still to come", "\"" A, "0-"},
    {"twice the same is one", "\"" A "\",\"" A "\"", "1-" A},
    {"two are two", "\"" A "\",\"" B "\"", "2-" A},
    {"three are more than one", "\"" A "\",\"" B "\",\"" C "\",\"" A "\"", "2-" A},
    {"another batch is another", "\"" C "\",\"" A "\"", "2-" C},
    {"one byte between two", A "," B ",", "2-" A},
    {"another spool's", "\"" ALIEN "\"", "0f"},
    {"another spool's and ours", "\"" ALIEN "\",\"" A "\"", "1f" A},
    {"ours behind a start that breaks off", "oc-" A " ", "1-" A},
    {"ours behind half of one", PREFIX A " ", "1-" A},
    {"a letter in front", "x" A " ", "0-"},
    {"a digit in front", "0" A " ", "0-"},
    {"a digit behind", A "0 ", "0-"},
    {"a letter behind", A "x ", "0-"},
    {"a letter behind that starts one", A "oc-", "0-"},
    {"one in the other", A B " ", "0-"},
    {"an escape that is none: too short", "%F" A " ", "0-"},
    {"an escape that is none: too long", "%22F" A " ", "0-"},
    {"an escape of JSON that is none", "\\u002fx" A " ", "0-"},
    {"capital letters", "OC-0123456789ABCDEF-00000007-89ABCDEF-01 ", "0-"},
    {"a dash too few", "oc-0123456789abcdef0-0000007-89abcdef-01 ", "0-"},
    {"only its start", PREFIX " ", "0-"},
};

static void tags_are_found_where_they_stand(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        expect(ROWS[i].name, ROWS[i].text, strlen(ROWS[i].text), ROWS[i].want);
    }
    expect("a NUL is a byte like others", "\0" A "\0", TAG_LEN + 2, "1-" A);
}

static void words_of_any_length_in_front(void **state)
{
    static const char lead[] = "\"%\\";
    char text[1024];

    (void)state;
    for (size_t i = 0; i < sizeof lead - 1; i++) {
        for (size_t len = 6; len < 600; len += len == 20 ? 230 : 1) {
            struct tag_finder f;

            memset(text, 'x', len);
            text[0] = lead[i];
            memcpy(text + len, A "\"", TAG_LEN + 1);
            tag_finder_init(&f, OURS);
            deliver(&f, text, len + TAG_LEN + 1);
            assert_int_equal(f.count, len == 6 && lead[i] == '\\');
        }
    }
}

static void clear_forgets_all_but_whose(void **state)
{
    struct tag_finder f;

    (void)state;
    tag_finder_init(&f, OURS);
    deliver(&f, "\"" A "\",\"" B "\",\"" ALIEN "\"", 3 * TAG_LEN + 8);
    assert_true(f.count == 2 && f.foreign);
    deliver(&f, PREFIX, sizeof PREFIX - 1);
    tag_finder_clear(&f);
    assert_true(f.count == 0 && !f.foreign);
    deliver(&f, &(A "\"")[sizeof PREFIX - 1], TAG_LEN + 1 - (sizeof PREFIX - 1));
    assert_int_equal(f.count, 0);
    deliver(&f, A "\"", TAG_LEN + 1);
    assert_int_equal(f.count, 1);
}

/* Texts of pieces that nearly make tags; each place is judged alone. */
static const char *const PIECES[] = {A,   B,   C,    ALIEN, PREFIX, "oc-", "o",   "c",      "-",
                                     "0", "x", "\"", "%2F", "%",    "\\",  "\\u", "\\u002f"};

static size_t invent(char *text, size_t cap)
{
    size_t len = 0;

    while (len + TAG_LEN + 1 < cap && rand() % 12 != 0) {
        const char *piece = PIECES[(size_t)rand() % COUNT(PIECES)];
        size_t n = strlen(piece);

        n = rand() % 4 == 0 ? (size_t)rand() % (n + 1) : n;
        memcpy(text + len, piece, n);
        len += n;
    }
    text[len] = 0;
    return len;
}

struct judge {
    regex_t tag, front;
};

static bool begins(const struct judge *j, const char *text, size_t at)
{
    char front[1024];

    memcpy(front, text, at);
    front[at] = 0;
    return regexec(&j->front, front, 0, NULL, 0) == 0 &&
           regexec(&j->tag, text + at, 0, NULL, 0) == 0;
}

static void judge(const struct judge *j, const char *text, char *want)
{
    const char *first = NULL;

    strcpy(want, "0-");
    for (size_t at = 0; text[at] != 0; at++) {
        if (!begins(j, text, at)) {
            continue;
        }
        if (strncmp(text + at, PREFIX, sizeof PREFIX - 1) != 0) {
            want[1] = 'f';
        } else if (first == NULL) {
            first = text + at;
            want[0] = '1';
            memcpy(want + 2, first, TAG_LEN);
            want[2 + TAG_LEN] = 0;
        } else if (strncmp(first, text + at, TAG_LEN) != 0) {
            want[0] = '2';
        }
    }
}

static void invented_texts(void **state)
{
    static const char front[] =
        "(^|[^0-9A-Za-z]|%[0-9A-Za-z]{2}|\\\\[0-9A-Za-z]([0-9A-Za-z]{4})?)$";
    char text[512], want[TAG_CAP + 2];
    struct judge j;
    unsigned ours = 0;

    (void)state;
    srand(1);
    assert_int_equal(regcomp(&j.tag, TAG_REGEX "[^0-9A-Za-z]", REG_EXTENDED | REG_NOSUB), 0);
    assert_int_equal(regcomp(&j.front, front, REG_EXTENDED | REG_NOSUB), 0);
    for (unsigned round = 0; round < 1000; round++) {
        size_t len = invent(text, sizeof text);

        judge(&j, text, want);
        ours += want[0] != '0';
        expect(text, text, len, want);
    }
    assert_in_range(ours, 200, 800);
    regfree(&j.tag);
    regfree(&j.front);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_what_printf_writes),
        cmocka_unit_test(only_a_tag_is_read),
        cmocka_unit_test(tags_are_found_where_they_stand),
        cmocka_unit_test(words_of_any_length_in_front),
        cmocka_unit_test(clear_forgets_all_but_whose),
        cmocka_unit_test(invented_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
