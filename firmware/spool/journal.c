#include "spool/journal.h"

#include "base/err.h"
#include "base/stream.h"

static const char JOURNAL[] = "journal";
static const char NEW[] = "journal.new";

enum { HEADS_LEN = 2 * ENTRY_LEN };

static int read_entry(const struct flash *f, uint64_t at, uint32_t epoch, struct entry *e)
{
    uint8_t raw[ENTRY_LEN];
    int n = f->read_at(f->ctx, JOURNAL, at, raw, ENTRY_LEN);

    if (n < 0) {
        return n;
    }
    return n == ENTRY_LEN ? entry_read(e, raw, epoch) : ERR_JOURNAL_ROT;
}

/* The first HEAD that can be read. */
static int find_head(struct journal *j)
{
    struct entry e;
    int err = ERR_JOURNAL_ROT;

    for (uint64_t at = 0; at < HEADS_LEN && err == ERR_JOURNAL_ROT; at += ENTRY_LEN) {
        err = read_entry(j->flash, at, 0, &e);
        if (err == 0 && e.type != ENTRY_HEAD) {
            err = ERR_JOURNAL_ROT;
        }
    }
    if (err != 0) {
        return err;
    }
    j->head = e.is.head;
    j->now.epoch = e.is.head.epoch;
    return e.is.head.version == JOURNAL_VERSION ? 0 : ERR_JOURNAL_VERSION;
}

/* A valid entry behind bad ones makes them rot: what stands at the end alone is a torn tail. */
static int take(struct journal *j, const struct entry *e, const struct journal_visitor *to)
{
    int err;

    if (e->type == ENTRY_HEAD && e->is.head.epoch != j->now.epoch) {
        return ERR_JOURNAL_ROT;
    }
    if (e->type == ENTRY_HEAD) {
        j->head = e->is.head;
    }
    err = to->entry(to->ctx, e);
    if (err == ERR_JOURNAL_ROT) {
        j->rotten++;
        err = 0;
    }
    return err;
}

static int walk(struct journal *j, uint64_t len, const struct journal_visitor *to)
{
    uint32_t bad = 0;

    for (uint64_t at = 0; at + ENTRY_LEN <= len; at += ENTRY_LEN) {
        struct entry e;
        int err = read_entry(j->flash, at, j->now.epoch, &e);

        err = err == 0 ? take(j, &e, to) : err;
        if (err == ERR_JOURNAL_ROT) {
            bad += at >= HEADS_LEN; /* a HEAD has a twin */
        } else if (err != 0) {
            return err;
        } else {
            j->heads = (uint8_t)(j->heads + (at < HEADS_LEN && e.type == ENTRY_HEAD));
            j->now.seq = e.seq;
            j->now.len = at + ENTRY_LEN;
            j->rotten += bad;
            bad = 0;
        }
    }
    return 0;
}

/* The sync is for what a killed process had written, and not synced: from here on it is relied on.
 */
static int cut_tail(struct journal *j, uint64_t size)
{
    const struct flash *f = j->flash;
    int err = size > j->now.len ? f->truncate(f->ctx, JOURNAL, j->now.len) : 0;

    return err == 0 ? f->sync(f->ctx, JOURNAL) : err;
}

int journal_open(struct journal *j, const struct flash *flash, const struct journal_visitor *to,
                 bool mend)
{
    *j = (struct journal){.flash = flash, .name = JOURNAL};
    int64_t size = flash->size(flash->ctx, JOURNAL);

    if (size < 0) {
        return (int)size;
    }
    int err = find_head(j);

    err = err == 0 ? walk(j, (uint64_t)size, to) : err;
    return err == 0 && mend ? cut_tail(j, (uint64_t)size) : err;
}

static int append(struct journal *j, struct entry *e)
{
    const struct flash *f = j->flash;
    uint8_t raw[ENTRY_LEN];

    e->seq = j->now.seq + 1;
    if (e->type == ENTRY_HEAD) {
        e->is.head = j->head;
    }
    entry_write(raw, e, j->now.epoch);
    int err = f->append(f->ctx, j->name, raw, sizeof raw);

    if (err != 0) { /* a part of it may be there: a torn tail, unless it can be cut */
        j->now.err = f->truncate(f->ctx, j->name, j->now.len);
    }
    return err;
}

int journal_put(struct journal *j, struct entry *e)
{
    const struct flash *f = j->flash;
    int err = j->now.err != 0 ? j->now.err : append(j, e);

    if (err == 0 && j->name == JOURNAL) {
        err = f->sync(f->ctx, JOURNAL);
        j->now.err = err;
    }
    if (err == 0) {
        j->now.seq = e->seq;
        j->now.len += ENTRY_LEN;
    }
    return err;
}

int journal_read(const struct journal *j, const struct journal_part *part,
                 const struct journal_visitor *to)
{
    for (uint64_t at = 0; at < part->len; at += ENTRY_LEN) {
        struct entry e;
        int err = read_entry(j->flash, at, part->epoch, &e);

        if (err == 0 && e.type != ENTRY_HEAD) {
            err = to->entry(to->ctx, &e);
        }
        if (err != 0 && err != ERR_JOURNAL_ROT) { /* rot was told when it was opened */
            return err;
        }
    }
    return 0;
}

int journal_compact_begin(struct journal *j, const struct flash *flash, uint32_t epoch)
{
    j->flash = flash;
    j->old = j->now; /* whatever fails from here on, compact_end goes back to it */
    int err = flash->remove(flash->ctx, NEW);

    if (err != 0) {
        return err;
    }
    j->now = (struct journal_part){.epoch = epoch, .seq = j->old.seq};
    j->head.epoch = epoch;
    j->head.version = JOURNAL_VERSION;
    j->name = NEW;
    for (int i = 0; i < 2 && err == 0; i++) {
        struct entry e = {.type = ENTRY_HEAD, .time_ms = -1};

        err = journal_put(j, &e);
    }
    return err;
}

static void go_back(struct journal *j)
{
    j->now = j->old;
    j->head.epoch = j->old.epoch;
    (void)j->flash->remove(j->flash->ctx, NEW);
}

/* A rename that failed may have happened, and a cut may undo it: then nothing is put before another
 * one has not failed. */
static int take_over(struct journal *j)
{
    const struct flash *f = j->flash;
    int err = f->rename(f->ctx, NEW, JOURNAL, true);
    struct entry e;

    if (err != 0 && read_entry(j->flash, 0, 0, &e) == 0 && e.type == ENTRY_HEAD &&
        e.is.head.epoch != j->now.epoch) {
        go_back(j);
    } else if (err != 0) {
        j->now.err = err;
        j->now.seq = j->old.seq; /* the next one is numbered as this one was */
    }
    return err;
}

int journal_compact_end(struct journal *j, int err)
{
    const struct flash *f = j->flash;

    err = err == 0 ? f->sync(f->ctx, NEW) : err;
    if (err != 0) {
        go_back(j);
    } else {
        err = take_over(j);
    }
    j->name = JOURNAL;
    return err;
}
