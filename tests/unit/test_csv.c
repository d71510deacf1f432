#include "base/err.h"
#include "base/stream.h"
#include "edge.h"
#include "limits.h"
#include "record/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define SCRIPT_CAP 4096
#define IN(text)   text, sizeof(text) - 1

/* What was told, a row a piece: `AT-END@LINE:FIELDS` and how it ended: n LF, r CRLF, o the file's
 * end; `blank` instead of the fields; then, for a fault, ` NAME BYTE@LINE:COLUMN`. A sticking error
 * is its name alone. */
struct script {
    char text[SCRIPT_CAP];
    size_t len;
};

static void put_row(struct script *s, const struct csv_row *r)
{
    char *at = s->text + s->len;
    size_t cap = sizeof(s->text) - s->len;
    int n = snprintf(at, cap, "%u-%u@%u:", (unsigned)r->at, (unsigned)r->end, (unsigned)r->line);

    n += r->blank ? snprintf(at + n, cap - (size_t)n, "blank")
                  : snprintf(at + n, cap - (size_t)n, "%u", (unsigned)r->fields);
    n += snprintf(at + n, cap - (size_t)n, "%c", !r->ended ? 'o' : r->crlf ? 'r' : 'n');
    if (r->err != 0) {
        n += snprintf(at + n, cap - (size_t)n, " %s %u@%u:%u", err_name(r->err),
                      (unsigned)r->fault.byte, (unsigned)r->fault.line, (unsigned)r->fault.column);
    }
    n += snprintf(at + n, cap - (size_t)n, "; ");
    s->len += (size_t)n;
    assert_true(s->len < sizeof(s->text));
    if (r->blank) {
        assert_int_equal(r->fields, 0);
        assert_int_equal(r->err, 0);
    }
}

/* Delivers one piece; false when an error sticks. */
static bool deliver(struct csv *c, struct script *s, const char *src, size_t len)
{
    size_t used = 0;

    while (used < len) {
        bool row_done;
        int n = csv_push(c, (const uint8_t *)src + used, len - used, &row_done);
        if (n < 0) {
            assert_int_equal(csv_push(c, (const uint8_t *)src, len, &row_done), n);
            assert_int_equal(csv_finish(c), n);
            assert_int_equal(c->row.err, n);
            s->len += (size_t)sprintf(s->text + s->len, "%s", err_name(n));
            return false;
        }
        assert_true(n > 0 && (size_t)n <= len - used);
        used += (size_t)n;
        assert_true(row_done || used == len);
        if (row_done) {
            put_row(s, &c->row);
        }
    }
    return true;
}

static void finish(struct csv *c, struct script *s)
{
    int n = csv_finish(c);

    if (n == 1) {
        put_row(s, &c->row);
        assert_int_equal(c->byte, c->row.end);
        n = csv_finish(c);
    }
    assert_int_equal(n, 0);
}

/* In two pieces, the second in steps. */
static void run(struct script *s, const struct csv *fresh, const char *input, size_t len,
                size_t split, size_t step)
{
    struct csv c = *fresh;
    size_t at = split;
    bool good = deliver(&c, s, edge_copy(input, split), split);

    while (good && at < len) {
        size_t n = len - at < step ? len - at : step;
        good = deliver(&c, s, edge_copy(input + at, n), n);
        at += n;
    }
    if (good) {
        finish(&c, s);
    }
}

static void expect(const char *name, const struct csv *fresh, const char *input, size_t len,
                   const char *want)
{
    static struct script s;
    size_t split;

    for (split = 0; split <= len + 1; split++) {
        memset(&s, 0, sizeof(s));
        run(&s, fresh, input, len, split > len ? 0 : split, split > len ? 1 : len);
        if (strcmp(s.text, want) != 0) {
            fail_msg("%s, split at %u of %u:\n got %s\nwant %s", name, (unsigned)split,
                     (unsigned)len, s.text, want);
        }
    }
}

static const struct {
    const char *name;
    uint32_t fields;
    const char *input;
    size_t len;
    const char *want;
} ROWS[] = {
    {"nothing", 0, IN(""), ""},
    {"one field without a line end", 0, IN("a"), "0-1@1:1o; "},
    {"two rows with LF", 0, IN("a,b\nc,d\n"), "0-4@1:2n; 4-8@2:2n; "},
    {"two rows with CRLF", 0, IN("a,b\r\nc,d\r\n"), "0-5@1:2r; 5-10@2:2r; "},
    {"line ends mixed", 0, IN("a\r\nb\nc"), "0-3@1:1r; 3-5@2:1n; 5-6@3:1o; "},
    {"empty fields are fields", 0, IN(",,\n,"), "0-3@1:3n; 3-4@2:2o; "},
    {"white space alone is a field", 0, IN(" \n\t\n"), "0-2@1:1n; 2-4@2:1n; "},
    {"blank lines are no records (S07)", 2, IN("a,b\r\n1,2\r\n\r\n"),
     "0-5@1:2r; 5-10@2:2r; 10-12@3:blankr; "},
    {"blank lines everywhere", 1, IN("\n\r\na\n\n\nb\r\n"),
     "0-1@1:blankn; 1-3@2:blankr; 3-5@3:1n; 5-6@4:blankn; 6-7@5:blankn; 7-10@6:1r; "},
    {"a quoted empty field is no blank line", 0, IN("\"\"\n\"\""), "0-3@1:1n; 3-5@2:1o; "},
    {"words longer than a register", 0,
     IN("abcdefghijklmnopqrstuvwxyz,0123456789,,,ABCDEFGH,,\nIJKLMNOPQRSTUVWXYZ\n"),
     "0-51@1:7n; 51-70@2:1n; "},
    {"nothing but commas", 0, IN(",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n,\n"),
     "0-33@1:33n; 33-35@2:2n; "},
    {"formula characters pass (C32)", 5, IN("ana@example.org,+15550100,=1+1,-5,@site\r\n"),
     "0-41@1:5r; "},
    {"control characters but NUL are text", 0, IN("a\tb\x01,\x1f\x7f\n"), "0-8@1:2n; "},
    {"neighbours of the quote are text", 0, IN("a!b,c#d,!,#!!##!!##,a\n"), "0-22@1:5n; "},

    {"a mark of UTF-8 at the start belongs to no record (C28)", 2,
     IN("\xEF\xBB\xBF"
        "email,first_name\r\nana@example.org,Ana\r\n"),
     "3-21@1:2r; 21-42@2:2r; "},
    {"a mark of UTF-8 before a quote", 0, IN("\xEF\xBB\xBF\"a,b\"\n\"x"),
     "3-9@1:1n; 9-11@2:1o CSV_UNCLOSED 9@2:1; "},
    {"a mark of UTF-8 before a blank line", 0, IN("\xEF\xBB\xBF\r\na"), "3-5@1:blankr; 5-6@2:1o; "},
    {"a mark of UTF-8 alone", 0, IN("\xEF\xBB\xBF"), ""},
    {"a fault behind the mark: the column does not count it", 0,
     IN("\xEF\xBB\xBF"
        "a\"\n"),
     "3-6@1:1n CSV_QUOTE 4@1:2; "},
    {"two marks: the second is data (C28)", 0, IN("\xEF\xBB\xBF\xEF\xBB\xBF\n"), "3-7@1:1n; "},
    {"the mark elsewhere is data (C28)", 0, IN("\n\xEF\xBB\xBF\n\xEF\xBB\xBF"),
     "0-1@1:blankn; 1-5@2:1n; 5-8@3:1o; "},
    {"half a mark is a broken character", 0, IN("\xEF\xBB"), "0-2@1:1o CSV_UTF8 0@1:1; "},
    {"another character that begins like the mark", 0, IN("\xEF\xBB\xBE,\n"), "0-5@1:2n; "},
    {"half a mark, then a quote", 0, IN("\xEF\"\n"), "0-3@1:1n CSV_UTF8 0@1:1; "},
    {"UTF-16, big end first (C28)", 0, IN("\xFE\xFF\0a\0\n"), "CSV_UTF16"},
    {"UTF-16, little end first (C28)", 0,
     IN("\xFF\xFE"
        "a\0\n\0"),
     "CSV_UTF16"},
    {"the same bytes later are bad UTF-8", 0, IN("a\xFF\xFE\n\xFF\xFE\n"),
     "0-4@1:1n CSV_UTF8 1@1:2; 4-7@2:1n CSV_UTF8 4@2:1; "},
    {"half a mark of UTF-16", 0, IN("\xFF\nb\n"), "0-2@1:1n CSV_UTF8 0@1:1; 2-4@2:1n; "},
    {"the same half twice", 0, IN("\xFF\xFF\n"), "0-3@1:1n CSV_UTF8 0@1:1; "},
    {"the other half twice", 0, IN("\xFE\xFE\n"), "0-3@1:1n CSV_UTF8 0@1:1; "},

    {"a line break inside quotes (C29)", 2,
     IN("email,note\r\nana@example.org,\"line one\nline \"\"two\"\"\"\r\nbob@example.org,ok\r\n"),
     "0-12@1:2r; 12-53@2:2r; 53-73@4:2r; "},
    {"commas, CRLF and a bare CR inside quotes", 0, IN("\"a,b\r\n,c\rd\",\"\"\n\"\"\"\""),
     "0-15@1:2n; 15-19@3:1o; "},
    {"a quoted field at the end of the file", 0, IN("a,\"b\"\"\""), "0-7@1:2o; "},
    {"pairs of quotes only", 0, IN("\"\"\"\"\"\",\"\"\"\"\n"), "0-12@1:2n; "},
    {"an unclosed quote gives the rest back (C29)", 0, IN("a,\"b\nc,d\ne,f\n"),
     "0-5@1:2n CSV_UNCLOSED 2@1:3; "},
    {"an unclosed quote, the last line open", 0, IN("x\na,\"b\nc\nd"),
     "0-2@1:1n; 2-7@2:2n CSV_UNCLOSED 4@2:3; "},
    {"an unclosed quote in the last line", 0, IN("x\na,\"b"),
     "0-2@1:1n; 2-6@2:2o CSV_UNCLOSED 4@2:3; "},
    {"an unclosed quote behind a field with lines", 0, IN("\"a\nb\",\"c\nd\n"),
     "0-9@1:2n CSV_UNCLOSED 6@2:4; "},
    {"an unclosed quote is the file's last byte", 0, IN("a,\""), "0-3@1:2o CSV_UNCLOSED 2@1:3; "},
    {"unclosed behind a pair", 0, IN("\"a\"\""), "0-4@1:1o CSV_UNCLOSED 0@1:1; "},

    {"a quote inside an unquoted field", 0, IN("a,b\"c\"\nd\n"),
     "0-7@1:2n CSV_QUOTE 3@1:4; 7-9@2:1n; "},
    {"text behind a closing quote", 0, IN("\"a\"b,c\r\nd\n"),
     "0-8@1:1r CSV_QUOTE 2@1:3; 8-10@2:1n; "},
    {"a space behind a closing quote", 0, IN("\"a\" ,c\n"), "0-7@1:1n CSV_QUOTE 2@1:3; "},
    {"a space before a quote", 0, IN("a, \"b\"\n"), "0-7@1:2n CSV_QUOTE 3@1:4; "},
    {"behind a stray quote, quotes do not hide the line end", 0, IN("a\"b,\"c\nd\"\ne\n"),
     "0-7@1:1n CSV_QUOTE 1@1:2; 7-10@2:1n CSV_QUOTE 8@2:2; 10-12@3:1n; "},
    {"behind a stray quote, CRLF is seen", 0, IN("a\"\r\r\nb"),
     "0-5@1:1r CSV_QUOTE 1@1:2; 5-6@2:1o; "},
    {"behind a stray quote, a CR alone is nothing more", 0, IN("a\"\rb\n"),
     "0-5@1:1n CSV_QUOTE 1@1:2; "},
    {"a stray quote, then the end", 0, IN("a\"\r"), "0-3@1:1o CSV_QUOTE 1@1:2; "},
    {"a quote behind a line inside quotes", 0, IN("\"a\nb\"c\nd\n"),
     "0-7@1:1n CSV_QUOTE 4@2:2; 7-9@3:1n; "},
    {"a character behind a closing quote", 0, IN("\"a\"\xC3\xA9\"\n"),
     "0-7@1:1n CSV_QUOTE 2@1:3; "},

    {"a CR in the middle", 0, IN("a\rb,c\n"), "0-6@1:2n CSV_CR 1@1:2; "},
    {"a CR before a comma", 0, IN("a\r,c\n"), "0-5@1:2n CSV_CR 1@1:2; "},
    {"two CR before the LF", 0, IN("a\r\r\n"), "0-4@1:1r CSV_CR 1@1:2; "},
    {"a CR at the end of the file", 0, IN("a\nb\r"), "0-2@1:1n; 2-4@2:1o CSV_CR 3@2:2; "},
    {"a CR behind a closing quote", 0, IN("\"a\"\rb\n"), "0-6@1:1n CSV_CR 3@1:4; "},
    {"a CR at the row's start is no blank line", 0, IN("\ra\n\r\r\n\r"),
     "0-3@1:1n CSV_CR 0@1:1; 3-6@2:1r CSV_CR 3@2:1; 6-7@3:1o CSV_CR 6@3:1; "},
    {"a CR, then a character", 0, IN("\r\xC3\xA9\n"), "0-4@1:1n CSV_CR 0@1:1; "},
    {"a CR, then a quote", 0, IN("a,\r\"b\nc\n"), "0-6@1:2n CSV_CR 2@1:3; 6-8@2:1n; "},

    {"NUL in a field", 0, IN("a\0b,c\nd\n"), "0-6@1:2n CSV_NUL 1@1:2; 6-8@2:1n; "},
    {"NUL at a row's start", 0, IN("\0\n"), "0-2@1:1n CSV_NUL 0@1:1; "},
    {"NUL in quotes", 0, IN("\"a\0\nb\"\n"), "0-7@1:1n CSV_NUL 2@1:3; "},
    {"NUL on a later line of its row", 0, IN("\"a\nb\0\"\n"), "0-7@1:1n CSV_NUL 4@2:2; "},
    {"NUL behind a CR: the CR was first", 0, IN("a\r\0\n"), "0-4@1:1n CSV_CR 1@1:2; "},
    {"the first fault wins", 0, IN("\0\"\xFF\r,\n"), "0-6@1:1n CSV_NUL 0@1:1; "},
    {"a fault hides the wrong number of fields", 3, IN("\0,a\n"), "0-4@1:2n CSV_NUL 0@1:1; "},

    {"a field too many", 2, IN("a,b\nc,d,e\nf,g\n"),
     "0-4@1:2n; 4-10@2:3n CSV_FIELDS 4@2:1; 10-14@3:2n; "},
    {"a field too few", 2, IN("\"a\nb\"\r\n"), "0-7@1:1r CSV_FIELDS 0@1:1; "},
    {"a field too few in a row without line end", 2, IN("a,b\nc"),
     "0-4@1:2n; 4-5@2:1o CSV_FIELDS 4@2:1; "},
    {"commas in quotes part no fields", 2, IN("\",,,,,,,,,,,\",a\n"), "0-16@1:2n; "},

    {"ISO-8859-1 is refused (S09)", 0, IN("\xC9ric,e@example.org\r\n"),
     "0-20@1:2r CSV_UTF8 0@1:1; "},
    {"a broken character keeps no comma", 0, IN("\xE2\x82,b\n"), "0-5@1:2n CSV_UTF8 0@1:1; "},
    {"a broken character keeps no line end", 0, IN("a\xE2\nb\xF0\x9F\r\nc\n"),
     "0-3@1:1n CSV_UTF8 1@1:2; 3-8@2:1r CSV_UTF8 4@2:2; 8-10@3:1n; "},
    {"a broken character keeps no quote", 0, IN("\"\xE2\",b\n"), "0-6@1:2n CSV_UTF8 1@1:2; "},
    {"a broken character at the end", 0, IN("ab\xF0\x9F\x98"), "0-5@1:1o CSV_UTF8 2@1:3; "},
    {"a broken character, unclosed", 0, IN("\"ab\xF0\x9F\x98"), "0-6@1:1o CSV_UTF8 3@1:4; "},
    {"characters of all lengths", 3,
     IN("h\xC3\xA9llo,\"\xE2\x82\xAC\xE4\xBD\xA0\",\xF0\x9F\x98\x80\n"), "0-21@1:3n; "},
};

static void tells_rows_at_any_split(void **state)
{
    struct csv fresh;
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(ROWS); at++) {
        csv_init(&fresh);
        fresh.want_fields = ROWS[at].fields;
        expect(ROWS[at].name, &fresh, ROWS[at].input, ROWS[at].len, ROWS[at].want);
    }
}

/* The table of RFC 3629, section 4, written down once more and otherwise. */
static bool is_utf8(const uint8_t *src, size_t len)
{
    uint32_t low, v;
    size_t more, at;

    if (len == 0) {
        return true;
    }
    more = src[0] < 0x80 ? 0 : src[0] < 0xC0 ? 9 : src[0] < 0xE0 ? 1 : src[0] < 0xF0 ? 2 : 3;
    if (more >= len || src[0] >= 0xF8) {
        return false;
    }
    v = more == 0 ? src[0] : src[0] & (0x3Fu >> more);
    for (at = 1; at <= more; at++) {
        if ((src[at] & 0xC0) != 0x80) {
            return false;
        }
        v = v << 6 | (src[at] & 0x3Fu);
    }
    low = more == 3 ? 0x10000 : more == 2 ? 0x800 : more == 1 ? 0x80 : 0;
    return v >= low && v <= 0x10FFFF && (v < 0xD800 || v > 0xDFFF) &&
           is_utf8(src + more + 1, len - more - 1);
}

static bool takes(const uint8_t *src, size_t len)
{
    struct csv c;
    bool row_done;

    csv_init_at(&c, 5, 1);
    assert_int_equal(csv_push(&c, src, len, &row_done), len);
    assert_false(row_done);
    assert_int_equal(csv_finish(&c), 1);
    assert_true(c.row.err == 0 || c.row.err == ERR_CSV_UTF8);
    return c.row.err == 0;
}

/* All first and second bytes, and what may come third and fourth at the borders. */
static void takes_exactly_utf8(void **state)
{
    static const uint8_t edges[] = {'a', 0x7F, 0x80, 0x81, 0xA0, 0xBF, 0xC0, 0xE2, 0xFF};
    size_t third, fourth, len;
    unsigned first, second;
    uint8_t text[5];

    (void)state;
    for (first = 0x80; first < 256; first++) {
        for (second = 0x20; second < 256; second++) {
            for (third = 0; third < COUNT(edges); third++) {
                for (fourth = 0; fourth < COUNT(edges); fourth++) {
                    uint8_t bytes[] = {(uint8_t)first, (uint8_t)second, edges[third], edges[fourth],
                                       'z'};
                    memcpy(text, bytes, sizeof(text));
                    text[1] = text[1] == '"' || text[1] == ',' ? 'x' : text[1];
                    for (len = 1; len <= sizeof(text); len++) {
                        if (takes(text, len) != is_utf8(text, len)) {
                            fail_msg("%02X %02X %02X %02X, the first %u", text[0], text[1], text[2],
                                     text[3], (unsigned)len);
                        }
                    }
                }
            }
        }
    }
}

/* n times `unit` between `before` and `after`. */
static size_t fill(char *dst, const char *before, const char *unit, size_t n, const char *after)
{
    size_t at = strlen(before), unit_len = strlen(unit);

    memcpy(dst, before, at);
    for (; n > 0; n--) {
        memcpy(dst + at, unit, unit_len);
        at += unit_len;
    }
    strcpy(dst + at, after);
    return at + strlen(after);
}

/* Runs and words begin and end at every phase; each special byte stands at each place. */
static void finds_every_special_byte_at_every_place(void **state)
{
    static const struct {
        char byte;
        const char *want;
    } specials[] = {
        {'\0', "0-41@1:1n CSV_NUL %u@1:%u; "},
        {'\r', "0-41@1:1n CSV_CR %u@1:%u; "},
        {'"', "0-41@1:1n CSV_QUOTE %u@1:%u; "},
        {(char)0x80, "0-41@1:1n CSV_UTF8 %u@1:%u; "},
        {(char)0xFF, "0-41@1:1n CSV_UTF8 %u@1:%u; "},
        {',', "0-41@1:2n; "},
        {'\x1f', "0-41@1:1n; "},
        {'\x7f', "0-41@1:1n; "},
    };
    size_t at, place;

    (void)state;
    for (at = 0; at < COUNT(specials); at++) {
        for (place = 4; place < 39; place++) {
            char input[42], want[64];
            struct csv fresh;
            memset(input, ' ', 40); /* the byte that a borrow would reach first */
            input[place] = specials[at].byte;
            input[40] = '\n';
            snprintf(want, sizeof(want), specials[at].want, (unsigned)place, (unsigned)place + 1);
            csv_init(&fresh);
            expect("a special byte among spaces", &fresh, input, 41, want);
        }
    }
}

static void counts_commas_over_long_runs(void **state)
{
    static const size_t lens[] = {7, 8, 247, 248, 249, 255, 256, 257, 511, 512, 4096};
    static char input[65536];
    char want[64];
    struct csv c;
    bool row_done;
    size_t at, len;

    (void)state;
    for (at = 0; at < COUNT(lens); at++) {
        len = fill(input, "", ",", lens[at], "\n");
        csv_init(&c);
        assert_int_equal(csv_push(&c, (const uint8_t *)edge_copy(input, len), len, &row_done), len);
        assert_true(row_done);
        assert_int_equal(c.row.fields, lens[at] + 1);
        len = fill(input, "\"", ",", lens[at], "\"\n");
        snprintf(want, sizeof(want), "0-%u@1:1n; ", (unsigned)len);
        csv_init(&c);
        if (len < 1024) {
            expect("commas in quotes", &c, input, len, want);
        }
        len = fill(input, "ab,", "0123456789,", lens[at], "\xC3\xA9\n");
        csv_init(&c);
        len = len < sizeof(input) ? len : 0;
        if (len > 0) {
            assert_int_equal(csv_push(&c, (const uint8_t *)edge_copy(input, len), len, &row_done),
                             len);
            assert_int_equal(c.row.fields, lens[at] + 2);
        }
    }
}

static void refuses_long_records_at_the_byte_too_many(void **state)
{
    static const struct {
        const char *name, *input, *want;
    } rows[] = {
        {"the line end counts: it just fits", "0123456\n012345\r\n", "0-8@1:1n; 8-16@2:1r; "},
        {"the line end is too much", "01234567\na\n", "0-9@1:1n CSV_TOO_LONG 8@1:9; 9-11@2:1n; "},
        {"half the line end is too much", "0123456\r\na\n",
         "0-9@1:1r CSV_TOO_LONG 8@1:9; 9-11@2:1n; "},
        {"inside quotes, the quote is told", "a\na,\"012345\n\"\n",
         "0-2@1:1n; 2-14@2:2n CSV_TOO_LONG 4@2:3; "},
        {"behind quotes, the byte is told", "\"\n\",01234\n", "0-10@1:2n CSV_TOO_LONG 8@2:7; "},
        {"without a line end it just fits", "01234567", "0-8@1:1o; "},
        {"without a line end it is too long", "012345678", "0-9@1:1o CSV_TOO_LONG 8@1:9; "},
        {"an unclosed quote gives the rest back", "a,\"b\n0123456789\nc\n",
         "0-5@1:2n CSV_TOO_LONG 2@1:3; "},
        {"another fault came first", "\"\"\"a\"b789\n", "0-10@1:1n CSV_QUOTE 4@1:5; "},
        {"a character over the border", "0123456\xC3\xA9\n", "0-10@1:1n CSV_TOO_LONG 8@1:9; "},
    };
    struct csv fresh;
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        csv_init(&fresh);
        fresh.record_max = 8;
        expect(rows[at].name, &fresh, rows[at].input, strlen(rows[at].input), rows[at].want);
    }
    assert_int_equal(CSV_RECORD_MAX, 1024 * 1024);
}

static void begins_behind_byte_0_where_it_is_told(void **state)
{
    struct csv fresh;

    (void)state;
    csv_init_at(&fresh, 5000, 70);
    expect("offsets and lines go on", &fresh, IN("a\n\"b\nc\nd\""),
           "5000-5002@70:1n; 5002-5009@71:1o; ");
    csv_init_at(&fresh, 5000, 70);
    expect("a fault's place too", &fresh, IN("a\nbc\0\n"),
           "5000-5002@70:1n; 5002-5006@71:1n CSV_NUL 5004@71:3; ");
    csv_init_at(&fresh, 2, 2);
    expect("no mark is looked for", &fresh, IN("\xEF\xBB\xBF\n"), "2-6@2:1n; ");
    csv_init_at(&fresh, 1, 2);
    expect("nor one of UTF-16", &fresh, IN("\xFF\xFE\n"), "1-4@2:1n CSV_UTF8 1@2:1; ");
}

/* The row behind an unclosed quote is read when the owner goes on where the scanner says. */
static void goes_on_behind_an_unclosed_quote(void **state)
{
    static const char input[] = "a,\"b\nc,d\ne,f\n";
    static struct script s;
    struct csv c, again;

    (void)state;
    csv_init(&c);
    assert_true(deliver(&c, &s, input, strlen(input)));
    assert_int_equal(csv_finish(&c), 1);
    csv_init_at(&again, c.byte, c.line);
    assert_true(deliver(&again, &s, input + c.byte, strlen(input) - (size_t)c.byte));
    assert_int_equal(csv_finish(&again), 0);
    assert_string_equal(s.text, "5-9@2:2n; 9-13@3:2n; ");
}

static void takes_nothing_from_nothing(void **state)
{
    struct csv c;
    bool row_done = true;

    (void)state;
    csv_init(&c);
    assert_int_equal(csv_push(&c, (const uint8_t *)edge_copy("", 0), 0, &row_done), 0);
    assert_false(row_done);
    assert_int_equal(csv_finish(&c), 0);
    print_message("sizeof(struct csv) %u\n", (unsigned)sizeof(c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_rows_at_any_split),
        cmocka_unit_test(takes_exactly_utf8),
        cmocka_unit_test(finds_every_special_byte_at_every_place),
        cmocka_unit_test(counts_commas_over_long_runs),
        cmocka_unit_test(refuses_long_records_at_the_byte_too_many),
        cmocka_unit_test(begins_behind_byte_0_where_it_is_told),
        cmocka_unit_test(goes_on_behind_an_unclosed_quote),
        cmocka_unit_test(takes_nothing_from_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
