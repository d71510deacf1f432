/* Opens the spool: what the journal says, what a cut left half done, what nobody knows. */
#include "sync/uploader_parts.h"

#include "base/err.h"
#include "base/num.h"
#include "base/text.h"
#include "spool/queue.h"

#include <string.h>

static int apply(void *ctx, const struct entry *e)
{
    return ledger_apply(ctx, e);
}

static int random64(uint64_t *out)
{
    return device_random((uint8_t *)out, sizeof *out);
}

/* Data that no file system can squeeze, so that giving it up gives that much room. */
void uploader_reserve(struct uploader *u)
{
    const struct flash *f = u->flash;
    int64_t size = f->size(f->ctx, "reserve");
    uint8_t block[256];
    int err = size == RESERVE_LEN ? ERR_FLASH_EXISTS : f->remove(f->ctx, "reserve");

    for (size_t n = 0; n < RESERVE_LEN && err == 0; n += sizeof block) {
        err = device_random(block, sizeof block);
        err = err == 0 ? f->append(f->ctx, "reserve", block, sizeof block) : err;
    }
    if (err == 0) {
        err = f->sync(f->ctx, "reserve");
    }
    if (err != 0 && err != ERR_FLASH_EXISTS) {
        (void)f->remove(f->ctx, "reserve"); /* half of one misleads; the next start tries again */
    }
    u->reserve_used = err != 0 && err != ERR_FLASH_EXISTS;
}

bool uploader_give_room(struct uploader *u)
{
    bool given = !u->reserve_used && u->flash->remove(u->flash->ctx, "reserve") == 0;

    u->reserve_used = true;
    return given;
}

static void say_file(struct uploader *u, enum uploader_news_kind kind, const char *object,
                     uint32_t segment, enum reason reason)
{
    struct uploader_news n = uploader_news_of(u, NULL);

    n.kind = (uint8_t)kind;
    n.object = object;
    n.segment = segment;
    n.reason = (uint8_t)reason;
    uploader_say(u, &n);
}

/* "segment-00000001", or "segment-00000001-2" where a journal that was lost had given that number
 * before: what stands there already is not replaced. */
static int apart_name(struct uploader *u, const struct kept_place *p, char name[32],
                      uint32_t segment)
{
    char path[FLASH_NAME_CAP];
    int64_t size = 0;

    for (uint64_t n = 1; size >= 0; n++) {
        memcpy(name, "segment-", 9);
        kept_batch_name(name + 8, segment);
        if (n > 1) {
            name[16] = '-';
            (void)num_print_u64(name + 17, n % 100000000);
        }
        int err = kept_path(path, p, ".csv");

        size = err == 0 ? u->flash->size(u->flash->ctx, path) : err;
    }
    return size == ERR_FLASH_NONE ? 0 : (int)size;
}

/* A segment of which nobody can say what was sent of it. */
static int set_apart(struct uploader *u, const char *object, uint32_t segment,
                     enum kept_folder folder, enum reason reason)
{
    char from[FLASH_NAME_CAP], name[32];
    const struct kept_place p = {folder, object, name};
    int err = queue_path(from, object, segment);

    err = err == 0 ? apart_name(u, &p, name, segment) : err;
    if (err != 0) {
        return err;
    }
    kept_reason(&u->kept, u->flash, &p);
    kept_put(&u->kept, "object", object);
    kept_put_u64(&u->kept, "segment", segment);
    kept_put(&u->kept, "reason", reason_text((uint8_t)reason));
    err = kept_close(&u->kept);
    err = err == 0 ? kept_move(u->flash, from, &p) : err;
    if (err == 0) {
        say_file(u, folder == KEPT_HELD ? NEWS_MOVED : NEWS_ORPHAN, object, segment, reason);
    }
    return err;
}

static int hold_segments(struct uploader *u, struct ledger_object *o)
{
    uint32_t segment = 0;
    int n;

    o->is.freed = o->last > o->is.freed ? o->last : o->is.freed; /* no number is used twice */
    while ((n = queue_next(u->flash, o->is.name, segment, &segment)) == 1) {
        n = set_apart(u, o->is.name, segment, KEPT_HELD, REASON_JOURNAL);
        if (n != 0) {
            return n;
        }
        o->is.freed = segment > o->is.freed ? segment : o->is.freed;
    }
    o->cur = o->last = o->is.freed;
    o->cut = UINT64_MAX;
    return n;
}

/* Without a whole journal nobody knows what of the queue was sent: all of it is held. */
static int hold_all(struct uploader *u)
{
    struct flash_file object = {""};
    int n;

    u->ledger.ranges = 0;
    while ((n = queue_object(u->flash, "queue", object.name, &object)) == 1) {
        int at = ledger_object_at(&u->ledger, object.name);

        if (at < 0) {
            if (u->ledger.objects == SPOOL_OBJECTS_MAX) {
                return ERR_NO_ROOM;
            }
            at = u->ledger.objects++;
            u->ledger.object[at] = (struct ledger_object){.cut = 0};
            (void)text_copy(u->ledger.object[at].is.name, OBJECT_NAME_CAP, object.name);
        }
        n = hold_segments(u, &u->ledger.object[at]);
        if (n != 0) {
            return n;
        }
    }
    return n;
}

/* The first journal, or one in place of what could not be read. */
static int new_journal(struct uploader *u, bool keep_id)
{
    uint32_t highest = 0;
    int err = hold_all(u);

    err = err == 0 ? kept_highest(u->flash, &highest) : err;
    if (err == 0 && !keep_id) {
        u->journal.head = (struct entry_head){.host = u->flash->host};
        err = random64(&u->journal.head.spool);
    }
    u->ledger.next_batch += u->journal.rotten; /* each of them may have begun a batch */
    if (highest >= u->ledger.next_batch) {     /* no name of what is kept is used twice */
        u->ledger.next_batch = highest + 1;
    }
    return err == 0 ? uploader_compact(u) : err;
}

/* The image of another machine: its attempts are looked for by nobody else. */
static int new_host(struct uploader *u)
{
    int err = 0;

    for (uint16_t i = 0; i < u->ledger.ranges && err == 0; i++) {
        if (u->ledger.range[i].state == ENTRY_COMMIT) {
            err = uploader_put_range(u, &u->ledger.range[i], ENTRY_HELD, REASON_HOST);
        }
    }
    u->journal.head.host = u->flash->host;
    err = err == 0 ? random64(&u->journal.head.spool) : err;
    return err == 0 ? uploader_compact(u) : err;
}

static int read_journal(struct uploader *u)
{
    const struct journal_visitor to = {apply, &u->ledger};
    int err = journal_open(&u->journal, u->flash, &to, true);
    bool missing = err == ERR_FLASH_NONE;
    uint32_t waiting = 0;

    if (missing || err == ERR_JOURNAL_ROT) {
        struct flash_file object;

        waiting = !missing || queue_object(u->flash, "queue", "", &object) == 1;
        err = new_journal(u, false);
    } else if (err == 0 && u->journal.rotten > 0) {
        waiting = 1;
        err = new_journal(u, true);
    }
    if (err == 0 && waiting > 0) {
        say_file(u, NEWS_ROT, "", 0, REASON_JOURNAL);
    }
    return err;
}

struct mention {
    uint16_t object;
    uint32_t segment;
    bool found;
};

static int look_for(void *ctx, const struct entry *e)
{
    struct mention *m = ctx;

    if (entry_is_range(e->type) && e->object == m->object && e->segment == m->segment) {
        m->found = true;
    }
    return 0;
}

/* A segment that was cut to its end and has nothing open: its unlink was cut off, unless no entry
 * knows it. */
static int mend_segment(struct uploader *u, uint16_t object, uint32_t segment)
{
    const struct ledger_object *o = &u->ledger.object[object];
    struct mention m = {.object = object, .segment = segment};
    const struct journal_visitor to = {look_for, &m};
    int err;

    if (ledger_uses(&u->ledger, object, segment) || (segment == o->cur && segment > o->is.freed)) {
        return 0;
    }
    err = journal_read(&u->journal, &u->journal.now, &to);
    if (err != 0) {
        return err;
    }
    if (!m.found) {
        return set_apart(u, o->is.name, segment, KEPT_QUARANTINE, REASON_JOURNAL);
    }
    return uploader_free(u, object, segment);
}

static int mend_object(struct uploader *u, uint16_t object)
{
    struct ledger_object *o = &u->ledger.object[object];
    uint32_t segment = 0;
    int n;

    u->lane[object].done = o->cur > 0 ? o->cur - 1 : 0;
    if (o->is.freed > u->lane[object].done) {
        u->lane[object].done = o->is.freed;
    }
    while ((n = queue_next(u->flash, o->is.name, segment, &segment)) == 1 && segment <= o->cur) {
        n = mend_segment(u, object, segment);
        if (n != 0) {
            return n;
        }
    }
    return n < 0 ? n : queue_last(u->flash, o->is.name, o->last, &o->last);
}

static bool exists(const struct uploader *u, const char *name)
{
    return u->flash->size(u->flash->ctx, name) >= 0;
}

/* A rename that was cut off between its entry and itself, on either side. */
static int mend_range(struct uploader *u, struct range *r)
{
    const char *object = u->ledger.object[r->object].is.name;
    char name[9], queued[FLASH_NAME_CAP], held[FLASH_NAME_CAP];
    const struct kept_place p = {KEPT_HELD, object, name};
    int err = queue_path(queued, object, r->segment);

    kept_batch_name(name, r->batch);
    err = err == 0 ? kept_path(held, &p, ".csv") : err;
    if (err != 0) {
        return err;
    }
    if (r->state == ENTRY_FINAL) {
        return uploader_move_whole(u, r);
    }
    if (r->state == ENTRY_HELD && !exists(u, queued) && exists(u, held)) {
        return uploader_put_range(u, r, ENTRY_MOVED, r->reason);
    }
    return 0;
}

static int mend(struct uploader *u)
{
    for (uint16_t i = u->ledger.ranges; i > 0; i--) { /* what ends it takes the last one's place */
        int err = mend_range(u, &u->ledger.range[i - 1]);

        if (err != 0) {
            return err;
        }
    }
    for (uint16_t i = 0; i < u->ledger.objects; i++) {
        int err = mend_object(u, i);

        if (err != 0) {
            return err;
        }
    }
    return 0;
}

/* What the last run knew and a restart keeps. */
static void take_up(struct uploader *u)
{
    struct ledger *l = &u->ledger;

    if (l->pause_until_ms >= 0) {
        retry_rest(&u->retry, retry_left_ms(l->pause_until_ms, l->pause_made_ms, -1),
                   u->now.mono_ms);
    }
    uploader_test_holds(u); /* a pass of --once is shorter than a hold */
    u->look_now = u->hands_now = true;
    u->adopt_ms = u->tidy_ms = u->now.mono_ms;
}

int uploader_open(struct uploader *u, const struct uploader_rules *rules, const struct flash *flash,
                  struct bulk *bulk, const struct now *now)
{
    memset(u, 0, sizeof *u);
    u->rules = rules;
    u->flash = flash;
    u->bulk = bulk;
    u->now = *now;
    u->success_ms = -1;
    u->reading.flash = flash;
    u->file = flash_read_file(&u->reading);
    ledger_init(&u->ledger);
    schedule_init(&u->schedule, &rules->schedule, now->mono_ms, uploader_random());
    int err = flash->remove(flash->ctx, "journal.new");

    err = err == 0 ? kept_clean(flash) : err;
    err = err == 0 ? read_journal(u) : err;
    err = err == 0 ? mend(u) : err;
    /* What a compaction drops was mended before. */
    if (err == 0 && u->journal.head.host != flash->host) {
        err = new_host(u);
    } else if (err == 0 && u->journal.heads == 1) {
        err = uploader_compact(u); /* one more would be too much */
    }
    if (err == 0) {
        uploader_reserve(u);
        take_up(u);
    }
    return err;
}
