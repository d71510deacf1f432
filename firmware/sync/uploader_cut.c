/* Cuts the next batch: which object's turn it is, what of it goes next, and where it ends. */
#include "sync/uploader_parts.h"

#include "base/err.h"
#include "spool/queue.h"

#include <string.h>

/* A range that is sent again as it was. */
static bool goes_again(const struct range *r)
{
    return (r->state == ENTRY_INTENT && r->looked) ||
           (r->state == ENTRY_COMMIT && (r->absent || r->repeat));
}

/* With strict order a held batch blocks those behind it, too. */
static bool full(const struct uploader *u, uint16_t object)
{
    uint32_t open = 0;

    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        const struct range *r = &u->ledger.range[i];
        bool blocks = u->rules->open_max == 1 ? r->state != ENTRY_VOID && !goes_again(r)
                                              : r->state == ENTRY_CREATED && !r->late;

        open += r->object == object && blocks;
    }
    return open >= u->rules->open_max;
}

/* The first of what is to be sent again, or of the holes; NULL: cut anew. */
static struct range *left_over(struct uploader *u, uint16_t object)
{
    struct range *first = NULL;

    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        struct range *r = &u->ledger.range[i];
        bool mine = r->object == object && (goes_again(r) || r->state == ENTRY_VOID);

        if (mine && (first == NULL || r->segment < first->segment ||
                     (r->segment == first->segment && r->is.at < first->is.at))) {
            first = r;
        }
    }
    return first;
}

/* A held object is tested by one record, once in a while. */
static bool held(struct uploader *u, uint16_t object)
{
    struct uploader_lane *lane = &u->lane[object];

    if (u->ledger.object[object].is.hold == REASON_NONE) {
        return false;
    }
    if (u->now.mono_ms < lane->try_ms) {
        (void)uploader_later(u, lane->try_ms);
        return true;
    }
    if (!lane->probe) { /* the names first: a probe of a known object only */
        lane->probe = true;
        lane->looked = false;
    }
    return u->ledger.object[object].is.hold == REASON_OBJECT && lane->looked && !lane->known;
}

static bool ready(struct uploader *u, uint16_t object)
{
    const struct range *r = left_over(u, object);
    bool makes_one = r == NULL || r->state == ENTRY_VOID;

    if ((r == NULL && u->lane[object].empty) || (makes_one && u->ledger.ranges >= LEDGER_MAX - 1)) {
        return false;
    }
    return !full(u, object) && !held(u, object);
}

bool uploader_waits(const struct uploader *u)
{
    for (uint16_t i = 0; i < u->ledger.objects; i++) {
        /* left_over changes nothing */
        if (!u->lane[i].empty || left_over((struct uploader *)(uintptr_t)u, i) != NULL) {
            return true;
        }
    }
    return false;
}

static struct batch_limits limits_of(const struct uploader *u, uint16_t object, uint32_t segment,
                                     uint64_t at)
{
    const struct entry_object *o = &u->ledger.object[object].is;
    const struct uploader_lane *lane = &u->lane[object];
    struct batch_limits l = {u->settings.batch_records, u->settings.batch_bytes};
    bool split = lane->split_records > 0 && lane->split_segment == segment && at < lane->split_end;

    if (o->cap_records > 0 && o->cap_records < l.records) {
        l.records = o->cap_records;
    }
    if (o->cap_bytes > 0 && o->cap_bytes < l.bytes) {
        l.bytes = o->cap_bytes;
    }
    if (split && lane->split_records < l.records) {
        l.records = lane->split_records;
    }
    if (o->hold != REASON_NONE || u->account_probe) { /* never a whole batch into a refusal */
        l.records = 1;
    }
    return l;
}

/* Nothing is left to be cut in it. */
static enum want segment_done(struct uploader *u)
{
    struct uploader_lane *lane = &u->lane[u->object];

    lane->done = u->segment > lane->done ? u->segment : lane->done;
    (void)uploader_free(u, u->object, u->segment);
    u->tidy_ms = u->now.mono_ms; /* held ranges may be all that keeps it */
    return uploader_idle(u);
}

/* A segment without a record: it is noted all the same, as its number is used up. */
static enum want segment_empty(struct uploader *u)
{
    struct range r = {.batch = u->ledger.next_batch, .segment = u->segment, .object = u->object};

    r.is.at = r.is.end = u->bf_segment == u->segment ? u->bf.size : 0;
    if (uploader_put_final(u, &r, FINAL_DONE, REASON_NONE, 0, 0) != 0) {
        return uploader_idle(u);
    }
    return segment_done(u);
}

static enum want front_end(struct uploader *u)
{
    return u->segment > u->ledger.object[u->object].cur ? segment_empty(u) : segment_done(u);
}

/* Reading failed: flash, or what stands there is not what was cut. */
static enum want unreadable(struct uploader *u, int err)
{
    uint32_t batch = u->number != 0 ? u->number : u->hole;
    struct range *r = batch != 0 ? ledger_find(&u->ledger, batch) : NULL;
    bool whole = !ledger_uses(&u->ledger, u->object, u->segment);
    bool gone = u->reading.err == ERR_FLASH_NONE || err == ERR_SOURCE_CHANGED;

    u->bf_segment = 0;
    if (r != NULL && gone) {
        (void)uploader_hold(u, r, REASON_CHANGED);
    } else if (gone) {
        return segment_done(u);
    } else if (whole && err_class(err) == CLASS_INPUT && err != ERR_FILE_READ) {
        (void)uploader_quarantine_file(u, u->object, u->segment, err);
        return segment_done(u);
    } else {
        (void)uploader_flash(u, u->reading.err != 0 ? u->reading.err : ERR_FLASH_READ);
    }
    return uploader_idle(u);
}

struct piece {
    uint32_t segment;
    uint64_t at, end; /* end 0: of the file */
    struct batch_limits limits;
};

static enum want begin_plan(struct uploader *u, uint16_t object, const struct piece *p)
{
    struct uploader_lane *lane = &u->lane[object];
    struct batch after = {.end = p->at, .next_line = p->at == lane->line_at ? lane->line : 0};
    int err = uploader_segment_open(u, object, p->segment);

    u->object = object;
    u->segment = p->segment;
    if (err == ERR_CSV_EMPTY) {
        return segment_empty(u);
    }
    if (err == 0) {
        u->part = u->bf;
        u->part.size = p->end != 0 && p->end < u->bf.size ? p->end : u->bf.size;
        err = batch_plan_init(&u->plan, &u->part, &p->limits, p->at == 0 ? NULL : &after,
                              u->bulk->x.tx, EXCHANGE_TX_CAP);
    }
    if (err != 0) {
        return unreadable(u, err);
    }
    u->task = UPLOADER_PLAN;
    return WANT_STEP;
}

/* An earlier attempt had its COMMIT: the attempts behind it still say why they are. */
static bool resent(const struct range *r)
{
    return r->reason == REASON_ABSENT || r->reason == REASON_POLICY;
}

/* Nothing of it was sent whole, and it is more than may be sent now. */
static bool too_large(const struct uploader *u, const struct range *r)
{
    return r->state == ENTRY_INTENT && !resent(r) &&
           r->is.records > limits_of(u, r->object, r->segment, r->is.at).records;
}

static enum want cut_anew(struct uploader *u, const struct range *r)
{
    (void)uploader_put_range(u, r, ENTRY_VOID, REASON_BODY);
    return uploader_idle(u);
}

/* The same records as before. */
static enum want plan_again(struct uploader *u, const struct range *r)
{
    const struct piece p = {r->segment, r->is.at, r->is.end, {r->is.records, UINT64_MAX}};

    u->number = r->batch;
    u->attempt = (uint8_t)(r->is.attempt < UINT8_MAX ? r->is.attempt + 1 : UINT8_MAX);
    u->reason = r->absent                                ? REASON_ABSENT
                : r->state == ENTRY_INTENT && !resent(r) ? REASON_BODY
                                                         : r->reason;
    u->fixed = true;
    u->hole = 0;
    return begin_plan(u, r->object, &p);
}

static enum want plan_new(struct uploader *u, uint16_t object, struct piece p)
{
    p.limits = limits_of(u, object, p.segment, p.at);

    u->number = 0;
    u->attempt = 1;
    u->reason = REASON_NONE;
    u->fixed = false;
    return begin_plan(u, object, &p);
}

static enum want plan_hole(struct uploader *u, const struct range *r)
{
    u->hole = r->batch;
    return plan_new(u, r->object,
                    (struct piece){.segment = r->segment, .at = r->is.at, .end = r->is.end});
}

/* The segment being cut, or the next one. */
static enum want plan_front(struct uploader *u, uint16_t object)
{
    const struct ledger_object *o = &u->ledger.object[object];
    uint32_t done = u->lane[object].done, segment = o->cur;
    int n = 1;

    if (segment <= done) {
        n = queue_next(u->flash, o->is.name, done, &segment);
    }
    if (n == 0) {
        u->lane[object].empty = true;
        return WANT_STEP;
    }
    if (n < 0) {
        (void)uploader_flash(u, n);
        return WANT_STEP;
    }
    u->hole = 0;
    return plan_new(u, object,
                    (struct piece){.segment = segment, .at = segment == o->cur ? o->cut : 0});
}

enum want uploader_cut(struct uploader *u)
{
    for (uint16_t i = 1; i <= u->ledger.objects; i++) {
        uint16_t object = (uint16_t)((u->turn + i) % u->ledger.objects);

        if (!ready(u, object)) {
            continue;
        }
        if (u->lane[object].probe && !u->lane[object].looked) {
            u->lane[object].empty = false; /* must_ask sees to it */
            return WANT_STEP;
        }
        u->turn = object;
        u->settings = (struct uploader_object){0};
        u->rules->object(u->rules->ctx, u->ledger.object[object].is.name, &u->settings);
        struct range *r = left_over(u, object);

        if (r == NULL) {
            return plan_front(u, object);
        }
        if (goes_again(r)) {
            return too_large(u, r) ? cut_anew(u, r) : plan_again(u, r);
        }
        return plan_hole(u, r);
    }
    return WANT_TIME;
}

static uint32_t count_bad(struct uploader *u)
{
    struct uploader_lane *lane = &u->lane[u->object];

    if (lane->bad_file != u->segment) {
        lane->bad_file = u->segment;
        lane->bad_rows = 0;
    }
    return ++lane->bad_rows;
}

/* The row at the front is no record: a batch of its own. After many of them the rest goes too. */
static enum want bad_row(struct uploader *u, int err)
{
    const struct csv_row *row = &u->plan.csv.row;
    bool rest = count_bad(u) > QUARANTINE_ROWS_MAX;
    struct range r = {.batch = u->ledger.next_batch,
                      .segment = u->segment,
                      .object = u->object,
                      .reason = REASON_ROW};

    r.is.at = row->at;
    r.is.end = rest ? u->part.size : u->plan.csv.byte;
    r.is.records = rest ? 0 : 1;
    if (uploader_quarantine(u, &r, err) == 0) {
        u->lane[u->object].line_at = r.is.end;
        u->lane[u->object].line = u->plan.csv.line;
    }
    return uploader_idle(u);
}

static bool same_range(struct uploader *u, const struct batch *b)
{
    const struct range *r = ledger_find(&u->ledger, u->number);

    return r != NULL && b->at == r->is.at && b->end == r->is.end && b->print == r->is.print;
}

enum want uploader_plan(struct uploader *u)
{
    int n;

    if (u->stopping) {
        return uploader_idle(u);
    }
    n = batch_plan_step(&u->plan, u->bulk->x.tx, EXCHANGE_TX_CAP);
    if (n == ERR_WAIT) {
        return WANT_STEP;
    }
    u->batch = u->plan.batch;
    bool changed = u->fixed ? n != 1 || !same_range(u, &u->batch) : u->hole != 0 && n == 0;

    if (changed && n != ERR_FILE_READ) {
        return unreadable(u, ERR_SOURCE_CHANGED);
    }
    if (n == 0) {
        return front_end(u);
    }
    if (n < 0 && (n == ERR_FILE_READ || n == ERR_SOURCE_CHANGED)) {
        return unreadable(u, n);
    }
    if (n < 0 && u->batch.records == 0) {
        return bad_row(u, n);
    }
    return uploader_post(u);
}
