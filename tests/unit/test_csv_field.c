#include "base/err.h"
#include "base/stream.h"
#include "edge.h"
#include "record/csv_field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* All fields, each with its length and a `|`. */
static void join(char *text, size_t text_cap, const char *row, size_t len, size_t cap)
{
    struct csv_field f;
    char field[64];
    size_t at = 0;
    int n;

    csv_field_init(&f, (const uint8_t *)edge_copy(row, len), len);
    memset(field, 'x', sizeof(field));
    while ((n = csv_field_next(&f, field, cap)) >= 0) {
        assert_int_equal(strlen(field), n);
        assert_true((size_t)n < cap);
        at += (size_t)snprintf(text + at, text_cap - at, "%s|", field);
        assert_true(at < text_cap);
        memset(field, 'x', sizeof(field));
    }
    assert_int_equal(n, ERR_CSV_EMPTY);
    assert_int_equal(csv_field_next(&f, field, cap), ERR_CSV_EMPTY);
    assert_int_equal(field[0], 'x');
    text[at] = 0;
}

static const struct {
    const char *name, *row;
    size_t cap;
    const char *want;
} ROWS[] = {
    {"nothing has no fields", "", 64, ""},
    {"one field", "email", 64, "email|"},
    {"LF ends the row", "a,b\n", 64, "a|b|"},
    {"CRLF ends the row", "a,b\r\n", 64, "a|b|"},
    {"empty fields", ",,\n", 64, "|||"},
    {"an empty last field without line end", "a,", 64, "a||"},
    {"a quoted last field without line end", "a,\"b\"", 64, "a|b|"},
    {"white space belongs to the field (S10)", "Email ,First Name\r\n", 64, "Email |First Name|"},
    {"quotes are taken off", "\"a\",\"b c\"\r\n", 64, "a|b c|"},
    {"commas and line ends inside quotes", "\"a,b\",\"c\r\nd\"\n", 64, "a,b|c\r\nd|"},
    {"pairs of quotes become one", "\"say \"\"hi\"\"\",\"\"\"\"\n", 64, "say \"hi\"|\"|"},
    {"quoted empty fields", "\"\",\"\"\n", 64, "||"},
    {"characters beyond ASCII", "caf\xC3\xA9,\"\xE2\x82\xAC\"\n", 64, "caf\xC3\xA9|\xE2\x82\xAC|"},
    {"what is too long is cut, the next one is whole", "abcdef,\"gh\"\"i\",jk\n", 4,
     "abc|gh\"|jk|"},
    {"it just fits", "abc,\"def\"\n", 4, "abc|def|"},
    {"room for nothing", "abc,d\n", 1, "||"},
    {"malformed: never closed", "\"a,b\n", 64, "a,b\n|"},
    {"malformed: text behind a quote", "\"a\"b,c\n", 64, "ab|c|"},
};

static void walks_the_fields_of_a_row(void **state)
{
    char text[256];
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(ROWS); at++) {
        join(text, sizeof(text), ROWS[at].row, strlen(ROWS[at].row), ROWS[at].cap);
        if (strcmp(text, ROWS[at].want) != 0) {
            fail_msg("%s: %s", ROWS[at].name, text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_the_fields_of_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
