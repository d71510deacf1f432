#include "base/err.h"
#include "base/fingerprint.h"
#include "record/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_CAP 65536
#define IN(text) text, sizeof(text) - 1

/* A file in memory: reads can be short, and the n-th can fail, once or from then on. */
struct fake {
    const char *bytes;
    size_t len;
    size_t read_max; /* 0: as much as is asked for */
    int reads, fail_at;
    bool fail_on;
};

static int64_t fake_size(void *ctx)
{
    const struct fake *f = ctx;

    return (int64_t)f->len;
}

static int fake_read_at(void *ctx, uint64_t at, uint8_t *dst, size_t cap)
{
    struct fake *f = ctx;
    int nth = f->reads++;

    assert_true(cap > 0);
    if (f->fail_at >= 0 && (f->fail_on ? nth >= f->fail_at : nth == f->fail_at)) {
        return ERR_FILE_READ;
    }
    if (at >= f->len) {
        return 0;
    }
    if (f->read_max != 0 && cap > f->read_max) {
        cap = f->read_max;
    }
    if (cap > f->len - at) {
        cap = f->len - at;
    }
    memcpy(dst, f->bytes + at, cap);
    return (int)cap;
}

static struct file fake_file(struct fake *f, const char *bytes, size_t len, size_t read_max)
{
    struct file file = {f, fake_size, fake_read_at};

    *f = (struct fake){.bytes = bytes, .len = len, .read_max = read_max, .fail_at = -1};
    return file;
}

/* What the sources of all batches gave, `|` behind each; at last the name of the error, if any. */
struct script {
    char text[TEXT_CAP];
    size_t len;
};

static void put(struct script *s, const void *src, size_t len)
{
    assert_true(s->len + len < sizeof(s->text));
    memcpy(s->text + s->len, src, len);
    s->len += len;
    s->text[s->len] = 0;
}

static uint64_t print_of(const char *src, size_t len)
{
    struct fingerprint print;

    fingerprint_init(&print);
    fingerprint_push(&print, (const uint8_t *)src, len);
    return fingerprint_finish(&print);
}

static int pull_all(struct script *s, const struct batch_file *bf, const struct batch *b,
                    size_t cap)
{
    static uint8_t buf[4096];
    struct batch_source source;
    size_t from = s->len;
    int n;

    batch_source_init(&source, bf, b);
    while ((n = batch_source_pull(&source, buf, cap)) > 0) {
        assert_true((size_t)n <= cap);
        put(s, buf, (size_t)n);
        assert_true(s->len - from <= b->len); /* never more than was promised (C05) */
    }
    assert_int_equal(batch_source_pull(&source, buf, cap), n);
    if (n == 0) {
        assert_int_equal(s->len - from, b->len);
        assert_true(print_of(s->text + from, s->len - from) == b->print);
    }
    return n;
}

static uint64_t line_of(const char *bytes, uint64_t at)
{
    uint64_t line = 1;

    while (at-- > 0) {
        line += bytes[at] == '\n';
    }
    return line;
}

static void check_places(const struct batch_file *bf, const struct batch *b, uint64_t from)
{
    const struct fake *f = bf->file->ctx;

    assert_true(b->at >= from && b->end > b->at && b->end <= bf->size);
    assert_int_equal(b->line, line_of(f->bytes, b->at));
    assert_int_equal(b->next_line, line_of(f->bytes, b->end));
    if (!b->last_open) { /* blank lines inside are what is not given */
        assert_int_equal(b->has_blank, b->len < bf->header_end - bf->header_at + b->end - b->at);
    }
}

struct sizes {
    size_t plan_cap, pull_cap, read_max;
};

static int step(struct batch_plan *p, size_t cap)
{
    static uint8_t buf[4096];
    int n;

    do {
        n = batch_plan_step(p, buf, cap);
    } while (n == ERR_WAIT);
    return n;
}

/* Plans and gives batch after batch in one walk; 0, or the error that ended it. */
static int walk(struct script *s, struct batch_plan *p, const struct batch_file *bf,
                struct sizes sizes)
{
    uint64_t from = bf->body_at;
    int n = step(p, sizes.plan_cap);

    while (n == 1) {
        check_places(bf, &p->batch, from);
        from = p->batch.end;
        assert_true(p->batch.records > 0 && p->batch.records <= p->limits.records);
        assert_true(p->batch.len <= p->limits.bytes || p->batch.records == 1);
        assert_int_equal(pull_all(s, bf, &p->batch, sizes.pull_cap), 0);
        put(s, "|", 1);
        n = step(p, sizes.plan_cap);
    }
    if (n == 0) {
        assert_int_equal(step(p, sizes.plan_cap), 0);
    }
    if (n < 0 && p->batch.records > 0) {
        check_places(bf, &p->batch, from);
        assert_int_equal(pull_all(s, bf, &p->batch, sizes.pull_cap), 0);
        put(s, "|", 1);
    }
    return n;
}

static int run(struct script *s, const struct file *file, const struct batch_limits *limits,
               struct sizes sizes)
{
    static uint8_t buf[4096];
    struct batch_file bf;
    struct batch_plan p;
    struct csv_row fault = {.err = 0};
    int n = batch_file_open(&bf, file, buf, sizes.plan_cap, &fault);

    if (n < 0) {
        assert_true(fault.err == 0 || fault.err == n);
        return n;
    }
    n = batch_plan_init(&p, &bf, limits, NULL, buf, sizes.plan_cap);
    return n < 0 ? n : walk(s, &p, &bf, sizes);
}

static const struct sizes SIZES[] = {
    {4096, 4096, 0}, {1, 1, 0},  {2, 3, 0},  {3, 2, 0},    {5, 7, 0},
    {16, 1, 0},      {1, 64, 0}, {64, 9, 1}, {4096, 5, 2}, {13, 4096, 3},
};

static void expect(const char *name, const char *input, size_t len,
                   const struct batch_limits *limits, const char *want)
{
    static struct script s;
    struct fake f;
    struct file file;
    size_t at;

    for (at = 0; at < COUNT(SIZES); at++) {
        int n;
        s.len = 0;
        s.text[0] = 0;
        file = fake_file(&f, input, len, SIZES[at].read_max);
        n = run(&s, &file, limits, SIZES[at]);
        if (n < 0) {
            put(&s, err_name(n), strlen(err_name(n)));
        }
        if (strcmp(s.text, want) != 0) {
            fail_msg("%s, sizes %u:\n got %s\nwant %s", name, (unsigned)at, s.text, want);
        }
    }
}

static const struct {
    const char *name;
    struct batch_limits limits;
    const char *input;
    size_t len;
    const char *want;
} ROWS[] = {
    {"one record", {9, 99}, IN("h\n1\n"), "h\n1\n|"},
    {"the header is repeated in each batch", {1, 99}, IN("h\n1\n2\n3\n"), "h\n1\n|h\n2\n|h\n3\n|"},
    {"two and two and one", {2, 99}, IN("h\n1\n2\n3\n4\n5\n"), "h\n1\n2\n|h\n3\n4\n|h\n5\n|"},
    {"a mark of UTF-8 is not sent, nor later (C28)",
     {1, 99},
     IN("\xEF\xBB\xBF"
        "email,first_name\r\nana@example.org,Ana\r\nbob@example.org,Bob\r\n"),
     "email,first_name\r\nana@example.org,Ana\r\n|email,first_name\r\nbob@example.org,Bob\r\n|"},
    {"cut only between records (C29)",
     {1, 99},
     IN("email,note\r\nana@example.org,\"line one\nline \"\"two\"\"\"\r\nbob@example.org,ok\r\n"),
     "email,note\r\nana@example.org,\"line one\nline \"\"two\"\"\"\r\n|"
     "email,note\r\nbob@example.org,ok\r\n|"},
    {"the last record gets the header's CRLF (C31)",
     {9, 99},
     IN("email,first_name\r\nana@example.org,Ana\r\nbob@example.org,Bob"),
     "email,first_name\r\nana@example.org,Ana\r\nbob@example.org,Bob\r\n|"},
    {"the last record gets the header's LF", {9, 99}, IN("h\n1\n2"), "h\n1\n2\n|"},
    {"a lonely last record", {1, 99}, IN("h\r\n1\n2"), "h\r\n1\n|h\r\n2\r\n|"},
    {"the header's kind, not the records'", {9, 99}, IN("h\n1\r\n2"), "h\n1\r\n2\n|"},
    {"formula characters pass (C32)", {9, 99}, IN("a\n+1,=1+1\n"), "CSV_FIELDS"},
    {"bytes go out as stored",
     {9, 99},
     IN("a,b\n\t'+1\x01 , \xC3\xA9\n\"\",\"x\r\ny\"\r\n"),
     "a,b\n\t'+1\x01 , \xC3\xA9\n\"\",\"x\r\ny\"\r\n|"},

    {"a header alone", {9, 99}, IN("h\n"), ""},
    {"a header alone, without a line end", {9, 99}, IN("h"), ""},
    {"a header and blank lines", {9, 99}, IN("h\r\n\r\n\n\r\n"), ""},
    {"blank lines at the end stay at home (S07)",
     {9, 99},
     IN("a,b\r\n1,2\r\n\r\n"),
     "a,b\r\n1,2\r\n|"},
    {"blank lines in the middle stay at home",
     {9, 99},
     IN("h\r\n1\r\n\r\n\r\n2\r\n"),
     "h\r\n1\r\n2\r\n|"},
    {"blank lines behind the header stay at home", {9, 99}, IN("h\n\n\n1\n"), "h\n1\n|"},
    {"blank lines in front of the header stay at home", {9, 99}, IN("\n\r\nh\n1\n"), "h\n1\n|"},
    {"blank lines between two batches", {1, 99}, IN("h\n1\n\r\n\n2\n\n"), "h\n1\n|h\n2\n|"},
    {"blank lines of both kinds everywhere",
     {2, 99},
     IN("h\r\n\n1\r\n\r\n\n2\n\r\n3\n\n\n\"\n\r\n\n\"\r\n\n\n5"),
     "h\r\n1\r\n2\n|h\r\n3\n\"\n\r\n\n\"\r\n|h\r\n5\r\n|"},
    {"a blank line, then a last record without line end", {9, 99}, IN("h\n1\n\n2"), "h\n1\n2\n|"},
    {"line ends inside quotes are no blank lines",
     {9, 99},
     IN("h\n\"\n\n\r\n\"\n\n\"\n\"\n"),
     "h\n\"\n\n\r\n\"\n\"\n\"\n|"},

    {"bytes just fit", {9, 6}, IN("h\n1\n2\n3\n4\n"), "h\n1\n2\n|h\n3\n4\n|"},
    {"one byte too few", {9, 5}, IN("h\n1\n2\n3\n"), "h\n1\n|h\n2\n|h\n3\n|"},
    {"a single longer record goes alone",
     {9, 6},
     IN("h\n1\n123456789\n2\n3\n"),
     "h\n1\n|h\n123456789\n|h\n2\n3\n|"},
    {"the header alone is more", {9, 1}, IN("header\n1\n2\n"), "header\n1\n|header\n2\n|"},
    {"nothing is allowed", {9, 0}, IN("h\n1\n2\n"), "h\n1\n|h\n2\n|"},
    {"blank lines do not count", {9, 6}, IN("h\n1\n\n\n\n\n2\n\n\n3\n"), "h\n1\n2\n|h\n3\n|"},
    {"the added line end counts: it fits", {9, 9}, IN("h\r\n1\r\n2"), "h\r\n1\r\n2\r\n|"},
    {"the added line end counts: it does not fit",
     {9, 8},
     IN("h\r\n1\r\n2"),
     "h\r\n1\r\n|h\r\n2\r\n|"},
    {"limits beyond all sizes", {UINT64_MAX, UINT64_MAX}, IN("h\n1\n2\n"), "h\n1\n2\n|"},

    {"an empty file", {9, 99}, IN(""), "CSV_EMPTY"},
    {"blank lines alone", {9, 99}, IN("\n\r\n\n"), "CSV_EMPTY"},
    {"a mark of UTF-8 alone", {9, 99}, IN("\xEF\xBB\xBF"), "CSV_EMPTY"},
    {"UTF-16 (C28)", {9, 99}, IN("\xFF\xFEh\0\n\0"), "CSV_UTF16"},
    {"a fault in the header", {9, 99}, IN("a\"\n1\n"), "CSV_QUOTE"},
    {"a header that is never closed", {9, 99}, IN("\"a\n1\n"), "CSV_UNCLOSED"},
    {"ISO-8859-1 in a row (S09)",
     {9, 99},
     IN("a,b\n1,2\n\xC9ric,e@example.org\r\n3,4\n"),
     "a,b\n1,2\n|CSV_UTF8"},
    {"a bad first row", {9, 99}, IN("a,b\n1\n2,3\n"), "CSV_FIELDS"},
    {"a bad row behind blank lines",
     {9, 99},
     IN("a,b\n1,2\n\n\n1\n2,3\n"),
     "a,b\n1,2\n|CSV_FIELDS"},
    {"a bad row where a batch begins", {1, 99}, IN("a,b\n1,2\n1\n"), "a,b\n1,2\n|CSV_FIELDS"},
    {"a bad row that would not fit", {9, 9}, IN("a,b\n1,2\n1,2,3,4\n"), "a,b\n1,2\n|CSV_FIELDS"},
    {"an unclosed quote (C29)", {9, 99}, IN("h\n1\n\"2\n3\n"), "h\n1\n|CSV_UNCLOSED"},
};

static void gives_batches_at_any_buffer_size(void **state)
{
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(ROWS); at++) {
        expect(ROWS[at].name, ROWS[at].input, ROWS[at].len, &ROWS[at].limits, ROWS[at].want);
    }
}

static void open_file(struct batch_file *bf, const struct file *file)
{
    static uint8_t buf[64];

    assert_int_equal(batch_file_open(bf, file, buf, sizeof(buf), NULL), 0);
}

static void tells_where_a_fault_is_and_goes_on_behind_it(void **state)
{
    static const char input[] = "a,b\n1,2\n\"x\ny\"z,\n\n3,4\n\"5\n6,7\n8,9\n";
    const struct batch_limits limits = {9, 99};
    struct sizes sizes = {7, 7, 0};
    static struct script s;
    static uint8_t buf[64];
    struct fake f;
    struct file file = fake_file(&f, IN(input), 0);
    struct batch_file bf;
    struct batch_plan p;
    struct batch behind = {0};

    (void)state;
    open_file(&bf, &file);
    assert_int_equal(batch_plan_init(&p, &bf, &limits, NULL, buf, sizeof(buf)), 0);
    assert_int_equal(walk(&s, &p, &bf, sizes), ERR_CSV_QUOTE);
    assert_int_equal(p.csv.row.at, 8);
    assert_int_equal(p.csv.row.line, 3);
    assert_int_equal(p.csv.row.fault.line, 4);
    assert_int_equal(p.csv.row.fault.column, 2);
    behind.end = p.csv.byte;
    behind.next_line = p.csv.line;
    assert_int_equal(batch_plan_init(&p, &bf, &limits, &behind, buf, sizeof(buf)), 0);
    assert_int_equal(walk(&s, &p, &bf, sizes), ERR_CSV_UNCLOSED);
    assert_int_equal(p.csv.row.fault.line, 7);
    behind.end = p.csv.byte;
    behind.next_line = p.csv.line;
    assert_int_equal(batch_plan_init(&p, &bf, &limits, &behind, buf, sizeof(buf)), 0);
    assert_int_equal(walk(&s, &p, &bf, sizes), 0);
    assert_string_equal(s.text, "a,b\n1,2\n|a,b\n3,4\n|a,b\n6,7\n8,9\n|");
}

static void tells_a_fault_of_the_header(void **state)
{
    static uint8_t buf[8];
    struct csv_row fault;
    struct batch_file bf;
    struct fake f;
    struct file file = fake_file(&f, IN("\xEF\xBB\xBF\nab\"\n1\n"), 0);

    (void)state;
    assert_int_equal(batch_file_open(&bf, &file, buf, sizeof(buf), &fault), ERR_CSV_QUOTE);
    assert_int_equal(fault.fault.byte, 6);
    assert_int_equal(fault.fault.line, 2);
    assert_int_equal(fault.fault.column, 3);
    assert_int_equal(batch_file_open(&bf, &file, buf, sizeof(buf), NULL), ERR_CSV_QUOTE);
    file = fake_file(&f, IN("\xFE\xFF\0h\0\n"), 0);
    assert_int_equal(batch_file_open(&bf, &file, buf, sizeof(buf), &fault), ERR_CSV_UTF16);
    assert_int_equal(fault.err, ERR_CSV_UTF16);
    assert_int_equal(fault.fault.line, 1);
}

/* What every batch starts from is told when the file is opened. */
static void tells_the_header_row(void **state)
{
    struct fake f;
    struct file file = fake_file(&f, IN("\xEF\xBB\xBF\r\na,\"b\nc\"\r\n1,2\n"), 0);
    struct batch_file bf;

    (void)state;
    open_file(&bf, &file);
    assert_int_equal(bf.size, 18);
    assert_int_equal(bf.header_at, 5);
    assert_int_equal(bf.header_end, 14);
    assert_int_equal(bf.body_at, 14);
    assert_int_equal(bf.body_line, 4);
    assert_int_equal(bf.fields, 2);
    assert_true(bf.crlf);
}

/* The next batch is the same whether the walk goes on or begins anew behind the one before. */
static void begins_anew_behind_a_batch(void **state)
{
    static const char input[] = "h\n1\n\n2\n3\n\n\n4\n5\n\n6";
    const struct batch_limits limits = {2, 99};
    static uint8_t buf[64];
    struct fake f;
    struct file file = fake_file(&f, IN(input), 0);
    struct batch_file bf;
    struct batch_plan on, anew;
    int n = 1, batches = 0;

    (void)state;
    open_file(&bf, &file);
    assert_int_equal(batch_plan_init(&on, &bf, &limits, NULL, buf, sizeof(buf)), 0);
    anew = on;
    while (n == 1) {
        n = step(&on, 3);
        assert_int_equal(step(&anew, 5), n);
        if (n == 1) {
            assert_memory_equal(&on.batch, &anew.batch, sizeof(on.batch));
            batches++;
            assert_int_equal(batch_plan_init(&anew, &bf, &limits, &anew.batch, buf, sizeof(buf)),
                             0);
        }
    }
    assert_int_equal(n, 0);
    assert_int_equal(batches, 3);
}

/* Plans the only batch of input, then lets the source meet what has become of the file. */
static int give_changed(struct script *s, const char *input, size_t len, const char *later,
                        size_t later_len, size_t cap)
{
    const struct batch_limits limits = {9, 99};
    static uint8_t buf[64];
    struct fake f;
    struct file file = fake_file(&f, input, len, 0);
    struct batch_file bf;
    struct batch_plan p;

    memset(s, 0, sizeof(*s));
    open_file(&bf, &file);
    assert_int_equal(batch_plan_init(&p, &bf, &limits, NULL, buf, sizeof(buf)), 0);
    assert_int_equal(step(&p, sizeof(buf)), 1);
    f.bytes = later;
    f.len = later_len;
    return pull_all(s, &bf, &p.batch, cap);
}

#define C05_FILE "email,first_name\r\nana@example.org,Ana\r\n"

static void notices_a_file_that_changed_meanwhile(void **state)
{
    static const struct {
        const char *name, *before, *later;
        int want;
        const char *gives; /* NULL: not asked */
    } rows[] = {
        {"it did not", "h\n1\n\n2\n", "h\n1\n\n2\n", 0, NULL},
        {"it grew: what was added is left alone (C05)", C05_FILE,
         C05_FILE "bob@example.org,Bob\r\n", 0, NULL},
        {"it grew behind an open record", "h\n1\n2", "h\n1\n2\n3\n", 0, NULL},
        {"it is short (C05)", C05_FILE, "email,first_name\r\nan", ERR_SOURCE_CHANGED,
         "email,first_name\r\nan"},
        {"it lost its last byte", "h\n1\n", "h\n1", ERR_SOURCE_CHANGED, NULL},
        {"it lost an open record: no line end is added", "h\n1\n2", "h\n1\n", ERR_SOURCE_CHANGED,
         "h\n1\n"},
        {"it is empty", "h\n1\n", "", ERR_SOURCE_CHANGED, NULL},
        {"its header is short", "header\n1\n", "he", ERR_SOURCE_CHANGED, NULL},
        {"one byte of a record is another", "h\n1\n2\n", "h\n1\n3\n", ERR_SOURCE_CHANGED, NULL},
        {"one byte of the header is another", "h\n1\n2\n", "g\n1\n2\n", ERR_SOURCE_CHANGED, NULL},
        {"two records changed places", "h\n1\n2\n", "h\n2\n1\n", ERR_SOURCE_CHANGED, NULL},
        {"it is short, blank lines inside", "h\n1\n\n2\n", "h\n1\n\n2", ERR_SOURCE_CHANGED, NULL},
        {"a blank line became a record", "h\n1\n\n2\n", "h\n1\n3\n\n", ERR_SOURCE_CHANGED, NULL},
        {"blank lines became text", "h\n1\n\n\n2\n", "h\n1\n34567", ERR_SOURCE_CHANGED, NULL},
        {"a record became a blank line", "h\n1\n\n2\n3\n", "h\n1\n\n\n\n3\n", ERR_SOURCE_CHANGED,
         NULL},
        {"half a line end became text", "h\n1\n\r\n2\n", "h\n1\n\rx2\n", ERR_SOURCE_CHANGED, NULL},
    };
    static const size_t caps[] = {4096, 1, 2, 3, 5};
    static struct script s;
    size_t at, cap;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        for (cap = 0; cap < COUNT(caps); cap++) {
            int n = give_changed(&s, rows[at].before, strlen(rows[at].before), rows[at].later,
                                 strlen(rows[at].later), caps[cap]);
            if (n != rows[at].want) {
                fail_msg("%s, by %u: %s", rows[at].name, (unsigned)caps[cap], err_name(n));
            }
            if (rows[at].gives != NULL) {
                assert_string_equal(s.text, rows[at].gives);
            }
        }
    }
}

/* The length is a promise of its own: a plan that promised another is not met by its fingerprint.
 */
static void holds_the_length_too(void **state)
{
    const struct batch_limits limits = {9, 99};
    static struct script s;
    static uint8_t buf[64];
    struct fake f;
    struct file file = fake_file(&f, IN("h\n1\n"), 0);
    struct batch_file bf;
    struct batch_plan p;

    (void)state;
    open_file(&bf, &file);
    assert_int_equal(batch_plan_init(&p, &bf, &limits, NULL, buf, sizeof(buf)), 0);
    assert_int_equal(step(&p, sizeof(buf)), 1);
    p.batch.len = 5;
    assert_int_equal(pull_all(&s, &bf, &p.batch, 3), ERR_SOURCE_CHANGED);
}

static void notices_a_file_that_gets_short_while_planning(void **state)
{
    const struct batch_limits limits = {9, 99};
    static uint8_t buf[64];
    struct fake f;
    struct file file = fake_file(&f, IN("h\n1\n2\n"), 0);
    struct batch_file bf;
    struct batch_plan p;

    (void)state;
    open_file(&bf, &file);
    assert_int_equal(batch_plan_init(&p, &bf, &limits, NULL, buf, sizeof(buf)), 0);
    assert_int_equal(batch_plan_step(&p, buf, 2), ERR_WAIT);
    f.len = 4;
    assert_int_equal(batch_plan_step(&p, buf, 2), ERR_SOURCE_CHANGED);
    f.len = 1;
    assert_int_equal(batch_plan_init(&p, &bf, &limits, NULL, buf, sizeof(buf)), ERR_SOURCE_CHANGED);
}

static int64_t no_size(void *ctx)
{
    (void)ctx;
    return ERR_FILE_READ;
}

/* The n-th read fails for n = 0, 1, 2 … until a run meets no fault: each run ends with the error,
 * or with every byte in its place. */
static void tells_reads_that_fail(void **state)
{
    static const char input[] = "h\n1\n\n2\n3\n";
    static const char want[] = "h\n1\n2\n|h\n3\n|";
    const struct batch_limits limits = {2, 99};
    static struct script s;
    static uint8_t buf[8];
    struct sizes sizes = {4, 3, 0};
    struct batch_file bf;
    struct batch_source source;
    struct fake f;
    struct file file;
    int on, nth, n;

    (void)state;
    for (on = 0; on < 2; on++) {
        n = ERR_FILE_READ;
        for (nth = 0; n != 0; nth++) {
            struct batch_plan p;
            memset(&s, 0, sizeof(s));
            file = fake_file(&f, IN(input), 0);
            f.fail_at = nth;
            f.fail_on = on == 1;
            n = batch_file_open(&bf, &file, buf, sizes.plan_cap, NULL);
            n = n == 0 ? batch_plan_init(&p, &bf, &limits, NULL, buf, sizes.plan_cap) : n;
            while (n == 0 && (n = step(&p, sizes.plan_cap)) == 1) {
                batch_source_init(&source, &bf, &p.batch);
                while ((n = batch_source_pull(&source, buf, sizes.pull_cap)) > 0) {
                    put(&s, buf, (size_t)n);
                }
                assert_int_equal(batch_source_pull(&source, buf, sizes.pull_cap), n);
                put(&s, "|", n == 0);
            }
            assert_true(n == 0 || n == ERR_FILE_READ);
            assert_memory_equal(s.text, want, s.len);
            assert_true(n < 0 || s.len == strlen(want));
        }
        assert_int_equal(f.reads, nth - 1); /* only the last run met no fault */
        assert_true(nth > 10);
    }
    file.size = no_size;
    assert_int_equal(batch_file_open(&bf, &file, buf, sizeof(buf), NULL), ERR_FILE_READ);
}

/* Nothing of a step was used when its read failed: the same walk goes on. */
static void goes_on_after_a_read_that_failed_once(void **state)
{
    static const char input[] = "h\n1\n\n2\n3\n";
    const struct batch_limits limits = {9, 99};
    static uint8_t buf[8];
    struct fake f;
    struct file file = fake_file(&f, IN(input), 0);
    struct batch_file bf;
    struct batch_plan p, undisturbed;
    int nth;

    (void)state;
    open_file(&bf, &file);
    assert_int_equal(batch_plan_init(&undisturbed, &bf, &limits, NULL, buf, sizeof(buf)), 0);
    assert_int_equal(step(&undisturbed, 2), 1);
    for (nth = 0; nth < 4; nth++) {
        assert_int_equal(batch_plan_init(&p, &bf, &limits, NULL, buf, sizeof(buf)), 0);
        f.fail_at = f.reads + nth;
        assert_int_equal(step(&p, 2), ERR_FILE_READ);
        assert_int_equal(step(&p, 2), 1);
        assert_memory_equal(&p.batch, &undisturbed.batch, sizeof(p.batch));
    }
}

static uint32_t seed;

static uint32_t any(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static const char *any_end(void)
{
    return any(2) == 0 ? "\n" : "\r\n";
}

/* One record of one field, with its line end. */
static size_t any_record(char *dst)
{
    static const char *const fields[] = {"a",
                                         "ab c",
                                         "\"\"",
                                         "\"x\ny\"",
                                         "\"\r\n\r\n\"",
                                         "\"\"\"\"",
                                         "\xC3\xA9",
                                         "0123456789012345678901234567890"};

    return (size_t)sprintf(dst, "%s%s", fields[any(COUNT(fields))], any_end());
}

static void put_blanks(struct script *s)
{
    while (any(4) == 0) {
        const char *end = any_end();
        put(s, end, strlen(end));
    }
}

/* A file, and by plain counting what its batches must be. */
static void make(struct script *input, struct script *want, struct batch_limits *limits)
{
    char header[8], record[64];
    size_t header_len = (size_t)sprintf(header, "h%s", any_end()), len, batch_len = 0;
    uint32_t left = any(12);
    uint64_t records = 0;

    limits->records = 1 + any(5);
    limits->bytes = any(60);
    memset(input, 0, sizeof(*input));
    memset(want, 0, sizeof(*want));
    put_blanks(input);
    put(input, header, header_len);
    for (; left > 0; left--) {
        put_blanks(input);
        len = any_record(record);
        put(input, record, len);
        if (records > 0 && (records == limits->records || batch_len + len > limits->bytes)) {
            put(want, "|", 1);
            records = 0;
        }
        if (records == 0) {
            put(want, header, header_len);
            batch_len = header_len;
        }
        put(want, record, len);
        batch_len += len;
        records++;
    }
    put(want, "|", records > 0);
    put_blanks(input);
}

static void agrees_with_plain_counting(void **state)
{
    static struct script input, want;
    struct batch_limits limits;
    int files;

    (void)state;
    seed = 20260101;
    print_message("seed %u\n", (unsigned)seed);
    for (files = 0; files < 3000; files++) {
        make(&input, &want, &limits);
        expect("a generated file", input.text, input.len, &limits, want.text);
    }
}

static void cuts_a_long_file_into_batches_of_5000(void **state)
{
    static char input[600000];
    const struct batch_limits limits = {5000, 8 * 1024 * 1024};
    static uint8_t buf[4096];
    size_t len = (size_t)sprintf(input, "email,n\r\n");
    uint64_t got = 0, at = 9;
    struct fake f;
    struct file file;
    struct batch_file bf;
    struct batch_plan p;
    int n, batches = 0;

    (void)state;
    for (n = 0; n < 20001; n++) {
        len += (size_t)sprintf(input + len, "u%d@example.org,%d\r\n", n, n % 10);
    }
    file = fake_file(&f, input, len, 0);
    open_file(&bf, &file);
    assert_int_equal(batch_plan_init(&p, &bf, &limits, NULL, buf, sizeof(buf)), 0);
    while ((n = step(&p, sizeof(buf))) == 1) {
        struct fingerprint print;
        assert_int_equal(p.batch.at, at);
        assert_int_equal(p.batch.len, 9 + p.batch.end - p.batch.at);
        fingerprint_init(&print);
        fingerprint_push(&print, (const uint8_t *)input, 9);
        fingerprint_push(&print, (const uint8_t *)input + at, (size_t)(p.batch.end - at));
        assert_true(fingerprint_finish(&print) == p.batch.print);
        assert_false(p.batch.has_blank || p.batch.last_open);
        at = p.batch.end;
        got += p.batch.records;
        batches++;
    }
    assert_int_equal(n, 0);
    assert_int_equal(batches, 5);
    assert_int_equal(got, 20001);
    assert_int_equal(at, len);
    print_message("sizeof(struct batch_plan) %u, batch_source %u, batch_file %u\n",
                  (unsigned)sizeof(p), (unsigned)sizeof(struct batch_source), (unsigned)sizeof(bf));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_batches_at_any_buffer_size),
        cmocka_unit_test(tells_where_a_fault_is_and_goes_on_behind_it),
        cmocka_unit_test(tells_a_fault_of_the_header),
        cmocka_unit_test(tells_the_header_row),
        cmocka_unit_test(begins_anew_behind_a_batch),
        cmocka_unit_test(notices_a_file_that_changed_meanwhile),
        cmocka_unit_test(holds_the_length_too),
        cmocka_unit_test(notices_a_file_that_gets_short_while_planning),
        cmocka_unit_test(tells_reads_that_fail),
        cmocka_unit_test(goes_on_after_a_read_that_failed_once),
        cmocka_unit_test(agrees_with_plain_counting),
        cmocka_unit_test(cuts_a_long_file_into_batches_of_5000),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
