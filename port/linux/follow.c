#include "linux/follow.h"

#include "base/err.h"
#include "base/text.h"
#include "linux/clock.h"
#include "linux/log.h"
#include "sync/backoff.h"

#include <string.h>

#define MISMATCH_POLLS    3
#define MISMATCH_PAUSE_MS 20000

struct reasons {
    uint64_t count;
    char text[REASONS_MAX][MESSAGE_CAP];
};

void follow_begin(struct follow *f, const char *id, int64_t sent, const char *word)
{
    *f = (struct follow){.sent = sent, .begun_ms = clock_now().mono_ms};
    f->next_ms = f->begun_ms;
    (void)text_copy(f->id, sizeof f->id, id);
    (void)text_copy(f->word, sizeof f->word, word);
}

static void take_reason(void *ctx, const struct bulk_item *item)
{
    struct reasons *r = ctx;

    if (r->count < REASONS_MAX) {
        (void)text_copy(r->text[r->count], sizeof r->text[0], item->text);
    }
    r->count++;
}

static int settle(struct follow *f, struct verdict v)
{
    static const int err[] = {[OUTCOME_DONE] = 0,
                              [OUTCOME_PARTIAL] = ERR_ROWS_FAILED,
                              [OUTCOME_FAILED] = ERR_JOB_FAILED,
                              [OUTCOME_MISMATCH] = ERR_JOB_MISMATCH};

    f->verdict = v;
    f->err = err[v.outcome];
    f->settled = true;
    return 0;
}

static uint64_t end_ms(const struct app *a, const struct follow *f)
{
    return f->begun_ms + a->config.job.deadline_ms;
}

static bool late(const struct app *a, const struct follow *f)
{
    return clock_now().mono_ms >= end_ms(a, f);
}

static int judge(struct app *a, struct follow *f)
{
    struct job job = a->session.bulk.job;
    struct verdict v = outcome_of(&job, f->sent, JOB_UNTOLD);
    struct reasons reasons = {0};
    const struct bulk_receiver to = {take_reason, &reasons};

    if (v.outcome == OUTCOME_ASK) {
        int err = session_errors(&a->session, f->id, &to);

        if (err != 0) {
            return err;
        }
        v = outcome_of(&job, f->sent, (int64_t)reasons.count);
    }
    if (v.outcome == OUTCOME_MISMATCH && !late(a, f) && f->mismatches++ < MISMATCH_POLLS) {
        f->pause_ms = MISMATCH_PAUSE_MS;
        return 0;
    }
    return v.outcome == OUTCOME_GOING ? 0 : settle(f, v);
}

static void take_word(struct follow *f, const struct job *job)
{
    /* The final word, and the one of a single look, stand in the report. */
    bool told = job->state == JOB_GOING && f->waits;

    if (job->word[0] != '\0' && strcmp(job->word, f->word) != 0) {
        (void)text_copy(f->word, sizeof f->word, job->word);
        if (told) {
            log_put(LOG_AT_NOTICE, "job ", f->id, " ", f->word,
                    job->known ? "" : " (an unknown word: taken as going on)");
        }
    }
    f->state = job->state;
    (void)text_copy(f->message, sizeof f->message, job->message);
}

int follow_once(struct app *a, struct follow *f)
{
    int err = session_status(&a->session, f->id);

    if (err != 0) {
        return err;
    }
    take_word(f, &a->session.bulk.job);
    return judge(a, f);
}

/* Whether a failed poll says nothing about the job. */
static bool harmless(const struct follow *f, int err, uint64_t now_ms)
{
    bool young = now_ms - f->begun_ms < JOB_YOUNG_MS;

    return (err_class(err) == CLASS_TEMPORARY && err != ERR_CANCELLED) ||
           (err == ERR_NOT_FOUND && young);
}

static void plan_next(struct app *a, struct follow *f)
{
    const struct config_job *c = &a->config.job;
    uint64_t pause = f->pause_ms == 0 ? c->poll_first_ms : (uint64_t)f->pause_ms * 3 / 2;

    f->pause_ms = pause < c->poll_max_ms ? (uint32_t)pause : c->poll_max_ms;
    f->next_ms = clock_now().mono_ms + backoff_near_ms(f->pause_ms, session_random()) +
                 a->session.bulk.retry_after_ms;
}

/* When to look at it: at its next poll, or at its end. */
static uint64_t due_ms(const struct app *a, const struct follow *f)
{
    return f->next_ms < end_ms(a, f) ? f->next_ms : end_ms(a, f);
}

static struct follow *next_due(const struct app *a, struct follow *f, unsigned n)
{
    struct follow *first = f;

    for (unsigned i = 1; i < n; i++) {
        if (due_ms(a, &f[i]) < due_ms(a, first)) {
            first = &f[i];
        }
    }
    return first;
}

static int give_up(struct follow *f, int err)
{
    f->verdict = (struct verdict){OUTCOME_GOING, JOB_UNTOLD, JOB_UNTOLD};
    f->err = err;
    f->settled = true;
    return 0;
}

bool follow_given_up(const struct follow *f)
{
    return f->settled && f->verdict.outcome == OUTCOME_GOING;
}

/* A poll that failed: what it says of this job, or 0 when that is nothing. */
static int poll_failed(struct app *a, struct follow *f, int err)
{
    if (!harmless(f, err, clock_now().mono_ms)) {
        return err_class(err) == CLASS_REJECTED ? give_up(f, err) : err;
    }
    log_put(LOG_AT_WARNING, "a look at job ", f->id, " failed, going on: ", err_what(err), ": ",
            a->session.where.text);
    return 0;
}

static int look(struct app *a, struct follow *f)
{
    uint64_t now_ms = clock_now().mono_ms, due = due_ms(a, f);
    int err = due > now_ms ? session_sleep(&a->session, (uint32_t)(due - now_ms)) : 0;

    f->waits = true;
    if (err == 0 && due < f->next_ms && f->state == JOB_GOING) {
        return give_up(f, ERR_STILL_RUNNING);
    }
    if (err == 0) {
        err = follow_once(a, f);
    }
    if (err == ERR_CANCELLED) {
        return ERR_STILL_RUNNING;
    }
    if (err != 0) {
        err = poll_failed(a, f, err);
    }
    if (err == 0 && !f->settled) {
        if (late(a, f)) {
            return give_up(f, ERR_STILL_RUNNING);
        }
        plan_next(a, f);
    }
    return err;
}

int follow_wait(struct app *a, struct follow *f, unsigned n)
{
    for (;;) {
        struct follow *due = next_due(a, f, n);
        int err = look(a, due);

        if (err != 0) {
            return err;
        }
        if (due->settled) {
            return (int)(due - f);
        }
    }
}

static const char *outcome_name(const struct follow *f)
{
    static const char *const name[] = {
        [OUTCOME_GOING] = "going",   [OUTCOME_ASK] = "going",
        [OUTCOME_DONE] = "done",     [OUTCOME_PARTIAL] = "partial",
        [OUTCOME_FAILED] = "failed", [OUTCOME_MISMATCH] = "mismatch"};

    return f->settled ? name[f->verdict.outcome] : name[OUTCOME_GOING];
}

static void report_json(struct app *a, const struct follow *f, const struct reasons *r)
{
    struct json_out *j = &a->json;

    json_out_put_string(j, "job", f->id);
    json_out_put_string(j, "status", f->word);
    json_out_put_string(j, "outcome", outcome_name(f));
    json_out_put_count(j, "sent", f->sent);
    json_out_put_count(j, "stored", f->settled ? f->verdict.stored : JOB_UNTOLD);
    json_out_put_count(j, "failed", f->settled ? f->verdict.failed : JOB_UNTOLD);
    json_out_put_string(j, "message", f->message);
    json_out_key(j, "reasons");
    json_out_array(j);
    for (uint64_t i = 0; i < r->count && i < REASONS_MAX; i++) {
        json_out_string(j, r->text[i]);
    }
    json_out_end(j);
}

static void put_part(struct out *o, const char *lead, int64_t count, const char *what)
{
    out_text(o, lead);
    if (count == JOB_UNTOLD) {
        out_text(o, "?");
    } else {
        out_u64(o, (uint64_t)count);
    }
    out_text(o, what);
}

static void report_text(struct app *a, const struct follow *f, const struct reasons *r)
{
    struct out *o = &a->out;

    out_text(o, "job ");
    out_text(o, f->id);
    out_text(o, " ");
    out_text(o, f->word);
    if (f->settled && !follow_given_up(f)) {
        if (f->sent != JOB_UNTOLD) {
            put_part(o, ": ", f->sent, " sent");
        }
        put_part(o, f->sent != JOB_UNTOLD ? ", " : ": ", f->verdict.stored, " stored");
        put_part(o, ", ", f->verdict.failed, " failed");
    }
    if (f->message[0] != '\0') {
        out_text(o, ", the service says: ");
        out_text(o, f->message);
    }
    out_text(o, "\n");
    for (uint64_t i = 0; i < r->count && i < REASONS_MAX; i++) {
        out_text(o, "  reason: ");
        out_text(o, r->text[i]);
        out_text(o, "\n");
    }
    if (r->count > REASONS_MAX) {
        put_part(o, "  and ", (int64_t)(r->count - REASONS_MAX), " more: `ocbulk errors ");
        out_text(o, f->id);
        out_text(o, "`\n");
    }
}

void follow_report(struct app *a, const struct follow *f)
{
    struct reasons reasons = {0};
    const struct bulk_receiver to = {take_reason, &reasons};

    if (f->settled && f->err != 0 && !follow_given_up(f)) {
        int err = session_errors(&a->session, f->id, &to);

        if (err != 0) {
            log_put(LOG_AT_WARNING, "the reasons cannot be read: ", err_what(err), ": ",
                    a->session.where.text);
        }
    }
    if (app_json(a)) {
        report_json(a, f, &reasons);
    } else {
        report_text(a, f, &reasons);
        (void)out_flush(&a->out); /* its error sticks and is told at the end */
    }
}
