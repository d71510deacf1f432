#include "checker_parts.h"

#include "scene.h"

#include <stdio.h>
#include <string.h>

bool checker_queue_name(const char *name, char object[24], uint32_t *segment)
{
    unsigned number = 0;
    int used = 0;

    if (sscanf(name, "queue/%23[^/]/%8u.csv%n", object, &number, &used) != 2 ||
        name[used] != '\0') {
        return false;
    }
    *segment = number;
    return used > 0;
}

void checker_note_row(void *arg, unsigned row, size_t at, size_t end)
{
    const struct checker_note *n = arg;

    n->w->s.where[row] = (struct row_where){n->segment, (uint32_t)at, (uint32_t)end};
}

/* Without its journal a spool may give a number again. */
void checker_new_segment(struct world *w, const char *object, uint32_t segment)
{
    for (unsigned row = 1; row < ROWS_MAX; row++) {
        struct row_where *r = &w->s.where[row];

        if (r->segment == segment && strcmp(world_object[w->s.owner[row]], object) == 0) {
            *r = (struct row_where){0};
        }
    }
}

/* Rows of a segment that has just come into being. */
static void note_segment(struct world *w, const char *name)
{
    struct checker_note n = {.w = w};
    char object[24];
    size_t len = 0;
    const uint8_t *src = sim_flash_bytes(&w->flash, name, true, &len);

    if (checker_queue_name(name, object, &n.segment) && src != NULL) {
        checker_new_segment(w, object, n.segment);
        rows_scan(src, len, checker_note_row, &n);
    }
}

static bool known(const struct model *m, const char *object, uint32_t segment)
{
    int o = model_object(m, object);

    for (unsigned i = 0; i < MODEL_BATCHES; i++) {
        const struct model_batch *b = &m->batch[i];

        if (b->type != J_NONE && b->object == o && b->segment == segment) {
            return true;
        }
    }
    return false;
}

/* Invariant 3: a segment leaves when all of it is final. */
static void check_leaving(struct world *w, const char *name, const char *to)
{
    bool apart =
        to != NULL && (strncmp(to, "quarantine/", 11) == 0 || strncmp(to, "held/", 5) == 0);
    char object[24];
    uint32_t segment;

    if (!checker_queue_name(name, object, &segment) ||
        (apart && (w->s.model.lenient || !known(&w->s.model, object, segment)))) {
        return;
    }
    for (unsigned row = 1; row < ROWS_MAX; row++) {
        const struct row_where *r = &w->s.where[row];

        if (r->segment == segment && w->s.row[row] == ROW_ACKED &&
            strcmp(object, world_object[w->s.owner[row]]) == 0 &&
            !model_settled(&w->s.model, object, segment, r->at, r->end)) {
            world_breach(w, "invariant 3: %s leaves, and row %u of it is not final", name, row);
            return;
        }
    }
}

void checker_flash(struct world *w, const struct sim_entry *e)
{
    const char *name = sim_flash_name(&w->flash, e->name);
    const char *to = e->op == SIM_RENAME ? sim_flash_name(&w->flash, e->to) : NULL;

    switch (e->op) {
    case SIM_SYNC:
        if (strcmp(name, "journal") == 0) {
            model_look(w);
        }
        break;
    case SIM_RENAME:
        if (strcmp(to, "journal") == 0) {
            model_look(w);
        }
        check_leaving(w, name, to);
        note_segment(w, to);
        break;
    case SIM_REMOVE:
        if (e->at == 1) {
            check_leaving(w, name, NULL);
        }
        break;
    case SIM_APPEND:
    case SIM_TRUNCATE:
        if (strncmp(name, "queue/", 6) == 0) {
            world_breach(w, "invariant 6: %s is written to", name);
        }
        break;
    default:
        break;
    }
}

static void note_file(void *arg, const char *name, const uint8_t *bytes, size_t len)
{
    struct checker_note n = {.w = arg};
    char object[24];

    if (checker_queue_name(name, object, &n.segment)) {
        checker_new_segment(n.w, object, n.segment);
        rows_scan(bytes, len, checker_note_row, &n);
    }
}

void checker_find_rows(struct world *w)
{
    sim_flash_each(&w->flash, false, note_file, w);
}

static const struct model_batch *sending(struct world *w, const struct tag *tag, uint8_t type,
                                         const char *what)
{
    const struct model *m = &w->s.model;
    const struct model_batch *b;

    model_look(w);
    if (w->s.must_not_send) {
        world_breach(w, "invariant 11: %s leaves while flash cannot be written", what);
    }
    b = tag != NULL ? &m->batch[tag->batch % MODEL_BATCHES] : model_newest(m);
    if (b == NULL || b->type != type) {
        world_breach(w, "invariant 3: %s leaves, and flash says %s", what,
                     jread_name(b == NULL ? J_NONE : b->type));
        return NULL;
    }
    if (tag != NULL && (tag->attempt != b->attempt || tag->spool != m->spool)) {
        world_breach(w, "invariant 3: %s of attempt %u leaves, and flash says %u", what,
                     tag->attempt, b->attempt);
    }
    return b;
}

void checker_body_begins(struct world *w, const struct tag *tag)
{
    if (world_service_ms(w) + 2000 < w->s.model.pause_ms) { /* a Date has whole seconds */
        world_breach(w, "the first byte leaves %u s before the end of a pause",
                     (unsigned)((w->s.model.pause_ms - world_service_ms(w)) / 1000));
    }
    (void)sending(w, tag, J_INTENT, "the first byte");
}

struct body {
    struct world *w;
    const struct model_batch *b;
    uint64_t at;
    unsigned rows;
};

static void check_body_row(void *arg, unsigned row, size_t at, size_t end)
{
    struct body *body = arg;
    struct world *w = body->w;
    const struct row_where *r = &w->s.where[row];
    bool in = r->segment == body->b->segment && r->at >= body->b->at && r->end <= body->b->end;

    (void)at;
    (void)end;
    body->rows++;
    if (!in || r->at < body->at) {
        world_breach(w, "invariant 6: row %u goes out, and is not in [%u, %u) of segment %u", row,
                     (unsigned)body->b->at, (unsigned)body->b->end, body->b->segment);
    }
    if (row >= ROWS_BAD) {
        world_breach(w, "a bad row goes out: %u", row);
    }
    body->at = r->end;
}

void checker_gate_opens(struct world *w, const struct tag *tag, const uint8_t *file, size_t len)
{
    struct body body = {.w = w, .b = sending(w, tag, J_COMMIT, "the delimiter")};

    if (body.b != NULL) {
        rows_scan(file, len, check_body_row, &body);
        if (body.rows != body.b->records) {
            world_breach(w, "invariant 6: %u rows go out, and flash says %u", body.rows,
                         body.b->records);
        }
    }
}
