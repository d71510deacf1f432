/* From .open to a segment, and to the next .open. */
#include "base/err.h"
#include "spool/outbox_parts.h"

#define NUMBER_TRIES 10000 /* names tried for a free one */

/* Fills in header_end and fields; .open is there. */
static int read_header(struct outbox *o)
{
    struct outbox_walk w;
    int n;

    if (o->header_end != 0) {
        return 0;
    }
    outbox_walk_init(&w, o, o->open, o->size);
    n = outbox_walk_next(&w);
    if (n < 0) {
        return n;
    }
    o->header_end = n == 1 ? w.csv.row.end : 0;
    o->fields = n == 1 ? w.csv.row.fields : 0;
    return 0;
}

bool outbox_has_records(struct outbox *o)
{
    return o->size != OUTBOX_NONE && (read_header(o) != 0 || o->size > o->header_end);
}

/* It is there no more. */
static void forget(struct outbox *o)
{
    o->size = OUTBOX_NONE;
    o->header_end = o->header_print = 0;
    o->note.settled = o->note.pending = OUTBOX_NONE;
}

/* A rename that failed, or whose caller was killed, may still be undone by a power cut: an .open
 * that was begun meanwhile would be in its way. So it is noted before, and seen to by begin. */
static int to_segment(struct outbox *o, const char *word)
{
    int err = ERR_FLASH_EXISTS;

    o->note.leaving = 1;
    (void)outbox_save(o); /* without room for it segments must leave all the same */
    for (unsigned i = 0; err == ERR_FLASH_EXISTS && i < NUMBER_TRIES; i++) {
        outbox_name(o->name, o->folder, word, o->note.number++);
        err = o->flash->rename(o->flash->ctx, o->open, o->name, false);
    }
    if (err == 0) {
        forget(o);
        o->note.leaving = 0;
        o->news = true;
    }
    return err;
}

static int drop(struct outbox *o)
{
    int err = o->flash->remove(o->flash->ctx, o->open);

    if (err == 0) {
        forget(o);
    }
    return err;
}

/* Synced before any record: what else may stand there behind a cut is held to its columns. */
int outbox_begin(struct outbox *o, const struct outbox_row *row, uint64_t mono_ms)
{
    const struct flash *f = o->flash;
    struct outbox_note *n = &o->note;
    int err = n->leaving == 1 ? f->remove(f->ctx, o->open) : 0; /* whose folder is synced then */

    if (err != 0) {
        return err;
    }
    n->leaving = 0;
    n->generation = mono_ms > n->generation ? mono_ms : n->generation + 1;
    n->made_ms = mono_ms;
    n->settled = OUTBOX_NONE;
    n->pending = outbox_breaks(row->header, row->header_len) ? 0 : OUTBOX_NONE;
    n->old = n->counted = n->counted_at = 0;
    err = outbox_save(o);
    err = err == 0 ? f->append(f->ctx, o->open, row->header, row->header_len) : err;
    err = err == 0 ? f->sync(f->ctx, o->open) : err;
    if (err != 0) {
        (void)f->remove(f->ctx, o->open);
        return err;
    }
    o->news = true;
    o->size = o->header_end = row->header_len;
    o->fields = row->fields;
    if (n->pending != OUTBOX_NONE) {
        n->pending = OUTBOX_NONE;
        return outbox_save(o);
    }
    return 0;
}

/* Of an earlier cut only one generation stays known: what lies up to there cannot be judged. */
static void note_cut(struct outbox_note *n, uint64_t cut_at)
{
    if (n->cut_generation != OUTBOX_NONE && n->cut_generation >= n->judges_from) {
        n->judges_from = n->cut_generation + 1;
    }
    n->cut_generation = n->generation;
    n->cut_at = cut_at;
    n->spent = 1;
}

/* Nothing of it is synced any more: what was on flash stays, and what was cut off may come back
 * with a power cut, as a tail of the segment; so that has a name of its own. */
int outbox_give_up(struct outbox *o, uint64_t cut_at)
{
    int err;

    if (o->note.spent == 0) {
        note_cut(&o->note, cut_at);
        (void)outbox_save(o);
    }
    err = o->flash->truncate(o->flash->ctx, o->open, o->note.cut_at);
    if (err == 0) {
        o->size = o->note.cut_at;
        err = outbox_has_records(o) ? to_segment(o, OUTBOX_CUT) : drop(o);
    } else if (err == ERR_FLASH_NONE) {
        forget(o);
        err = 0;
    }
    if (err == 0) {
        o->note.spent = 0;
        (void)outbox_save(o);
    }
    return err;
}

int outbox_sync(struct outbox *o, uint64_t safe)
{
    int err = o->flash->sync(o->flash->ctx, o->open);

    if (err != 0) {
        (void)outbox_give_up(o, o->note.settled != OUTBOX_NONE ? o->note.settled : safe);
    }
    return err;
}

int outbox_seal(struct outbox *o)
{
    int err;

    if (!outbox_has_records(o)) {
        return drop(o);
    }
    err = outbox_sync(o, o->size);
    err = err == 0 ? to_segment(o, OUTBOX_ADD) : err;
    if (err == 0) {
        (void)outbox_save(o);
    }
    return err;
}

/* Counts as little as it can: every byte once, and only when there may be enough of them. */
static bool many(struct outbox *o)
{
    struct outbox_note *n = &o->note;
    uint64_t least = o->fields > 2 ? o->fields : 2; /* bytes of a record */
    struct outbox_walk w;

    if (n->counted_at < o->header_end) {
        n->counted_at = o->header_end;
        n->counted = 0;
    }
    if (n->counted + (o->size - n->counted_at) / least < o->rules->batch_records) {
        return false;
    }
    outbox_walk_init(&w, o, o->open, o->size);
    outbox_walk_from(&w, n->counted_at, 0);
    while (outbox_walk_next(&w) == 1) {
        n->counted += w.csv.row.blank ? 0 : 1;
        n->counted_at = w.csv.row.end;
    }
    (void)outbox_save(o);
    return n->counted >= o->rules->batch_records;
}

bool outbox_is_full(struct outbox *o, uint64_t len)
{
    return outbox_has_records(o) && (o->size + len > o->rules->batch_bytes || many(o));
}
