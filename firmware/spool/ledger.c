#include "spool/ledger.h"

#include "base/err.h"
#include "base/fingerprint.h"
#include "base/stream.h"
#include "base/text.h"

#include <string.h>

#define DAY_MS 86400000

void ledger_init(struct ledger *l)
{
    memset(l, 0, sizeof *l);
    l->next_batch = 1;
    l->pause_until_ms = l->pause_made_ms = l->time_ms = -1;
}

static const struct range *find(const struct ledger *l, uint32_t batch)
{
    for (uint16_t i = 0; i < l->ranges; i++) {
        if (l->range[i].batch == batch) {
            return &l->range[i];
        }
    }
    return NULL;
}

struct range *ledger_find(struct ledger *l, uint32_t batch)
{
    const struct range *r = find(l, batch);

    return r != NULL ? &l->range[r - l->range] : NULL;
}

int ledger_object_at(const struct ledger *l, const char *name)
{
    for (uint16_t i = 0; i < l->objects; i++) {
        if (strcmp(l->object[i].is.name, name) == 0) {
            return i;
        }
    }
    return -1;
}

uint64_t ledger_id_print(const char *id)
{
    struct fingerprint f;

    fingerprint_init(&f);
    fingerprint_push(&f, (const uint8_t *)id, strlen(id));
    return fingerprint_finish(&f);
}

static bool in_ring(const struct ledger *l, const char *id)
{
    uint64_t print = ledger_id_print(id);

    for (unsigned i = 0; i < IDS_SEEN_MAX; i++) {
        if (l->seen[i] == print) {
            return true;
        }
    }
    return false;
}

bool ledger_seen(const struct ledger *l, const char *id)
{
    for (uint16_t i = 0; i < l->ranges && id[0] != '\0'; i++) { /* some go on for long */
        if (strcmp(l->range[i].is.id, id) == 0) {
            return true;
        }
    }
    return in_ring(l, id);
}

static void remember_id(struct ledger *l, const char *id)
{
    if (id[0] != '\0' && !in_ring(l, id)) {
        l->seen[l->seen_at] = ledger_id_print(id);
        l->seen_at = (uint8_t)((l->seen_at + 1) % IDS_SEEN_MAX);
    }
}

struct entry ledger_entry(const struct range *r, uint8_t type)
{
    return (struct entry){.type = type,
                          .reason = r->reason,
                          .object = r->object,
                          .batch = r->batch,
                          .segment = r->segment,
                          .account = r->account,
                          .time_ms = r->time_ms,
                          .is.range = r->is};
}

static void forget(struct ledger *l, struct range *r)
{
    *r = l->range[--l->ranges];
}

void ledger_forget(struct ledger *l, uint32_t batch)
{
    struct range *r = ledger_find(l, batch);

    if (r != NULL) {
        forget(l, r);
    }
}

/* What was cut of the object so far, with this range in it. */
static void reach(struct ledger_object *o, uint32_t segment, uint64_t end)
{
    if (segment > o->cur) {
        o->cur = segment;
        o->cut = 0;
    }
    if (segment == o->cur && end > o->cut) {
        o->cut = end;
    }
    o->last = segment > o->last ? segment : o->last;
}

static void apply_object(struct ledger *l, const struct entry *e)
{
    struct ledger_object *o = &l->object[e->object];

    if (e->object == l->objects) {
        l->objects++;
        *o = (struct ledger_object){.cut = 0};
    }
    o->is = e->is.object;
    if (o->is.freed > o->cur) {
        o->cur = o->is.freed;
        o->cut = UINT64_MAX;
    }
    o->last = o->is.freed > o->last ? o->is.freed : o->last;
}

/* Which hole a new batch stands in; l->ranges: none; or ERR_JOURNAL_ROT, as ranges are disjoint. In
 * front of it there may be blank lines, which no batch has. */
static int hole_of(const struct ledger *l, const struct entry *e)
{
    const struct entry_range *r = &e->is.range;

    for (uint16_t i = 0; i < l->ranges; i++) {
        const struct range *h = &l->range[i];
        bool here = h->object == e->object && h->segment == e->segment;

        if (here && r->end > h->is.at && r->at < h->is.end) {
            bool inside = r->at >= h->is.at && r->end <= h->is.end;

            return h->state == ENTRY_VOID && inside ? i : ERR_JOURNAL_ROT;
        }
    }
    return l->ranges;
}

/* Holes at the end of what was cut are none. */
static void close_holes(struct ledger *l, struct ledger_object *o, uint16_t object)
{
    for (uint16_t i = 0; i < l->ranges; i++) {
        struct range *r = &l->range[i];

        if (r->state == ENTRY_VOID && r->object == object && r->segment == o->cur &&
            r->is.end == o->cut) {
            o->cut = r->is.at;
            forget(l, r);
            i = UINT16_MAX; /* from the start: another one may end there now */
        }
    }
}

/* Which entry may follow which, by a bit for each. Nothing known before: any of them, as compaction
 * keeps the last one alone. */
static bool may_follow(uint8_t before, uint8_t type)
{
    static const uint16_t next[ENTRY_TYPES] = {
        [ENTRY_INTENT] = 1u << ENTRY_INTENT | 1u << ENTRY_COMMIT | 1u << ENTRY_VOID |
                         1u << ENTRY_HELD | 1u << ENTRY_CREATED | 1u << ENTRY_FINAL,
        [ENTRY_COMMIT] = 1u << ENTRY_INTENT | 1u << ENTRY_CREATED | 1u << ENTRY_VOID |
                         1u << ENTRY_HELD | 1u << ENTRY_FINAL,
        [ENTRY_VOID] = 1u << ENTRY_INTENT | 1u << ENTRY_HELD | 1u << ENTRY_FINAL,
        [ENTRY_CREATED] = 1u << ENTRY_FINAL | 1u << ENTRY_HELD,
        [ENTRY_HELD] = 1u << ENTRY_MOVED | 1u << ENTRY_FINAL | 1u << ENTRY_CREATED |
                       1u << ENTRY_INTENT | 1u << ENTRY_VOID | 1u << ENTRY_HELD,
    };

    return before == ENTRY_NONE || (next[before] >> type & 1) != 0;
}

static void set_range(struct range *r, const struct entry *e)
{
    bool has_id = e->type == ENTRY_CREATED || e->type == ENTRY_HELD;

    *r = (struct range){.batch = e->batch,
                        .segment = e->segment,
                        .account = e->account,
                        .object = e->object,
                        .state = e->type,
                        .reason = e->reason,
                        .time_ms = e->time_ms,
                        .seq = e->seq,
                        .is = e->is.range};
    if (!has_id) { /* as on flash */
        r->is.id[0] = '\0';
    }
}

static void count_day(struct ledger *l, const struct entry *e)
{
    uint32_t day = e->time_ms > 0 ? (uint32_t)(e->time_ms / DAY_MS) : l->day;

    if (e->type != ENTRY_INTENT) {
        return;
    }
    if (day != l->day) {
        l->day = day;
        l->day_bytes = 0;
    }
    l->day_bytes += e->is.range.body;
}

/* Nothing of the batch is left to be remembered. */
static bool ends(const struct entry *e)
{
    return e->type == ENTRY_MOVED || (e->type == ENTRY_FINAL && !e->is.range.whole);
}

static int check_range(const struct ledger *l, const struct entry *e)
{
    const struct range *r = find(l, e->batch);
    int hole = r == NULL ? hole_of(l, e) : 0;

    if (e->object >= l->objects || hole < 0 ||
        !may_follow(r != NULL ? r->state : ENTRY_NONE, e->type)) {
        return ERR_JOURNAL_ROT;
    }
    return r == NULL && l->ranges == LEDGER_MAX && !ends(e) ? ERR_NO_ROOM : 0;
}

/* A new batch takes its range out of the hole that it stands in. */
static void leave_hole(struct ledger *l, const struct entry *e)
{
    int hole = hole_of(l, e);

    if (hole >= 0 && hole < l->ranges) {
        l->range[hole].is.at = e->is.range.end;
        if (l->range[hole].is.at == l->range[hole].is.end) {
            forget(l, &l->range[hole]);
        }
    }
}

static void remember(struct ledger *l, const struct entry *e)
{
    struct range *r = ledger_find(l, e->batch);

    if (r == NULL) {
        r = &l->range[l->ranges++];
    }
    set_range(r, e);
    remember_id(l, r->is.id);
}

static void apply_range(struct ledger *l, const struct entry *e)
{
    struct range *r = ledger_find(l, e->batch);

    if (r == NULL) {
        leave_hole(l, e);
    }
    if (!ends(e)) {
        remember(l, e);
    } else if (r != NULL) {
        forget(l, r);
    }
    reach(&l->object[e->object], e->segment, e->is.range.end);
    count_day(l, e);
    l->next_batch = e->batch >= l->next_batch ? e->batch + 1 : l->next_batch;
    if (e->type == ENTRY_INTENT) {
        l->pause_until_ms = -1; /* it is over, else nothing would be sent */
    } else if (e->type == ENTRY_VOID) {
        close_holes(l, &l->object[e->object], e->object);
    }
}

int ledger_check(const struct ledger *l, const struct entry *e)
{
    switch (e->type) {
    case ENTRY_HEAD:
    case ENTRY_PAUSE:
        return 0;
    case ENTRY_OBJECT:
        if (e->object >= SPOOL_OBJECTS_MAX) {
            return ERR_NO_ROOM;
        }
        return e->object > l->objects ? ERR_JOURNAL_ROT : 0;
    case ENTRY_LOW:
        return e->object >= l->objects ? ERR_JOURNAL_ROT : 0;
    default:
        return check_range(l, e);
    }
}

static void apply_head(struct ledger *l, const struct entry_head *h)
{
    l->day = h->day;
    l->day_bytes = h->day_bytes;
    l->next_batch = h->next_batch > l->next_batch ? h->next_batch : l->next_batch;
}

int ledger_apply(struct ledger *l, const struct entry *e)
{
    int err = ledger_check(l, e);

    if (err != 0) {
        return err;
    }
    l->time_ms = e->time_ms > l->time_ms ? e->time_ms : l->time_ms;
    switch (e->type) {
    case ENTRY_HEAD:
        apply_head(l, &e->is.head);
        break;
    case ENTRY_OBJECT:
        apply_object(l, e);
        break;
    case ENTRY_LOW:
        reach(&l->object[e->object], e->segment, e->is.range.end);
        break;
    case ENTRY_PAUSE:
        l->pause_until_ms = e->is.until_ms;
        l->pause_made_ms = e->time_ms >= 0 ? e->time_ms : 0;
        break;
    default:
        apply_range(l, e);
    }
    return 0;
}

bool ledger_uses(const struct ledger *l, uint16_t object, uint32_t segment)
{
    for (uint16_t i = 0; i < l->ranges; i++) {
        if (l->range[i].object == object && l->range[i].segment == segment) {
            return true;
        }
    }
    return false;
}

uint64_t ledger_low(const struct ledger *l, uint16_t object, uint32_t segment)
{
    const struct ledger_object *o = &l->object[object];
    uint64_t low = segment == o->cur ? o->cut : UINT64_MAX;

    for (uint16_t i = 0; i < l->ranges; i++) {
        const struct range *r = &l->range[i];

        if (r->object == object && r->segment == segment && r->is.at < low) {
            low = r->is.at;
        }
    }
    return low;
}
