/* The jobs of an upload: taken up as they are made, followed with --wait, told when they end. */
#include "base/err.h"
#include "linux/log.h"
#include "linux/upload_parts.h"

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
        upload_put_records(&l, f->record, (uint64_t)f->sent);
        bool refused = follow_given_up(f) && f->err != ERR_STILL_RUNNING;

        if (follow_given_up(f)) {
            line_put(&l, ", ");
            line_put(&l, refused ? a->session.where.text : f->word);
        }
        u->err = exit_worse(u->err, refused ? app_fail_call(a, f->err, l.text, NULL)
                                            : app_fail(a, f->err, l.text, NULL));
    }
}

/* What the journal cannot take is asked again by another run. */
static void put_final(struct upload *u, const struct follow *f, struct entry e)
{
    static const uint8_t how[] = {[OUTCOME_DONE] = FINAL_DONE,
                                  [OUTCOME_PARTIAL] = FINAL_PARTIAL,
                                  [OUTCOME_FAILED] = FINAL_FAILED};

    if (follow_given_up(f) || f->verdict.outcome == OUTCOME_MISMATCH || e.type != ENTRY_CREATED) {
        u->left = true;
        return;
    }
    e.type = ENTRY_FINAL;
    e.is.range.how = how[f->verdict.outcome];
    e.is.range.told = f->verdict.stored;
    e.is.range.failed = f->verdict.failed;
    int err = upload_journal_final(&u->journal, &e);

    if (err != 0) {
        log_put(LOG_AT_WARNING, "the outcome of job ", f->id,
                " is not in the journal: ", err_what(err), ": ", u->journal.where.text);
    }
}

static int wait_for_one(struct upload *u)
{
    int at = follow_wait(u->app, u->open, u->opened);

    if (at < 0) {
        return at;
    }
    settle(u, &u->open[at]);
    put_final(u, &u->open[at], u->created[at]);
    u->opened--;
    u->open[at] = u->open[u->opened];
    u->created[at] = u->created[u->opened];
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
    u->left = u->left || u->opened > 0;
    u->opened = 0;
}

static void say_created(struct upload *u, const struct batch *b)
{
    struct app *a = u->app;
    struct line l;

    line_set(&l, "batch ");
    line_u64(&l, u->batch);
    line_put(&l, ": ");
    upload_put_records(&l, u->record, b->records);
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

void upload_follow(struct upload *u, const struct entry *created, uint64_t record)
{
    struct follow *f = &u->open[u->opened];

    follow_begin(f, created->is.range.id, created->is.range.records, "CREATED");
    f->batch = created->batch;
    f->record = record;
    u->created[u->opened++] = *created;
    u->jobs++;
}

/* Without its id on flash nothing more may be sent: another run would not know of this job. */
int upload_take_job(struct upload *u, const struct batch *b)
{
    const struct job *job = &u->app->session.bulk.job;
    struct follow *f = &u->open[u->opened];
    int err = upload_journal_created(&u->journal, job->id);

    u->created[u->opened] = u->journal.is.last;
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
    return err;
}

int upload_drain(struct upload *u, unsigned most)
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
