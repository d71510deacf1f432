#include "base/err.h"
#include "base/num.h"
#include "base/text.h"
#include "linux/columns.h"
#include "linux/follow.h"
#include "linux/log.h"
#include "linux/scan.h"
#include "sync/backoff.h"

#include <string.h>

/* One run of the command. Records are counted from 1. */
struct upload {
    struct app *app;
    const char *object;
    const struct config_object *settings;
    struct scan scan;
    struct columns columns;
    struct batch_source source;
    uint64_t batch;    /* number of the current one, from 1 */
    uint64_t record;   /* its first record */
    uint64_t accepted; /* records in jobs */
    uint64_t jobs;
    uint64_t stored, failed;
    bool uncounted; /* of some job nobody knows the counts */
    struct follow open[OPEN_JOBS_MAX];
    unsigned opened;
    int err; /* the worst so far */
    char name[URL_PART_CAP];
};

static void put_records(struct line *l, uint64_t from, uint64_t count)
{
    line_put(l, "records ");
    line_u64(l, from);
    line_put(l, "-");
    line_u64(l, from + count - 1);
}

/* "/dir/sample.csv" is sample.csv to the service; its second batch sample-2.csv. */
static void name_batch(struct upload *u)
{
    const char *base = strrchr(u->scan.path, '/');
    const char *dot;
    struct line l;

    base = base != NULL ? base + 1 : u->scan.path;
    if (strcmp(u->settings->path, "auto") != 0 && u->settings->path[0] != '\0') {
        base = u->settings->path;
    }
    dot = strrchr(base, '.');
    line_set(&l, base);
    if (u->batch > 1) {
        l.len = dot != NULL ? (size_t)(dot - base) : l.len;
        line_put(&l, "-");
        line_u64(&l, u->batch);
        line_put(&l, dot != NULL ? dot : "");
    }
    if (text_copy(u->name, sizeof u->name, l.text) < 0) {
        (void)text_copy(u->name, sizeof u->name, "batch.csv");
    }
}

/* Tells what --dry-run was asked for. */
static int say_plan(struct upload *u, uint64_t records)
{
    struct app *a = u->app;

    if (app_json(a)) {
        json_out_put_bool(&a->json, "dry_run", true);
        return 0;
    }
    out_text(&a->out, u->scan.path);
    out_text(&a->out, ": ");
    out_u64(&a->out, records);
    out_text(&a->out, " records, ");
    out_u64(&a->out, u->scan.bytes);
    out_text(&a->out, " bytes in ");
    out_u64(&a->out, u->scan.batches);
    out_text(&a->out, u->scan.batches == 1 ? " batch" : " batches");
    out_text(&a->out, " would go to ");
    out_text(&a->out, u->object);
    out_text(&a->out, "; nothing was sent\n");
    return 0;
}

/* Keeps the first reason it is told; the counts of what was stored stay. */
static void settle(struct upload *u, const struct follow *f)
{
    struct app *a = u->app;
    struct line l;

    if (app_json(a)) {
        json_out_object(&a->json);
        json_out_put_u64(&a->json, "batch", f->batch);
        json_out_put_u64(&a->json, "first_record", f->record);
    }
    follow_report(a, f);
    if (app_json(a)) {
        json_out_end(&a->json);
    }
    if (f->verdict.stored == JOB_UNTOLD || f->verdict.failed == JOB_UNTOLD) {
        u->uncounted = true;
    } else {
        u->stored += (uint64_t)f->verdict.stored;
        u->failed += (uint64_t)f->verdict.failed;
    }
    if (f->err != 0) {
        line_set(&l, "job ");
        line_put(&l, f->id);
        line_put(&l, ", ");
        put_records(&l, f->record, (uint64_t)f->sent);
        u->err = exit_worse(u->err, app_fail(a, f->err, l.text, NULL));
    }
}

static int wait_for_one(struct upload *u)
{
    int at = follow_wait(u->app, u->open, u->opened);

    if (at < 0) {
        return at;
    }
    settle(u, &u->open[at]);
    u->open[at] = u->open[--u->opened];
    return 0;
}

/* What ends all polling leaves jobs that go on by themselves: they are named. */
static void leave_open(struct upload *u, int err)
{
    for (unsigned i = 0; i < u->opened; i++) {
        struct line l;
        struct follow *f = &u->open[i];

        line_set(&l, "job ");
        line_put(&l, f->id);
        line_put(&l, " ");
        line_put(&l, f->word);
        if (err != ERR_STILL_RUNNING) {
            line_put(&l, ": ");
            line_put(&l, u->app->session.where.text);
        }
        if (app_json(u->app)) {
            json_out_object(&u->app->json);
            json_out_put_u64(&u->app->json, "batch", f->batch);
            json_out_put_u64(&u->app->json, "first_record", f->record);
            follow_report(u->app, f);
            json_out_end(&u->app->json);
        }
        u->err = exit_worse(u->err, app_fail(u->app, err, l.text, NULL));
    }
    u->uncounted = u->uncounted || u->opened > 0;
    u->opened = 0;
}

static void say_created(struct upload *u, const struct batch *b)
{
    struct app *a = u->app;
    struct line l;

    line_set(&l, "batch ");
    line_u64(&l, u->batch);
    line_put(&l, ": ");
    put_records(&l, u->record, b->records);
    line_put(&l, ", ");
    line_u64(&l, b->len);
    line_put(&l, " bytes -> job ");
    line_put(&l, a->session.bulk.job.id);
    line_put(&l, " ");
    line_put(&l, a->session.bulk.job.word);
    line_put(&l, "\n");
    out_text(&a->out, l.text);
    (void)out_flush(&a->out); /* its error sticks and is told at the end */
}

static void take_job(struct upload *u, const struct batch *b)
{
    const struct job *job = &u->app->session.bulk.job;
    struct follow *f = &u->open[u->opened];

    if (!app_json(u->app)) {
        say_created(u, b);
    }
    follow_begin(f, job->id, (int64_t)b->records, job->word);
    f->batch = u->batch;
    f->record = u->record;
    u->jobs++;
    u->accepted += b->records;
    if (u->app->args.wait) {
        u->opened++;
    } else if (app_json(u->app)) {
        json_out_object(&u->app->json);
        json_out_put_u64(&u->app->json, "batch", f->batch);
        json_out_put_u64(&u->app->json, "first_record", f->record);
        follow_report(u->app, f);
        json_out_end(&u->app->json);
    }
}

static int attempt(struct upload *u, const struct batch *b)
{
    const struct config_object *o = u->settings;
    struct bulk_upload up = {
        .object = u->object,
        .name = u->name,
        .path = o->path[0] != '\0',
        .metadata = o->metadata[0] != '\0' ? o->metadata : NULL,
        .file = {batch_source_pull, &u->source},
        .file_len = b->len,
    };
    int err = device_random(up.random, sizeof up.random);

    if (err != 0) {
        return err;
    }
    batch_source_init(&u->source, &u->scan.file, b);
    return session_upload(&u->app->session, &up, b->records);
}

/* A batch that made no job for a passing reason may go again: the gate saw to that. */
static int send_batch(struct upload *u, const struct batch *b)
{
    struct session *s = &u->app->session;
    int err = attempt(u, b);

    for (unsigned tries = 0; tries < SESSION_TRIES - 1; tries++) {
        bool passing = err_class(err) == CLASS_TEMPORARY && err != ERR_CANCELLED;
        uint32_t pause = s->bulk.retry_after_ms;

        if (!passing || pause > SESSION_PAUSE_MAX_MS) {
            break;
        }
        log_put(LOG_AT_WARNING, "no job was made, trying again: ", err_what(err), ": ",
                s->where.text);
        pause += backoff_ms(tries, SESSION_BACKOFF_MS, SESSION_PAUSE_MAX_MS, session_random());
        if (session_sleep(s, pause) != 0) {
            return ERR_CANCELLED;
        }
        err = attempt(u, b);
    }
    return err;
}

/* Says what became of the batch that failed and of those behind it. */
static void stop_at(struct upload *u, const struct batch *b, int err)
{
    struct line where, fix;

    line_set(&where, "batch ");
    line_u64(&where, u->batch);
    line_put(&where, ", ");
    put_records(&where, u->record, b->records);
    line_put(&where, err == ERR_OUTCOME_UNKNOWN ? ": sent, outcome unknown: " : ": not sent: ");
    line_put(&where, u->app->session.where.text);
    line_set(&fix, "");
    if (u->accepted > 0 || u->app->args.from_record != NULL) {
        /* What went before is with the service: running the same again would send it twice. */
        line_set(&fix, err_fix(err));
        line_put(&fix, "; then go on with --from-record ");
        line_u64(&fix, u->record + (err == ERR_OUTCOME_UNKNOWN ? b->records : 0));
        if (exit_of(err) == EXIT_TEMPORARY) {
            line_put(&where, ": ");
            line_put(&where, err_what(err));
            err = ERR_NOT_SENT;
        }
    }
    u->err = exit_worse(u->err, app_fail(u->app, err, where.text, fix.text));
}

/* Follows until fewer than `most` jobs are open; what ends all polling is told. */
static int drain(struct upload *u, unsigned most)
{
    while (u->opened >= most && u->opened > 0) {
        int err = wait_for_one(u);

        if (err != 0) {
            leave_open(u, err);
            return err;
        }
    }
    return 0;
}

static void rest_not_sent(struct upload *u)
{
    struct line where, fix;

    if (u->record > u->scan.records) {
        return;
    }
    line_set(&where, u->scan.path);
    line_put(&where, ": ");
    put_records(&where, u->record, u->scan.records - u->record + 1);
    line_set(&fix, "go on with --from-record ");
    line_u64(&fix, u->record);
    u->err = exit_worse(u->err, app_fail(u->app, ERR_NOT_SENT, where.text, fix.text));
}

static int send_all(struct upload *u, const struct batch *before)
{
    struct batch b = u->scan.first;
    unsigned most = u->app->config.job.open_max;
    int n = before != NULL ? scan_next(&u->scan, before, &b) : 1;

    most = most < OPEN_JOBS_MAX ? most : OPEN_JOBS_MAX;
    while (n == 1) {
        u->batch++;
        name_batch(u);
        int err = send_batch(u, &b);

        if (err != 0) {
            stop_at(u, &b, err);
            return 0;
        }
        take_job(u, &b);
        u->record += b.records;
        if (drain(u, most) != 0) {
            rest_not_sent(u);
            return 0;
        }
        n = u->scan.batches == 1 ? 0 : scan_next(&u->scan, &b, &b);
    }
    return n < 0 ? app_fail(u->app, n, u->scan.where.text, NULL) : 0;
}

static void summary(struct upload *u)
{
    struct app *a = u->app;
    bool counted = a->args.wait && !u->uncounted;

    if (app_json(a)) {
        json_out_end(&a->json);
        json_out_put_u64(&a->json, "sent", u->accepted);
        json_out_key(&a->json, "stored");
        if (counted) {
            json_out_u64(&a->json, u->stored);
        } else {
            json_out_null(&a->json);
        }
        json_out_key(&a->json, "failed");
        if (counted) {
            json_out_u64(&a->json, u->failed);
        } else {
            json_out_null(&a->json);
        }
        return;
    }
    if (u->jobs > 1 && a->args.wait) {
        out_text(&a->out, "in all: ");
        out_u64(&a->out, u->accepted);
        out_text(&a->out, " sent");
        if (counted) {
            out_text(&a->out, ", ");
            out_u64(&a->out, u->stored);
            out_text(&a->out, " stored, ");
            out_u64(&a->out, u->failed);
            out_text(&a->out, " failed");
        }
        out_text(&a->out, "\n");
    }
}

static int grown(struct upload *u)
{
    uint64_t added = scan_added(&u->scan);
    struct line l;

    if (added == 0) {
        return 0;
    }
    line_set(&l, u->scan.path);
    line_put(&l, ": ");
    line_u64(&l, added);
    line_put(&l, " bytes were added behind byte ");
    line_u64(&l, u->scan.file.size);
    line_put(&l, " and were not sent");
    return app_fail(u->app, ERR_SOURCE_CHANGED, l.text,
                    "what was there before is in its jobs; send the new records as a file of "
                    "their own");
}

static int transfer(struct upload *u, const struct batch *before)
{
    int err;

    if (app_json(u->app)) {
        json_out_key(&u->app->json, "batches");
        json_out_array(&u->app->json);
    }
    err = send_all(u, before);
    (void)drain(u, 1); /* what it told stands in u->err */
    summary(u);
    err = exit_worse(u->err, err);
    return exit_worse(err, grown(u));
}

static int check_service(struct upload *u)
{
    struct app *a = u->app;
    int err = session_begin(&a->session, &a->config, a->args.quiet || app_json(a));

    if (err == 0) {
        err = columns_check_object(a, u->object);
        return err != 0 ? err : columns_check_metadata(a, &u->columns, u->object);
    }
    return app_fail_session(a, err);
}

/* The record to begin with, from 1, and the batch in front of it. */
static int begin_at(struct upload *u, struct batch *before, bool *skip)
{
    const char *text = u->app->args.from_record;
    uint64_t n = 1;
    int err = 0;

    if (text != NULL && (num_u64(text, strlen(text), &n) != 0 || n == 0)) {
        return app_fail(u->app, ERR_USAGE, "--from-record wants a number from 1", NULL);
    }
    u->record = n;
    *skip = n > 1;
    if (n > u->scan.records) {
        return app_fail(u->app, ERR_USAGE, "--from-record is behind the last record", NULL);
    }
    if (*skip) {
        err = scan_skip(&u->scan, n - 1, before);
        u->batch = (n - 1) / u->settings->batch_records;
    }
    return err >= 0 ? 0 : app_fail(u->app, err, u->scan.where.text, NULL);
}

static int nothing_to_send(struct upload *u)
{
    log_put(LOG_AT_NOTICE, u->scan.path, ": only a header row: nothing to send");
    if (app_json(u->app)) {
        json_out_put_u64(&u->app->json, "sent", 0);
    }
    return 0;
}

static int with_file(struct upload *u)
{
    struct app *a = u->app;
    struct batch before = {0};
    bool skip = false;
    int err = scan_all(&u->scan);

    if (err != 0) {
        return app_fail(a, err, u->scan.where.text, NULL);
    }
    err = columns_read(a, &u->columns, &u->scan, u->settings);
    if (err != 0) {
        return err;
    }
    if (app_json(a)) {
        json_out_put_u64(&a->json, "records", u->scan.records);
        json_out_put_u64(&a->json, "bytes", u->scan.bytes);
    }
    if (u->scan.records == 0) {
        return nothing_to_send(u);
    }
    err = begin_at(u, &before, &skip);
    if (err != 0) {
        return err;
    }
    if (a->args.dry_run) {
        return say_plan(u, u->scan.records - u->record + 1);
    }
    err = check_service(u);
    return err != 0 ? err : transfer(u, skip ? &before : NULL);
}

static int run_upload(struct app *a)
{
    static struct upload u;
    const char *file = a->args.words > 1 ? a->args.word[1] : "-";
    int err = bulk_object_ok(a->args.word[0]);

    if (err != 0) {
        return app_fail(a, err, a->args.word[0], NULL);
    }
    if (strcmp(file, "-") == 0) {
        return app_fail(a, ERR_STDIN, NULL, NULL);
    }
    u.app = a;
    u.object = a->args.word[0];
    u.settings = config_object(&a->config, u.object);
    const struct batch_limits limits = {u.settings->batch_records, u.settings->batch_bytes};

    if (app_json(a)) {
        json_out_put_string(&a->json, "object", u.object);
        json_out_put_string(&a->json, "file", file);
    }
    err = scan_open(&u.scan, file, &limits);
    if (err != 0) {
        return app_fail(a, err, u.scan.where.text, NULL);
    }
    err = with_file(&u);
    scan_close(&u.scan);
    return err;
}

const struct command cmd_upload = {
    .name = "upload",
    .words = "OBJECT FILE [--wait] [--dry-run]",
    .summary = "send a CSV file to the service, in batches",
    .help =
        "The whole file is read first: with a fault in it nothing is sent. Each batch carries\n"
        "the header row and becomes one job.\n"
        "  -w, --wait           follow the jobs; tell what was stored and what failed, and why\n"
        "  -n, --dry-run        tell what would be sent; send nothing\n"
        "      --from-record N  begin with record N (the first one is 1)\n",
    .letters = "wnf",
    .least = 1,
    .most = 2,
    .offline = true, /* the file comes first: a bad one needs no network to be told */
    .run = run_upload,
};
