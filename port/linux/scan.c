#include "linux/scan.h"

#include "base/err.h"

#include <string.h>

/* "FILE:LINE:COLUMN (byte N)" */
static int fault_at(struct scan *s, int err, const struct csv_row *row)
{
    line_set(&s->where, s->path);
    if (row->err == err) {
        line_put(&s->where, ":");
        line_u64(&s->where, row->fault.line);
        line_put(&s->where, ":");
        line_u64(&s->where, row->fault.column);
        line_put(&s->where, " (byte ");
        line_u64(&s->where, row->fault.byte);
        line_put(&s->where, ")");
    }
    if (err == ERR_CSV_FIELDS && row->err == err) {
        line_put(&s->where, ", ");
        line_u64(&s->where, row->fields);
        line_put(&s->where, " fields where the header has ");
        line_u64(&s->where, s->file.fields);
    }
    return err;
}

int scan_open(struct scan *s, const char *path, const struct batch_limits *limits)
{
    struct csv_row row = {0};

    s->path = path;
    s->limits = *limits;
    s->records = s->batches = s->bytes = 0;
    line_set(&s->where, path);
    int err = disk_open(&s->disk, path);

    if (err != 0) {
        if (err == ERR_FILE_OPEN) {
            line_put(&s->where, ": ");
            line_put(&s->where, strerror(s->disk.sys));
        }
        return err;
    }
    err = batch_file_open(&s->file, &s->disk.file, s->buf, sizeof s->buf, &row);
    return err == 0 ? 0 : fault_at(s, err, &row);
}

static int walk(struct scan *s)
{
    int n;

    do {
        n = batch_plan_step(&s->plan, s->buf, sizeof s->buf);
    } while (n == ERR_WAIT);
    return n < 0 ? fault_at(s, n, &s->plan.csv.row) : n;
}

static int plan(struct scan *s, const struct batch_limits *limits, const struct batch *after,
                struct batch *out)
{
    int n = batch_plan_init(&s->plan, &s->file, limits, after, s->buf, sizeof s->buf);

    if (n == 0) {
        n = walk(s);
    }
    if (n == 1) {
        *out = s->plan.batch;
    }
    return n;
}

int scan_next(struct scan *s, const struct batch *after, struct batch *out)
{
    return plan(s, &s->limits, after, out);
}

int scan_skip(struct scan *s, uint64_t records, struct batch *out)
{
    const struct batch_limits limits = {.records = records, .bytes = UINT64_MAX};
    int n = plan(s, &limits, NULL, out);

    return n == 1 && out->records < records ? 0 : n;
}

int scan_all(struct scan *s)
{
    int n = batch_plan_init(&s->plan, &s->file, &s->limits, NULL, s->buf, sizeof s->buf);

    while (n == 0 && (n = walk(s)) == 1) {
        const struct batch *b = &s->plan.batch;

        if (s->batches++ == 0) {
            s->first = *b;
        }
        s->records += b->records;
        s->bytes += b->len;
        n = 0;
    }
    return n;
}

uint64_t scan_added(struct scan *s)
{
    int64_t size = s->disk.file.size(&s->disk);

    return size > 0 && (uint64_t)size > s->file.size ? (uint64_t)size - s->file.size : 0;
}

void scan_close(struct scan *s)
{
    disk_close(&s->disk);
}
