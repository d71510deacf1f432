/* What is done next: flash first, then what is due at the service, then a batch. */
#include "sync/uploader_parts.h"

#include "base/err.h"
#include "spool/hand.h"

#include <string.h>

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
        return uploader_ask_objects(u);
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
        return u->now.mono_ms >= u->account_ms ? uploader_ask_objects(u)
                                               : uploader_later(u, u->account_ms);
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
        return uploader_objects_end(u);
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
