#include "base/err.h"
#include "linux/record_in.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes in two pieces, then byte by byte if asked; nothing now in front of each. */
struct pieces {
    const char *at;
    size_t len, split;
    bool single, waited;
};

static int pull(void *ctx, uint8_t *dst, size_t cap)
{
    struct pieces *p = ctx;
    size_t n = p->split > 0 ? p->split : p->single ? (p->len > 0) : p->len;

    p->waited = !p->waited;
    if (p->waited) {
        return ERR_WAIT;
    }
    n = n < cap ? n : cap;
    if (n > 0) {
        memcpy(dst, p->at, n);
    }
    p->at += n;
    p->len -= n;
    p->split -= p->split > 0 ? n : 0;
    return (int)n;
}

struct told {
    char text[4096];
    size_t len;
};

/* The rows of the records, under the first one's names; then what ended it, if it was a fault. */
static void read_all(struct told *t, struct pieces *p)
{
    static struct record_in in;
    static struct record_columns columns;
    static uint8_t row[1024];
    const struct source source = {pull, p};
    int n;

    t->len = 0;
    t->text[0] = '\0';
    columns.count = 0;
    record_in_init(&in, &source);
    while ((n = record_in_next(&in)) == 1 || n == ERR_WAIT) {
        if (n == ERR_WAIT) {
            continue;
        }
        n = columns.count > 0 ? 0 : record_columns_take(&columns, &in.record);
        n = n == 0 ? record_columns_put(&columns, &in.record, row, sizeof row) : n;
        if (n < 0) {
            t->len += (size_t)sprintf(t->text + t->len, "%u: %s %s", (unsigned)in.line, err_name(n),
                                      columns.where.text);
            return;
        }
        t->len += (size_t)sprintf(t->text + t->len, "%.*s", n, (char *)row);
    }
    if (n < 0) {
        t->len += (size_t)sprintf(t->text + t->len, "%s %s", err_name(n), in.where.text);
    }
}

static void expect(const char *name, const char *input, size_t len, const char *want)
{
    static struct told t;

    for (size_t split = 0; split <= len + 1; split++) {
        struct pieces p = {.at = input, .len = len, .split = split <= len ? split : 0};

        p.single = split == len + 1;
        read_all(&t, &p);
        if (strcmp(t.text, want) != 0) {
            fail_msg("%s, split at %u of %u:\n got `%s`\nwant `%s`", name, (unsigned)split,
                     (unsigned)len, t.text, want);
        }
    }
}

#define IN(text) text, sizeof(text) - 1

static const struct {
    const char *name, *input;
    size_t len;
    const char *want;
} row[] = {
    {"CSV rows", IN("a,b\n1,2\n3,4\n"), "1,2\n3,4\n"},
    {"a row keeps its quotes", IN("a,b\n\"1\",\"x\"\"y\nz\"\n"), "\"1\",\"x\"\"y\nz\"\n"},
    {"CRLF goes, inside quotes it stays", IN("a,b\r\n1,\"2\r\n3\"\r\n"), "1,\"2\r\n3\"\n"},
    {"blank lines are no records", IN("\n\na,b\n\n1,2\r\n\r\n"), "1,2\n"},
    {"the last row may have no line end", IN("a,b\n1,2"), "1,2\n"},
    {"a mark of UTF-8",
     IN("\xef\xbb\xbf"
        "a,b\n1,2\n"),
     "1,2\n"},
    {"one column, empty", IN("a\n\"\"\n"), "\"\"\n"},
    {"a header row alone", IN("a,b\n"), ""},
    {"nothing", IN(""), ""},
    {"white space", IN(" \r\n\t"), ""},
    {"a ragged row", IN("a,b\n1,2\n3\n"),
     "1,2\nCSV_FIELDS standard input:3:1 (byte 8), 1 fields where the header row has 2"},
    {"a stray quote", IN("a,b\n1,2\"\n"), "CSV_QUOTE standard input:2:4 (byte 7)"},
    {"a quote that is never closed", IN("a,b\n\"1,2\n3,4\n"),
     "CSV_UNCLOSED standard input:2:1 (byte 4)"},
    {"NUL", IN("a,b\n1,\0\n"), "CSV_NUL standard input:2:3 (byte 6)"},
    {"bytes that are no UTF-8", IN("a,b\n1,\xff\n"), "CSV_UTF8 standard input:2:3 (byte 6)"},
    {"UTF-16",
     IN("\xff\xfe"
        "a\0"),
     "CSV_UTF16 standard input:1:1 (byte 0)"},
    {"a column without a name", IN("a,,c\n1,2,3\n"),
     "COLUMNS standard input:1: a column has no name"},
    {"a column twice", IN("a,b, a\n"), "COLUMNS standard input:1: `a` stands there twice"},

    {"a JSON object", IN("{\"a\":\"1\",\"b\":\"2\"}"), "1,2\n"},
    {"one a line", IN("{\"a\":\"1\"}\n{\"a\":\"2\"}\n\n"), "1\n2\n"},
    {"without anything between", IN("{\"a\":\"1\"}{\"a\":\"2\"}"), "1\n2\n"},
    {"over several lines", IN("\n{\n  \"a\" : \"1\" ,\n  \"b\" : 2\n}\n"), "1,2\n"},
    {"another order, a missing one", IN("{\"a\":1,\"b\":2}{\"b\":3}{\"b\":5,\"a\":4}"),
     "1,2\n,3\n4,5\n"},
    {"numbers and words as they stand", IN("{\"a\":-0.5E+3,\"b\":true,\"c\":false,\"d\":null}"),
     "-0.5E+3,true,false,\n"},
    {"strings that look like words", IN("{\"a\":\"null\",\"b\":\"true\",\"c\":\"\"}"),
     "null,true,\n"},
    {"escapes",
     IN("{\"a\\u0062\":\"\\\"\\\\\\/\\n\\r\\t\",\"c\":\"\\u00e9\\u20AC\\ud834\\udd1e\"}"),
     "\"\"\"\\/\n\r\t\",\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e\n"},
    {"a mark of UTF-8 in front", IN("\xef\xbb\xbf{\"a\":\"1\"}"), "1\n"},
    {"half a surrogate pair", IN("{\"a\":\"\\ud834\"}"),
     "RECORD standard input:1: an escape that is no character"},
    {"two first halves", IN("{\"a\":\"\\ud834\\ud834\"}"),
     "RECORD standard input:1: an escape that is no character"},
    {"a second half alone", IN("{\"a\":\"\\udd1e\"}"),
     "RECORD standard input:1: an escape that is no character"},
    {"an escaped NUL", IN("{\"a\":\"\\u0000\"}"),
     "RECORD standard input:1: an escape that is no character"},
    {"a nested object", IN("{\"a\":1}\n{\"a\":{\"b\":1}}"),
     "1\nRECORD standard input:2: a value that is itself an object or an array"},
    {"a nested array", IN("{\"a\":[]}"),
     "RECORD standard input:1: a value that is itself an object or an array"},
    {"an array", IN("[{\"a\":1}]"),
     "RECORD standard input:1: an array: give one object behind the other"},
    {"something else behind it", IN("{\"a\":1}\n5"), "1\nRECORD standard input:2: no JSON object"},
    {"an empty object", IN("{}"), "RECORD standard input:1: an object without members"},
    {"a trailing comma", IN("{\"a\":1,}"), "RECORD standard input:1: this is not JSON"},
    {"bytes that are no UTF-8 in it", IN("{\"a\":\"\xff\"}"),
     "RECORD standard input:1: this is not JSON"},
    {"the end in the middle", IN("{\"a\":1}\n{\"a\":\"1"),
     "1\nRECORD standard input:2: it ends in the middle of an object"},
    {"a member twice", IN("{\"a\":1,\"b\":2}{\"a\":1,\"a\":2}"),
     "1,2\n1: RECORD `a` is given twice"},
    {"a member that is no column", IN("{\"a\":1}\n{\"b\":2}"), "1\n2: FIELD `b`"},
};

static void streams(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(row); i++) {
        expect(row[i].name, row[i].input, row[i].len, row[i].want);
    }
}

/* Whatever its kind, a record that is too long is told, and no byte is written behind the buffer.
 */
static void longest_record(void **state)
{
    static const struct {
        const char *head, *tail;
        const char *want;
    } kind[] = {{"a\n", "\n", "CSV_TOO_LONG"},
                {"\xef\xbb\xbf"
                 "a\n\"",
                 "\"\n", "CSV_TOO_LONG"},
                {"{\"a\":\"", "\"}", "CSV_TOO_LONG"}};
    static char input[ADD_RECORD_CAP + 64];
    static struct record_in in;

    (void)state;
    for (size_t i = 0; i < COUNT(kind); i++) {
        size_t head = strlen(kind[i].head), tail = strlen(kind[i].tail);

        for (size_t len = ADD_RECORD_CAP - 24; len < ADD_RECORD_CAP + 24; len++) {
            struct pieces p = {.at = input, .len = head + len + tail};
            const struct source source = {pull, &p};
            int n;

            memcpy(input, kind[i].head, head);
            memset(input + head, 'x', len);
            memcpy(input + head + len, kind[i].tail, tail);
            record_in_init(&in, &source);
            while ((n = record_in_next(&in)) == ERR_WAIT) {
            }
            assert_true(n == 1 || (len > ADD_RECORD_CAP - 12 && n == ERR_CSV_TOO_LONG));
            assert_true(n == 1 ? in.record.field[0].value_len <= ADD_RECORD_CAP
                               : len >= ADD_RECORD_CAP - 12);
        }
    }
}

static int words(struct record_in *in, const char *const *word)
{
    unsigned n = 0;

    while (word[n] != NULL) {
        n++;
    }
    return record_in_words(in, word, n);
}

#define WORDS(...) words(&in, (const char *const[]){__VA_ARGS__, NULL})

static void words_are_names_and_values(void **state)
{
    static struct record_in in;
    static struct record_columns c;
    static uint8_t got[256];
    int n;

    (void)state;
    assert_int_equal(record_columns_read(&c, (const uint8_t *)"Email ,First Name, phone", 24), 0);
    assert_memory_equal(c.header, "Email,First Name,phone\n", c.header_len);
    assert_int_equal(WORDS("phone=+49 1=2", " First Name =a,\"b\"\nc"), 0);
    n = record_columns_put(&c, &in.record, got, sizeof got);
    assert_int_equal(n, (int)strlen(",\"a,\"\"b\"\"\nc\",+49 1=2\n"));
    assert_memory_equal(got, ",\"a,\"\"b\"\"\nc\",+49 1=2\n", (size_t)n);

    assert_int_equal(WORDS("Email="), 0);
    assert_int_equal(record_columns_put(&c, &in.record, got, sizeof got), 3);
    assert_int_equal(record_columns_put(&c, &in.record, got, 2), ERR_CSV_TOO_LONG);
    assert_int_equal(WORDS("email=x"), 0);
    assert_int_equal(record_columns_put(&c, &in.record, got, sizeof got), ERR_FIELD);
    assert_string_equal(c.where.text, "`email`");
    assert_string_equal(c.fix.text, "the column is `Email`: capitals count");
    assert_int_equal(WORDS("phon=x"), 0);
    assert_int_equal(record_columns_put(&c, &in.record, got, sizeof got), ERR_FIELD);
    assert_string_equal(c.fix.text, "did you mean `phone`?");
    assert_int_equal(WORDS("anything else=x"), 0);
    assert_int_equal(record_columns_put(&c, &in.record, got, sizeof got), ERR_FIELD);
    assert_string_equal(c.fix.text, "the columns are `Email`, `First Name`, `phone`");

    assert_int_equal(WORDS("Email"), ERR_RECORD);
    assert_string_equal(in.where.text, "`Email`");
    assert_int_equal(WORDS("=x"), ERR_RECORD);
    assert_int_equal(WORDS("Email=\xc3"), ERR_CSV_UTF8);
    assert_string_equal(in.where.text, "`Email`");
}

static void columns_of_the_configuration_are_checked(void **state)
{
    static const char *const bad[] = {"",     ",",        "a,\"b",  "a,b\"",
                                      "a\nb", "a, \"a\"", "a,\xff", "a\r\n\r\n"};
    static struct record_columns c;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (record_columns_read(&c, (const uint8_t *)bad[i], strlen(bad[i])) != ERR_COLUMNS) {
            fail_msg("`%s`: %s", bad[i], c.where.text);
        }
    }
}

static void as_many_columns_as_there_may_be(void **state)
{
    static char header[COLUMNS_MAX * 8];
    static struct record_columns c;
    size_t len = 0;

    (void)state;
    for (unsigned i = 0; i < COLUMNS_MAX; i++) {
        len += (size_t)sprintf(header + len, i == 0 ? "%u" : ",%u", i);
    }
    assert_int_equal(record_columns_read(&c, (const uint8_t *)header, len), 0);
    assert_int_equal(c.count, COLUMNS_MAX);
    len += (size_t)sprintf(header + len, ",x");
    assert_int_equal(record_columns_read(&c, (const uint8_t *)header, len), ERR_COLUMNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams),
        cmocka_unit_test(longest_record),
        cmocka_unit_test(words_are_names_and_values),
        cmocka_unit_test(columns_of_the_configuration_are_checked),
        cmocka_unit_test(as_many_columns_as_there_may_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
