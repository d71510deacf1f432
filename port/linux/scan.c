#include "linux/scan.h"

#include "base/err.h"

#include <string.h>

/* "FILE:LINE:COLUMN (byte N)" */
static int fault_at(struct scan *s, int err, const struct csv_row *row)
{
    line_set_path(&s->where, s->path);
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
    line_set_path(&s->where, path);
    int err = disk_open(&s->disk, path);

    if (err != 0) {
        if (err == ERR_FILE_OPEN) {
            line_put(&s->where, ": ");
            line_put(&s->where, strerror(s->disk.sys));
        }
        return err;
    }
    s->written_ns = disk_written_ns(&s->disk);
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

int scan_next(struct scan *s, const struct batch *after, struct batch *out)
{
    int n = batch_plan_init(&s->plan, &s->file, &s->limits, after, s->buf, sizeof s->buf);

    if (n == 0) {
        n = walk(s);
    }
    if (n == 1) {
        *out = s->plan.batch;
    }
    return n;
}

static void count(struct scan *s)
{
    const struct batch *b = &s->plan.batch;

    fingerprint_push(&s->print, (const uint8_t *)&b->print, sizeof b->print);
    s->records += b->records;
    if (s->records < s->from) {
        s->before++;
        return;
    }
    if (s->batches++ == 0) {
        s->first = *b;
    }
    s->bytes += b->len;
}

/* A batch ends in front of `from`, whatever its limits. */
static void limit_records(struct scan *s)
{
    uint64_t left = s->records + 1 < s->from ? s->from - 1 - s->records : UINT64_MAX;

    s->plan.limits.records = left < s->limits.records ? left : s->limits.records;
}

int scan_all(struct scan *s, uint64_t from)
{
    int n = batch_plan_init(&s->plan, &s->file, &s->limits, NULL, s->buf, sizeof s->buf);

    s->from = from;
    s->records = s->before = s->batches = s->bytes = 0;
    fingerprint_init(&s->print);
    while (n == 0) {
        limit_records(s);
        n = walk(s);
        if (n != 1) {
            return n;
        }
        count(s);
        n = 0;
    }
    return n;
}

int scan_same(struct scan *s)
{
    uint64_t written_ns = disk_written_ns(&s->disk);
    uint64_t print = fingerprint_finish(&s->print);

    if (written_ns != 0 && written_ns == s->written_ns) {
        return 0;
    }
    int n = scan_all(s, s->from);

    line_set_path(&s->where, s->path);
    return n == 0 && fingerprint_finish(&s->print) == print ? 0 : ERR_SOURCE_CHANGED;
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
