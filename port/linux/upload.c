#include "linux/upload.h"

#include "base/err.h"
#include "base/text.h"

#include <string.h>

static void put_records(struct line *l, uint64_t from, uint64_t count)
{
    line_put(l, "records ");
    line_u64(l, from);
    line_put(l, "-");
    line_u64(l, from + count - 1);
}

/* "sample.csv", for the second batch "sample-2.csv"; what is too long is not cut. */
static int put_name(struct upload *u, const char *base)
{
    const char *dot = strrchr(base, '.');
    struct line l;

    line_set(&l, u->batch > 1 ? "" : base);
    if (u->batch > 1) {
        line_put_bytes(&l, base, dot != NULL ? (size_t)(dot - base) : strlen(base));
        line_put(&l, "-");
        line_u64(&l, u->batch);
        line_put(&l, dot != NULL ? dot : "");
    }
    return text_copy(u->name, sizeof u->name, l.text);
}

/* "/dir/sample.csv" is sample.csv to the service. */
static void name_batch(struct upload *u)
{
    const char *base = strrchr(u->scan.path, '/');

    base = base != NULL ? base + 1 : u->scan.path;
    if (strcmp(u->settings->path, "auto") != 0 && u->settings->path[0] != '\0') {
        base = u->settings->path;
    }
    if (put_name(u, base) < 0) {
        (void)put_name(u, "batch.csv");
    }
}

/* An element of `batches`. */
static void report_json(struct upload *u, const struct follow *f)
{
    struct json_out *j = &u->app->json;

    json_out_object(j);
    json_out_put_u64(j, "batch", f->batch);
    json_out_put_u64(j, "first_record", f->record);
    follow_report(u->app, f);
    json_out_end(j);
}

/* Keeps the first reason it is told; the counts of what was stored stay. */
static void settle(struct upload *u, const struct follow *f)
{
    struct app *a = u->app;
    struct line l;

    if (app_json(a)) {
        report_json(u, f);
    } else {
        follow_report(a, f);
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
        bool refused = follow_given_up(f) && f->err != ERR_STILL_RUNNING;

        if (follow_given_up(f)) {
            line_put(&l, ", ");
            line_put(&l, refused ? a->session.where.text : f->word);
        }
        u->err = exit_worse(u->err, refused ? app_fail_call(a, f->err, l.text, NULL)
                                            : app_fail(a, f->err, l.text, NULL));
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
            report_json(u, f);
        }
        u->err =
            exit_worse(u->err, err == ERR_STILL_RUNNING ? app_fail(u->app, err, l.text, NULL)
                                                        : app_fail_call(u->app, err, l.text, NULL));
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
        report_json(u, f);
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
        line_set(&u->app->session.where, "no request was made");
        u->app->session.ended = (struct retry_case){.upload = true, .err = err};
        return err;
    }
    batch_source_init(&u->source, &u->scan.file, b);
    return session_upload(&u->app->session, &up, b->records);
}

/* A batch that made no job for a passing reason may go again: the gate saw to that. */
static int send_batch(struct upload *u, const struct batch *b)
{
    struct session *s = &u->app->session;
    struct session_tries tries = {0};
    int err = attempt(u, b);

    while (err != 0) {
        int pause = session_pause(s, &tries);

        if (pause != 0) {
            return pause;
        }
        err = attempt(u, b);
    }
    return 0;
}

/* What went before is with the service, and an unknown batch may be: running the same again would
 * send it twice. */
static void say_go_on(struct upload *u, const struct batch *b, bool unknown, struct line *fix)
{
    bool more = u->record + b->records <= u->scan.records;

    line_put(fix, unknown && !more ? "; if its job is not there," : "; then");
    line_put(fix, " go on with --from-record ");
    line_u64(fix, u->record + (unknown && more ? b->records : 0));
    if (unknown && more) {
        line_put(fix, " if its job is there, else with --from-record ");
        line_u64(fix, u->record);
    }
}

/* A batch that makes a job is told a new one; else the answer may be an old one's (a cache). */
static int send_new(struct upload *u, const struct batch *b)
{
    struct session *s = &u->app->session;
    int err = send_batch(u, b);

    if (err == 0 && strcmp(s->bulk.job.id, u->last_job) == 0) {
        line_set(&s->where, "the answer repeats job ");
        line_put(&s->where, u->last_job);
        return ERR_OUTCOME_UNKNOWN;
    }
    if (err == 0) {
        (void)text_copy(u->last_job, sizeof u->last_job, s->bulk.job.id);
    }
    return err;
}

/* Says what became of the batch that failed and of those behind it. */
static void stop_at(struct upload *u, const struct batch *b, int err)
{
    bool unknown = err == ERR_OUTCOME_UNKNOWN;
    struct line where, fix;

    line_set(&where, "batch ");
    line_u64(&where, u->batch);
    line_put(&where, ", ");
    put_records(&where, u->record, b->records);
    line_put(&where, unknown ? ": sent, outcome unknown: " : ": not sent: ");
    line_put(&where, u->app->session.where.text);
    line_set(&fix, err_fix(err));
    if (u->accepted > 0 || u->app->args.from_record != NULL ||
        (unknown && b->records < u->scan.records)) {
        say_go_on(u, b, unknown, &fix);
    }
    if (u->accepted > 0 && exit_of(err) == EXIT_TEMPORARY) {
        line_put(&where, ": ");
        line_put(&where, err_what(err));
        err = ERR_NOT_SENT;
    }
    u->err = exit_worse(u->err, app_fail_call(u->app, err, where.text, fix.text));
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
    line_set_path(&where, u->scan.path);
    line_put(&where, ": ");
    put_records(&where, u->record, u->scan.records - u->record + 1);
    line_set(&fix, "go on with --from-record ");
    line_u64(&fix, u->record);
    u->err = exit_worse(u->err, app_fail(u->app, ERR_NOT_SENT, where.text, fix.text));
}

static int send_all(struct upload *u)
{
    struct batch b = u->scan.first;
    unsigned most = u->app->config.job.open_max;
    int n = 1, err;

    most = most < OPEN_JOBS_MAX ? most : OPEN_JOBS_MAX;
    u->batch = u->scan.before;
    while (n == 1) {
        u->batch++;
        name_batch(u);
        err = send_new(u, &b);
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
    if (n < 0) {
        err = app_fail(u->app, n, u->scan.where.text, NULL);
        rest_not_sent(u);
    }
    return n < 0 ? err : 0;
}

int upload_send(struct upload *u)
{
    int err = send_all(u);

    (void)drain(u, 1); /* what it told stands in u->err */
    return exit_worse(u->err, err);
}
