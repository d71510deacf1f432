#include "sync/failed_rows.h"

#include "base/err.h"
#include "base/num.h"
#include "base/stream.h"
#include "record/csv_field.h"
#include "spool/kept_line.h"
#include "sync/failed_words.h"

#include <string.h>

/* The range's rows one after another, each whole in buf. */
struct rows {
    const struct failed_rows_job *job;
    struct csv csv;
    uint8_t *buf; /* FAILED_ROW_CAP bytes; buf[0] is the file's byte base */
    size_t len;
    uint64_t base, row_at; /* the row that is not over yet begins there */
    uint32_t n;            /* of the row at hand, from 1 */
    const uint8_t *row;
    size_t row_len;
};

static void rows_begin(struct rows *r, const struct failed_rows_job *job, uint8_t *buf)
{
    *r = (struct rows){.job = job, .buf = buf, .base = job->at, .row_at = job->at};
    csv_init_at(&r->csv, job->at, 1);
    r->csv.want_fields = job->bf->fields;
}

static int read_some(const struct batch_file *bf, uint64_t at, uint64_t end, uint8_t *dst,
                     size_t cap)
{
    size_t len = end - at < cap ? (size_t)(end - at) : cap;
    int n = bf->file->read_at(bf->file->ctx, at, dst, len);

    return n == 0 ? ERR_SOURCE_CHANGED : n;
}

static int rows_refill(struct rows *r)
{
    size_t done = (size_t)(r->row_at - r->base);

    r->len -= done;
    memmove(r->buf, r->buf + done, r->len);
    r->base = r->row_at;
    if (r->len == FAILED_ROW_CAP) {
        return ERR_CSV_TOO_LONG;
    }
    int n =
        read_some(r->job->bf, r->csv.byte, r->job->end, r->buf + r->len, FAILED_ROW_CAP - r->len);

    r->len += n > 0 ? (size_t)n : 0;
    return n;
}

/* The row that has just ended: 1, 0 when it is blank, or its fault. */
static int rows_take(struct rows *r)
{
    r->row = r->buf + (r->row_at - r->base);
    r->row_len = (size_t)(r->csv.byte - r->row_at);
    r->row_at = r->csv.byte;
    if (r->csv.row.err != 0 || r->csv.row.blank) {
        return r->csv.row.err;
    }
    r->n++;
    return 1;
}

/* 1: the next row is at hand; 0: the end; or an error. */
static int rows_next(struct rows *r)
{
    int n = 0;

    while (n == 0 && r->csv.byte < r->job->end) {
        size_t at = (size_t)(r->csv.byte - r->base);
        bool done = false;

        if (at == r->len) {
            n = rows_refill(r);
            n = n > 0 ? 0 : n;
            continue;
        }
        n = csv_push(&r->csv, r->buf + at, r->len - at, &done);
        n = n < 0 ? n : done ? rows_take(r) : 0;
    }
    if (n == 0 && csv_finish(&r->csv) == 1) {
        n = rows_take(r);
    }
    return n;
}

/* Which column the identifier is: from 0, or an error that says there is none. */
static int find_column(const struct failed_rows_job *job, uint8_t *buf)
{
    const struct batch_file *bf = job->bf;
    uint64_t len = bf->header_end - bf->header_at;
    char name[MESSAGE_CAP];
    struct csv_field f;

    if (len > FAILED_ROW_CAP) {
        return ERR_CSV_TOO_LONG;
    }
    for (uint64_t at = 0; at < len;) {
        int n = read_some(bf, bf->header_at + at, bf->header_end, buf + at, (size_t)(len - at));

        if (n < 0) {
            return n;
        }
        at += (uint64_t)n;
    }
    csv_field_init(&f, buf, (size_t)len);
    for (int column = 0; csv_field_next(&f, name, sizeof name) >= 0; column++) {
        if (strcmp(name, job->identifier) == 0) {
            return column;
        }
    }
    return ERR_CSV_EMPTY;
}

static void match_row(struct failed_words *w, const struct rows *r, int column)
{
    char id[MESSAGE_CAP]; /* no words have a longer one */
    struct csv_field f;
    int n = 0;

    csv_field_init(&f, r->row, r->row_len);
    for (int i = 0; i <= column && n >= 0; i++) {
        n = csv_field_next(&f, id, sizeof id);
    }
    if (n >= 0 && n < (int)sizeof id - 1) {
        failed_words_row(w, r->n, id, (size_t)n);
    }
}

static int read_words(struct failed_words *w, const struct failed_rows_job *job, uint8_t *buf)
{
    const struct flash *f = job->flash;
    char name[FLASH_NAME_CAP];
    uint64_t at = 0;
    int n = kept_path(name, &job->place, ".reason");

    while (n >= 0) {
        n = f->read_at(f->ctx, name, at, buf, FAILED_ROW_CAP);
        if (n <= 0) {
            return n == ERR_FLASH_NONE ? 0 : n; /* none: not a line yet */
        }
        at += (uint64_t)n;
        n = failed_words_push(w, buf, (size_t)n);
    }
    return n;
}

/* 1: the rows that failed are told apart. */
static int tell_apart(const struct failed_rows_job *job, struct failed_words *w, uint8_t *buf)
{
    struct rows r;
    int n = read_words(w, job, buf);
    int column = n == 0 ? find_column(job, buf) : n;

    if (n == 0 && w->errors != job->errors) {
        return 0;
    }
    rows_begin(&r, job, buf);
    n = column < 0 ? column : 1;
    while (n == 1) {
        n = rows_next(&r);
        if (n == 1) {
            match_row(w, &r, column);
        }
    }
    if (n < 0) {
        return n;
    }
    return r.n == job->records && failed_words_tell(w, job->failed) ? 1 : 0;
}

/* Errors that are no failure: the rows cannot be told apart, that is all. */
static bool is_only_doubt(int err)
{
    return err == ERR_NO_ROOM ||
           (err_class(err) == CLASS_INPUT && err != ERR_SOURCE_CHANGED && err != ERR_FILE_READ);
}

static size_t put_text(char *dst, const char *text)
{
    size_t len = strlen(text);

    memcpy(dst, text, len + 1);
    return len;
}

/* "all 10: 2 of 10 failed, the service does not tell which" */
static void say_all(struct kept *k, const struct failed_rows_job *job)
{
    char text[4 * NUM_U64_CAP + sizeof FAILED_ROWS_SOME];
    bool each = job->failed == job->records;
    size_t n = put_text(text, FAILED_ROWS_ALL);

    n += num_print_u64(text + n, job->records);
    n += put_text(text + n, each ? " failed" : ": ");
    if (!each && job->failed >= 0) {
        n += num_print_u64(text + n, (uint64_t)job->failed);
        n += put_text(text + n, " of ");
        n += num_print_u64(text + n, job->records);
        n += put_text(text + n, " failed, ");
    }
    if (!each) {
        (void)put_text(text + n, FAILED_ROWS_SOME);
    }
    kept_put(k, "rows", text);
}

static void say_each(struct kept *k, const struct failed_words *w)
{
    struct failed_word e = {.next = 0};
    char key[4 + NUM_U64_CAP] = "row ";

    while (failed_words_next(w, &e)) {
        (void)num_print_u64(key + 4, e.row);
        kept_put(k, key, e.text);
    }
}

static int keep_each(const struct failed_rows_job *job, struct kept *k,
                     const struct failed_words *w, uint8_t *buf)
{
    const struct batch_file *bf = job->bf;
    struct rows r;
    int n;

    kept_rows(k, job->flash, &job->place);
    n = kept_range(k, bf, bf->header_at, bf->header_end);
    rows_begin(&r, job, buf);
    n = n == 0 ? 1 : n;
    while (n == 1) {
        n = rows_next(&r);
        if (n == 1 && failed_words_has(w, r.n)) {
            kept_bytes(k, r.row, r.row_len);
        }
    }
    return n == 0 ? kept_close(k) : n;
}

int failed_rows_keep(const struct failed_rows_job *job, struct kept *k, uint8_t *buf, size_t cap)
{
    struct failed_words w;
    bool can = job->identifier != NULL && job->identifier[0] != '\0' && job->failed > 0;
    int err = kept_flush(k), told = 0;

    failed_words_init(&w, buf + FAILED_ROW_CAP, cap - FAILED_ROW_CAP);
    if (err == 0 && can) {
        told = tell_apart(job, &w, buf);
    }
    if (err != 0 || (told < 0 && !is_only_doubt(told))) {
        return err != 0 ? err : told;
    }
    if (told == 1) {
        say_each(k, &w);
    } else {
        say_all(k, job);
    }
    err = kept_close(k);
    if (err == 0 && told == 1) {
        err = keep_each(job, k, &w, buf);
    } else if (err == 0) {
        err = kept_copy(k, job->flash, &job->place, job->bf, job->at, job->end);
    }
    return err != 0 ? err : told == 1;
}

/* A reason that says nothing of its rows is of a job that failed as a whole. */
int failed_rows_repeat(const struct flash *flash, const struct kept_place *p)
{
    struct kept_line l;
    char name[FLASH_NAME_CAP];
    uint64_t at = 0;
    int n = kept_path(name, p, ".reason");

    while (n >= 0 && (n = kept_line_next(&l, flash, name, &at)) == 1) {
        if (strcmp(l.key, "rows") == 0) {
            return strstr(l.value, FAILED_ROWS_SOME) != NULL;
        }
        if (strncmp(l.key, "row ", 4) == 0) {
            return 0;
        }
    }
    return n == 0 || n == ERR_FLASH_NONE ? 1 : n;
}
