/* What is asserted behind a cut, and at rest. */
#include "checker_parts.h"
#include "scene.h"

#include <string.h>

static void see_row(void *arg, unsigned row, size_t at, size_t end)
{
    const struct checker_note *n = arg;

    (void)at;
    (void)end;
    n->w->s.place[row] |= (uint16_t)n->segment; /* here: which place */
}

static bool ends_in(const char *name, const char *ending)
{
    size_t len = strlen(name), n = strlen(ending);

    return len >= n && strcmp(name + len - n, ending) == 0;
}

static void see_queue_row(void *arg, unsigned row, size_t at, size_t end)
{
    const struct checker_note *n = arg;
    struct world *w = n->w;
    const char *object = world_object[w->s.owner[row]];
    const struct model_batch *b = model_find(&w->s.model, object, n->segment, at, end);
    bool leaves = b != NULL && b->type == J_FINAL && b->whole; /* as it is, with its rows */
    bool settled = model_settled(&w->s.model, object, n->segment, at, end) && !leaves;

    checker_note_row(arg, row, at, end);
    w->s.place[row] |= settled ? AT_SETTLED : AT_QUEUE;
}

static void see_file(void *arg, const char *name, const uint8_t *bytes, size_t len)
{
    static const struct {
        const char *folder;
        uint16_t place;
    } folder[] = {{"outbox/", AT_OUTBOX},
                  {"held/", AT_HELD},
                  {"failed/", AT_FAILED},
                  {"sent/", AT_SENT},
                  {"quarantine/", AT_QUARANTINE}};
    struct checker_note n = {.w = arg};
    char object[24];

    if (checker_queue_name(name, object, &n.segment)) {
        checker_new_segment(n.w, object, n.segment);
        rows_scan(bytes, len, see_queue_row, &n);
        return;
    }
    for (size_t i = 0; i < sizeof folder / sizeof folder[0]; i++) {
        bool mine = strncmp(name, folder[i].folder, strlen(folder[i].folder)) == 0;

        if (mine && (ends_in(name, ".csv") || ends_in(name, "/.open"))) {
            n.segment = folder[i].place;
            rows_scan(bytes, len, see_row, &n);
        }
    }
}

void checker_look(struct world *w)
{
    memset(w->s.place, 0, sizeof w->s.place);
    sim_flash_each(&w->flash, true, see_file, w);
    for (unsigned row = 1; row < ROWS_MAX; row++) {
        struct cloud_tally t = cloud_row(&w->s.cloud, row);

        w->s.place[row] |= t.stored > 0 ? AT_SERVICE : 0;
        w->s.place[row] |= t.stored - t.rogue > 1 ? AT_TWICE : 0;
        w->s.place[row] |= t.failed > 0 ? AT_REFUSED : 0;
    }
}

static unsigned dropped(const struct world *w)
{
    unsigned n = 0;

    for (unsigned i = 0; i < w->s.model.objects; i++) {
        n += w->s.model.object[i].dropped;
    }
    return n;
}

/* Taken for done by the policy, which is at the user's risk. */
static bool accepted(const struct world *w, unsigned row)
{
    const struct row_where *r = &w->s.where[row];
    const char *object = world_object[w->s.owner[row]];
    const struct model_batch *b = model_find(&w->s.model, object, r->segment, r->at, r->end);

    return (w->scene->flags & SCENE_ACCEPTS) != 0 && b != NULL && b->type == J_FINAL &&
           b->how == J_DONE;
}

static void check_1(struct world *w)
{
    const unsigned safe = AT_OUTBOX | AT_QUEUE | AT_HELD | AT_FAILED | AT_QUARANTINE | AT_SERVICE;
    unsigned gone = 0, first = 0;

    for (unsigned row = 1; row < ROWS_MAX; row++) {
        if (w->s.row[row] == ROW_ACKED && (w->s.place[row] & safe) == 0 && !accepted(w, row)) {
            first = gone++ == 0 ? row : first;
        }
    }
    if (gone > dropped(w)) {
        world_breach(w, "invariant 1: row %u is nowhere (place %x); %u are gone, %u were dropped",
                     first, w->s.place[first], gone, dropped(w));
    }
}

static void check_2(struct world *w)
{
    const struct cloud *c = &w->s.cloud;
    uint8_t jobs[MODEL_BATCHES] = {0};

    for (unsigned i = 0; i < c->jobs && !w->s.model.lenient; i++) {
        const struct cloud_job *j = &c->job[i];

        if (j->ours && !j->rogue && j->batch < MODEL_BATCHES) {
            jobs[j->batch]++;
        }
    }
    for (unsigned i = 1; i < MODEL_BATCHES; i++) {
        if (jobs[i] > 1 + w->s.model.batch[i].resends) {
            world_breach(w, "invariant 2: batch %u has %u jobs, and %u resends are written", i,
                         jobs[i], w->s.model.batch[i].resends);
        }
    }
    for (unsigned row = 1; row < ROWS_MAX && (w->scene->flags & SCENE_REPEATS) == 0; row++) {
        if ((w->s.place[row] & AT_TWICE) != 0) {
            world_breach(w, "invariant 2: row %u is stored twice", row);
            return;
        }
    }
}

/* In front of the last range of a segment, whatever is in none of them is in a hole. */
static void check_hole(struct world *w, unsigned row)
{
    const struct row_where *r = &w->s.where[row];
    const char *name = world_object[w->s.owner[row]];
    int object = model_object(&w->s.model, name);
    bool in = false, hole = false, behind = false;

    for (unsigned i = 1; i < MODEL_BATCHES; i++) {
        const struct model_batch *b = &w->s.model.batch[i];
        bool same = b->type != J_NONE && b->object == object && b->segment == r->segment;
        bool over = same && b->at <= r->at && r->end <= b->end;

        in = in || (over && b->type != J_VOID);
        hole = hole || (over && b->type == J_VOID);
        behind = behind || (same && b->type != J_VOID && b->at >= r->end);
    }
    if (behind && !in && !hole) {
        world_breach(w, "invariant 6: row %u is in no range, and those behind it are", row);
    }
}

static void check_6(struct world *w)
{
    for (unsigned row = 1; row < ROWS_MAX; row++) {
        if ((w->s.place[row] & AT_QUEUE) != 0) {
            check_hole(w, row);
        }
    }
}

void checker_start(struct world *w)
{
    checker_look(w);
    check_1(w);
    check_2(w);
    check_6(w);
}

/* Invariant 10. */
static void see_leftover(void *arg, const char *name, const uint8_t *bytes, size_t len)
{
    struct world *w = arg;
    bool ours = strncmp(name, "outbox/", 7) != 0 && strncmp(name, "ctl/", 4) != 0;

    (void)bytes;
    if (ours && (ends_in(name, ".tmp") || strcmp(name, "journal.new") == 0)) {
        world_breach(w, "invariant 10: %s is left over", name);
    }
    if (strcmp(name, "journal") == 0 && len > 65536 + JREAD_LEN) {
        world_breach(w, "invariant 10: the journal has %u bytes", (unsigned)len);
    }
}

static void check_10(struct world *w)
{
    size_t len = 0;

    sim_flash_each(&w->flash, true, see_leftover, w);
    if (sim_flash_bytes(&w->flash, "reserve", false, &len) == NULL || len != 8192) {
        world_breach(w, "invariant 10: the reserve has %u bytes", (unsigned)len);
    }
    for (unsigned row = 1; row < ROWS_MAX; row++) {
        unsigned place = w->s.place[row];
        bool live = (place & (AT_OUTBOX | AT_QUEUE | AT_SETTLED)) != 0;

        if (live && (place & AT_SERVICE) != 0 && (w->scene->flags & SCENE_REPEATS) == 0) {
            world_breach(w, "invariant 10: row %u is stored, and still here (%x)", row, place);
            return;
        }
    }
}

/* Where each row has to be in the end. */
static void check_end(struct world *w, unsigned row)
{
    unsigned every = w->scene->cloud.fails_every, place = w->s.place[row];
    unsigned want = AT_SERVICE | w->scene->rest_may;

    if (row >= ROWS_BAD || row == w->scene->cloud.poison) {
        want = AT_QUARANTINE;
    } else if (every != 0 && row % every == 0) {
        want = AT_FAILED | (w->scene->rest_may & AT_HELD);
    }
    if (((w->scene->flags & SCENE_DROPS) != 0 && place == 0) || accepted(w, row)) {
        return; /* check_1 counts them */
    }
    if ((place & want) == 0) {
        const struct row_where *r = &w->s.where[row];
        const char *object = world_object[w->s.owner[row]];
        const struct model_batch *b = model_find(&w->s.model, object, r->segment, r->at, r->end);

        world_breach(w, "at rest row %u is at %x, wanted at one of %x; its batch is %s, reason %u",
                     row, place, want, jread_name(b == NULL ? J_NONE : b->type),
                     b == NULL ? 0 : b->reason);
    }
}

void checker_rest(struct world *w)
{
    checker_start(w);
    check_10(w);
    for (unsigned row = 1; row < ROWS_MAX; row++) {
        if (w->s.row[row] == ROW_ACKED) {
            check_end(w, row);
        } else if (w->s.row[row] == ROW_REFUSED && w->s.place[row] != 0 && !w->lenient) {
            world_breach(w, "row %u was refused by add, and is at %x", row, w->s.place[row]);
        }
    }
}
