#include "life.h"

#include "base/err.h"
#include "fake_bulk.h"
#include "scene.h"
#include "spool/hand.h"
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
static struct outbox outbox;
static struct flash flash;
static unsigned starts;

static const char *const object_name[] = {"contact", "lead"};

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

/* What a restart would find is what is in RAM. */
struct replay {
    struct ledger ledger;
    struct journal journal;
};

static int replay_entry(void *ctx, const struct entry *e)
{
    return ledger_apply(ctx, e);
}

static bool same_range(const struct range *a, const struct range *b)
{
    return a->batch == b->batch && a->segment == b->segment && a->object == b->object &&
           a->state == b->state && a->is.at == b->is.at && a->is.end == b->is.end &&
           a->is.attempt == b->is.attempt && a->is.print == b->is.print &&
           strcmp(a->is.id, b->is.id) == 0;
}

/* A segment that has gone is found out again by its absence, and a hold by the next refusal. */
static bool same_object(const struct ledger_object *a, const struct ledger_object *b)
{
    bool gone = a->cut == UINT64_MAX;

    return (gone || (a->cur == b->cur && a->cut == b->cut)) && a->is.dropped == b->is.dropped;
}

static void check_replay(struct world *w)
{
    static struct replay r;
    const struct journal_visitor to = {replay_entry, &r.ledger};
    struct ledger *l = &up.ledger;

    ledger_init(&r.ledger);
    if (up.flash_err != 0 || journal_open(&r.journal, &flash, &to, false) != 0) {
        return;
    }
    if (r.ledger.ranges != l->ranges || r.ledger.objects != l->objects) {
        world_breach(w, "invariant 8: %u ranges, and a restart would find %u", l->ranges,
                     r.ledger.ranges);
        return;
    }
    for (uint16_t i = 0; i < l->ranges; i++) {
        struct range *other = ledger_find(&r.ledger, l->range[i].batch);

        if (other == NULL || !same_range(&l->range[i], other)) {
            world_breach(w, "invariant 8: a restart would know batch %u otherwise",
                         l->range[i].batch);
        }
    }
    for (uint16_t i = 0; i < l->objects; i++) {
        if (!same_object(&l->object[i], &r.ledger.object[i])) {
            world_breach(w, "invariant 8: a restart would know object %s otherwise",
                         l->object[i].is.name);
        }
    }
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
            check_replay(w);
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

static void add_one(struct world *w, uint8_t object)
{
    struct outbox_rules r = {
        .max_bytes = rules.max_bytes,
        .headroom = rules.headroom,
        .batch_bytes = 65536,
        .batch_records = w->scene->rules.batch_records == 0 ? 4 : w->scene->rules.batch_records,
        .seal_after_ms = rules.seal_after_ms};
    unsigned row = w->s.rows++;
    char text[ROWS_TEXT_CAP];
    struct outbox_row what = {.header = (const uint8_t *)ROWS_HEADER,
                              .header_len = sizeof ROWS_HEADER - 1,
                              .record = (const uint8_t *)text,
                              .len = rows_text(text, row),
                              .fields = 3};
    int err;

    w->s.row[row] = ROW_MAYBE;
    w->s.owner[row] = object;
    outbox_init(&outbox, &flash, &r, object_name[object]);
    err = outbox_add(&outbox, &what, world_now(w).mono_ms);
    w->s.row[row] = err == 0 ? ROW_ACKED : ROW_REFUSED;
    w->s.true_ms += 100;
}

struct made {
    char text[8192];
    size_t len;
};

static void put_row(struct world *w, struct made *m, unsigned row, uint8_t object)
{
    m->len += rows_text(m->text + m->len, row);
    w->s.row[row] = ROW_ACKED;
    w->s.owner[row] = object;
}

static void hand_in(struct world *w, const struct act *a)
{
    static struct made m;
    char name[64];
    int bad = a->kind == ACT_BAD ? a->arg : 0;

    m.len = (size_t)snprintf(m.text, sizeof m.text, "%s", ROWS_HEADER);
    for (int i = 0; i < a->n; i++) {
        for (; bad > 0 && i == a->n / 2; bad--) {
            put_row(w, &m, w->s.bad_rows++, a->object);
        }
        put_row(w, &m, w->s.rows++, a->object);
    }
    if (a->kind == ACT_BROKEN) { /* a header row that is none */
        memcpy(m.text, "\"d,name,note", 12);
    } else if (a->kind == ACT_FILE && a->arg == 1) {
        m.len--;
    }
    (void)snprintf(name, sizeof name, "outbox/%s/file-%u.csv", object_name[a->object],
                   ++w->s.files);
    sim_flash_put(&w->flash, name, m.text, m.len);
}

/* The job that has the batch, as a person would find it by its rows. */
static const struct cloud_job *job_of(const struct world *w, const struct model_batch *b)
{
    for (unsigned i = 0; i < w->s.cloud.jobs; i++) {
        const struct cloud_job *j = &w->s.cloud.job[i];
        const struct row_where *r = &w->s.where[j->row[0]];

        if (j->ours && j->rows > 0 && r->segment == b->segment && r->at == b->at &&
            strcmp(j->object, w->s.model.object[b->object].name) == 0) {
            return j;
        }
    }
    return NULL;
}

static void ask(struct world *w, unsigned batch, const struct model_batch *b, const struct act *a)
{
    struct hand h = {.verb = (uint8_t)a->n, .batch = batch, .all = a->arg == 1};
    const struct cloud_job *j = job_of(w, b);

    if (a->arg == 2 && j != NULL) {
        (void)snprintf(h.job, sizeof h.job, "%s", j->id);
    } else if (a->arg == 2) {
        h.verb = HAND_RETRY;
    }
    (void)hand_put(&flash, &h);
}

static bool waits_for_hand(const struct model_batch *b)
{
    return b->type == J_HELD || b->type == J_MOVED;
}

static void ask_all(struct world *w, const struct act *a)
{
    for (unsigned i = 1; i < MODEL_BATCHES; i++) {
        const struct model_batch *b = &w->s.model.batch[i];

        if (waits_for_hand(b)) {
            ask(w, i, b, a);
        }
    }
    uploader_look(&up, NULL);
}

/* Its rows are in held/, or still in their segment. */
static bool is_held(struct world *w, const struct model_batch *b)
{
    bool held = false;

    checker_look(w);
    for (unsigned row = 1; row < ROWS_MAX; row++) {
        const struct row_where *r = &w->s.where[row];
        bool mine = r->segment == b->segment && r->at >= b->at && r->end <= b->end;

        held = held || (mine && (w->s.place[row] & (AT_HELD | AT_QUEUE)) != 0);
    }
    return held;
}

/* What is left to a person, by one who looks at the service first. */
static bool settle_by_hand(struct world *w)
{
    bool any = false;

    for (unsigned i = 1; i < MODEL_BATCHES; i++) {
        const struct model_batch *b = &w->s.model.batch[i];
        const struct act a = {.n = HAND_ACCEPT, .arg = 2};

        if (waits_for_hand(b) && b->doubt && is_held(w, b)) {
            ask(w, i, b, &a);
            any = true;
        }
    }
    uploader_look(&up, NULL);
    return any;
}

/* A person sees to the journal while the device is off. */
static bool damage(struct world *w, const struct act *a)
{
    size_t at = (size_t)a->n * JREAD_LEN + 40, len = 0;

    w->s.model.lenient = w->s.model.lenient || a->kind != ACT_HOST;
    w->s.model.new_id = true;
    flash.unlock(flash.ctx, "lock");
    if (a->kind == ACT_NO_JOURNAL) {
        (void)flash.remove(flash.ctx, "journal");
    }
    sim_flash_cut(&w->flash, SIM_CUT_LUCK);
    if (a->kind == ACT_ROT && sim_flash_bytes(&w->flash, "journal", true, &len) != NULL &&
        at < len) {
        sim_flash_rot(&w->flash, "journal", at, 0x10);
    } else if (a->kind == ACT_HOST) {
        w->flash.host = ++w->s.host;
    }
    world_power_on(w);
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
            add_one(w, a->object);
        }
        return true;
    case ACT_FILE:
    case ACT_BAD:
    case ACT_BROKEN:
        hand_in(w, a);
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
        ask_all(w, a);
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
        check_replay(w);
    }
    if (!run_to_rest(w)) {
        return LIFE_STUCK;
    }
    for (unsigned n = 0; n < HANDS_MAX && (w->scene->flags & SCENE_NO_HAND) == 0; n++) {
        if (!settle_by_hand(w)) {
            break;
        }
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
