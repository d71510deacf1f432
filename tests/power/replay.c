#include "replay.h"

#include <string.h>

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

/* A whole segment that was moved is known by its absence. */
static unsigned open_ranges(const struct ledger *l)
{
    unsigned n = 0;

    for (uint16_t i = 0; i < l->ranges; i++) {
        n += l->range[i].state != ENTRY_FINAL;
    }
    return n;
}

void replay_check(struct world *w, const struct uploader *up, const struct flash *flash)
{
    static struct replay r;
    const struct journal_visitor to = {replay_entry, &r.ledger};
    const struct ledger *l = &up->ledger;

    ledger_init(&r.ledger);
    if (up->flash_err != 0 || journal_open(&r.journal, flash, &to, false) != 0) {
        return;
    }
    if (open_ranges(&r.ledger) != open_ranges(l) || r.ledger.objects != l->objects) {
        world_breach(w, "invariant 8: %u ranges, and a restart would find %u", open_ranges(l),
                     open_ranges(&r.ledger));
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
