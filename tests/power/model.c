#include "model.h"

#include "scene.h"
#include "spool/entry.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

/* Invariant 8: the tables of the spool page. */
static bool may_follow(uint8_t before, uint8_t type)
{
    static const uint16_t next[J_TYPES] = {
        [J_NONE] = 1u << J_INTENT | 1u << J_FINAL | 1u << J_HELD,
        [J_INTENT] = 1u << J_INTENT | 1u << J_COMMIT | 1u << J_VOID | 1u << J_HELD |
                     1u << J_CREATED | 1u << J_FINAL,
        [J_COMMIT] = 1u << J_INTENT | 1u << J_VOID | 1u << J_HELD | 1u << J_CREATED | 1u << J_FINAL,
        [J_VOID] = 1u << J_INTENT,
        [J_HELD] = 1u << J_INTENT | 1u << J_VOID | 1u << J_HELD | 1u << J_MOVED | 1u << J_CREATED |
                   1u << J_FINAL,
        [J_CREATED] = 1u << J_HELD | 1u << J_FINAL | 1u << J_VOID,
    };

    return (next[before] >> type & 1) != 0;
}

static bool unknown_reason(uint8_t reason)
{
    return reason == REASON_UNKNOWN || reason == REASON_ABSENT || reason == REASON_POLICY;
}

static void check_attempt(struct world *w, const struct model_batch *b, const struct jentry *e)
{
    bool again = b->type == J_INTENT || b->type == J_COMMIT || b->type == J_HELD;

    if (e->type == J_INTENT && again && (e->attempt != b->attempt + 1 || e->reason == 0)) {
        world_breach(w, "invariant 2: batch %u is sent again as attempt %u behind %u, reason %u",
                     e->batch, e->attempt, b->attempt, e->reason);
    }
    if (e->type == J_COMMIT && (b->intents >> (e->attempt & 63) & 1) == 0) {
        world_breach(w, "invariant 3: COMMIT of batch %u attempt %u without its INTENT", e->batch,
                     e->attempt);
    }
    if ((e->type == J_HELD || e->type == J_INTENT) && unknown_reason(e->reason) && !b->doubt &&
        !b->half) {
        world_breach(w, "invariant 12: batch %u is unknown (reason %u) without a COMMIT", e->batch,
                     e->reason);
    }
}

/* Of two jobs that have its tag, none is its own more than the other. */
static void check_adopted(struct world *w, const struct jentry *e)
{
    const struct cloud *c = &w->s.cloud;
    unsigned n = 0;

    for (unsigned i = 0; i < c->jobs && !c->rules->list_hides && !w->s.model.lenient; i++) {
        const struct cloud_job *j = &c->job[i];

        n += j->ours && j->batch == e->batch && j->tag[0] != '\0' &&
             j->made_ms <= world_service_ms(w);
    }
    if (n > 1) {
        world_breach(w, "invariant 4: job %s is adopted, and %u have the tag of batch %u", e->id, n,
                     e->batch);
    }
}

/* Invariants 4 and 5, by what the service knows. */
static void check_job(struct world *w, const struct model_batch *b, const struct jentry *e)
{
    const struct cloud_job *j = NULL;
    const char *id = e->type == J_CREATED ? e->id : b->id;
    bool by_hand = e->reason == REASON_HAND || e->reason == REASON_POLICY ||
                   (e->type == J_CREATED && e->how == J_BY_HAND);
    bool done = e->type == J_FINAL && e->how == J_DONE && e->records > 0;

    if (e->type == J_CREATED && e->how == J_ADOPTED) {
        check_adopted(w, e);
    }
    if ((e->type != J_CREATED && !done) || by_hand) {
        return;
    }
    for (unsigned i = 0; i < w->s.cloud.jobs; i++) {
        j = strcmp(w->s.cloud.job[i].id, id) == 0 ? &w->s.cloud.job[i] : j;
    }
    if (j == NULL || !j->ours || (j->batch != 0 && j->batch != e->batch)) {
        world_breach(w, "invariant 4: batch %u has job \"%s\", which is not its own", e->batch, id);
    } else if (done && (b->type != J_CREATED || !(j->confirmed || (j->ended && j->asked_empty)))) {
        world_breach(w, "invariant 5: batch %u is done, and job %s never said so", e->batch, id);
    }
}

/* Invariant 7: one that a cut has left is looked for before there is another. */
static void count_in_flight(struct world *w, const struct jentry *e)
{
    const struct model *m = &w->s.model;

    for (unsigned i = 0; i < MODEL_BATCHES && e->type == J_INTENT; i++) {
        const struct model_batch *b = &m->batch[i];

        if (i != e->batch && b->type == J_INTENT && b->lists == w->s.cloud.lists &&
            !w->scene->rules.no_tag) {
            world_breach(w, "invariant 7: INTENT of batch %u while batch %u has one", e->batch, i);
        }
    }
}

/* Invariant 6: what is not void is nobody else's. */
static void check_range(struct world *w, const struct jentry *e)
{
    const struct model *m = &w->s.model;

    for (unsigned i = 0; i < MODEL_BATCHES; i++) {
        const struct model_batch *b = &m->batch[i];
        bool same = b->type != J_NONE && b->object == e->object && b->segment == e->segment;

        if (same && i != e->batch && b->type != J_VOID && e->type != J_VOID && b->at < e->end &&
            e->at < b->end) {
            world_breach(w, "invariant 6: batch %u [%u, %u) overlaps batch %u [%u, %u)", e->batch,
                         (unsigned)e->at, (unsigned)e->end, i, (unsigned)b->at, (unsigned)b->end);
        }
    }
}

/* Whether a record of the segment begins, or ends, here. */
static bool is_edge(const struct world *w, const struct jentry *e, bool end)
{
    for (unsigned row = 1; row < ROWS_MAX; row++) {
        const struct row_where *r = &w->s.where[row];

        if (r->segment == e->segment && (end ? r->end == e->end : r->at == e->at)) {
            return true;
        }
    }
    return false;
}

static void check_edges(struct world *w, const struct jentry *e)
{
    if (e->type == J_INTENT) {
        checker_find_rows(w);
    }
    if (e->type == J_INTENT && !(is_edge(w, e, false) && is_edge(w, e, true))) {
        world_breach(w, "invariant 6: batch %u [%u, %u) cuts a record", e->batch, (unsigned)e->at,
                     (unsigned)e->end);
    }
}

static void take_range(struct world *w, const struct jentry *e, bool copied)
{
    struct model *m = &w->s.model;
    struct model_batch *b = &m->batch[e->batch % MODEL_BATCHES];

    if (e->batch >= MODEL_BATCHES || e->batch == 0) {
        world_breach(w, "invariant 8: batch %u", e->batch);
        return;
    }
    if (copied) { /* compaction: it says what was, and may know less of what is final */
        bool same = b->type == e->type && b->attempt == e->attempt && b->segment == e->segment &&
                    (b->at == e->at || b->type == J_VOID) && b->end == e->end;

        if (!same) {
            world_breach(w, "invariant 8: compaction says %s of batch %u, which was %s",
                         jread_name(e->type), e->batch, jread_name(b->type));
        }
        return;
    }
    if (!may_follow(b->type, e->type)) {
        world_breach(w, "invariant 8: batch %u goes from %s to %s", e->batch, jread_name(b->type),
                     jread_name(e->type));
    }
    if (b->type == J_NONE && e->batch <= m->last_batch) {
        world_breach(w, "invariant 8: number %u is given again", e->batch);
    }
    check_attempt(w, b, e);
    check_job(w, b, e);
    check_range(w, e);
    check_edges(w, e);
    count_in_flight(w, e);
    m->last_batch = e->batch > m->last_batch ? e->batch : m->last_batch;
    if (e->type == J_INTENT && (b->doubt || b->half)) {
        b->resends++;
        b->hand = (uint8_t)(b->hand + (e->reason == REASON_HAND || e->reason == REASON_POLICY));
    }
    b->doubt = e->type == J_COMMIT ||
               (b->doubt && (e->type == J_HELD || e->type == J_INTENT || e->type == J_MOVED));
    b->before = b->type;
    b->type = e->type;
    b->reason = e->reason;
    b->attempt = e->attempt;
    b->how = e->how;
    b->whole = e->whole;
    b->object = e->object;
    b->segment = e->segment;
    b->seq = e->seq;
    b->records = e->records;
    b->lists = w->s.cloud.lists;
    b->at = e->at;
    b->end = e->end;
    b->intents |= e->type == J_INTENT ? UINT64_C(1) << (e->attempt & 63) : 0;
    b->commits |= e->type == J_COMMIT ? UINT64_C(1) << (e->attempt & 63) : 0;
    if ((e->type == J_CREATED || e->type == J_HELD) && e->id[0] != '\0') {
        memcpy(b->id, e->id, sizeof b->id);
    }
}

static void take_object(struct world *w, const struct jentry *e)
{
    struct model *m = &w->s.model;
    struct model_object *o = &m->object[e->object % MODEL_OBJECTS];

    if (e->object > m->objects || e->object >= MODEL_OBJECTS) {
        world_breach(w, "invariant 8: object %u of %u", e->object, m->objects);
        return;
    }
    if (e->object < m->objects &&
        (strcmp(o->name, e->name) != 0 || e->freed < o->freed || e->dropped < o->dropped)) {
        world_breach(w, "invariant 8: object %s went back: freed %u to %u, dropped %u to %u",
                     e->name, o->freed, e->freed, o->dropped, e->dropped);
    }
    m->objects = (uint16_t)(e->object == m->objects ? m->objects + 1 : m->objects);
    (void)snprintf(o->name, sizeof o->name, "%.23s", e->name);
    o->freed = e->freed;
    o->dropped = e->dropped;
    o->hold = e->hold;
}

/* All below it is final: holds for what is known of the segment. */
static void take_low(struct world *w, const struct jentry *e)
{
    const struct model *m = &w->s.model;

    for (unsigned i = 0; i < MODEL_BATCHES; i++) {
        const struct model_batch *b = &m->batch[i];
        bool open =
            b->type != J_NONE && b->type != J_FINAL && b->type != J_MOVED && b->type != J_VOID;

        if (open && b->object == e->object && b->segment == e->segment && b->at < e->end) {
            world_breach(w, "invariant 6: LOW %u of segment %u above batch %u, which is %s",
                         (unsigned)e->end, e->segment, i, jread_name(b->type));
        }
    }
}

static void take(struct world *w, const struct jentry *e, bool copied)
{
    struct model *m = &w->s.model;
    bool next = e->seq == m->seq + 1;
    bool first =
        copied && m->seen == 0; /* a journal that was never durable may have come between */

    m->entries += !copied;
    if (m->begun && !next && !(first && e->seq > m->seq)) {
        world_breach(w, "invariant 8: sequence %u behind %u", e->seq, m->seq);
    }
    m->begun = true;
    m->seq = e->seq;
    if (e->type == J_HEAD) {
        if (m->spool != 0 && m->spool != e->spool && !m->new_id) {
            world_breach(w, "invariant 8: the spool has another id");
        }
        m->spool = e->spool;
    } else if (e->type == J_OBJECT) {
        take_object(w, e);
    } else if (e->type == J_LOW) {
        take_low(w, e);
    } else if (e->type == J_PAUSE) {
        m->pause_ms = e->until_ms;
    } else {
        take_range(w, e, copied);
    }
}

/* What compaction must not have forgotten: all that is open. */
static void check_kept(struct world *w, const uint8_t *src, size_t len, uint32_t epoch)
{
    const struct model *m = &w->s.model;

    for (unsigned i = 0; i < MODEL_BATCHES; i++) {
        uint8_t type = m->batch[i].type;
        bool open = type == J_INTENT || type == J_COMMIT || type == J_HELD || type == J_CREATED;
        bool found = false;
        struct jentry e;

        for (size_t at = 0; open && at + JREAD_LEN <= len; at += JREAD_LEN) {
            found = found ||
                    (jread_entry(&e, src + at, epoch) && model_is_range(e.type) && e.batch == i);
        }
        if (open && !found) {
            world_breach(w, "invariant 8: compaction forgot batch %u, which was %s", i,
                         jread_name(type));
        }
    }
}

/* A journal that was damaged on purpose: what is open in it is held, whatever it was. */
static void forget(struct model *m)
{
    memset(m->batch, 0, sizeof m->batch);
    m->objects = 0;
    m->begun = false;
    m->seen = 0;
    m->epoch = 0;
    m->last_batch = 0;
}

static void look(struct world *w)
{
    struct model *m = &w->s.model;
    size_t len = 0;
    const uint8_t *src = sim_flash_bytes(&w->flash, "journal", true, &len);
    uint32_t epoch = m->epoch;
    bool other;

    if (src == NULL || !jread_epoch(src, len, &epoch)) {
        if (m->seen > 0 && !m->lenient) {
            world_breach(w, "invariant 8: the journal is gone");
        }
        return;
    }
    if (m->lenient && (epoch != m->epoch || len < m->seen)) {
        forget(m); /* to be read anew */
    }
    other = epoch != m->epoch && m->seen > 0;
    if (other) {
        m->compactions++;
        check_kept(w, src, len, epoch);
    }
    if (epoch != m->epoch) {
        m->seen = 0;
        m->epoch = epoch;
    }
    if (len < m->seen) {
        world_breach(w, "invariant 8: the journal lost %u bytes", (unsigned)(m->seen - len));
        m->seen = len;
    }
    for (; m->seen + JREAD_LEN <= len; m->seen += JREAD_LEN) {
        struct jentry e;

        if (!jread_entry(&e, src + m->seen, epoch)) {
            return; /* torn: to be cut off */
        }
        take(w, &e, other);
    }
}

void model_look(struct world *w)
{
    look(w);
}

void model_start(struct world *w)
{
    look(w);
}
