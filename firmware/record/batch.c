#include "record/batch.h"

#include "base/err.h"

#include <string.h>

static int read_some(const struct batch_file *bf, uint64_t at, uint64_t end, uint8_t *dst,
                     size_t cap)
{
    uint64_t left = end - at;
    int n = bf->file->read_at(bf->file->ctx, at, dst, left < cap ? (size_t)left : cap);

    return n == 0 ? ERR_SOURCE_CHANGED : n; /* it was longer when its size was taken */
}

/* The line end that is added where the file has none. */
static size_t end_len(const struct batch_file *bf)
{
    return bf->crlf ? 2 : 1;
}

static const uint8_t *end_text(const struct batch_file *bf)
{
    return (const uint8_t *)"\r\n" + (bf->crlf ? 0 : 1);
}

static int take_header(struct batch_file *bf, const struct csv *csv, struct csv_row *fault)
{
    const struct csv_row *row = &csv->row;

    if (row->err != 0) {
        if (fault != NULL) {
            *fault = *row;
        }
        return row->err;
    }
    bf->header_at = row->at;
    bf->header_end = row->end;
    bf->header_line = row->line;
    bf->crlf = row->crlf;
    bf->fields = row->fields;
    bf->body_at = csv->byte;
    bf->body_line = csv->line;
    return 0;
}

/* Scans up to the first row that is not blank: 1 when it is there, 0 at the end, or an error. */
static int first_row(struct csv *csv, const struct batch_file *bf, uint8_t *buf, size_t cap)
{
    while (csv->byte < bf->size) {
        int n = read_some(bf, csv->byte, bf->size, buf, cap);
        int used;
        bool done = false;

        for (int at = 0; n > 0 && at < n; at += used) {
            used = csv_push(csv, buf + at, (size_t)(n - at), &done);
            if (used < 0) {
                return used;
            }
            if (done && !csv->row.blank) {
                return 1;
            }
        }
        if (n < 0) {
            return n;
        }
    }
    return csv_finish(csv);
}

int batch_file_open(struct batch_file *bf, const struct file *file, uint8_t *buf, size_t cap,
                    struct csv_row *fault)
{
    struct csv csv;
    int64_t size = file->size(file->ctx);

    *bf = (struct batch_file){.file = file};
    if (size < 0) {
        return (int)size;
    }
    bf->size = (uint64_t)size;
    csv_init(&csv);
    int n = first_row(&csv, bf, buf, cap);

    if (n < 0 && csv.row.err == n && fault != NULL) {
        *fault = csv.row;
    }
    if (n < 0) {
        return n;
    }
    return n == 0 ? ERR_CSV_EMPTY : take_header(bf, &csv, fault);
}

static void next_batch(struct batch_plan *p)
{
    p->batch = (struct batch){.len = p->header_len};
    p->print = p->kept = p->header_print;
    p->print_at = p->csv.byte;
    p->blank = p->full = false;
}

/* Puts the scanner at a row's start, its settings kept. */
static void go_to(struct batch_plan *p, uint64_t byte, uint64_t line)
{
    csv_init_at(&p->csv, byte, line);
    p->csv.want_fields = p->bf->fields;
}

static int read_header(struct batch_plan *p, uint8_t *buf, size_t cap)
{
    const struct batch_file *bf = p->bf;
    uint64_t at = bf->header_at;

    fingerprint_init(&p->header_print);
    while (at < bf->header_end) {
        int n = read_some(bf, at, bf->header_end, buf, cap);

        if (n < 0) {
            return n;
        }
        fingerprint_push(&p->header_print, buf, (size_t)n);
        at += (uint64_t)n;
    }
    p->header_len = bf->header_end - bf->header_at;
    return 0;
}

int batch_plan_init(struct batch_plan *p, const struct batch_file *bf,
                    const struct batch_limits *limits, const struct batch *after, uint8_t *buf,
                    size_t cap)
{
    /* `after` may be p's own batch: it is read before p is written. */
    uint64_t at = after != NULL ? after->end : bf->body_at;
    uint64_t line = after != NULL ? after->next_line : bf->body_line;

    *p = (struct batch_plan){.bf = bf, .limits = *limits};
    int err = read_header(p, buf, cap);

    go_to(p, at, line);
    next_batch(p);
    return err;
}

static void accept(struct batch_plan *p, uint64_t len)
{
    const struct csv_row *row = &p->csv.row;
    struct batch *b = &p->batch;

    if (b->records == 0) {
        b->at = row->at;
        b->line = row->line;
    } else if (p->blank) {
        b->has_blank = true;
    }
    p->blank = false;
    if (!row->ended) { /* the end of the file: all before is in print */
        fingerprint_push(&p->print, end_text(p->bf), end_len(p->bf));
        p->kept = p->print;
        b->last_open = true;
    }
    b->end = row->end;
    b->next_line = p->csv.line;
    b->records++;
    b->len += len;
}

/* 0: go on, 1: the batch is complete, or the row's fault. */
static int take_row(struct batch_plan *p)
{
    const struct csv_row *row = &p->csv.row;
    const struct batch *b = &p->batch;

    if (row->err != 0) {
        return row->err;
    }
    if (row->blank) {
        p->blank = true;
        return 0;
    }
    uint64_t len = row->end - row->at + (row->ended ? 0 : end_len(p->bf));
    bool fits = b->len <= p->limits.bytes && len <= p->limits.bytes - b->len;

    if (b->records > 0 && !fits) { /* the next batch's first record: read once more */
        go_to(p, row->at, row->line);
        p->full = true;
        return 1;
    }
    accept(p, len);
    p->full = b->records >= p->limits.records;
    return p->full ? 1 : 0;
}

static int at_end(struct batch_plan *p)
{
    int n = csv_finish(&p->csv);

    if (n == 1) {
        n = take_row(p);
    }
    if (n != 0) {
        return n;
    }
    p->full = true;
    return p->batch.records > 0 ? 1 : 0;
}

/* Brings the fingerprint up to the last record: runs of rows at once, as most of its cost is in
 * what does not fill a word. buf[0] is the file's byte base. */
static void print_kept(struct batch_plan *p, const uint8_t *buf, uint64_t base)
{
    uint64_t end = p->batch.end;

    if (end > p->print_at) {
        fingerprint_push(&p->print, buf + (p->print_at - base), (size_t)(end - p->print_at));
        p->print_at = end;
        p->kept = p->print;
    }
}

static void leave_out_row(struct batch_plan *p, const uint8_t *buf, uint64_t base)
{
    print_kept(p, buf, base);
    p->print = p->kept; /* a part of the row may have come with the buffer before */
    p->print_at = p->csv.row.end;
}

/* What is behind the last record will not be in the buffer again. */
static void print_rest(struct batch_plan *p, const uint8_t *buf, uint64_t base)
{
    print_kept(p, buf, base);
    fingerprint_push(&p->print, buf + (p->print_at - base), (size_t)(p->csv.byte - p->print_at));
    p->print_at = p->csv.byte;
}

static int take_rows(struct batch_plan *p, const uint8_t *buf, size_t len)
{
    uint64_t base = p->csv.byte;

    for (size_t at = 0; at < len;) {
        bool done = false;
        int used = csv_push(&p->csv, buf + at, len - at, &done);

        if (used < 0) {
            return used;
        }
        at += (size_t)used;
        int full = done ? take_row(p) : 0;

        if (full != 0) {
            print_kept(p, buf, base);
            return full;
        }
        if (done && p->csv.row.blank) {
            leave_out_row(p, buf, base);
        }
    }
    print_rest(p, buf, base);
    return ERR_WAIT;
}

int batch_plan_step(struct batch_plan *p, uint8_t *buf, size_t cap)
{
    const struct batch_file *bf = p->bf;
    int n;

    if (p->full) {
        next_batch(p);
    }
    if (p->csv.byte >= bf->size) {
        n = at_end(p);
    } else {
        n = read_some(bf, p->csv.byte, bf->size, buf, cap);
        n = n > 0 ? take_rows(p, buf, (size_t)n) : n;
    }
    p->batch.print = fingerprint_finish(&p->kept);
    return n;
}
