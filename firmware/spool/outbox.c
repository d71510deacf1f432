#include "spool/outbox.h"

#include "base/err.h"
#include "base/fingerprint.h"
#include "base/text.h"
#include "spool/outbox_parts.h"

#include <assert.h>
#include <string.h>

void outbox_init(struct outbox *o, const struct flash *flash, const struct outbox_rules *rules,
                 const char *object)
{
    int len = text_copy(o->object, sizeof o->object, object);

    assert(len > 0);
    (void)len;
    o->flash = flash;
    o->rules = rules;
    o->news = o->held = false;
    o->header_end = o->header_print = 0;
    o->seen_generation = OUTBOX_NONE;
    (void)outbox_path(o->folder, "outbox", object);
    (void)outbox_path(o->lock, o->folder, ".lock");
    (void)outbox_path(o->open, o->folder, ".open");
}

/* err: what the owner will be told. Behind a failure .open may not be what it seems to be: the next
 * one looks at its end again. */
static void leave(struct outbox *o, int err)
{
    o->held = false;
    o->seen_generation = err >= 0 ? o->note.generation : OUTBOX_NONE;
    o->seen_size = o->size;
    o->flash->unlock(o->flash->ctx, o->lock);
}

static int enter(struct outbox *o, uint64_t mono_ms, bool wait)
{
    int err;

    assert(!o->held);
    err = o->flash->lock(o->flash->ctx, o->lock, wait);
    if (err != 0) {
        return err;
    }
    err = outbox_look(o, mono_ms);
    if (err != 0) {
        leave(o, err);
    }
    return err;
}

/* The folder comes with the first record. */
static int enter_made(struct outbox *o, uint64_t mono_ms)
{
    int err = enter(o, mono_ms, true);

    if (err == ERR_FLASH_NONE) {
        err = o->flash->folder(o->flash->ctx, o->folder);
        err = err == 0 ? enter(o, mono_ms, true) : err;
    }
    return err;
}

int outbox_hold(struct outbox *o, uint64_t mono_ms)
{
    int err = o->held ? 0 : enter_made(o, mono_ms);

    o->room = o->held ? o->room : 0;
    o->held = err == 0;
    return err;
}

void outbox_release(struct outbox *o)
{
    if (o->held) {
        leave(o, 0);
    }
}

static void leave_unless_held(struct outbox *o, int err)
{
    if (!o->held || err != 0) {
        leave(o, err);
    }
}

/* 1 or 0, or an error. */
static int begins_with(struct outbox *o, const uint8_t *header, size_t len)
{
    const struct flash *f = o->flash;
    size_t at = 0;

    while (at < len && o->size >= len) {
        size_t cap = len - at < sizeof o->buf ? len - at : sizeof o->buf;
        int n = f->read_at(f->ctx, o->open, at, o->buf, cap);

        if (n < 0) {
            return n;
        }
        if (n == 0 || memcmp(o->buf, header + at, (size_t)n) != 0) {
            return 0;
        }
        at += (size_t)n;
    }
    return at == len;
}

static uint64_t print_of(const struct outbox_row *row)
{
    struct fingerprint f;

    fingerprint_init(&f);
    fingerprint_push(&f, row->header, row->header_len);
    return fingerprint_finish(&f);
}

/* An .open of another header row gives way. */
static int same_header(struct outbox *o, const struct outbox_row *row)
{
    uint64_t print = print_of(row);
    int same = 1;

    if (o->size != OUTBOX_NONE && (o->header_end == 0 || o->header_print != print)) {
        same = begins_with(o, row->header, row->header_len);
    }
    if (same < 0) {
        return same;
    }
    if (same == 1) {
        o->header_end = row->header_len;
        o->header_print = print;
        o->fields = row->fields;
        return 0;
    }
    return row->renew || !outbox_has_records(o) ? outbox_seal(o) : ERR_COLUMNS;
}

static int make_ready(struct outbox *o, const struct outbox_row *row, uint64_t mono_ms)
{
    uint64_t len = row->len;
    int err = same_header(o, row);

    if (err == 0 && outbox_is_full(o, len)) {
        err = outbox_seal(o);
    }
    if (err != 0) {
        return err;
    }
    len += o->size == OUTBOX_NONE ? row->header_len : 0;
    err = outbox_allow(o, len);
    return err == 0 && o->size == OUTBOX_NONE ? outbox_begin(o, row, mono_ms) : err;
}

bool outbox_breaks(const uint8_t *row, size_t len)
{
    return memchr(row, '\n', len - 1) != NULL;
}

/* The note goes first where bytes alone would not tell: that a sync is due, and where a record
 * with a line break inside begins. */
static int note_ahead(struct outbox *o, const struct outbox_row *row, bool shared)
{
    struct outbox_note *n = &o->note;
    bool breaks = outbox_breaks(row->record, row->len), due = shared && n->settled == OUTBOX_NONE;

    n->pending = breaks ? o->size : OUTBOX_NONE;
    n->settled = due ? o->size : n->settled;
    return breaks || due ? outbox_save(o) : 0;
}

/* What of it is there behind a failure is cut off; if that fails too, the next one will see it. */
static int put(struct outbox *o, const struct outbox_row *row, bool shared)
{
    const struct flash *f = o->flash;
    struct outbox_note *n = &o->note;
    bool counted = n->counted_at == o->size;
    int err = note_ahead(o, row, shared);

    if (err != 0) {
        return err;
    }
    err = f->append(f->ctx, o->open, row->record, row->len);
    if (err != 0 && f->truncate(f->ctx, o->open, o->size) != 0) {
        return err;
    }
    if (err == 0) {
        o->size += row->len;
        n->counted_at = counted ? o->size : n->counted_at;
        n->counted += counted ? 1 : 0;
    }
    if (n->pending != OUTBOX_NONE) {
        n->pending = OUTBOX_NONE;
        (void)outbox_save(o);
    }
    return err;
}

/* All of .open is on flash. */
static void settled(struct outbox *o)
{
    if (o->note.settled != OUTBOX_NONE) {
        o->note.settled = OUTBOX_NONE;
        (void)outbox_save(o);
    }
}

int outbox_add(struct outbox *o, const struct outbox_row *row, uint64_t mono_ms)
{
    int err = o->held ? 0 : enter_made(o, mono_ms);

    if (err != 0) {
        return err;
    }
    err = make_ready(o, row, mono_ms);
    uint64_t before = o->size;

    err = err == 0 ? put(o, row, false) : err;
    err = err == 0 ? outbox_sync(o, before) : err;
    if (err == 0) {
        settled(o);
    }
    leave_unless_held(o, err);
    return err;
}

int outbox_append(struct outbox *o, const struct outbox_row *row, uint64_t mono_ms,
                  struct outbox_ticket *out)
{
    int err = o->held ? 0 : enter_made(o, mono_ms);

    if (err != 0) {
        return err;
    }
    err = make_ready(o, row, mono_ms);
    err = err == 0 ? put(o, row, true) : err;
    out->generation = o->note.generation;
    out->end = o->size;
    leave_unless_held(o, err);
    return err;
}

/* 1: it is on flash; 0: it waits for a sync; an error: it was cut off, or nobody knows. Whatever
 * became of its .open since, but for a cut, began with a sync. */
static int judge(const struct outbox *o, const struct outbox_ticket *ticket)
{
    const struct outbox_note *n = &o->note;

    if (ticket->generation < n->judges_from ||
        (ticket->generation == n->cut_generation && ticket->end > n->cut_at)) {
        return ERR_FLASH_WRITE;
    }
    return ticket->generation != n->generation || o->size == OUTBOX_NONE ||
           n->settled == OUTBOX_NONE || ticket->end <= n->settled;
}

int outbox_settle(struct outbox *o, const struct outbox_ticket *ticket, uint64_t mono_ms)
{
    int err = enter(o, mono_ms, true);

    if (err != 0) {
        return err;
    }
    err = judge(o, ticket);
    if (err == 0) {
        err = outbox_sync(o, o->size);
        if (err == 0) {
            settled(o);
        }
    }
    leave(o, err);
    return err > 0 ? 0 : err;
}

static int read_header(struct outbox *o, uint8_t *dst, size_t cap)
{
    const struct flash *f = o->flash;
    size_t at = 0;

    if (!outbox_has_records(o)) {
        return 0;
    }
    if (o->header_end > cap) {
        return ERR_NO_ROOM;
    }
    while (at < o->header_end) {
        int n = f->read_at(f->ctx, o->open, at, dst + at, (size_t)o->header_end - at);

        if (n <= 0) {
            return n < 0 ? n : ERR_FLASH_READ;
        }
        at += (size_t)n;
    }
    return (int)at;
}

int outbox_header(struct outbox *o, uint64_t mono_ms, uint8_t *dst, size_t cap)
{
    int n = enter(o, mono_ms, true);

    if (n != 0) {
        return n == ERR_FLASH_NONE ? 0 : n;
    }
    n = read_header(o, dst, cap);
    leave(o, n);
    return n;
}

int outbox_recover(struct outbox *o, uint64_t mono_ms)
{
    int err = enter(o, mono_ms, false);

    if (err != 0) {
        return err == ERR_FLASH_NONE ? 0 : err;
    }
    err = outbox_move_tails(o);
    leave(o, err);
    return err;
}

static bool is_due(struct outbox *o, uint64_t mono_ms, bool now)
{
    const struct outbox_note *n = &o->note;
    bool aged = mono_ms >= n->made_ms && mono_ms - n->made_ms >= o->rules->seal_after_ms;

    return outbox_has_records(o) && (now || n->old == 1 || aged || outbox_is_full(o, 1));
}

int outbox_seal_due(struct outbox *o, uint64_t mono_ms, bool now)
{
    int err;

    o->due_ms = OUTBOX_NONE;
    err = enter(o, mono_ms, false);
    if (err != 0) {
        return err == ERR_FLASH_NONE ? 0 : err;
    }
    if (o->note.tails == 1) {
        (void)outbox_move_tails(o);
    }
    outbox_note_queued(o, mono_ms);
    if (is_due(o, mono_ms, now)) {
        err = outbox_seal(o);
        err = err == 0 ? 1 : err;
    } else if (outbox_has_records(o)) {
        o->due_ms = o->note.made_ms + o->rules->seal_after_ms;
    }
    leave(o, err);
    return err;
}
