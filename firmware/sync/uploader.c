#include "sync/uploader_parts.h"

#include "base/err.h"
#include "base/text.h"
#include "spool/hand.h"

#include <string.h>

int64_t uploader_time_ms(const struct uploader *u)
{
    return service_time_ms(&u->time, u->now.mono_ms);
}

uint32_t uploader_random(void)
{
    uint32_t r = 0;

    (void)device_random((uint8_t *)&r, sizeof r); /* without any, the pause is the shortest */
    return r;
}

/* What was cut to its end has something to be cut again. */
static void reopen(struct uploader *u, const struct entry *e)
{
    struct uploader_lane *lane = &u->lane[e->object];

    lane->empty = false;
    if (lane->done >= e->segment && ledger_find(&u->ledger, e->batch) == NULL) {
        lane->done = e->segment - 1;
    }
}

/* What leads to room, or is known nowhere else. */
static bool settles(uint8_t type)
{
    return entry_is_range(type) && type != ENTRY_INTENT && type != ENTRY_COMMIT;
}

int uploader_put(struct uploader *u, struct entry *e)
{
    int err = ledger_check(&u->ledger, e);

    if (err != 0) { /* written, it would be rot to each start */
        u->err = ERR_INTERNAL;
        return err;
    }
    e->time_ms = uploader_time_ms(u);
    err = journal_put(&u->journal, e);
    if (err == ERR_FLASH_FULL && settles(e->type) && uploader_give_room(u)) {
        err = journal_put(&u->journal, e);
    }
    if (err != 0) {
        return uploader_flash(u, err);
    }
    (void)uploader_flash(u, 0);
    (void)ledger_apply(&u->ledger, e);
    if (e->type == ENTRY_VOID) {
        reopen(u, e);
    }
    return 0;
}

int uploader_put_range(struct uploader *u, const struct range *r, uint8_t type, uint8_t reason)
{
    struct entry e = ledger_entry(r, type);

    e.reason = reason;
    return uploader_put(u, &e);
}

int uploader_put_object(struct uploader *u, uint16_t object)
{
    struct entry e = {
        .type = ENTRY_OBJECT, .object = object, .is.object = u->ledger.object[object].is};

    return uploader_put(u, &e);
}

int uploader_put_final(struct uploader *u, const struct range *r, enum final_how how,
                       uint8_t reason, int64_t told, int64_t failed)
{
    struct entry e = ledger_entry(r, ENTRY_FINAL);

    e.reason = reason;
    e.is.range.how = (uint8_t)how;
    e.is.range.told = told;
    e.is.range.failed = failed;
    e.is.range.body = 0;
    return uploader_put(u, &e);
}

void uploader_learn(struct uploader *u, uint8_t shows)
{
    struct entry e = {.type = ENTRY_HEAD};
    struct entry_head *h = &u->journal.head;

    if ((h->shows & shows) == shows) {
        return;
    }
    h->shows |= shows;
    h->next_batch = u->ledger.next_batch;
    h->day = u->ledger.day;
    h->day_bytes = u->ledger.day_bytes;
    (void)uploader_put(u, &e); /* lost at worst: then it is learned again */
}

struct uploader_news uploader_news_of(const struct uploader *u, const struct range *r)
{
    struct uploader_news n = {
        .object = "", .id = "", .file = "", .request_id = "", .told = -1, .failed = -1};

    if (r != NULL) {
        n.object = u->ledger.object[r->object].is.name;
        n.id = r->is.id;
        n.batch = r->batch;
        n.segment = r->segment;
        n.records = r->is.records;
        n.reason = r->reason;
        n.http = r->is.http;
    }
    return n;
}

void uploader_say(struct uploader *u, const struct uploader_news *n)
{
    if (u->rules->say != NULL) {
        u->rules->say(u->rules->ctx, n);
    }
}

void uploader_say_kind(struct uploader *u, const struct range *r, enum uploader_news_kind kind)
{
    struct uploader_news n = uploader_news_of(u, r);

    n.kind = (uint8_t)kind;
    uploader_say(u, &n);
}

static void say_err(struct uploader *u, enum uploader_news_kind kind, int err)
{
    struct uploader_news n = uploader_news_of(u, NULL);

    n.kind = (uint8_t)kind;
    n.err = err;
    if (u->task > UPLOADER_PLAN) {
        n.http = u->bulk->status;
        n.request_id = bulk_request_id(u->bulk);
    }
    uploader_say(u, &n);
}

int uploader_flash(struct uploader *u, int err)
{
    if (err == 0) {
        if (u->flash_was != 0) {
            say_err(u, NEWS_RECOVERED, u->flash_was);
        }
        u->flash_err = u->flash_was = 0;
        u->flash_pause_ms = 0;
        return 0;
    }
    if (u->flash_was != err) {
        say_err(u, NEWS_TROUBLE, err);
    }
    u->flash_err = u->flash_was = err;
    u->flash_pause_ms = u->flash_pause_ms == 0 ? UPLOADER_FLASH_MS : 2 * u->flash_pause_ms;
    if (u->flash_pause_ms > UPLOADER_FLASH_MAX_MS) {
        u->flash_pause_ms = UPLOADER_FLASH_MAX_MS;
    }
    u->flash_ms = u->now.mono_ms + u->flash_pause_ms;
    return err;
}

enum want uploader_later(struct uploader *u, uint64_t when_ms)
{
    u->wake_ms = when_ms < u->wake_ms ? when_ms : u->wake_ms;
    return WANT_TIME;
}

enum want uploader_call(struct uploader *u, enum uploader_task task, int err)
{
    u->task = (uint8_t)task;
    u->not_begun = err != 0;
    if (err != 0) { /* nothing of the call before is this one's */
        u->bulk->err = err;
        u->bulk->status = 0;
        u->bulk->retry_after_ms = 0;
        u->bulk->reply.head_done = false;
        u->bulk->x.sent = SENT_NOTHING;
        u->bulk->x.gate_open = false;
    }
    return WANT_STEP;
}

void uploader_call_worked(struct uploader *u)
{
    if (u->last_err != 0) {
        say_err(u, NEWS_RECOVERED, u->last_err);
    }
    u->last_err = 0;
    u->fresh_credentials = false;
    retry_succeeded(&u->retry, u->task == UPLOADER_POST);
}

static void keep_pause(struct uploader *u, const struct retry_case *c)
{
    int64_t now_ms = uploader_time_ms(u);
    struct entry e = {.type = ENTRY_PAUSE,
                      .is.until_ms = (now_ms < 0 ? 0 : now_ms) + c->retry_after_ms};

    if (retry_to_flash(c)) {
        (void)uploader_put(u, &e); /* lost at worst: then the service says it again */
    }
}

enum want uploader_call_failed(struct uploader *u)
{
    struct retry_case c = retry_case_of(u->bulk, &u->now);
    uint32_t pause_ms = retry_failed(&u->retry, &c, u->now.mono_ms, uploader_random());

    if (u->last_err != c.err) {
        say_err(u, NEWS_TROUBLE, c.err);
    }
    u->last_err = c.err;
    keep_pause(u, &c);
    u->task = UPLOADER_IDLE;
    return uploader_later(u, u->now.mono_ms + pause_ms);
}

void uploader_worse(struct uploader *u, int err)
{
    /* In the order of the exit codes; what is not listed is milder. */
    static const int order[] = {ERR_OUTCOME_UNKNOWN, ERR_JOB_FAILED, ERR_ROWS_FAILED};

    for (unsigned i = 0; i < COUNT(order) && u->worst != order[i]; i++) {
        if (err == order[i]) {
            u->worst = err;
            return;
        }
    }
    u->worst = u->worst == 0 ? err : u->worst;
}

enum want uploader_hold_object(struct uploader *u, uint16_t object, uint8_t reason, uint16_t http)
{
    struct entry_object *o = &u->ledger.object[object].is;
    struct uploader_news n = uploader_news_of(u, NULL);

    u->lane[object].try_ms = u->now.mono_ms + UPLOADER_HOLD_MS;
    u->lane[object].probe = false;
    u->lane[object].split_records = 0;
    if (o->hold == reason) {
        return WANT_STEP;
    }
    n.kind = reason == REASON_NONE ? NEWS_HOLD_OVER : NEWS_HOLD_OBJECT;
    n.object = o->name;
    n.reason = reason;
    n.http = http;
    o->hold = reason;
    o->http = http;
    (void)uploader_put_object(u, object); /* lost at worst: then it is found out again */
    uploader_say(u, &n);
    if (reason != REASON_NONE) {
        uploader_worse(u, reason == REASON_OBJECT ? ERR_OBJECT_UNKNOWN
                          : http != 0             ? ERR_NOT_ALLOWED
                                                  : u->bulk->err);
    }
    return WANT_STEP;
}

/* What was mended is tried at once, by one record. */
void uploader_test_holds(struct uploader *u)
{
    for (uint16_t i = 0; i < u->ledger.objects; i++) {
        u->lane[i].try_ms = u->now.mono_ms;
    }
}

void uploader_hold_account(struct uploader *u, uint16_t http)
{
    struct uploader_news n = uploader_news_of(u, NULL);

    u->account_ms = u->now.mono_ms + UPLOADER_HOLD_MS;
    u->account_probe = true;
    if (!u->account_held) {
        n.kind = NEWS_HOLD_ACCOUNT;
        n.reason = REASON_CREDENTIALS;
        n.http = http;
        uploader_say(u, &n);
    }
    u->account_held = true;
    uploader_worse(u, ERR_UNAUTHORIZED);
}

/* Names of the service's objects, as far as they concern us. */
static void take_object(void *ctx, const struct bulk_item *item)
{
    struct uploader *u = ctx;
    int at = ledger_object_at(&u->ledger, item->text);

    if (at >= 0) {
        u->lane[at].known = true;
    }
}

static enum want ask_objects(struct uploader *u)
{
    const struct bulk_receiver to = {take_object, u};

    for (uint16_t i = 0; i < u->ledger.objects; i++) {
        u->lane[i].known = false;
    }
    return uploader_call(u, UPLOADER_OBJECTS, bulk_objects(u->bulk, &to, &u->now));
}

static bool refused_credentials(const struct uploader *u)
{
    return u->bulk->err == ERR_UNAUTHORIZED || u->bulk->err == ERR_FORBIDDEN;
}

enum want uploader_get_failed(struct uploader *u)
{
    enum want want = uploader_call_failed(u);

    if (refused_credentials(u)) {
        u->wants_credentials = !u->fresh_credentials;
        if (!u->wants_credentials) { /* they were read again already */
            uploader_hold_account(u, u->bulk->status);
        }
    }
    return want;
}

/* A list that cannot be had for good says nothing of the names in it. */
static enum want objects_end(struct uploader *u)
{
    int err = u->bulk->err;
    bool listed = err == 0;

    if (!listed && (refused_credentials(u) || err_class(err) != CLASS_REJECTED)) {
        return uploader_get_failed(u);
    }
    uploader_call_worked(u);
    u->task = UPLOADER_IDLE;
    u->objects_asked = true;
    if (u->account_held) {
        uploader_say_kind(u, NULL, NEWS_HOLD_OVER);
    }
    u->account_held = false;
    for (uint16_t i = 0; i < u->ledger.objects; i++) {
        u->lane[i].looked = true;
        if (listed && !u->lane[i].known) {
            (void)uploader_hold_object(u, i, REASON_OBJECT, 0);
        } else if (u->ledger.object[i].is.hold == REASON_OBJECT) {
            (void)uploader_hold_object(u, i, REASON_NONE, 0);
        }
    }
    return WANT_STEP;
}

/* The clock may be wrong for a day at most, and never in front of the build's date. */
static enum clock_gate look_at_clock(struct uploader *u, struct uploader_clock *c)
{
    /* A verified reply in this run says more than the last good time, which grows with each. */
    bool proven = u->time.known || u->ledger.time_ms < 0;
    int64_t last_s = proven ? -1 : u->ledger.time_ms / 1000;
    uint64_t waited_ms;

    *c = (struct uploader_clock){.synced = true};
    if (u->rules->clock != NULL) {
        u->rules->clock(u->rules->ctx, c);
    }
    u->gate_ms = u->gate_shut ? u->gate_ms : u->now.mono_ms;
    waited_ms = u->now.mono_ms - u->gate_ms;
    enum clock_gate gate = clock_gate(u->now.wall_s, c->synced, last_s, waited_ms);

    u->gate_shut = gate != CLOCK_GOOD;
    return gate;
}

/* Whether a POST of these bytes may begin; if not, when to ask again. */
static bool may_post(struct uploader *u, uint64_t bytes, const struct uploader_clock *c)
{
    const struct schedule_at at = {
        .now_ms = u->now.mono_ms,
        .pause_ms = retry_from_ms(&u->retry, true),
        .time_ms = service_time_or_wall_ms(&u->time, &u->now),
        .minute = c->minute,
        .clock = CLOCK_GOOD,
        .day = {u->ledger.day, u->ledger.day_bytes},
    };
    struct schedule_when when = schedule_next(&u->schedule, &at, bytes);

    u->why = (uint8_t)when.why;
    if (when.why != SCHEDULE_NOW) {
        (void)uploader_later(u, when.from_ms);
    }
    return when.why == SCHEDULE_NOW;
}

/* What is asked before the first POST: the time, and whether the objects are there. */
static bool must_ask(const struct uploader *u)
{
    if (!u->objects_asked) {
        return true;
    }
    for (uint16_t i = 0; i < u->ledger.objects; i++) {
        if (!u->lane[i].looked && !u->lane[i].empty) {
            return true;
        }
    }
    return false;
}

static enum want choose_get(struct uploader *u)
{
    uint64_t due_ms = UINT64_MAX, seek_ms = UINT64_MAX;
    struct range *due = uploader_due(u, &due_ms);

    if (due != NULL) {
        return uploader_poll(u, due);
    }
    if (uploader_seeks(u, &seek_ms)) {
        return uploader_seek(u);
    }
    (void)uploader_later(u, due_ms);
    return uploader_later(u, seek_ms);
}

static enum want choose_post(struct uploader *u, const struct uploader_clock *c)
{
    if (!uploader_waits(u) || !may_post(u, 0, c)) {
        return WANT_TIME;
    }
    if (u->now.mono_ms < u->post_ms) {
        u->why = SCHEDULE_DAY_BYTES;
        return uploader_later(u, u->post_ms);
    }
    if (must_ask(u)) {
        return ask_objects(u);
    }
    return uploader_cut(u);
}

static enum want choose_call(struct uploader *u)
{
    uint64_t from_ms = retry_from_ms(&u->retry, false);
    struct uploader_clock clock;

    if (look_at_clock(u, &clock) != CLOCK_GOOD) {
        u->why = SCHEDULE_CLOCK;
        return uploader_later(u, u->now.mono_ms + CLOCK_LOOK_MS);
    }
    if (u->now.mono_ms < from_ms) {
        return uploader_later(u, from_ms);
    }
    if (u->wants_credentials) {
        return uploader_later(u, u->now.mono_ms + UPLOADER_LOCKED_MS);
    }
    if (u->account_held) {
        return u->now.mono_ms >= u->account_ms ? ask_objects(u) : uploader_later(u, u->account_ms);
    }
    enum want want = choose_get(u);

    return want == WANT_TIME ? choose_post(u, &clock) : want;
}

static enum want do_hand(struct uploader *u)
{
    struct hand h;
    int n = hand_next(u->flash, &h);

    u->hands_now = n == 1;
    if (n == 1) {
        int err = uploader_hand(u, &h);

        (void)uploader_flash(u, hand_done(u->flash, &h, err));
        if (err == 0) {
            uploader_free_segments(u, SPOOL_OBJECTS_MAX);
        }
    }
    return n == 1 && u->flash_err == 0 ? WANT_STEP : WANT_TIME;
}

static bool compaction_due(const struct uploader *u)
{
    uint64_t most = 2 * u->compacted_len;

    most = most > JOURNAL_COMPACT_MIN ? most : JOURNAL_COMPACT_MIN;
    return u->journal.now.err != 0 || u->journal.now.len >= most;
}

/* Where nothing can be put without one the uploader waits for it. Else it goes on, as what it
 * settles makes room. */
static bool compact(struct uploader *u)
{
    bool must = u->journal.now.err != 0;

    if (!compaction_due(u) || (!must && u->now.mono_ms < u->compact_ms) ||
        uploader_compact(u) == 0) {
        return true;
    }
    if (must || u->journal.now.err != 0) {
        return false;
    }
    u->compact_ms = u->now.mono_ms + UPLOADER_FLASH_MAX_MS;
    u->flash_err = 0;
    return true;
}

static enum want choose_flash(struct uploader *u)
{
    if (u->flash_err != 0 && u->now.mono_ms < u->flash_ms) {
        return uploader_later(u, u->flash_ms);
    }
    u->flash_err = 0; /* it may work again */
    if (!compact(u)) {
        return uploader_later(u, u->flash_ms);
    }
    /* A hand that could wake nobody is seen at the interval. */
    if ((u->hands_now || u->now.mono_ms >= u->adopt_ms) && do_hand(u) == WANT_STEP) {
        return WANT_STEP;
    }
    if (uploader_adopt(u) == WANT_STEP || uploader_tidy(u) == WANT_STEP) {
        return WANT_STEP;
    }
    (void)uploader_later(u, u->adopt_ms);
    (void)uploader_later(u, u->tidy_ms);
    return u->flash_err != 0 ? WANT_TIME : WANT_NOTHING;
}

/* Behind a failed sync nothing can be put before the journal was compacted. */
static int put_pending(struct uploader *u)
{
    int err = u->journal.now.err != 0 ? uploader_compact(u) : 0;

    return err == 0 ? uploader_put_created(u) : err;
}

static enum want choose(struct uploader *u)
{
    u->wake_ms = u->now.mono_ms + UPLOADER_NAP_MS;
    if (u->pending[0] != '\0' && put_pending(u) != 0 && !u->stopping) {
        return uploader_later(u, u->flash_ms);
    }
    if (u->stopping) {
        if (u->journal.now.err != 0) { /* the next start would read what is not on flash */
            (void)uploader_compact(u);
        }
        u->stopped = true;
        return WANT_NOTHING;
    }
    enum want want = choose_flash(u);
    uint64_t flash_ms = u->wake_ms;

    if (want == WANT_NOTHING) {
        u->wake_ms = u->now.mono_ms + UPLOADER_NAP_MS;
        want = choose_call(u);
        u->call_ms = u->wake_ms;
        (void)uploader_later(u, flash_ms);
    }
    return want;
}

static enum want call_end(struct uploader *u)
{
    service_time_learn(&u->time, u->bulk, &u->now);
    switch (u->task) {
    case UPLOADER_STATUS:
        return uploader_poll_end(u);
    case UPLOADER_ERRORS:
        return uploader_errors_end(u);
    case UPLOADER_SEEK:
        return uploader_seek_end(u);
    case UPLOADER_CANDIDATE:
        return uploader_candidate_end(u);
    default:
        return objects_end(u);
    }
}

/* Told to stop: a GET is dropped at once, a POST before its gate; behind it the answer is worth
 * waiting for. */
static bool give_up(struct uploader *u)
{
    bool open = u->task == UPLOADER_POST && u->bulk->x.gate_open;

    return u->stopping && (!open || u->now.mono_ms >= u->stop_ms);
}

static enum want step_call(struct uploader *u)
{
    enum want want;

    if (give_up(u)) {
        bulk_drop(u->bulk);
        u->task = UPLOADER_IDLE;
        return WANT_STEP;
    }
    if (u->task == UPLOADER_SEEK && uploader_learns(u)) { /* the rest of the list is not needed */
        bulk_drop(u->bulk);
        u->bulk->err = 0;
        return call_end(u);
    }
    want = u->not_begun ? WANT_NOTHING : bulk_step(u->bulk, &u->now);
    u->not_begun = false;
    if (u->task == UPLOADER_POST) {
        return uploader_post_step(u, want);
    }
    return want == WANT_NOTHING ? call_end(u) : want;
}

enum want uploader_step(struct uploader *u, const struct now *now)
{
    enum want want;

    u->now = *now;
    if (u->err != 0 || u->stopped) {
        return WANT_NOTHING;
    }
    if (u->task == UPLOADER_IDLE) {
        want = choose(u);
    } else if (u->task == UPLOADER_PLAN) {
        want = uploader_plan(u);
    } else {
        want = step_call(u);
    }
    return u->err != 0 ? WANT_NOTHING : want;
}

uint64_t uploader_deadline_ms(const struct uploader *u)
{
    if (u->task > UPLOADER_PLAN) {
        uint64_t call_ms = exchange_deadline_ms(&u->bulk->x);

        return u->stopping && u->stop_ms < call_ms ? u->stop_ms : call_ms;
    }
    return u->wake_ms;
}

void uploader_stop(struct uploader *u)
{
    if (!u->stopping) {
        u->stop_ms = u->now.mono_ms + UPLOADER_STOP_MS;
    }
    u->stopping = true;
    u->wake_ms = u->now.mono_ms;
}

void uploader_look(struct uploader *u, const char *job)
{
    if (job == NULL || job[0] == '\0') {
        u->look_now = u->hands_now = true;
    } else {
        for (uint16_t i = 0; i < u->ledger.ranges; i++) {
            struct range *r = &u->ledger.range[i];

            if (r->state == ENTRY_CREATED && strcmp(r->is.id, job) == 0) {
                r->next_ms = u->now.mono_ms;
            }
        }
    }
    u->wake_ms = u->now.mono_ms;
}

void uploader_service(struct uploader *u, struct bulk *bulk, bool fresh_credentials)
{
    u->bulk = bulk;
    u->wants_credentials = false;
    u->fresh_credentials = fresh_credentials;
    u->account_ms = u->now.mono_ms;
    uploader_test_holds(u);
    u->wake_ms = u->now.mono_ms;
}

bool uploader_settled(const struct uploader *u)
{
    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        if (u->ledger.range[i].state != ENTRY_HELD) {
            return false;
        }
    }
    return u->task == UPLOADER_IDLE && u->pending[0] == '\0' && !uploader_waits(u) &&
           !u->look_now && u->flash_err == 0;
}
