/* Follows jobs until they are final, and settles what became of their rows. */
#include "sync/uploader_parts.h"

#include "base/err.h"
#include "base/text.h"
#include "sync/backoff.h"
#include "sync/failed_rows.h"

#include <string.h>

static struct range *about(struct uploader *u)
{
    return ledger_find(&u->ledger, u->about);
}

/* ms since the job was made, as far as that is known. */
static int64_t age_ms(const struct uploader *u, const struct range *r)
{
    int64_t now_ms = uploader_time_ms(u);

    return now_ms < 0 || r->time_ms < 0 || now_ms < r->time_ms ? 0 : now_ms - r->time_ms;
}

struct range *uploader_due(struct uploader *u, uint64_t *when_ms)
{
    struct range *first = NULL;

    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        struct range *r = &u->ledger.range[i];

        if (r->state == ENTRY_CREATED && (first == NULL || r->next_ms < first->next_ms)) {
            first = r;
        }
    }
    if (first != NULL && first->next_ms > u->now.mono_ms) {
        *when_ms = first->next_ms;
        first = NULL;
    }
    return first;
}

enum want uploader_poll(struct uploader *u, struct range *r)
{
    if (r->account != u->rules->account) {
        (void)uploader_hold(u, r, REASON_ACCOUNT);
        return WANT_STEP;
    }
    u->about = r->batch;
    return uploader_call(u, UPLOADER_STATUS, bulk_status(u->bulk, r->is.id, &u->now));
}

int uploader_hold(struct uploader *u, struct range *r, enum reason reason)
{
    uint32_t batch = r->batch;
    int err = uploader_put_range(u, r, ENTRY_HELD, (uint8_t)reason);

    if (err == 0) {
        uploader_say_kind(u, ledger_find(&u->ledger, batch), NEWS_HELD);
        uploader_worse(u, ERR_OUTCOME_UNKNOWN);
        u->tidy_ms = u->now.mono_ms;
    }
    return err;
}

static void plan_next(struct uploader *u, struct range *r)
{
    uint64_t pause = r->pause_ms == 0 ? u->rules->poll_first_ms : (uint64_t)r->pause_ms * 3 / 2;

    r->pause_ms = pause < u->rules->poll_max_ms ? (uint32_t)pause : u->rules->poll_max_ms;
    pause = r->late ? UPLOADER_LATE_MS : r->pause_ms;
    r->next_ms = u->now.mono_ms + backoff_near_ms((uint32_t)pause, uploader_random());
    if (!r->late && age_ms(u, r) >= u->rules->deadline_ms) {
        r->late = true;
        uploader_say_kind(u, r, NEWS_LATE);
    }
}

static void said(struct uploader *u, const struct range *r, enum final_how how, int64_t told,
                 int64_t failed)
{
    struct uploader_news n = uploader_news_of(u, r);

    n.kind = NEWS_FINAL;
    n.how = (uint8_t)how;
    n.told = told;
    n.failed = failed;
    uploader_say(u, &n);
    u->success_ms = uploader_time_ms(u);
    if (how == FINAL_DONE) {
        u->counts.records_done += r->is.records;
    } else {
        u->counts.records_failed += failed >= 0 ? (uint64_t)failed : r->is.records;
        u->counts.records_done +=
            failed >= 0 && how == FINAL_PARTIAL ? r->is.records - (uint64_t)failed : 0;
        uploader_worse(u, how == FINAL_PARTIAL ? ERR_ROWS_FAILED : ERR_JOB_FAILED);
    }
}

static enum want finish(struct uploader *u, struct range *r, enum final_how how)
{
    int64_t told = u->verdict.stored, failed = u->verdict.failed;
    struct range copy = *r;

    if (uploader_put_final(u, r, how, REASON_NONE, told, failed) == 0) {
        said(u, &copy, how, told, failed);
        (void)uploader_free(u, copy.object, copy.segment);
    }
    return uploader_idle(u);
}

static bool final(enum outcome o)
{
    return o == OUTCOME_PARTIAL || o == OUTCOME_FAILED;
}

static enum want mismatch(struct uploader *u, struct range *r)
{
    if (r->mismatches++ < UPLOADER_MISMATCH_POLLS) {
        r->next_ms = u->now.mono_ms + UPLOADER_MISMATCH_MS;
    } else {
        (void)uploader_hold(u, r, REASON_MISMATCH);
    }
    return uploader_idle(u);
}

/* An error's words go to flash as they come: they may be many. */
static void take_error(void *ctx, const struct bulk_item *item)
{
    struct uploader *u = ctx;

    u->listed++;
    kept_put(&u->kept, "error", item->text);
}

static enum want ask_errors(struct uploader *u, struct range *r)
{
    const struct bulk_receiver to = {take_error, u};

    u->listed = 0;
    u->job = u->bulk->job; /* the next call forgets it */
    uploader_reason(u, r, KEPT_FAILED, 0);
    kept_put(&u->kept, "status", u->job.word);
    kept_put(&u->kept, "message", u->job.message);
    return uploader_call(u, UPLOADER_ERRORS, bulk_errors(u->bulk, r->is.id, &to, &u->now));
}

static enum want judge(struct uploader *u, struct range *r)
{
    u->verdict = outcome_of(&u->bulk->job, r->is.records, JOB_UNTOLD);
    switch (u->verdict.outcome) {
    case OUTCOME_GOING:
        plan_next(u, r);
        return uploader_idle(u);
    case OUTCOME_DONE:
        return finish(u, r, FINAL_DONE);
    case OUTCOME_MISMATCH:
        return mismatch(u, r);
    default:
        return ask_errors(u, r);
    }
}

/* The service does not know the job: too young, or too old. */
static enum want not_found(struct uploader *u, struct range *r)
{
    uploader_call_worked(u);
    if (age_ms(u, r) > UPLOADER_EXPIRE_MS) {
        (void)uploader_hold(u, r, REASON_EXPIRED);
    } else {
        r->late = r->late || age_ms(u, r) > JOB_YOUNG_MS;
        plan_next(u, r);
    }
    return uploader_idle(u);
}

/* A call that failed never changes an outcome. */
static enum want call_failed(struct uploader *u, struct range *r)
{
    int err = u->bulk->err;

    if (r != NULL && err != ERR_UNAUTHORIZED && err != ERR_FORBIDDEN) {
        plan_next(u, r);
    }
    return uploader_get_failed(u);
}

static void learn_tags(struct uploader *u)
{
    if (u->bulk->tags.count > 0) {
        uploader_learn(u, SHOWS_STATUS);
    }
}

enum want uploader_poll_end(struct uploader *u)
{
    struct range *r = about(u);

    if (r == NULL) { /* a hand has settled it meanwhile */
        return uploader_idle(u);
    }
    if (u->bulk->err == ERR_NOT_FOUND) {
        return not_found(u, r);
    }
    if (u->bulk->err != 0) {
        return call_failed(u, r);
    }
    uploader_call_worked(u);
    learn_tags(u);
    return judge(u, r);
}

static int keep_rows(struct uploader *u, struct range *r)
{
    char name[9];
    struct failed_rows_job job = {.flash = u->flash,
                                  .bf = &u->bf,
                                  .at = r->is.at,
                                  .end = r->is.end,
                                  .records = r->is.records,
                                  .errors = (uint32_t)u->listed,
                                  .failed = u->verdict.failed};
    int err = uploader_segment_open(u, r->object, r->segment);

    kept_batch_name(name, r->batch);
    job.place = (struct kept_place){KEPT_FAILED, u->ledger.object[r->object].is.name, name};
    u->settings = (struct uploader_object){0};
    u->rules->object(u->rules->ctx, job.place.object, &u->settings);
    job.identifier = u->settings.identifier;
    return err == 0 ? failed_rows_keep(&job, &u->kept, u->bulk->x.tx, EXCHANGE_TX_CAP) : err;
}

/* Without room for the copy the source stays, and the job is asked again. */
static enum want no_copy(struct uploader *u, struct range *r, int err)
{
    u->bf_segment = 0;
    if (u->reading.err == ERR_FLASH_NONE || err == ERR_SOURCE_CHANGED) {
        (void)uploader_hold(u, r, REASON_CHANGED);
        return uploader_idle(u);
    }
    (void)uploader_flash(u, err);
    r->next_ms = u->now.mono_ms + UPLOADER_LATE_MS;
    return uploader_idle(u);
}

/* Whether the segment has nothing but this batch, all of which failed. */
static bool whole(struct uploader *u, const struct range *r)
{
    bool all = u->verdict.outcome == OUTCOME_FAILED &&
               (u->verdict.failed < 0 || u->verdict.failed == (int64_t)r->is.records);
    unsigned ranges = 0;

    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        ranges +=
            u->ledger.range[i].object == r->object && u->ledger.range[i].segment == r->segment;
    }
    return all && ranges == 1 && uploader_segment_open(u, r->object, r->segment) == 0 &&
           r->is.at == u->bf.body_at && r->is.end == u->bf.size;
}

/* By rename: that needs no room. */
static enum want settle_whole(struct uploader *u, struct range *r)
{
    uint32_t batch = r->batch;
    int err;

    kept_put(&u->kept, "rows", FAILED_ROWS_ALL "of the segment failed");
    err = kept_close(&u->kept);
    if (err != 0) {
        (void)uploader_flash(u, err);
        r->next_ms = u->now.mono_ms + UPLOADER_LATE_MS;
        return uploader_idle(u);
    }
    r->is.whole = true;
    (void)finish(u, r, FINAL_FAILED);
    r = ledger_find(&u->ledger, batch);
    if (r != NULL && r->state == ENTRY_FINAL) {
        (void)uploader_move_whole(u, r);
    } else if (r != NULL) {
        r->is.whole = false;
    }
    return uploader_idle(u);
}

static enum want settle(struct uploader *u, struct range *r)
{
    enum final_how how = u->verdict.outcome == OUTCOME_PARTIAL ? FINAL_PARTIAL : FINAL_FAILED;
    uint32_t batch = r->batch;
    int err;

    if (whole(u, r)) {
        return settle_whole(u, r);
    }
    err = keep_rows(u, r);

    r = ledger_find(&u->ledger, batch);
    return err < 0 ? no_copy(u, r, err) : finish(u, r, how);
}

static void drop_reason(struct uploader *u, const struct range *r)
{
    char name[9], path[FLASH_NAME_CAP];
    const struct kept_place p = {KEPT_FAILED, u->ledger.object[r->object].is.name, name};

    kept_batch_name(name, r->batch);
    if (kept_path(path, &p, ".reason") == 0) {
        (void)u->flash->remove(u->flash->ctx, path);
    }
}

/* A whole answer that is no list of errors, time and again, is as good as none. */
static bool cannot_be_read(struct range *r, int err)
{
    bool shape = err == ERR_JSON_SYNTAX || err == ERR_JSON_DEPTH || err == ERR_JSON_TOO_LARGE ||
                 err == ERR_REPLY_SHAPE;

    return shape && r->mismatches++ >= UPLOADER_MISMATCH_POLLS;
}

enum want uploader_errors_end(struct uploader *u)
{
    struct range *r = about(u);
    int err = u->bulk->err;

    if (r == NULL) {
        return uploader_idle(u);
    }
    if (err != 0 && err_class(err) != CLASS_REJECTED && !cannot_be_read(r, err)) {
        drop_reason(u, r);
        return call_failed(u, r);
    }
    uploader_call_worked(u);
    /* A list that the service does not have is as good as none where the counts are clear. */
    if (err != 0 && !final(u->verdict.outcome)) {
        drop_reason(u, r);
        return mismatch(u, r);
    }
    if (!final(u->verdict.outcome)) {
        u->verdict = outcome_of(&u->job, r->is.records, (int64_t)u->listed);
    }
    if (final(u->verdict.outcome)) {
        return settle(u, r);
    }
    drop_reason(u, r);
    return u->verdict.outcome == OUTCOME_DONE ? finish(u, r, FINAL_DONE) : mismatch(u, r);
}
