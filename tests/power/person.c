#include "person.h"

#include "spool/hand.h"

#include <stdio.h>
#include <string.h>

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

static void ask(struct world *w, const struct flash *flash, unsigned batch, const struct act *a)
{
    struct hand h = {.verb = (uint8_t)a->n, .batch = batch, .all = a->arg == 1};
    const struct cloud_job *j = job_of(w, &w->s.model.batch[batch]);

    if (a->arg == 2 && j != NULL) {
        (void)snprintf(h.job, sizeof h.job, "%s", j->id);
    } else if (a->arg == 2) {
        h.verb = HAND_RETRY;
    }
    (void)hand_put(flash, &h);
}

static bool waits_for_hand(const struct model_batch *b)
{
    return b->type == J_HELD || b->type == J_MOVED;
}

void person_ask(struct world *w, const struct act *a, const struct flash *flash)
{
    for (unsigned i = 1; i < MODEL_BATCHES; i++) {
        const struct model_batch *b = &w->s.model.batch[i];

        if (waits_for_hand(b)) {
            ask(w, flash, i, a);
        }
    }
}

struct failed {
    struct hand hand[8];
    unsigned n;
};

static void see_failed(void *arg, const char *name, const uint8_t *bytes, size_t len)
{
    struct failed *f = arg;
    size_t end = strlen(name);

    (void)bytes;
    (void)len;
    if (strncmp(name, "failed/", 7) == 0 && strcmp(name + end - 4, ".csv") == 0 && f->n < 8) {
        f->hand[f->n] = (struct hand){.verb = HAND_RETRY, .all = true};
        memcpy(f->hand[f->n++].name, name, end - 4);
    }
}

void person_hand_in(struct world *w, const struct flash *flash)
{
    static struct failed f;

    f.n = 0;
    sim_flash_each(&w->flash, false, see_failed, &f);
    for (unsigned i = 0; i < f.n; i++) {
        (void)hand_put(flash, &f.hand[i]);
    }
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
bool person_settle(struct world *w, const struct flash *flash)
{
    bool any = false;

    for (unsigned i = 1; i < MODEL_BATCHES; i++) {
        const struct model_batch *b = &w->s.model.batch[i];
        const struct act a = {.n = HAND_ACCEPT, .arg = 2};

        if (waits_for_hand(b) && b->doubt && is_held(w, b)) {
            ask(w, flash, i, &a);
            any = true;
        }
    }
    return any;
}
