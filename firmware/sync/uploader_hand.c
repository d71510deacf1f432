#include "sync/uploader_hand.h"

#include "base/err.h"
#include "base/text.h"
#include "record/csv.h"
#include "spool/kept_find.h"
#include "spool/queue.h"
#include "sync/failed_rows.h"
#include "sync/uploader_parts.h"

#include <string.h>

/* Counted before they go: a cut in between counts them twice, and never not at all. */
static int count_dropped(struct uploader *u, uint16_t object, uint32_t records)
{
    struct entry_object *o = &u->ledger.object[object].is;
    uint32_t before = o->dropped;

    o->dropped += records;
    int err = uploader_put_object(u, object);

    if (err != 0) {
        o->dropped = before;
    } else {
        u->counts.records_dropped += records;
    }
    return err;
}

static void say_dropped(struct uploader *u, const char *object, uint32_t batch, uint32_t records)
{
    struct uploader_news n = uploader_news_of(u, NULL);

    n.kind = NEWS_DROPPED;
    n.reason = REASON_HAND;
    n.object = object;
    n.batch = batch;
    n.records = records;
    uploader_say(u, &n);
}

static void say_range(struct uploader *u, const struct range *r, enum uploader_news_kind kind)
{
    struct range copy = *r;

    copy.reason = REASON_HAND;
    uploader_say_kind(u, &copy, kind);
}

/* A job that is followed is given up first: an entry of its own, so that each follows the last. */
static int give_up_job(struct uploader *u, struct range *r)
{
    int err = 0;

    if (r->state == ENTRY_CREATED) {
        err = uploader_put_range(u, r, ENTRY_HELD, REASON_HAND);
        r->state = ENTRY_HELD;
    }
    return err;
}

static int retry_range(struct uploader *u, struct range *r)
{
    struct range copy = *r; /* behind its VOID it may be gone */
    int err = give_up_job(u, r);

    err = err == 0 ? uploader_put_range(u, r, ENTRY_VOID, REASON_HAND) : err;
    if (err != 0) {
        return err;
    }
    say_range(u, &copy, NEWS_VOID);
    return 0;
}

static int drop_range(struct uploader *u, struct range *r)
{
    int err = count_dropped(u, r->object, r->is.records);

    r->is.whole = false;
    err = err == 0 ? uploader_put_final(u, r, FINAL_DROPPED, REASON_HAND, -1, -1) : err;
    if (err == 0) {
        say_dropped(u, u->ledger.object[r->object].is.name, r->batch, r->is.records);
    }
    return err;
}

static bool is_taken(const struct uploader *u, const struct range *r, const char *job)
{
    return ledger_seen(&u->ledger, job) && strcmp(r->is.id, job) != 0;
}

static int accept_with(struct uploader *u, struct range *r, const char *job)
{
    int err = is_taken(u, r, job) ? ERR_JOB_TAKEN : give_up_job(u, r);

    if (err != 0) {
        return err;
    }
    struct entry e = ledger_entry(r, ENTRY_CREATED);

    e.reason = REASON_HAND;
    e.is.range.how = CREATED_BY_HAND;
    (void)text_copy(e.is.range.id, sizeof e.is.range.id, job);
    err = uploader_put(u, &e);
    if (err == 0) {
        say_range(u, ledger_find(&u->ledger, r->batch), NEWS_CREATED);
    }
    return err;
}

static int accept_range(struct uploader *u, struct range *r)
{
    struct uploader_news n;

    r->is.whole = false;
    int err = uploader_put_final(u, r, FINAL_DONE, REASON_HAND, -1, -1);

    if (err == 0) {
        n = uploader_news_of(u, r);
        n.kind = NEWS_FINAL;
        n.how = FINAL_DONE;
        n.reason = REASON_HAND;
        uploader_say(u, &n);
    }
    return err;
}

static bool may(const struct range *r, const struct hand *h)
{
    switch (r->state) {
    case ENTRY_HELD:
        return true;
    case ENTRY_CREATED:
        return h->forget;
    case ENTRY_COMMIT:
        return h->verb == HAND_ACCEPT;
    default:
        return false;
    }
}

/* Copies that a cut has left unmentioned: its rows would be there twice. */
static int remove_copies(struct uploader *u, const struct range *r)
{
    const char *object = u->ledger.object[r->object].is.name;
    char name[9], segment[FLASH_NAME_CAP];
    const struct kept_place held = {KEPT_HELD, object, name}, failed = {KEPT_FAILED, object, name};
    int err = queue_path(segment, object, r->segment);
    int64_t size = err == 0 ? u->flash->size(u->flash->ctx, segment) : err;

    kept_batch_name(name, r->batch);
    if (size < 0) {
        return size == ERR_FLASH_NONE ? 0 : (int)size;
    }
    err = kept_remove(u->flash, &held);
    return err == 0 ? kept_remove(u->flash, &failed) : err;
}

static int on_range(struct uploader *u, const struct range *at, const struct hand *h)
{
    struct range r = *at; /* what is put moves it */

    if (h->seq != 0 && h->seq != r.seq) {
        return ERR_BATCH_STALE;
    }
    if (!may(&r, h)) {
        return ERR_BATCH_STATE;
    }
    int err = remove_copies(u, &r);

    if (err != 0) {
        return err;
    }
    switch (h->verb) {
    case HAND_RETRY:
        return retry_range(u, &r);
    case HAND_DROP:
        return drop_range(u, &r);
    default:
        return h->job[0] != '\0' ? accept_with(u, &r, h->job) : accept_range(u, &r);
    }
}

/* Rows of a file, whatever is wrong with them. */
static int64_t count_rows(const struct flash *f, const char *name)
{
    uint8_t buf[KEPT_BUF_CAP];
    int64_t rows = -1; /* the header is none */
    struct csv c;
    int n, used;

    csv_init(&c);
    while ((n = f->read_at(f->ctx, name, c.byte, buf, sizeof buf)) > 0) {
        for (int at = 0; at < n; at += used) {
            bool done = false;

            used = csv_push(&c, buf + at, (size_t)(n - at), &done);
            if (used <= 0) {
                return 0; /* UTF-16: they cannot be counted */
            }
            rows += done && !c.row.blank;
        }
    }
    rows += n == 0 && csv_finish(&c) == 1;
    return n < 0 ? n : rows < 0 ? 0 : rows;
}

static int drop_kept(struct uploader *u, const struct kept_place *p, uint32_t batch)
{
    char name[FLASH_NAME_CAP];
    int at = uploader_object_index(u, p->object);
    int err = at < 0 ? at : kept_path(name, p, ".csv");
    int64_t rows = err == 0 ? count_rows(u->flash, name) : err;

    if (rows < 0) {
        return (int)rows;
    }
    err = count_dropped(u, (uint16_t)at, (uint32_t)rows);
    err = err == 0 ? kept_remove(u->flash, p) : err;
    if (err == 0) {
        say_dropped(u, p->object, batch, (uint32_t)rows);
    }
    return err;
}

static bool is_upsert(const struct uploader *u, const char *object)
{
    struct uploader_object settings = {0};

    u->rules->object(u->rules->ctx, object, &settings);
    return settings.identifier != NULL && settings.identifier[0] != '\0';
}

/* outbox/OBJECT/retry-NAME.csv */
static int path_again(char dst[FLASH_NAME_CAP], const struct kept_place *p)
{
    static const char begin[] = "retry-", end[] = ".csv";
    char file[FLASH_FILE_CAP];
    size_t n = sizeof begin - 1;

    memcpy(file, begin, n);
    int len = text_copy(file + n, sizeof file - n - (sizeof end - 1), p->name);

    if (len < 0) {
        return len;
    }
    memcpy(file + n + (size_t)len, end, sizeof end);
    return queue_outbox_path(dst, p->object, file);
}

static int hand_in_again(struct uploader *u, const struct kept_place *p)
{
    const struct flash *f = u->flash;
    char folder[FLASH_NAME_CAP] = "outbox/", from[FLASH_NAME_CAP], to[FLASH_NAME_CAP];
    int err = text_copy(folder + 7, sizeof folder - 7, p->object);

    err = err < 0 ? err : f->folder(f->ctx, folder);
    err = err == 0 ? kept_path(from, p, ".csv") : err;
    err = err == 0 ? path_again(to, p) : err;
    err = err == 0 ? f->rename(f->ctx, from, to, false) : err;
    if (err == 0) {
        u->look_now = true;
        err = kept_remove(f, p);
    }
    return err;
}

static int retry_kept(struct uploader *u, const struct kept_place *p, const struct hand *h)
{
    int n = 0;

    if (p->folder == KEPT_FAILED && !h->all && !is_upsert(u, p->object)) {
        n = failed_rows_repeat(u->flash, p);
    }
    if (n != 0) {
        return n == 1 ? ERR_BATCH_REPEAT : n;
    }
    return hand_in_again(u, p);
}

static int on_kept(struct uploader *u, const struct kept_place *p, const struct hand *h)
{
    int n = kept_there(u->flash, p);

    if (n <= 0) {
        return n == 0 ? ERR_BATCH_NONE : n;
    }
    if (h->seq != 0) { /* it stood in the journal when it was seen */
        return ERR_BATCH_STALE;
    }
    if (n == 1) { /* the rows went before a cut, or have not come yet */
        return kept_remove(u->flash, p);
    }
    switch (h->verb) {
    case HAND_RETRY:
        return retry_kept(u, p, h);
    case HAND_DROP:
        return drop_kept(u, p, h->batch);
    default:
        return p->folder == KEPT_HELD ? kept_remove(u->flash, p) : ERR_BATCH_STATE;
    }
}

static int on_file(struct uploader *u, const struct hand *h)
{
    struct kept_found found;
    int n = h->batch != 0 ? kept_find(&found, u->flash, h->batch) : kept_named(&found, h->name);

    if (h->batch != 0 && n <= 0) {
        return n == 0 ? ERR_BATCH_NONE : n;
    }
    return n < 0 ? n : on_kept(u, &found.place, h);
}

/* Behind a start nobody knows yet whether the segment being cut has anything left. */
static void look_at_end(struct uploader *u, uint16_t object, uint32_t segment)
{
    const struct ledger_object *o = &u->ledger.object[object];
    char name[FLASH_NAME_CAP];
    int err = queue_path(name, o->is.name, segment);
    int64_t size = err == 0 ? u->flash->size(u->flash->ctx, name) : err;

    if (size >= 0 && segment == o->cur && o->cut >= (uint64_t)size &&
        u->lane[object].done < segment) {
        u->lane[object].done = segment;
    }
}

int uploader_hand(struct uploader *u, const struct hand *h)
{
    const struct range *r = h->batch != 0 ? ledger_find(&u->ledger, h->batch) : NULL;
    uint16_t object = r != NULL ? r->object : SPOOL_OBJECTS_MAX;
    uint32_t segment = r != NULL ? r->segment : 0;
    int err = r != NULL ? on_range(u, r, h) : on_file(u, h);

    if (err == 0 && object < SPOOL_OBJECTS_MAX) {
        look_at_end(u, object, segment);
    }
    if (err == 0) {
        uploader_free_segments(u, SPOOL_OBJECTS_MAX);
    }
    return err;
}
