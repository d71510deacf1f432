/* Settles what is unknown: looks in the job list for a job that has our tag. */
#include "sync/uploader_parts.h"

#include "base/err.h"
#include "base/text.h"

#include <string.h>

static bool sought(const struct range *r)
{
    return (r->state == ENTRY_INTENT && !r->looked) ||
           (r->state == ENTRY_COMMIT && !r->absent && !r->repeat);
}

static bool has_tag(struct uploader *u, const struct range *r)
{
    struct uploader_object o = {0};

    u->rules->object(u->rules->ctx, u->ledger.object[r->object].is.name, &o);
    return o.tag;
}

/* What was sent under another account, or without a tag, is looked for in vain. */
static bool settle_at_once(struct uploader *u, struct range *r)
{
    bool foreign = r->account != u->rules->account;

    if (!foreign && has_tag(u, r)) {
        return false;
    }
    if (r->state == ENTRY_INTENT) {
        r->looked = true;
    } else if (foreign) {
        (void)uploader_hold(u, r, REASON_ACCOUNT);
    } else {
        uploader_policy(u, r);
    }
    return true;
}

static bool any_sought(const struct uploader *u)
{
    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        if (sought(&u->ledger.range[i])) {
            return true;
        }
    }
    return false;
}

bool uploader_learns(const struct uploader *u)
{
    return (u->list_shows || u->bulk->items > SEEK_LEARN_ITEMS) && !any_sought(u);
}

bool uploader_seeks(struct uploader *u, uint64_t *when_ms)
{
    bool any = false;
    uint64_t first_ms = UINT64_MAX;

    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        struct range *r = &u->ledger.range[i];

        if (sought(r) && !settle_at_once(u, r)) {
            any = true;
            first_ms = r->next_ms < first_ms ? r->next_ms : first_ms;
        }
    }
    if (any && first_ms > u->now.mono_ms) {
        *when_ms = first_ms;
    }
    return any ? first_ms <= u->now.mono_ms : u->learn;
}

static uint64_t distance(int64_t a_ms, int64_t b_ms)
{
    if (a_ms < 0 || b_ms < 0) {
        return 0;
    }
    return a_ms > b_ms ? (uint64_t)(a_ms - b_ms) : (uint64_t)(b_ms - a_ms);
}

/* How far the job is from the nearest batch in doubt that it may be; UINT64_MAX: from all. Object,
 * rows and times only rank look-alikes: a fleet has thousands of them. */
static uint64_t nearest(const struct uploader *u, const struct job *job)
{
    uint64_t near = UINT64_MAX;

    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        const struct range *r = &u->ledger.range[i];
        const char *object = u->ledger.object[r->object].is.name;
        bool alike = (job->object[0] == '\0' || strcmp(job->object, object) == 0) &&
                     (job->records == JOB_UNTOLD || job->records == (int64_t)r->is.records);
        uint64_t far = distance(job->created_ms, r->time_ms);

        if (sought(r) && alike && far < near) {
            near = far;
        }
    }
    return near;
}

static bool was_asked(const struct uploader *u, const char *id)
{
    uint64_t print = ledger_id_print(id);

    for (unsigned i = 0; i < SEEK_ASKED_MAX; i++) {
        if (u->asked[i] == print) {
            return true;
        }
    }
    return false;
}

static struct uploader_candidate *farthest(struct uploader *u)
{
    struct uploader_candidate *far = &u->candidate[0];

    for (unsigned i = 1; i < SEEK_CANDIDATES_MAX; i++) {
        far = u->candidate[i].distance_ms > far->distance_ms ? &u->candidate[i] : far;
    }
    return far;
}

static void add_candidate(struct uploader *u, const struct job *job)
{
    uint64_t near = nearest(u, job);
    struct uploader_candidate *c;

    if (near == UINT64_MAX || !job_id_ok(job->id) || ledger_seen(&u->ledger, job->id) ||
        was_asked(u, job->id)) {
        return;
    }
    if (u->candidates < SEEK_CANDIDATES_MAX) {
        c = &u->candidate[u->candidates++];
    } else {
        u->candidates_over = true;
        c = farthest(u);
        if (c->distance_ms <= near) {
            return;
        }
    }
    c->distance_ms = near;
    (void)text_copy(c->id, sizeof c->id, job->id);
}

/* Adopted only by its tag: an item that has one of ours, whichever attempt's. */
static void take_tag(struct uploader *u, const struct tag_finder *tags, const char *id)
{
    struct range *r = tags->count == 1 ? ledger_find(&u->ledger, tags->first.batch) : NULL;

    if (r == NULL || !sought(r) || tags->first.print != (uint32_t)r->is.print || !job_id_ok(id) ||
        strcmp(r->is.id, id) == 0) {
        return;
    }
    if (r->found < 2) {
        r->found++;
    }
    (void)text_copy(r->is.id, sizeof r->is.id, id);
}

static void take_job(void *ctx, const struct bulk_item *item)
{
    struct uploader *u = ctx;

    if (item->tags->count > 0) {
        u->list_shows = true;
        take_tag(u, item->tags, item->job->id);
    } else if (item->job->upload || item->job->object[0] != '\0') {
        add_candidate(u, item->job);
    }
}

enum want uploader_seek(struct uploader *u)
{
    const struct bulk_receiver to = {take_job, u};

    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        struct range *r = &u->ledger.range[i];

        if (sought(r)) {
            r->found = 0;
            r->is.id[0] = '\0';
        }
    }
    u->candidates = u->candidate_at = 0;
    u->candidates_over = u->list_shows = u->learn = false;
    return uploader_call(u, UPLOADER_SEEK, bulk_jobs(u->bulk, &to, &u->now));
}

void uploader_policy(struct uploader *u, struct range *r)
{
    struct range copy = *r;

    if (u->rules->on_unknown == POLICY_RESEND) {
        r->repeat = true;
        r->reason = REASON_POLICY;
        uploader_say_kind(u, r, NEWS_RESENT);
    } else if (u->rules->on_unknown == POLICY_ACCEPT) {
        if (uploader_put_final(u, r, FINAL_DONE, REASON_POLICY, -1, -1) == 0) {
            (void)uploader_free(u, copy.object, copy.segment);
        }
    } else {
        (void)uploader_hold(u, r, r->reason == REASON_REPEATED ? REASON_REPEATED : REASON_UNKNOWN);
    }
}

static void adopt(struct uploader *u, struct range *r)
{
    struct entry e = ledger_entry(r, ENTRY_CREATED);
    uint32_t batch = r->batch;

    e.reason = REASON_NONE;
    e.is.range.how = CREATED_ADOPTED;
    if (uploader_put(u, &e) == 0) {
        r = ledger_find(&u->ledger, batch);
        r->next_ms = u->now.mono_ms;
        u->counts.jobs++;
        uploader_say_kind(u, r, NEWS_ADOPTED_JOB);
    }
}

/* Whether the list, or the status of each look-alike, would have shown a job of ours. */
static bool would_show(const struct uploader *u)
{
    bool list = (u->journal.head.shows & SHOWS_LIST) != 0;
    bool status = (u->journal.head.shows & SHOWS_STATUS) != 0 && !u->candidates_over;

    return list || status;
}

static uint64_t pause_behind(unsigned passes)
{
    uint64_t pause_ms = UPLOADER_SEEK_MS;

    for (; passes > 0 && pause_ms < UPLOADER_SEEK_MAX_MS; passes--) {
        pause_ms *= 2;
    }
    return pause_ms < UPLOADER_SEEK_MAX_MS ? pause_ms : UPLOADER_SEEK_MAX_MS;
}

/* None has its tag: twice, the second time long enough behind our last byte, it is absent, if it
 * would have been seen. Whether it would may still be learned from jobs of ours: until then, and
 * while there are look-alikes to be asked, nothing is decided. */
static void not_found(struct uploader *u, struct range *r)
{
    int64_t now_ms = uploader_time_ms(u), left_ms = u->rules->absent_after_ms;
    uint64_t pause_ms = u->candidates_over ? UPLOADER_SEEK_MS : pause_behind(r->passes);

    r->since_ms = r->passes == 0 ? u->now.mono_ms : r->since_ms;
    if (now_ms >= 0 && r->time_ms >= 0) {
        left_ms -= now_ms - r->time_ms;
    } else { /* nobody tells the time: at least as long ago as it is known to be */
        left_ms -= (int64_t)(u->now.mono_ms - r->since_ms);
    }
    if (r->state == ENTRY_INTENT) {
        r->looked = true;
    } else if (left_ms > 0 || r->passes == 0) {
        bool soon = left_ms > 0 && (uint64_t)left_ms < pause_ms;

        r->next_ms = u->now.mono_ms + (soon ? (uint64_t)left_ms : pause_ms);
        r->passes = (uint8_t)(r->passes < UINT8_MAX ? r->passes + 1 : r->passes);
    } else if (!would_show(u) || left_ms < -UPLOADER_EXPIRE_MS) {
        /* Behind so many days it may have been there, and be forgotten. */
        uploader_policy(u, r);
    } else {
        r->absent = true;
        r->reason = REASON_ABSENT;
        uploader_say_kind(u, r, NEWS_RESENT);
    }
}

static void conclude(struct uploader *u)
{
    for (uint16_t i = u->ledger.ranges; i > 0; i--) { /* what ends it takes the last one's place */
        struct range *r = &u->ledger.range[i - 1];

        if (!sought(r)) {
            continue;
        }
        if (r->found == 1) {
            adopt(u, r);
        } else if (r->found > 1) {
            (void)uploader_hold(u, r, REASON_TWO_JOBS);
        } else if (r->next_ms <= u->now.mono_ms) {
            not_found(u, r);
        }
    }
}

static enum want next_candidate(struct uploader *u)
{
    if (u->candidate_at < u->candidates) {
        const char *id = u->candidate[u->candidate_at].id;

        return uploader_call(u, UPLOADER_CANDIDATE, bulk_status(u->bulk, id, &u->now));
    }
    conclude(u);
    return uploader_idle(u);
}

/* The list is refused for good: nothing can be proven. */
static enum want refused(struct uploader *u)
{
    for (uint16_t i = u->ledger.ranges; i > 0; i--) {
        struct range *r = &u->ledger.range[i - 1];

        if (sought(r) && r->state == ENTRY_INTENT) {
            r->looked = true;
        } else if (sought(r)) {
            uploader_policy(u, r);
        }
    }
    return uploader_idle(u);
}

static bool for_good(int err)
{
    return err_class(err) == CLASS_REJECTED || err == ERR_FORBIDDEN || err == ERR_NO_ROOM;
}

enum want uploader_seek_end(struct uploader *u)
{
    int err = u->bulk->err;

    if (u->list_shows) {
        uploader_learn(u, SHOWS_LIST);
    }
    /* A whole answer that is no list, time and again, proves as little as a refusal; so does a 401
     * of the list alone. */
    bool bad = err != 0 && (u->bulk->status / 100 == 2 || err == ERR_UNAUTHORIZED);

    u->bad_lists = (uint8_t)(bad ? u->bad_lists + 1 : 0);
    if (for_good(err) || u->bad_lists >= SEEK_BAD_LISTS) {
        uploader_call_worked(u);
        u->bad_lists = 0;
        return refused(u);
    }
    if (err != 0) {
        return uploader_get_failed(u);
    }
    uploader_call_worked(u);
    if ((u->journal.head.shows & SHOWS_LIST) != 0) {
        u->candidates = 0;
    }
    return next_candidate(u);
}

enum want uploader_candidate_end(struct uploader *u)
{
    int err = u->bulk->err;

    bool answered = u->bulk->status / 100 == 2 || for_good(err);

    if (err != 0 && !answered) {
        return uploader_get_failed(u);
    }
    /* Of one that cannot be read nobody knows whether it is ours. */
    u->candidates_over = u->candidates_over || (err != 0 && err != ERR_NOT_FOUND);
    uploader_call_worked(u);
    if (err == 0 && u->bulk->tags.count > 0) {
        uploader_learn(u, SHOWS_STATUS);
        take_tag(u, &u->bulk->tags, u->candidate[u->candidate_at].id);
    } else if (err == 0) { /* a young job may be told of later, and one that is ours is needed */
        u->asked[u->asked_at] = ledger_id_print(u->candidate[u->candidate_at].id);
        u->asked_at = (uint8_t)((u->asked_at + 1) % SEEK_ASKED_MAX);
    }
    u->candidate_at++;
    return next_candidate(u);
}
