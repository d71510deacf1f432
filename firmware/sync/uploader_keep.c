/* What leaves the queue: segments that are final, rows that are set apart. */
#include "sync/uploader_parts.h"

#include "base/err.h"
#include "base/text.h"
#include "spool/queue.h"

#include <string.h>

static const char *name_of(const struct uploader *u, uint16_t object)
{
    return u->ledger.object[object].is.name;
}

int uploader_segment_open(struct uploader *u, uint16_t object, uint32_t segment)
{
    if (u->bf_segment == segment && u->bf_object == object) {
        return 0;
    }
    u->bf_segment = 0;
    u->reading.err = 0;
    int err = queue_path(u->reading.name, name_of(u, object), segment);

    err = err == 0 ? batch_file_open(&u->bf, &u->file, u->bulk->x.tx, EXCHANGE_TX_CAP, NULL) : err;
    if (err == 0) {
        u->bf_segment = segment;
        u->bf_object = object;
    }
    return err;
}

static void close_segment(struct uploader *u, uint16_t object, uint32_t segment)
{
    if (u->bf_segment == segment && u->bf_object == object) {
        u->bf_segment = 0;
    }
}

static void freed(struct uploader *u, uint16_t object, uint32_t segment)
{
    struct ledger_object *o = &u->ledger.object[object];

    close_segment(u, object, segment);
    o->is.freed = segment > o->is.freed ? segment : o->is.freed;
    if (segment >= o->cur) {
        o->cur = segment;
        o->cut = UINT64_MAX;
    }
    if (segment > u->lane[object].done) {
        u->lane[object].done = segment;
    }
}

/* Kept for retention_days behind its end; what purges it reads the time from its reason. */
static int retain(struct uploader *u, uint16_t object, uint32_t segment, const char *from)
{
    char name[9];
    const struct kept_place p = {KEPT_SENT, name_of(u, object), name};
    int64_t now_ms = uploader_time_ms(u);

    kept_batch_name(name, segment);
    kept_reason(&u->kept, u->flash, &p);
    kept_put(&u->kept, "object", p.object);
    kept_put_u64(&u->kept, "time_ms", now_ms < 0 ? 0 : (uint64_t)now_ms);
    int err = kept_close(&u->kept);

    return err == 0 ? kept_move(u->flash, from, &p) : err;
}

int uploader_free(struct uploader *u, uint16_t object, uint32_t segment)
{
    char name[FLASH_NAME_CAP];
    int err = queue_path(name, name_of(u, object), segment);

    if (ledger_uses(&u->ledger, object, segment) || segment > u->lane[object].done) {
        return err;
    }
    if (err == 0 && u->rules->retention_days > 0) {
        err = retain(u, object, segment, name);
        err = err == ERR_FLASH_NONE ? 0 : err;
    } else if (err == 0) {
        err = u->flash->remove(u->flash->ctx, name);
    }
    if (err == 0) {
        freed(u, object, segment);
    }
    return uploader_flash(u, err);
}

static void free_of(struct uploader *u, uint16_t object)
{
    uint32_t segment = 0;

    while (queue_next(u->flash, name_of(u, object), segment, &segment) == 1 &&
           segment <= u->lane[object].done) {
        if (uploader_free(u, object, segment) != 0) {
            return; /* tidy comes back to it */
        }
    }
}

void uploader_free_segments(struct uploader *u, uint16_t object)
{
    for (uint16_t i = 0; i < u->ledger.objects; i++) {
        if (object == i || object == SPOOL_OBJECTS_MAX) {
            free_of(u, i);
        }
    }
}

static void put_tag(struct uploader *u, const struct range *r)
{
    struct tag tag = {u->journal.head.spool, r->batch, (uint32_t)r->is.print, r->is.attempt};
    char text[TAG_CAP];

    if (r->is.attempt > 0) {
        tag_text(text, &tag);
        kept_put(&u->kept, "tag", text);
    }
}

static void put_time(struct uploader *u)
{
    int64_t now_ms = uploader_time_ms(u);

    if (now_ms >= 0) {
        kept_put_u64(&u->kept, "time_ms", (uint64_t)now_ms);
    }
}

void uploader_reason(struct uploader *u, const struct range *r, enum kept_folder folder, int err)
{
    char name[9];
    const struct kept_place p = {folder, name_of(u, r->object), name};

    kept_batch_name(name, r->batch);
    kept_reason(&u->kept, u->flash, &p);
    kept_put(&u->kept, "object", p.object);
    kept_put_u64(&u->kept, "batch", r->batch);
    kept_put_u64(&u->kept, "records", r->is.records);
    kept_put(&u->kept, "reason", reason_text(r->reason));
    if (err != 0) {
        kept_put(&u->kept, "error", err_what(err));
    }
    if (r->is.http != 0) {
        kept_put_u64(&u->kept, "http_status", r->is.http);
    }
    if (r->is.id[0] != '\0') {
        kept_put(&u->kept, "job", r->is.id);
    }
    put_tag(u, r);
    put_time(u);
}

/* Which folder the end of a whole segment leads to. */
static enum kept_folder folder_of(const struct range *r)
{
    return r->is.how == FINAL_QUARANTINED ? KEPT_QUARANTINE : KEPT_FAILED;
}

int uploader_move_whole(struct uploader *u, const struct range *r)
{
    char from[FLASH_NAME_CAP], name[9];
    const struct kept_place p = {folder_of(r), name_of(u, r->object), name};
    uint32_t batch = r->batch, segment = r->segment;
    uint16_t object = r->object;
    int err = queue_path(from, p.object, segment);

    kept_batch_name(name, batch);
    err = err == 0 ? kept_move(u->flash, from, &p) : err;
    if (err == 0 || err == ERR_FLASH_NONE) { /* none: it was moved, and nobody had noted it */
        err = 0;
        freed(u, object, segment);
        ledger_forget(&u->ledger, batch);
    }
    return uploader_flash(u, err);
}

static void say_quarantined(struct uploader *u, const struct range *r, int err)
{
    struct uploader_news n = uploader_news_of(u, r);

    n.kind = NEWS_QUARANTINED;
    n.err = err;
    uploader_say(u, &n);
    u->counts.records_quarantined += r->is.records;
    uploader_worse(u, err != 0 ? err : ERR_BAD_REQUEST);
}

int uploader_quarantine(struct uploader *u, const struct range *r, int err)
{
    char name[9];
    const struct kept_place p = {KEPT_QUARANTINE, name_of(u, r->object), name};
    struct range copy = *r;
    int bad = uploader_segment_open(u, r->object, r->segment);

    kept_batch_name(name, r->batch);
    if (bad == 0) {
        uploader_reason(u, r, KEPT_QUARANTINE, err);
        bad = kept_close(&u->kept);
    }
    bad = bad == 0 ? kept_copy(&u->kept, u->flash, &p, &u->bf, r->is.at, r->is.end) : bad;
    if (bad != 0) {
        return uploader_flash(u, bad);
    }
    bad = uploader_put_final(u, r, FINAL_QUARANTINED, r->reason, -1, -1);
    if (bad == 0) {
        say_quarantined(u, &copy, err);
    }
    return bad;
}

/* A whole segment that is final and could not be moved; NULL: none. */
static const struct range *not_moved(const struct uploader *u, uint16_t object, uint32_t segment)
{
    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        const struct range *r = &u->ledger.range[i];

        if (r->object == object && r->segment == segment && r->state == ENTRY_FINAL) {
            return r;
        }
    }
    return NULL;
}

int uploader_quarantine_file(struct uploader *u, uint16_t object, uint32_t segment, int err)
{
    struct range r = {
        .batch = u->ledger.next_batch, .segment = segment, .object = object, .reason = REASON_FILE};
    const struct range *final = not_moved(u, object, segment);
    char name[FLASH_NAME_CAP];
    int bad = queue_path(name, name_of(u, object), segment);
    int64_t size = bad == 0 ? u->flash->size(u->flash->ctx, name) : bad;

    if (final != NULL) {
        return uploader_move_whole(u, final);
    }
    if (size < 0) {
        return uploader_flash(u, (int)size);
    }
    r.is.end = (uint64_t)size;
    r.is.whole = true;
    uploader_reason(u, &r, KEPT_QUARANTINE, err);
    bad = kept_close(&u->kept);
    bad = bad == 0 ? uploader_put_final(u, &r, FINAL_QUARANTINED, REASON_FILE, -1, -1)
                   : uploader_flash(u, bad);
    if (bad != 0) {
        return bad;
    }
    say_quarantined(u, &r, err);
    r.is.how = FINAL_QUARANTINED;
    return uploader_move_whole(u, &r);
}

/* Its rows into held/, so that the segment need not wait for a hand. */
static int carve(struct uploader *u, struct range *r)
{
    char name[9];
    const struct kept_place p = {KEPT_HELD, name_of(u, r->object), name};
    struct range copy = *r;
    int err = uploader_segment_open(u, r->object, r->segment);

    kept_batch_name(name, r->batch);
    if (err != 0) {
        return err;
    }
    uploader_reason(u, r, KEPT_HELD, 0);
    err = kept_close(&u->kept);
    err = err == 0 ? kept_copy(&u->kept, u->flash, &p, &u->bf, r->is.at, r->is.end) : err;
    err = err == 0 ? uploader_put_range(u, r, ENTRY_MOVED, r->reason) : err;
    if (err != 0) {
        return uploader_flash(u, err);
    }
    uploader_say_kind(u, &copy, NEWS_MOVED);
    return uploader_free(u, copy.object, copy.segment);
}

/* Whether only held ranges keep the segment. */
static bool only_held(const struct uploader *u, const struct range *r)
{
    if (r->segment > u->lane[r->object].done) {
        return false;
    }
    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        const struct range *x = &u->ledger.range[i];

        if (x->object == r->object && x->segment == r->segment && x->state != ENTRY_HELD) {
            return false;
        }
    }
    return true;
}

static bool to_carve(const struct uploader *u, const struct range *r)
{
    bool crowded = u->ledger.ranges > LEDGER_MAX - LEDGER_MAX / 4;

    return r->state == ENTRY_HELD && (crowded || only_held(u, r));
}

enum want uploader_tidy(struct uploader *u)
{
    if (u->now.mono_ms < u->tidy_ms) {
        return WANT_TIME;
    }
    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        struct range *r = &u->ledger.range[i];

        if (to_carve(u, r) && carve(u, r) == 0) {
            return WANT_STEP;
        }
        if (r->state == ENTRY_FINAL && uploader_move_whole(u, r) == 0) {
            return WANT_STEP; /* its rename had failed */
        }
    }
    uploader_free_segments(u, SPOOL_OBJECTS_MAX);
    if (u->reserve_used) {
        uploader_reserve(u);
    }
    u->tidy_ms = u->now.mono_ms + UPLOADER_TIDY_MS;
    return u->flash_err == 0 ? uploader_purge(u) : WANT_TIME;
}
