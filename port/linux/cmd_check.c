#include "base/err.h"
#include "linux/columns.h"

struct check {
    struct app *app;
    struct scan *scan;
    struct csv csv;
    uint64_t records, faults;
    bool header;
};

static void fault_json(struct json_out *j, const struct csv_row *row)
{
    json_out_object(j);
    json_out_put_string(j, "name", err_name(row->err));
    json_out_put_u64(j, "line", row->fault.line);
    json_out_put_u64(j, "column", row->fault.column);
    json_out_put_u64(j, "byte", row->fault.byte);
    json_out_put_string(j, "what", err_what(row->err));
    json_out_put_string(j, "fix", err_fix(row->err));
    json_out_end(j);
}

/* FILE:LINE:COLUMN: what, as compilers write it: editors jump there. */
static void fault_text(struct check *k, const struct csv_row *row)
{
    struct out *o = &k->app->out;

    app_put_path(k->app, k->scan->path);
    out_text(o, ":");
    out_u64(o, row->fault.line);
    out_text(o, ":");
    out_u64(o, row->fault.column);
    out_text(o, ": ");
    out_text(o, err_what(row->err));
    out_text(o, " (byte ");
    out_u64(o, row->fault.byte);
    out_text(o, "); ");
    out_text(o, err_fix(row->err));
    out_text(o, "\n");
}

static void take_row(struct check *k)
{
    const struct csv_row *row = &k->csv.row;

    if (row->blank) {
        return;
    }
    if (row->err != 0) {
        if (k->faults++ < CHECK_FAULTS_MAX) {
            if (app_json(k->app)) {
                fault_json(&k->app->json, row);
            } else {
                fault_text(k, row);
            }
        }
    } else if (k->header) {
        k->records++;
    }
    if (!k->header) {
        k->header = true;
        k->csv.want_fields = row->err == 0 ? row->fields : 0;
    }
}

static int take_bytes(struct check *k, const uint8_t *src, size_t len)
{
    while (len > 0) {
        bool row = false;
        int n = csv_push(&k->csv, src, len, &row);

        if (n < 0) {
            return n;
        }
        if (row) {
            take_row(k);
        }
        src += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Up to the end of the file: 0, or an error. */
static int read_on(struct check *k)
{
    struct file *file = &k->scan->disk.file;
    uint64_t at = k->csv.byte;
    int n;

    while ((n = file->read_at(file->ctx, at, k->scan->buf, sizeof k->scan->buf)) > 0) {
        int err = take_bytes(k, k->scan->buf, (size_t)n);

        if (err != 0) {
            return err;
        }
        at += (uint64_t)n;
    }
    return n;
}

/* Every row, those behind a bad one too: a quote that is never closed ends with its line. */
static int read_rows(struct check *k)
{
    csv_init(&k->csv);
    for (;;) {
        int err = read_on(k);
        uint64_t end = k->csv.byte;
        uint32_t fields = k->csv.want_fields;

        if (err != 0 || csv_finish(&k->csv) != 1) {
            return err;
        }
        take_row(k);
        if (k->csv.byte == end || k->faults >= CHECK_FAULTS_MAX) {
            return 0;
        }
        csv_init_at(&k->csv, k->csv.byte, k->csv.line);
        k->csv.want_fields = fields;
    }
}

static void report(struct check *k)
{
    struct app *a = k->app;

    if (app_json(a)) {
        json_out_put_u64(&a->json, "faults_count", k->faults);
        json_out_put_u64(&a->json, "records", k->records);
        json_out_put_u64(&a->json, "batches", k->scan->batches);
        json_out_put_u64(&a->json, "bytes", k->scan->bytes);
        return;
    }
    app_put_path(a, k->scan->path);
    out_text(&a->out, ": ");
    out_u64(&a->out, k->records);
    out_text(&a->out, " good records, ");
    if (k->faults > 0) {
        out_u64(&a->out, k->faults);
        out_text(&a->out, " faults; as it stands nothing of it would be sent\n");
        return;
    }
    out_text(&a->out, "no faults; ");
    out_u64(&a->out, k->scan->bytes);
    out_text(&a->out, " bytes in ");
    out_u64(&a->out, k->scan->batches);
    out_text(&a->out, k->scan->batches == 1 ? " batch\n" : " batches\n");
}

static int faults_found(struct check *k)
{
    struct line l;

    line_set_path(&l, k->scan->path);
    line_put(&l, ": ");
    line_u64(&l, k->faults);
    line_put(&l, " faults");
    return app_fail(k->app, ERR_CSV_FAULTS, l.text, NULL);
}

static int run_check(struct app *a)
{
    static struct scan scan;
    static struct check k;
    static struct columns names;
    const struct config_object *o =
        config_object(&a->config, a->args.object != NULL ? a->args.object : "");
    const struct batch_limits limits = {o->batch_records, o->batch_bytes};
    int err = scan_open(&scan, a->args.word[0], &limits);
    bool readable = err == 0 || scan.disk.fd >= 0;

    k = (struct check){.app = a, .scan = &scan};
    if (app_json(a)) {
        json_out_put_string(&a->json, "file", a->args.word[0]);
        json_out_key(&a->json, "faults");
        json_out_array(&a->json);
    }
    int read = readable ? read_rows(&k) : 0;

    if (app_json(a)) {
        json_out_end(&a->json);
    }
    if (err == 0 && read == 0 && k.faults == 0) {
        err = scan_all(&scan, 1);
    }
    int columns = err == 0 && read == 0 ? columns_read(a, &names, &scan, o) : 0;

    err = err == 0 ? read : err;
    if (readable && (err == 0 || k.faults > 0 || app_json(a))) {
        report(&k);
    }
    scan_close(&scan);
    if (k.faults > 0) {
        return faults_found(&k);
    }
    return err == 0 ? columns : app_fail(a, err, scan.where.text, NULL);
}

const struct command cmd_check = {
    .name = "check",
    .words = "FILE [--object NAME]",
    .summary = "read a CSV file as it would be sent; send nothing",
    .help = "Tells each fault with line, column and byte. Exit code 6 when there are any.\n"
            "      --object NAME   use this object's batch sizes and columns\n",
    .letters = "O",
    .least = 1,
    .most = 1,
    .offline = true,
    .run = run_check,
};
