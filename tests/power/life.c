#include "life.h"

#include "base/err.h"
#include "fake_bulk.h"
#include "person.h"
#include "producer.h"
#include "replay.h"
#include "scene.h"
#include "sync/uploader.h"
#include "sync/uploader_news.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS_MAX = 30000, /* of one run to rest */
    HOUR_MS = 3600000,
    REST_MS = 65 * 60000, /* nothing happens for so long, tidying up included: it is at rest */
    RUN_MAX_MS = 8 * 24 * HOUR_MS,
    HANDS_MAX = 3,
    STARTS_MAX = 40 /* of the program in one life, behind faults */
};

/* What power takes. */
static struct uploader up;
static struct bulk bulk;
static struct flash flash;
static unsigned starts;

static void object_rules(void *ctx, const char *name, struct uploader_object *out)
{
    const struct world *w = ctx;
    const struct scene_rules *r = &w->scene->rules;

    (void)name;
    *out = (struct uploader_object){.columns = "id,name,note",
                                    .identifier = r->no_identifier ? NULL : "id",
                                    .batch_bytes = 65536,
                                    .batch_records = r->batch_records == 0 ? 4 : r->batch_records,
                                    .tag = !r->no_tag};
}

static void clock_rules(void *ctx, struct uploader_clock *out)
{
    const struct world *w = ctx;

    *out = (struct uploader_clock){.synced = !w->s.unsynced};
}

/* For who looks into a life that went wrong: OCB_POWER_TRACE. */
static void say(void *ctx, const struct uploader_news *n)
{
    const struct world *w = ctx;

    if (getenv("OCB_POWER_TRACE") != NULL) {
        fprintf(stderr, "%8u.%03u news %u, reason %u, how %u, http %u, err %s, batch %u, job %s\n",
                (unsigned)(w->s.true_ms / 1000), (unsigned)(w->s.true_ms % 1000), n->kind,
                n->reason, n->how, n->http, err_name(n->err), n->batch, n->id);
    }
}

static struct uploader_rules rules_of(struct world *w)
{
    const struct scene_rules *r = &w->scene->rules;

    return (struct uploader_rules){.object = object_rules,
                                   .say = say,
                                   .clock = clock_rules,
                                   .ctx = w,
                                   .account = 1234,
                                   .poll_first_ms = 3000,
                                   .poll_max_ms = 60000,
                                   .deadline_ms = 24 * HOUR_MS,
                                   .absent_after_ms = HOUR_MS,
                                   .interval_ms = 300000,
                                   .schedule = {.interval_ms = 300000},
                                   .retention_days = r->retention_days,
                                   .failed_days = 90,
                                   .quarantine_days = 90,
                                   .kept_max_bytes = 8 << 20,
                                   .seal_after_ms = 60000,
                                   .max_bytes = r->small_spool ? 1000 : 64 << 20,
                                   .headroom = 0,
                                   .open_max = r->open_max == 0 ? 4 : r->open_max,
                                   .on_unknown = r->on_unknown,
                                   .drop_oldest = r->drop_oldest};
}

static struct uploader_rules rules;

static int open_spool(struct world *w)
{
    static struct bulk_service service = {.host = "h", .base = "/v2", .user_agent = "t"};
    static const struct exchange_options options = {.attempt_ms = 3900000};
    struct now now = world_now(w);
    int err;

    fake_bulk_off();
    starts++;
    flash = sim_flash_of(&w->flash);
    rules = rules_of(w);
    service.spool_id = 0;
    (void)bulk_init(&bulk, &service, &options, NULL, NULL);
    err = flash.lock(flash.ctx, "lock", false);
    if (err != 0) {
        return err;
    }
    err = uploader_open(&up, &rules, &flash, &bulk, &now);
    service.spool_id = up.journal.head.spool;
    if (err != 0) {
        flash.unlock(flash.ctx, "lock");
    }
    return err;
}

static void add_len(void *arg, const char *name, const uint8_t *bytes, size_t len)
{
    uint64_t *sum = arg;

    (void)name;
    (void)bytes;
    *sum += len;
}

static uint64_t used(const struct world *w)
{
    uint64_t sum = 0;

    sim_flash_each(&w->flash, false, add_len, &sum);
    return sum;
}

static void squeeze(struct world *w, const struct act *a)
{
    w->s.must_not_send = false;
    if (a->kind == ACT_READONLY) {
        w->flash.read_only = a->n != 0;
        w->s.must_not_send = a->n != 0;
    } else {
        w->flash.capacity = a->n == 0 ? 0 : used(w) + (uint64_t)a->n;
    }
}

/* While it cannot be opened, what is to happen to the flash happens. */
static void pass_time(struct world *w)
{
    const struct act *a = &w->scene->act[w->s.act];

    w->s.true_ms += 30000;
    world_mend(w);
    if (starts % STARTS_MAX != 0 ||
        (a->kind != ACT_FULL && a->kind != ACT_READONLY && a->kind != ACT_HOURS)) {
        return;
    }
    if (a->kind != ACT_HOURS) {
        squeeze(w, a);
    }
    w->s.act++;
}

/* As a supervisor would: until it can be opened. */
static bool open_again(struct world *w)
{
    int err = open_spool(w);

    while (err != 0 && starts < 4 * STARTS_MAX) {
        pass_time(w);
        err = open_spool(w);
    }
    if (err != 0) {
        world_breach(w, "the spool cannot be opened: %s", err_name(err));
    }
    return err == 0;
}

static bool reopen(struct world *w)
{
    flash.unlock(flash.ctx, "lock");
    return open_again(w);
}

static void pause(struct world *w, enum want want)
{
    uint64_t until_ms = uploader_deadline_ms(&up);

    if ((want & WANT_STEP) != 0) {
        w->s.true_ms++;
        return;
    }
    if ((want & (WANT_READ | WANT_WRITE)) != 0 && fake_bulk_ready_ms() < until_ms) {
        until_ms = fake_bulk_ready_ms();
    }
    world_sleep_until(w, until_ms);
}

/* false: it has ended, and nobody asked for that. */
static bool step(struct world *w)
{
    struct now now;
    enum want want;

    world_mend(w);
    now = world_now(w);
    want = uploader_step(&up, &now);
    if (want == WANT_NOTHING) {
        if (up.err == ERR_INTERNAL) {
            world_breach(w, "the uploader ends: %s", err_name(up.err));
        }
        return false;
    }
    if (up.wants_credentials && up.task == UPLOADER_IDLE) {
        uploader_service(&up, &bulk, true);
    }
    pause(w, want);
    return true;
}

static bool step_or_reopen(struct world *w)
{
    return step(w) || (up.err != ERR_INTERNAL && starts < 4 * STARTS_MAX && reopen(w));
}

static bool run_hours(struct world *w, unsigned hours)
{
    uint64_t until_ms = w->s.true_ms + (uint64_t)hours * HOUR_MS;

    for (unsigned n = 0; w->s.true_ms < until_ms && n < STEPS_MAX; n++) {
        if (!step_or_reopen(w)) {
            return false;
        }
    }
    return true;
}

static bool run_to_rest(struct world *w)
{
    uint64_t end_ms = w->s.true_ms + RUN_MAX_MS, rest_ms = 0;

    uploader_look(&up, NULL);
    for (unsigned n = 0; n < STEPS_MAX && w->s.true_ms < end_ms; n++) {
        if (!step_or_reopen(w)) {
            return false;
        }
        if (!uploader_settled(&up)) {
            rest_ms = 0;
        } else if (rest_ms == 0) {
            rest_ms = w->s.true_ms + REST_MS;
        } else if (w->s.true_ms >= rest_ms) {
            replay_check(w, &up, &flash);
            return true;
        }
    }
    if ((w->scene->flags & SCENE_UNSETTLED) == 0) {
        world_breach(w, "invariant 9: no rest (task %u, %u ranges, err %d, %u s)", up.task,
                     up.ledger.ranges, up.last_err, (unsigned)(w->s.true_ms / 1000));
        return false;
    }
    return true;
}

/* What is done to the device while it is off. */
static bool damage(struct world *w, const struct act *a)
{
    size_t at = (size_t)a->n * JREAD_LEN + 40, len = 0;

    w->s.model.lenient = w->s.model.lenient || a->kind == ACT_ROT || a->kind == ACT_NO_JOURNAL;
    w->s.model.new_id = w->s.model.new_id || a->kind != ACT_OFF;
    w->s.true_ms += a->kind == ACT_OFF ? (uint64_t)a->n * HOUR_MS : 0;
    flash.unlock(flash.ctx, "lock");
    if (a->kind == ACT_NO_JOURNAL) {
        (void)flash.remove(flash.ctx, "journal");
    }
    sim_flash_cut(&w->flash, w->flash.cut.armed ? w->flash.cut.mode : SIM_CUT_LUCK);
    if (a->kind == ACT_ROT && sim_flash_bytes(&w->flash, "journal", true, &len) != NULL &&
        at < len) {
        sim_flash_rot(&w->flash, "journal", at, 0x10);
    } else if (a->kind == ACT_HOST) {
        w->flash.host = ++w->s.host;
    }
    world_off_and_on(w);
    return open_again(w);
}

static bool stop(struct world *w)
{
    uploader_stop(&up);
    for (unsigned n = 0; n < STEPS_MAX && !up.stopped && up.err == 0; n++) {
        (void)step(w);
    }
    return reopen(w);
}

static bool act(struct world *w, const struct act *a)
{
    switch (a->kind) {
    case ACT_ADD:
        for (int i = 0; i < a->n; i++) {
            producer_add(w, &rules, &flash, a->object);
        }
        return true;
    case ACT_FILE:
    case ACT_BAD:
    case ACT_BROKEN:
        producer_hand_in(w, a);
        return true;
    case ACT_REST:
        return run_to_rest(w);
    case ACT_STEPS:
        for (int i = 0; i < a->n; i++) {
            if (!step_or_reopen(w)) {
                return false;
            }
        }
        return true;
    case ACT_HOURS:
        return run_hours(w, (unsigned)a->n);
    case ACT_HAND:
        person_ask(w, a, &flash);
        uploader_look(&up, NULL);
        return true;
    case ACT_AGAIN:
        person_hand_in(w, &flash);
        uploader_look(&up, NULL);
        return true;
    case ACT_STOP:
        return stop(w);
    case ACT_FULL:
    case ACT_READONLY:
        squeeze(w, a);
        return true;
    case ACT_MARK:
        return true;
    case ACT_CLOCK:
        w->s.skew_s = (int64_t)a->n * 3600;
        w->s.unsynced = a->arg != 0;
        return true;
    default:
        return damage(w, a);
    }
}

/* A run is not over when it is cut. */
static bool goes_on(const struct act *a)
{
    return a->kind == ACT_REST || a->kind == ACT_HOURS || a->kind == ACT_HAND;
}

static enum life_end live(struct world *w)
{
    if (!open_again(w)) {
        return LIFE_STUCK;
    }
    while (w->scene->act[w->s.act].kind != ACT_END) {
        const struct act *a = &w->scene->act[w->s.act];
        bool again = goes_on(a);

        w->s.act = (uint16_t)(w->s.act + !again);
        if (a->kind == ACT_MARK) {
            return LIFE_MARK;
        }
        if (!act(w, a)) {
            return LIFE_STUCK;
        }
        w->s.act = (uint16_t)(w->s.act + again);
        replay_check(w, &up, &flash);
    }
    if (!run_to_rest(w)) {
        return LIFE_STUCK;
    }
    for (unsigned n = 0; n < HANDS_MAX && (w->scene->flags & SCENE_NO_HAND) == 0; n++) {
        if (!person_settle(w, &flash)) {
            break;
        }
        uploader_look(&up, NULL);
        if (!run_to_rest(w)) {
            return LIFE_STUCK;
        }
    }
    return LIFE_REST;
}

enum life_end life_run(struct world *w)
{
    starts = 0;
    if (setjmp(w->power) != 0) {
        fake_bulk_off();
        return LIFE_CUT;
    }
    return live(w);
}
