#include "base/err.h"
#include "base/stream.h"
#include "edge.h"
#include "record/csv.h"
#include "record/csv_put.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static const struct {
    const char *name;
    const char *field[4]; /* NULL ends them */
    const char *want;
} row[] = {
    {"plain fields stay as they are", {"a", "b c", " d "}, "a,b c, d \n"},
    {"a comma is quoted", {"a,b", "c"}, "\"a,b\",c\n"},
    {"a quote is doubled", {"a \"b\" c", "\""}, "\"a \"\"b\"\" c\",\"\"\"\"\n"},
    {"line breaks are quoted", {"a\nb", "a\r\nb", "\r"}, "\"a\nb\",\"a\r\nb\",\"\r\"\n"},
    {"empty fields are nothing", {"", "", ""}, ",,\n"},
    {"an empty field alone is no blank line", {""}, "\"\"\n"},
    {"letters beyond ASCII are plain", {"gr\xc3\xbc\xc3\x9f", "b"}, "gr\xc3\xbc\xc3\x9f,b\n"},
    {"C32: formulas and phone numbers stay",
     {"+15550100", "=1+1", "-5", "@site"},
     "+15550100,=1+1,-5,@site\n"},
};

static int put_row(size_t i, uint8_t *dst, size_t cap)
{
    struct csv_put p;

    csv_put_init(&p, dst, cap);
    for (size_t f = 0; f < 4 && row[i].field[f] != NULL; f++) {
        csv_put_field(&p, row[i].field[f], strlen(row[i].field[f]));
    }
    return csv_put_end(&p);
}

static void rows(void **state)
{
    uint8_t got[64];

    (void)state;
    for (size_t i = 0; i < COUNT(row); i++) {
        int n = put_row(i, got, sizeof got);

        if (n != (int)strlen(row[i].want) || memcmp(got, row[i].want, (size_t)n) != 0) {
            fail_msg("%s: `%.*s`", row[i].name, n, got);
        }
    }
}

static uint8_t *room(size_t cap)
{
    static const char nothing[64];

    return (uint8_t *)(uintptr_t)edge_copy(nothing, cap);
}

/* At every size; the last byte it may have is followed by an unreadable page. */
static void row_that_does_not_fit_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(row); i++) {
        size_t len = strlen(row[i].want);

        for (size_t cap = 1; cap < len; cap++) {
            assert_int_equal(put_row(i, room(cap), cap), ERR_CSV_TOO_LONG);
        }
        assert_int_equal(put_row(i, room(len), len), len);
    }
}

static void scanner_takes_each_as_one_record(void **state)
{
    uint8_t got[64];

    (void)state;
    for (size_t i = 0; i < COUNT(row); i++) {
        int n = put_row(i, got, sizeof got);
        struct csv c;
        bool done;

        csv_init(&c);
        assert_int_equal(csv_push(&c, got, (size_t)n, &done), n);
        assert_true(done && c.row.err == 0 && !c.row.blank);
    }
}

static void raw_field_goes_over_as_it_is(void **state)
{
    uint8_t got[64];
    struct csv_put p;

    (void)state;
    csv_put_init(&p, got, sizeof got);
    csv_put_raw(&p, (const uint8_t *)"\"a\"", 3);
    csv_put_raw(&p, NULL, 0);
    csv_put_field(&p, "b", 1);
    assert_int_equal(csv_put_end(&p), 7);
    assert_memory_equal(got, "\"a\",,b\n", 7);
    csv_put_init(&p, got, sizeof got);
    csv_put_raw(&p, (const uint8_t *)"", 0);
    assert_int_equal(csv_put_end(&p), 3);
    assert_memory_equal(got, "\"\"\n", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(row_that_does_not_fit_is_told),
        cmocka_unit_test(scanner_takes_each_as_one_record),
        cmocka_unit_test(raw_field_goes_over_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
