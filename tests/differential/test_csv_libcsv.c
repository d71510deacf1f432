/* LIBS: -lcsv */
/* libcsv in strict mode, which trims nothing, beside our scanner, on generated text: the same
 * records, fields and contents up to the first fault, and the same verdict on quotes there.
 *
 * Where they differ by intent: libcsv takes a lonely CR for a line end (ours: ERR_CSV_CR); NUL and
 * bytes that are not UTF-8 are text to it; it passes over blank lines without a word; a BOM is text
 * to it; it counts no lines and knows no limit. */
#include "base/err.h"
#include "base/stream.h"
#include "record/csv.h"
#include "record/csv_field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Both have a csv_init: the one of libcsv is looked up behind ours. */
#define csv_init libcsv_init
#include <csv.h>
#undef csv_init

#include <dlfcn.h>
#include <string.h>

#define INPUT_CAP 512
#define TEXT_CAP  4096
#define SEED      20260102

/* Records as text: fields with 0x1F behind each, 0x1E behind a record. */
struct text {
    char bytes[TEXT_CAP];
    size_t len;
};

static void put(struct text *t, const void *src, size_t len)
{
    assert_true(t->len + len < sizeof(t->bytes));
    memcpy(t->bytes + t->len, src, len);
    t->len += len;
}

static void on_field(void *field, size_t len, void *ctx)
{
    put(ctx, field, len);
    put(ctx, "\x1f", 1);
}

static void on_record(int c, void *ctx)
{
    (void)c;
    put(ctx, "\x1e", 1);
}

static int never_space(unsigned char c)
{
    (void)c;
    return 0;
}

static uint32_t seed = SEED;

static uint32_t any(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static size_t any_piece(size_t len)
{
    return any(3) == 0 ? len : 1 + any((uint32_t)len);
}

/* What libcsv says: its records, and the offset of what it refuses; len when it refuses the end,
 * len + 1 when it refuses nothing. */
static size_t theirs(struct text *t, const char *input, size_t len)
{
    int (*init)(struct csv_parser *, unsigned char);
    void *symbol = dlsym(RTLD_NEXT, "csv_init");
    struct csv_parser p;
    size_t at = 0, refused = len + 1;

    assert_non_null(symbol);
    memcpy(&init, &symbol, sizeof(init));
    assert_int_equal(init(&p, CSV_STRICT | CSV_STRICT_FINI), 0);
    csv_set_space_func(&p, never_space);
    while (at < len && refused > len) {
        size_t n = any_piece(len - at), used = csv_parse(&p, input + at, n, on_field, on_record, t);
        at += used;
        refused = used < n ? at : refused;
    }
    if (refused > len && csv_fini(&p, on_field, on_record, t) != 0) {
        refused = len;
    }
    csv_free(&p);
    return refused;
}

static void put_row(struct text *t, const char *input, const struct csv_row *row)
{
    struct csv_field f;
    char field[INPUT_CAP];
    uint32_t fields = 0;
    int n;

    csv_field_init(&f, (const uint8_t *)input + row->at, (size_t)(row->end - row->at));
    while ((n = csv_field_next(&f, field, sizeof(field))) >= 0) {
        on_field(field, (size_t)n, t);
        fields++;
    }
    assert_int_equal(fields, row->fields);
    on_record(0, t);
}

/* Our records up to the first fault, which stays in c->row; 0 when there is none. */
static int ours(struct csv *c, struct text *t, const char *input, size_t len)
{
    size_t at = 0;
    bool more = true;

    csv_init_at(c, 0, 1);
    while (more) {
        bool row_done = false;
        if (at < len) {
            at += (size_t)csv_push(c, (const uint8_t *)input + at, any_piece(len - at), &row_done);
        } else {
            row_done = csv_finish(c) == 1;
            more = row_done;
        }
        if (row_done && c->row.err != 0) {
            return c->row.err;
        }
        if (row_done && !c->row.blank) {
            put_row(t, input, &c->row);
        }
    }
    return 0;
}

static size_t generate(char *input, bool valid)
{
    static const char *const any_text[] = {"a",  "b",    ",", ",",  "\"",       "\"",
                                           "\n", "\r\n", " ", "\t", "\xC3\xA9", "\r"};
    static const char *const fields[] = {"",
                                         "a",
                                         " b ",
                                         "long enough for a word or two",
                                         "\"\"",
                                         "\"c,\nd\"",
                                         "\"\"\"\"",
                                         "\"\r\n\"\"e\"",
                                         "\xE2\x82\xAC"};
    static const char *const behind[] = {",", ",", ",", "\n", "\r\n", "\n\n"};
    size_t len = 0, pieces = any(24);

    while (pieces-- > 0) {
        const char *piece = valid ? fields[any(COUNT(fields))] : any_text[any(COUNT(any_text))];
        memcpy(input + len, piece, strlen(piece));
        len += strlen(piece);
        piece = valid ? behind[any(COUNT(behind))] : "";
        memcpy(input + len, piece, strlen(piece));
        len += strlen(piece);
    }
    return len;
}

static struct text our_text, their_text;
static unsigned good, stray, unclosed, lonely_cr;

static void compare(const char *input, size_t len)
{
    struct csv c;
    size_t refused;
    int err;

    our_text.len = their_text.len = 0;
    err = ours(&c, &our_text, input, len);
    refused = theirs(&their_text, input, len);
    /* Theirs may hold fields of the refused record, or all that follows a lonely CR. */
    assert_true(our_text.len <= their_text.len);
    assert_memory_equal(our_text.bytes, their_text.bytes, our_text.len);
    switch (err) {
    case 0:
        assert_int_equal(refused, len + 1);
        assert_int_equal(our_text.len, their_text.len);
        good++;
        break;
    case ERR_CSV_QUOTE: /* it tells the byte behind a closing quote, we the quote */
        assert_true(refused == c.row.fault.byte || refused == c.row.fault.byte + 1);
        stray++;
        break;
    case ERR_CSV_UNCLOSED:
        assert_int_equal(refused, len);
        unclosed++;
        break;
    default:
        assert_int_equal(err, ERR_CSV_CR);
        lonely_cr++;
        break;
    }
}

static void agrees_with_libcsv(void **state)
{
    char input[INPUT_CAP];
    unsigned n;

    (void)state;
    print_message("seed %u\n", (unsigned)SEED);
    for (n = 0; n < 200000; n++) {
        size_t len = generate(input, n % 2 == 0);
        compare(input, len);
    }
    print_message("%u good, %u with a stray quote, %u unclosed, %u with a lonely CR\n", good, stray,
                  unclosed, lonely_cr);
    assert_true(good > 50000 && stray > 5000 && unclosed > 1000 && lonely_cr > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_libcsv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
