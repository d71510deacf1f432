/* Sends the batch that was cut, and draws the conclusion: INTENT in front of the first body byte,
 * COMMIT in front of the last piece, CREATED behind the answer. */
#include "sync/uploader_parts.h"

#include "base/err.h"
#include "base/text.h"

#include <string.h>

static struct range *current(struct uploader *u)
{
    return ledger_find(&u->ledger, u->number);
}

static struct tag tag_of(const struct uploader *u)
{
    return (struct tag){u->journal.head.spool, u->number, (uint32_t)u->batch.print, u->attempt};
}

static int put_intent(struct uploader *u)
{
    struct entry e = {.type = ENTRY_INTENT,
                      .reason = u->reason,
                      .object = u->object,
                      .batch = u->number,
                      .segment = u->segment,
                      .account = u->rules->account};

    e.is.range = (struct entry_range){.at = u->batch.at,
                                      .end = u->batch.end,
                                      .print = u->batch.print,
                                      .records = (uint32_t)u->batch.records,
                                      .attempt = u->attempt,
                                      .body = bulk_length(u->bulk)};
    int err = uploader_put(u, &e);

    u->intent = err == 0;
    return err;
}

/* The first pull comes behind the handshake, and in front of the first byte that is sent: an
 * attempt that never gets that far costs no write. */
static int body_pull(void *ctx, uint8_t *dst, size_t cap)
{
    struct uploader *u = ctx;
    int err = u->intent ? 0 : put_intent(u);

    return err == 0 ? batch_source_pull(&u->source, dst, cap) : err;
}

static void name_upload(struct uploader *u, struct bulk_upload *up, const struct tag *tag)
{
    const char *path = u->settings.path;

    up->path = path == NULL || path[0] != '\0';
    up->name = path != NULL && path[0] != '\0' ? path : NULL;
    if (u->settings.tag) {
        up->tag = tag;
    } else if (up->name == NULL) {
        kept_batch_name(u->name, u->number);
        memcpy(u->name + 8, ".csv", 5);
        up->name = u->name;
    }
}

/* The day's bytes may have to wait, now that it is known how many. */
static bool day_is_full(struct uploader *u)
{
    const struct schedule_at at = {
        .now_ms = u->now.mono_ms,
        .time_ms = service_time_or_wall_ms(&u->time, &u->now),
        .day = {u->ledger.day, u->ledger.day_bytes},
    };
    struct schedule_when when;

    if (u->rules->schedule.day_bytes == 0) {
        return false;
    }
    when = schedule_next(&u->schedule, &at, u->batch.len);
    if (when.why == SCHEDULE_DAY_BYTES) {
        u->why = (uint8_t)when.why;
        u->post_ms = when.from_ms;
    }
    return when.why == SCHEDULE_DAY_BYTES;
}

enum want uploader_post(struct uploader *u)
{
    struct bulk_upload up = {.object = u->ledger.object[u->object].is.name,
                             .metadata = u->settings.metadata,
                             .identifier = u->settings.identifier,
                             .file = {body_pull, u},
                             .file_len = u->batch.len};
    struct tag tag;
    int err;

    if (day_is_full(u)) {
        return uploader_idle(u);
    }
    u->number = u->number == 0 ? u->ledger.next_batch : u->number;
    u->intent = false;
    tag = tag_of(u);
    name_upload(u, &up, &tag);
    batch_source_init(&u->source, &u->bf, &u->batch);
    err = device_random(up.random, sizeof up.random);
    err = err == 0 ? bulk_upload(u->bulk, &up, &u->now) : err;
    u->counts.posts++;
    u->counts.retries += u->attempt > 1;
    return uploader_call(u, UPLOADER_POST, err);
}

static void refused_place(struct uploader *u, uint8_t reason)
{
    (void)uploader_hold_object(u, u->object, reason, u->bulk->status);
}

/* Nothing was stored, as the service has said: the range is to be cut anew. */
static bool put_void(struct uploader *u, uint8_t reason)
{
    struct range *r = u->intent ? current(u) : NULL;

    if (r == NULL) {
        return true;
    }
    r->is.http = u->bulk->status;
    if (uploader_put_range(u, r, ENTRY_VOID, reason) != 0) {
        return false;
    }
    if (u->attempt > 1 || reason == REASON_TOO_LARGE) {
        struct uploader_news n = uploader_news_of(u, NULL);

        n.kind = NEWS_VOID;
        n.object = u->ledger.object[u->object].is.name;
        n.batch = u->number;
        n.records = (uint32_t)u->batch.records;
        n.reason = reason;
        n.http = u->bulk->status;
        uploader_say(u, &n);
    }
    return true;
}

/* A single record that is refused goes apart, so that it blocks nobody. */
static enum want set_apart(struct uploader *u, uint8_t reason, int err)
{
    struct range *r = current(u);
    struct range copy;

    if (r == NULL) {
        return uploader_idle(u);
    }
    copy = *r;
    copy.reason = reason;
    copy.is.http = u->bulk->status;
    (void)uploader_quarantine(u, &copy, err);
    return uploader_idle(u);
}

static enum want all_refused(struct uploader *u)
{
    if (put_void(u, REASON_ALL_REFUSED)) {
        refused_place(u, REASON_ALL_REFUSED);
    }
    return uploader_idle(u);
}

/* INTENT stays: one look at the job list, then again. Without a tag there is nothing to look for.
 */
static enum want again(struct uploader *u)
{
    struct range *r = u->intent ? current(u) : NULL;

    if (r != NULL) {
        r->looked = !u->settings.tag;
        r->next_ms = retry_from_ms(&u->retry, false);
    }
    return uploader_idle(u);
}

/* A single record: only where its size was refused there is something wrong with it. */
static enum want cannot_halve(struct uploader *u)
{
    if (u->bulk->status == 0) {
        return again(u);
    }
    if (u->bulk->status != 413) {
        (void)put_void(u, REASON_RATE);
        return uploader_idle(u);
    }
    struct uploader_lane *lane = &u->lane[u->object];

    lane->refused = (uint8_t)(lane->refused + (lane->refused < UINT8_MAX));
    bool too_many = lane->refused > UPLOADER_REFUSED_MAX;

    return too_many ? all_refused(u) : set_apart(u, REASON_TOO_LARGE, ERR_TOO_LARGE);
}

static enum want halve(struct uploader *u)
{
    struct entry_object *o = &u->ledger.object[u->object].is;
    bool refused = u->bulk->status != 0;

    if (u->batch.records <= 1) {
        return cannot_halve(u);
    }
    if (refused && !put_void(u, REASON_TOO_LARGE)) {
        return uploader_idle(u);
    }
    u->lane[u->object].taken = 0;
    o->cap_records = (uint32_t)(u->batch.records / 2);
    o->cap_bytes = u->batch.len / 2;
    (void)uploader_put_object(u, u->object); /* lost at worst: then it is found out again */
    return refused ? uploader_idle(u) : again(u);
}

/* How many refused requests a batch of n records may cost: 2 log2(n) + 2. */
static uint16_t requests_for(uint64_t records)
{
    uint16_t n = 2;

    for (; records > 1; records /= 2) {
        n = (uint16_t)(n + 2);
    }
    return n;
}

/* The one record that tests the hold goes too, lest it be the same one for ever; the next in an
 * hour. */
static enum want set_apart_and_wait(struct uploader *u)
{
    (void)set_apart(u, REASON_REFUSED, ERR_BAD_REQUEST);
    refused_place(u, REASON_ALL_REFUSED);
    return uploader_idle(u);
}

static enum want split(struct uploader *u)
{
    const struct entry_object *o = &u->ledger.object[u->object].is;
    struct uploader_lane *lane = &u->lane[u->object];
    bool inside = lane->split_records > 0 && lane->split_segment == u->segment &&
                  u->batch.at < lane->split_end;

    if (!inside) {
        lane->requests = 0;
        lane->allowed = requests_for(u->batch.records);
        lane->split_segment = u->segment;
        lane->split_end = u->batch.end;
        lane->refused = (uint8_t)(lane->refused + (lane->refused < UINT8_MAX));
    }
    lane->requests++;
    if (u->batch.records == 1 && o->hold == REASON_ALL_REFUSED) {
        return set_apart_and_wait(u);
    }
    if (lane->requests > lane->allowed || lane->refused > UPLOADER_REFUSED_MAX) {
        return all_refused(u);
    }
    if (u->batch.records == 1) {
        lane->split_records = UINT32_MAX; /* the rest of it as a whole */
        return set_apart(u, REASON_REFUSED, ERR_BAD_REQUEST);
    }
    lane->split_records = (uint32_t)(u->batch.records / 2);
    (void)put_void(u, REASON_REFUSED);
    return uploader_idle(u);
}

static enum want held_account(struct uploader *u, bool ask)
{
    bool done = put_void(u, REASON_CREDENTIALS);

    u->wants_credentials = ask;
    if (!ask && done) {
        uploader_hold_account(u, u->bulk->status);
    }
    return uploader_idle(u);
}

/* The last piece may have left, and nobody said what became of it. */
static enum want unknown(struct uploader *u, uint8_t reason)
{
    struct range *r = current(u);

    u->counts.unknown++;
    if (r != NULL) {
        r->reason = reason;
        r->next_ms = u->now.mono_ms;
        r->passes = 0;
        uploader_say_kind(u, r, NEWS_UNKNOWN);
    }
    return uploader_idle(u);
}

int uploader_put_created(struct uploader *u)
{
    struct range *r = current(u);
    int err;

    if (r == NULL) {
        u->err = ERR_INTERNAL;
        return ERR_INTERNAL;
    }
    struct entry e = ledger_entry(r, ENTRY_CREATED);

    e.reason = REASON_NONE;
    e.is.range.how = CREATED_ANSWERED;
    (void)text_copy(e.is.range.id, sizeof e.is.range.id, u->pending);
    err = uploader_put(u, &e);
    if (err == 0) {
        r = current(u);
        r->next_ms = u->now.mono_ms;
        uploader_say_kind(u, r, NEWS_CREATED);
        u->pending[0] = '\0';
        u->counts.jobs++;
        u->learn = u->settings.tag && (u->journal.head.shows & SHOWS_LIST) == 0;
    }
    return err;
}

/* A limit that was learned from one bad hour is not for ever: after some batches it is tried at
 * twice the size. */
static void grow(struct uploader *u)
{
    struct entry_object *o = &u->ledger.object[u->object].is;
    struct uploader_lane *lane = &u->lane[u->object];

    if (o->cap_records == 0 || ++lane->taken < UPLOADER_GROW_AFTER) {
        return;
    }
    lane->taken = 0;
    if (o->cap_records >= u->settings.batch_records / 2 &&
        o->cap_bytes >= u->settings.batch_bytes / 2) {
        o->cap_records = 0;
        o->cap_bytes = 0;
    } else {
        o->cap_records = o->cap_records <= UINT32_MAX / 2 ? 2 * o->cap_records : UINT32_MAX;
        o->cap_bytes = o->cap_bytes <= UINT64_MAX / 2 ? 2 * o->cap_bytes : UINT64_MAX;
    }
    (void)uploader_put_object(u, u->object); /* lost at worst: then it grows a little later */
}

static enum want created(struct uploader *u)
{
    struct uploader_lane *lane = &u->lane[u->object];

    if (ledger_seen(&u->ledger, u->bulk->job.id)) {
        return unknown(u, REASON_REPEATED);
    }
    lane->refused = 0;
    lane->requests = 0;
    u->account_probe = false;
    if (u->batch.end >= lane->split_end) {
        lane->split_records = 0;
    }
    lane->line_at = u->batch.end;
    lane->line = u->batch.next_line;
    (void)text_copy(u->pending, sizeof u->pending, u->bulk->job.id);
    if (u->ledger.object[u->object].is.hold != REASON_NONE) {
        (void)uploader_hold_object(u, u->object, REASON_NONE, 0);
    }
    if (uploader_put_created(u) == 0) { /* until it can be written, nothing else is done */
        grow(u);
    }
    return uploader_idle(u);
}

static enum want hold_batch(struct uploader *u)
{
    uint8_t reason = u->bulk->status == 409 ? REASON_CONFLICT : REASON_CHANGED;

    if (current(u) != NULL) {
        (void)uploader_hold(u, current(u), reason);
    }
    return uploader_idle(u);
}

static enum want hold_object(struct uploader *u)
{
    uint8_t reason = u->bulk->status != 0 ? REASON_PLACE : REASON_REQUEST;

    if (put_void(u, reason)) {
        refused_place(u, reason);
    }
    return uploader_idle(u);
}

static enum want act(struct uploader *u, enum retry_action action)
{
    switch (action) {
    case RETRY_DONE:
        return created(u);
    case RETRY_HALVE:
        return halve(u);
    case RETRY_SPLIT:
        return split(u);
    case RETRY_HOLD_OBJECT:
        return hold_object(u);
    case RETRY_CREDENTIALS:
    case RETRY_HOLD_ACCOUNT:
        return held_account(u, action == RETRY_CREDENTIALS);
    case RETRY_HOLD_BATCH:
        return hold_batch(u);
    case RETRY_UNKNOWN:
        return unknown(u, REASON_UNKNOWN);
    case RETRY_VOID:
        (void)put_void(u, REASON_RATE);
        return uploader_idle(u);
    case RETRY_GIVE_UP: /* what it was has been told */
        refused_place(u, REASON_REQUEST);
        return again(u);
    default:
        return again(u);
    }
}

/* Whether the attempt says something of link or service, not of this batch alone. */
static bool paces(enum retry_action action)
{
    return action != RETRY_DONE && action != RETRY_SPLIT && action != RETRY_CREDENTIALS &&
           action != RETRY_HOLD_BATCH;
}

static enum want post_end(struct uploader *u)
{
    struct retry_case c = retry_case_of(u->bulk, &u->now);
    enum retry_action action;

    service_time_learn(&u->time, u->bulk, &u->now);
    if (c.err == u->flash_err && c.err != 0) { /* flash failed while it was read or written */
        return again(u);
    }
    bool gone = u->reading.err == ERR_FLASH_NONE;

    if (c.err == ERR_FILE_READ && !gone) { /* as where the batch was cut: it may be read later */
        (void)uploader_flash(u, u->reading.err != 0 ? u->reading.err : ERR_FLASH_READ);
        return again(u);
    }
    if (c.err == ERR_SOURCE_CHANGED || c.err == ERR_FILE_READ) {
        struct range *r = u->intent ? current(u) : NULL;

        u->bf_segment = 0;
        if (r != NULL) {
            (void)uploader_hold(u, r, REASON_CHANGED);
        }
        return uploader_idle(u);
    }
    retry_count(&u->lane[u->object].run, &c);
    c.committed_before = u->reason == REASON_ABSENT || u->reason == REASON_POLICY;
    c.credentials_fresh = u->fresh_credentials;
    action = retry_of(&c);
    if (paces(action)) {
        (void)uploader_call_failed(u);
    } else if (action == RETRY_DONE) {
        uploader_call_worked(u);
    }
    return act(u, action);
}

static enum want at_gate(struct uploader *u)
{
    struct range *r = current(u);

    if (u->stopping || r == NULL || uploader_put_range(u, r, ENTRY_COMMIT, u->reason) != 0) {
        bulk_drop(u->bulk);
        return again(u);
    }
    bulk_commit(u->bulk, &u->now);
    return WANT_STEP;
}

enum want uploader_post_step(struct uploader *u, enum want want)
{
    if (want == WANT_GATE) {
        return at_gate(u);
    }
    return want == WANT_NOTHING ? post_end(u) : want;
}
