#include "linux/log.h"
#include "linux/upload_parts.h"

#include "base/err.h"
#include "base/text.h"

#include <string.h>

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

/* The first pull comes behind the handshake and in front of the first byte of the body. */
static int pull_body(void *ctx, uint8_t *dst, size_t cap)
{
    struct upload *u = ctx;
    int err = 0;

    if (u->source.given == 0) {
        err = upload_journal_intent(&u->journal, &u->source.batch,
                                    bulk_length(&u->app->session.bulk));
    }
    return err == 0 ? batch_source_pull(&u->source, dst, cap) : err;
}

static int at_gate(void *ctx)
{
    struct upload *u = ctx;

    return upload_journal_commit(&u->journal);
}

/* A clear answer that there is no job settles what was committed. */
static int end_attempt(struct upload *u, int err)
{
    struct session *s = &u->app->session;

    if (err_class(err) == CLASS_STORAGE || err == ERR_LOCKED) { /* no call ends so */
        s->where = u->journal.where;
    } else if (err != 0 && err != ERR_OUTCOME_UNKNOWN) {
        int bad = upload_journal_refused(&u->journal, s->bulk.status);

        if (bad != 0) {
            log_put(LOG_AT_WARNING, "that there is no job is not in the journal: ", err_what(bad),
                    ": ", u->journal.where.text);
        }
    }
    return err;
}

static int attempt(struct upload *u, const struct batch *b)
{
    const struct config_object *o = u->settings;
    struct bulk_upload up = {
        .object = u->object,
        .name = u->name,
        .path = o->path[0] != '\0',
        .metadata = o->metadata[0] != '\0' ? o->metadata : NULL,
        .file = {pull_body, u},
        .file_len = b->len,
    };
    int err = device_random(up.random, sizeof up.random);

    if (err != 0) {
        line_set(&u->app->session.where, "no request was made");
        u->app->session.ended = (struct retry_case){.upload = true, .err = err};
        return err;
    }
    batch_source_init(&u->source, &u->scan.file, b);
    u->app->session.gate = (struct session_gate){at_gate, u};
    return end_attempt(u, session_upload(&u->app->session, &up, b->records));
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

static unsigned open_most(const struct upload *u)
{
    unsigned most = u->app->config.job.open_max;

    return most < OPEN_JOBS_MAX ? most : OPEN_JOBS_MAX;
}

static int send_one(struct upload *u, const struct batch *b)
{
    u->batch++;
    name_batch(u);
    int err = send_new(u, b);

    if (err != 0) {
        upload_say_stop(u, b, err);
        return err;
    }
    err = upload_take_job(u, b);
    u->record += b->records;
    if (err != 0) {
        u->err = exit_worse(u->err, upload_say_lost(u, err));
        return err;
    }
    err = upload_drain(u, open_most(u));
    if (err != 0) {
        upload_say_rest(u, err);
    }
    return err;
}

static int send_all(struct upload *u)
{
    struct batch b = u->scan.first;
    uint64_t left = u->scan.batches;
    int n = left > 0, err;

    while (n == 1) {
        if (send_one(u, &b) != 0) {
            return 0;
        }
        n = left == 1 ? 0 : scan_next(&u->scan, &b, &b);
    }
    if (n < 0) {
        err = app_fail(u->app, n, u->scan.where.text, NULL);
        upload_say_rest(u, n);
    }
    return n < 0 ? err : 0;
}

void upload_plan(struct upload *u)
{
    if (!u->journal.made) {
        u->batch = u->scan.before;
    }
    u->plan = (struct upload_plan){.object = u->object,
                                   .config = &u->app->config,
                                   .credentials = &u->app->session.credentials,
                                   .size = u->scan.file.size,
                                   .at = u->scan.first.at,
                                   .left_out = u->record - 1,
                                   .records = u->scan.records - u->record + 1,
                                   .batch = u->batch + 1};
    upload_journal_begin(&u->journal, &u->plan);
}

int upload_send(struct upload *u)
{
    int err;

    err = u->app->args.wait ? upload_follow_earlier(u, open_most(u)) : 0;
    if (err != 0) {
        upload_say_rest(u, err);
        return u->err;
    }
    err = send_all(u);
    (void)upload_drain(u, 1); /* what it told stands in u->err */
    return exit_worse(u->err, err);
}

void upload_end(struct upload *u, int err)
{
    bool told = err == 0 || err == ERR_ROWS_FAILED || err == ERR_JOB_FAILED;
    bool all = u->record > u->scan.records && !u->left;

    /* What was done is told before the journal is gone. */
    upload_journal_end(&u->journal, !(told && all && out_flush(&u->app->out) == 0));
}
