/* Compaction: one journal is written from another: what is not final as it is in RAM, and of what
 * is final all that stands above something that is not. */
#include "sync/uploader_parts.h"

#include "base/err.h"
#include "spool/queue.h"

static int keep_final(void *ctx, const struct entry *e)
{
    struct uploader *u = ctx;
    bool final = e->type == ENTRY_FINAL || e->type == ENTRY_MOVED;
    struct entry copy = *e;

    if (!final || e->object >= u->ledger.objects || ledger_find(&u->ledger, e->batch) != NULL) {
        return 0;
    }
    const struct ledger_object *o = &u->ledger.object[e->object];
    bool live = ledger_uses(&u->ledger, e->object, e->segment) ||
                (e->segment == o->cur && e->segment > o->is.freed);

    if (!live || e->is.range.end <= ledger_low(&u->ledger, e->object, e->segment)) {
        return 0;
    }
    return journal_put(&u->journal, &copy);
}

static int put_low(struct uploader *u, uint16_t object, uint32_t segment)
{
    struct entry e = {.type = ENTRY_LOW, .object = object, .segment = segment, .time_ms = -1};

    e.is.range.end = ledger_low(&u->ledger, object, segment);
    return journal_put(&u->journal, &e);
}

/* Segments that are final and still there, as their unlink failed: without a word of them the next
 * start would take them for orphans. */
static int keep_done(struct uploader *u, uint16_t object)
{
    const struct ledger_object *o = &u->ledger.object[object];
    uint32_t segment = 0;
    int n;

    while ((n = queue_next(u->flash, o->is.name, segment, &segment)) == 1 &&
           segment <= u->lane[object].done) {
        if (segment != o->cur && !ledger_uses(&u->ledger, object, segment)) {
            n = put_low(u, object, segment);
        }
        if (n < 0) {
            return n;
        }
    }
    return n < 0 ? n : 0;
}

static int keep_object(struct uploader *u, uint16_t object)
{
    const struct ledger_object *o = &u->ledger.object[object];
    struct entry e = {
        .type = ENTRY_OBJECT, .object = object, .time_ms = u->ledger.time_ms, .is.object = o->is};
    int err = journal_put(&u->journal, &e);

    if (err == 0 && o->cur > o->is.freed && !ledger_uses(&u->ledger, object, o->cur)) {
        err = put_low(u, object, o->cur);
    }
    return err == 0 ? keep_done(u, object) : err;
}

static int keep_range(struct uploader *u, struct range *r)
{
    struct entry e = ledger_entry(r, r->state);
    int err = put_low(u, r->object, r->segment);

    if (r->state == ENTRY_INTENT) {
        e.is.range.body = 0; /* HEAD has it among the day's bytes */
    }
    err = err == 0 ? journal_put(&u->journal, &e) : err;
    r->seq = e.seq;
    return err;
}

/* Holes come last: with nothing behind it one would be no hole to who reads it, but the end of what
 * was cut, and what comes behind it then would bury its records. */
static int keep_ranges(struct uploader *u, bool holes)
{
    int err = 0;

    for (uint16_t i = 0; i < u->ledger.ranges && err == 0; i++) {
        struct range *r = &u->ledger.range[i];

        if ((r->state == ENTRY_VOID) == holes) {
            err = keep_range(u, r);
        }
    }
    return err;
}

static int keep_pause(struct uploader *u)
{
    struct entry e = {.type = ENTRY_PAUSE,
                      .time_ms = u->ledger.pause_made_ms,
                      .is.until_ms = u->ledger.pause_until_ms};
    bool over = u->ledger.pause_made_ms > 0 && uploader_time_ms(u) > u->ledger.pause_until_ms;

    return u->ledger.pause_until_ms < 0 || over ? 0 : journal_put(&u->journal, &e);
}

static int keep_all(struct uploader *u)
{
    const struct journal_visitor to = {keep_final, u};
    int err = 0;

    for (uint16_t i = 0; i < u->ledger.objects && err == 0; i++) {
        err = keep_object(u, i);
    }
    err = err == 0 ? journal_read(&u->journal, &u->journal.old, &to) : err;
    err = err == 0 ? keep_ranges(u, false) : err;
    err = err == 0 ? keep_ranges(u, true) : err;
    return err == 0 ? keep_pause(u) : err;
}

static int write_new(struct uploader *u, uint32_t epoch)
{
    int err = journal_compact_begin(&u->journal, u->flash, epoch);

    err = err == 0 ? keep_all(u) : err;
    return journal_compact_end(&u->journal, err);
}

int uploader_compact(struct uploader *u)
{
    uint32_t epoch = 0;
    int err = device_random((uint8_t *)&epoch, sizeof epoch);

    u->journal.head.next_batch = u->ledger.next_batch;
    u->journal.head.day = u->ledger.day;
    u->journal.head.day_bytes = u->ledger.day_bytes;
    err = err == 0 ? write_new(u, epoch) : err;
    if (err == ERR_FLASH_FULL && uploader_give_room(u)) {
        err = write_new(u, epoch);
    }
    if (err == 0) {
        u->compacted_len = u->journal.now.len;
    }
    return uploader_flash(u, err);
}
