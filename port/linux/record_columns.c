#include "linux/record_columns.h"

#include "base/err.h"
#include "base/text.h"
#include "record/csv.h"
#include "record/csv_field.h"
#include "record/csv_put.h"

#include <stdbool.h>
#include <string.h>

#define LISTED_MAX 8 /* columns named when a name is none of them */

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && **text == ' ') {
        ++*text;
        --*len;
    }
    while (*len > 0 && (*text)[*len - 1] == ' ') {
        --*len;
    }
}

static void say_name(struct line *l, const char *name, size_t len)
{
    line_set(l, "`");
    line_put_bytes(l, name, len);
    line_put(l, "`");
}

static int find(const struct record_columns *c, const char *name, size_t len)
{
    for (unsigned i = 0; i < c->count; i++) {
        if (strncmp(c->name[i], name, len) == 0 && c->name[i][len] == '\0') {
            return (int)i;
        }
    }
    return -1;
}

static int refuse(struct record_columns *c, const char *why)
{
    line_set(&c->where, why);
    return ERR_COLUMNS;
}

static int add_name(struct record_columns *c, const char *name, size_t len)
{
    trim(&name, &len);
    if (len == 0) {
        return refuse(c, "a column has no name");
    }
    if (c->count == COLUMNS_MAX || c->text_len + len >= sizeof c->text) {
        return refuse(c, "too many columns, or too long names");
    }
    if (find(c, name, len) >= 0) {
        say_name(&c->where, name, len);
        line_put(&c->where, " stands there twice");
        return ERR_COLUMNS;
    }
    c->name[c->count++] = memcpy(c->text + c->text_len, name, len);
    c->text_len += len;
    c->text[c->text_len++] = '\0';
    return 0;
}

static void begin(struct record_columns *c)
{
    c->count = 0;
    c->text_len = 0;
    line_set(&c->where, "");
    line_set(&c->fix, "");
}

static int put_header(struct record_columns *c)
{
    struct csv_put p;
    int n;

    csv_put_init(&p, c->header, sizeof c->header);
    for (unsigned i = 0; i < c->count; i++) {
        csv_put_field(&p, c->name[i], strlen(c->name[i]));
    }
    n = csv_put_end(&p);
    c->header_len = n > 0 ? (size_t)n : 0;
    return n > 0 ? 0 : refuse(c, "too many columns, or too long names");
}

/* `columns` of the configuration was never looked at as a row. */
static int check_row(struct record_columns *c, const uint8_t *row, size_t len)
{
    struct csv csv;
    bool done = false;

    csv_init(&csv);
    if (len == 0 || csv_push(&csv, row, len, &done) != (int)len) {
        return refuse(c, "the header row is not one row");
    }
    if (!done && csv_finish(&csv) != 1) {
        return refuse(c, "the header row is not one row");
    }
    return csv.row.err == 0 ? 0 : refuse(c, err_what(csv.row.err));
}

int record_columns_read(struct record_columns *c, const uint8_t *row, size_t len)
{
    char name[HEADER_CAP];
    struct csv_field f;
    int err, n;

    begin(c);
    err = check_row(c, row, len);
    csv_field_init(&f, row, len);
    while (err == 0 && (n = csv_field_next(&f, name, sizeof name)) >= 0) {
        err = add_name(c, name, (size_t)n);
    }
    return err == 0 ? put_header(c) : err;
}

int record_columns_take(struct record_columns *c, const struct record *r)
{
    int err = 0;

    begin(c);
    for (unsigned i = 0; err == 0 && i < r->fields; i++) {
        err = add_name(c, r->field[i].name, r->field[i].name_len);
    }
    return err == 0 ? put_header(c) : err;
}

static void say_near(struct record_columns *c, const char *name)
{
    int near = text_nearest(name, c->name, c->count);

    if (near >= 0 && text_equal_nocase(name, c->name[near])) {
        line_set(&c->fix, "the column is `");
        line_put(&c->fix, c->name[near]);
        line_put(&c->fix, "`: capitals count");
        return;
    }
    line_set(&c->fix, near >= 0 ? "did you mean `" : "the columns are `");
    line_put(&c->fix, c->name[near >= 0 ? near : 0]);
    line_put(&c->fix, near >= 0 ? "`?" : "`");
    for (unsigned i = 1; near < 0 && i < c->count && i < LISTED_MAX; i++) {
        line_put(&c->fix, ", `");
        line_put(&c->fix, c->name[i]);
        line_put(&c->fix, "`");
    }
    line_put(&c->fix, near < 0 && c->count > LISTED_MAX ? ", …" : "");
}

static int no_column(struct record_columns *c, const char *name, size_t len)
{
    char word[TEXT_WORD_MAX + 1];
    size_t n = len < sizeof word - 1 ? len : sizeof word - 1;

    memcpy(word, name, n);
    word[n] = '\0';
    say_name(&c->where, name, len);
    say_near(c, word);
    return ERR_FIELD;
}

/* Which field of r each column has; -1: none. */
static int map(struct record_columns *c, const struct record *r, int16_t field[COLUMNS_MAX])
{
    unsigned next = 0;

    memset(field, -1, COLUMNS_MAX * sizeof field[0]);
    for (unsigned i = 0; i < r->fields; i++) {
        const char *name = r->field[i].name;
        size_t len = r->field[i].name_len;
        bool in_order;
        int at;

        trim(&name, &len);
        in_order =
            next < c->count && strncmp(c->name[next], name, len) == 0 && c->name[next][len] == '\0';
        at = in_order ? (int)next : find(c, name, len);
        if (at < 0) {
            return no_column(c, name, len);
        }
        if (field[at] >= 0) {
            say_name(&c->where, name, len);
            line_put(&c->where, " is given twice");
            return ERR_RECORD;
        }
        field[at] = (int16_t)i;
        next = (unsigned)at + 1;
    }
    return 0;
}

int record_columns_put(struct record_columns *c, const struct record *r, uint8_t *dst, size_t cap)
{
    int16_t field[COLUMNS_MAX];
    struct csv_put p;
    int n;

    line_set(&c->where, "");
    line_set(&c->fix, "");
    n = map(c, r, field);
    if (n != 0) {
        return n;
    }
    csv_put_init(&p, dst, cap);
    for (unsigned i = 0; i < c->count; i++) {
        const struct record_field *f = field[i] >= 0 ? &r->field[field[i]] : NULL;

        if (f == NULL) {
            csv_put_raw(&p, NULL, 0);
        } else if (f->raw) {
            csv_put_raw(&p, (const uint8_t *)f->value, f->value_len);
        } else {
            csv_put_field(&p, f->value, f->value_len);
        }
    }
    n = csv_put_end(&p);
    if (n < 0) {
        line_set(&c->where, "longer than ");
        line_u64(&c->where, cap);
        line_put(&c->where, " bytes");
    }
    return n;
}
