#include "linux/record_in.h"

#include "base/err.h"
#include "linux/utf8.h"
#include "record/csv_field.h"

#include <string.h>

#define BESIDE_ROW 8 /* bytes of a mark of UTF-8 and a line end */

void record_in_init(struct record_in *in, const struct source *source)
{
    in->source = *source;
    in->kind = RECORD_UNTOLD;
    in->end = false;
    in->at = in->len = in->text_len = 0;
    in->row_at = 0;
    in->names.count = 0;
    in->json.lines = 0;
    in->told = true;
    line_set(&in->where, "");
}

static void say_line(struct record_in *in, uint64_t line)
{
    in->line = line;
    line_set(&in->where, "standard input:");
    line_u64(&in->where, line);
}

static int fail_at(struct record_in *in, int err, uint64_t line, const char *why)
{
    say_line(in, line);
    line_put(&in->where, why[0] != '\0' ? ": " : "");
    line_put(&in->where, why);
    return err;
}

/* More bytes behind those that are there: their count, 0 at the end, or an error. */
static int read_more(struct record_in *in)
{
    int n = source_pull(&in->source, in->buf + in->len, sizeof in->buf - in->len);

    if (n > 0) {
        in->len += (size_t)n;
    }
    in->end = n == 0;
    return n;
}

/* Bytes that are not used up; 0 at the end, or an error. */
static int fill(struct record_in *in)
{
    if (in->at < in->len) {
        return 1;
    }
    in->at = in->len = 0;
    return in->end ? 0 : read_more(in);
}

static const uint8_t BOM[] = {0xEF, 0xBB, 0xBF};

/* Bytes in front of the first that tells: all of them when none does. */
static size_t skip_blank(const struct record_in *in)
{
    size_t bom = in->len < sizeof BOM ? in->len : sizeof BOM;
    size_t i = memcmp(in->buf, BOM, bom) == 0 ? bom : 0;

    while (i < in->len && strchr(" \t\r\n", in->buf[i]) != NULL && in->buf[i] != '\0') {
        i++;
    }
    return i;
}

/* 1 when the kind is known, 0 when there is nothing but white space, or an error. */
static int tell_kind(struct record_in *in)
{
    size_t i;

    while ((i = skip_blank(in)) == in->len && !in->end && in->len < sizeof in->buf) {
        int n = read_more(in);

        if (n < 0) {
            return n;
        }
    }
    if (i == in->len && in->end) {
        return 0;
    }
    in->kind = in->buf[i] == '{' || in->buf[i] == '[' ? RECORD_JSON : RECORD_CSV;
    if (in->kind == RECORD_JSON) {
        in->at = in->buf[0] == BOM[0] ? sizeof BOM : 0;
    } else {
        csv_init(&in->csv);
        in->csv.record_max = sizeof in->text - BESIDE_ROW;
    }
    return 1;
}

static int csv_fault(struct record_in *in)
{
    const struct csv_row *row = &in->csv.row;

    say_line(in, row->fault.line);
    line_put(&in->where, ":");
    line_u64(&in->where, row->fault.column);
    line_put(&in->where, " (byte ");
    line_u64(&in->where, row->fault.byte);
    line_put(&in->where, ")");
    if (row->err == ERR_CSV_FIELDS) {
        line_put(&in->where, ", ");
        line_u64(&in->where, row->fields);
        line_put(&in->where, " fields where the header row has ");
        line_u64(&in->where, in->csv.want_fields);
    }
    return row->err;
}

static int take_header(struct record_in *in, const uint8_t *row, size_t len)
{
    int err = record_columns_read(&in->names, row, len);

    in->csv.want_fields = in->csv.row.fields;
    return err == 0 ? 0 : fail_at(in, err, in->csv.row.line, in->names.where.text);
}

/* The fields as they stand in the row. */
static void take_fields(struct record_in *in, const char *row, size_t len)
{
    struct csv_field f;
    char none[1];
    const char *at = row;

    in->record.fields = 0;
    csv_field_init(&f, (const uint8_t *)row, len);
    while (in->record.fields < in->names.count && csv_field_next(&f, none, sizeof none) >= 0) {
        const char *name = in->names.name[in->record.fields];
        const char *end = (const char *)f.at - (f.more ? 1 : 0);

        in->record.field[in->record.fields++] =
            (struct record_field){.name = name,
                                  .name_len = strlen(name),
                                  .value = at,
                                  .value_len = (size_t)(end - at),
                                  .raw = true};
        at = (const char *)f.at;
    }
}

/* 1: a record; 0: a header row or a blank line. */
static int take_row(struct record_in *in)
{
    const struct csv_row *row = &in->csv.row;
    const char *text = in->text + (row->at - in->row_at);
    size_t len = (size_t)(row->end - row->at);

    if (row->blank) {
        return 0;
    }
    if (row->err != 0) {
        return csv_fault(in);
    }
    if (in->names.count == 0) {
        return take_header(in, (const uint8_t *)text, len);
    }
    take_fields(in, text, len);
    in->line = row->line;
    return 1;
}

/* As far as there is room: the scanner tells a row that is too long. */
static void keep(struct record_in *in, const uint8_t *src, size_t len)
{
    size_t room = sizeof in->text - in->text_len;
    size_t n = len < room ? len : room;

    memcpy(in->text + in->text_len, src, n);
    in->text_len += n;
}

/* 1 when it went on, *done: by a whole row; 0 at the end; or an error. */
static int scan(struct record_in *in, bool *done)
{
    int n = fill(in);

    *done = false;
    if (n < 0) {
        return n;
    }
    if (n == 0) {
        n = csv_finish(&in->csv);
        *done = n == 1;
        return n;
    }
    n = csv_push(&in->csv, in->buf + in->at, in->len - in->at, done);
    if (n < 0) {
        return csv_fault(in);
    }
    keep(in, in->buf + in->at, (size_t)n);
    in->at += (size_t)n;
    return 1;
}

static int next_row(struct record_in *in)
{
    bool done;
    int n;

    while ((n = scan(in, &done)) == 1) {
        if (done) {
            n = take_row(in);
            in->text_len = 0;
            in->row_at = in->csv.byte;
        }
        if (done && n != 0) {
            return n;
        }
    }
    return n == 0 && in->names.count == 0 ? fail_at(in, ERR_CSV_EMPTY, 1, "") : n;
}

static int object_fault(struct record_in *in, int err)
{
    return fail_at(in, err, in->json.lines + 1, in->json.why);
}

static int next_object(struct record_in *in)
{
    bool whole = false;
    int n = 1;

    if (in->told) {
        record_json_init(&in->json, &in->record, in->text, sizeof in->text);
        in->told = false;
    }
    while (!whole && (n = fill(in)) > 0) {
        n = record_json_push(&in->json, in->buf + in->at, in->len - in->at, &whole);
        if (n < 0) {
            return object_fault(in, n);
        }
        in->at += (size_t)n;
    }
    if (whole) {
        in->told = true;
        in->line = in->json.line;
        return 1;
    }
    if (n == 0 && (n = record_json_end(&in->json)) != 0) {
        return object_fault(in, n);
    }
    return n;
}

int record_in_next(struct record_in *in)
{
    int n = in->kind == RECORD_UNTOLD ? tell_kind(in) : 1;

    if (n <= 0) {
        return n;
    }
    return in->kind == RECORD_JSON ? next_object(in) : next_row(in);
}

static bool is_utf8(const char *text)
{
    size_t len = strlen(text), n = 1;

    for (; len > 0 && n > 0; len -= n) {
        n = utf8_len(text, len);
        text += n;
    }
    return n > 0;
}

static int refuse_word(struct record_in *in, int err, const char *word)
{
    line_set(&in->where, "`");
    line_put_bytes(&in->where, word, strcspn(word, "="));
    line_put(&in->where, "`");
    return err;
}

int record_in_words(struct record_in *in, const char *const *word, unsigned words)
{
    in->record.fields = 0;
    for (unsigned i = 0; i < words; i++) {
        const char *equals = strchr(word[i], '=');

        if (equals == NULL || equals == word[i]) {
            return refuse_word(in, ERR_RECORD, word[i]);
        }
        if (!is_utf8(word[i])) {
            return refuse_word(in, ERR_CSV_UTF8, word[i]);
        }
        if (in->record.fields == COLUMNS_MAX) {
            line_set(&in->where, "more words than a record can have columns");
            return ERR_RECORD;
        }
        in->record.field[in->record.fields++] =
            (struct record_field){.name = word[i],
                                  .name_len = (size_t)(equals - word[i]),
                                  .value = equals + 1,
                                  .value_len = strlen(equals + 1)};
    }
    return 0;
}
