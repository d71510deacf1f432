/* Bounds what is kept: by days, by bytes; and makes room in a full spool where the owner wants. */
#include "sync/uploader_parts.h"

#include "base/err.h"
#include "base/num.h"
#include "base/text.h"
#include "spool/queue.h"

#include <string.h>

#define DAY_MS 86400000

/* What stands behind `time_ms = ` of a reason; -1: nothing. */
static int64_t time_of(const struct uploader *u, const char *reason)
{
    static const char key[] = "time_ms = ";
    char text[KEPT_BUF_CAP];
    int n = u->flash->read_at(u->flash->ctx, reason, 0, (uint8_t *)text, sizeof text - 1);
    uint64_t v = 0;

    if (n <= 0) {
        return -1;
    }
    text[n] = '\0';
    const char *at = strstr(text, key);

    at = at != NULL ? at + sizeof key - 1 : NULL;
    if (at == NULL || num_u64(at, strcspn(at, "\n"), &v) != 0 || v > INT64_MAX) {
        return -1;
    }
    return (int64_t)v;
}

static int remove_kept(struct uploader *u, const struct kept_place *p)
{
    char path[FLASH_NAME_CAP];
    int err = kept_path(path, p, ".csv");

    err = err == 0 ? u->flash->remove(u->flash->ctx, path) : err;
    err = err == 0 ? kept_path(path, p, ".reason") : err;
    return err == 0 ? u->flash->remove(u->flash->ctx, path) : err;
}

static uint32_t days_of(const struct uploader *u, enum kept_folder folder)
{
    return folder == KEPT_FAILED       ? u->rules->failed_days
           : folder == KEPT_QUARANTINE ? u->rules->quarantine_days
           : folder == KEPT_SENT       ? u->rules->retention_days
                                       : 0;
}

static bool too_old(const struct uploader *u, const struct kept_place *p)
{
    int64_t now_ms = uploader_time_ms(u), then_ms;
    char path[FLASH_NAME_CAP];

    if (now_ms < 0 || kept_path(path, p, ".reason") != 0) {
        return false;
    }
    then_ms = time_of(u, path);
    return then_ms > 0 && now_ms - then_ms > (int64_t)days_of(u, p->folder) * DAY_MS;
}

/* One walk over what is kept of all objects in a folder. */
struct walk {
    enum kept_folder folder;
    const char *ending; /* NULL: .csv */
    struct flash_file object, file;
    bool inside;
};

static const char *ending_of(const struct walk *w)
{
    return w->ending != NULL ? w->ending : ".csv";
}

/* The next file there: 1, 0 at the end, or an error; its name loses its ending. */
static int walk_next(const struct uploader *u, struct walk *w)
{
    const struct flash *f = u->flash;
    size_t ending = strlen(ending_of(w));
    char folder[FLASH_NAME_CAP];

    for (;;) {
        size_t len;
        int n;

        if (!w->inside) {
            n = f->list(f->ctx, kept_folder_name(w->folder), FLASH_FOLDERS, w->object.name,
                        &w->object, 1);
            if (n <= 0) {
                return n;
            }
            w->inside = true;
            w->file.name[0] = '\0';
        }
        const struct kept_place p = {w->folder, w->object.name, ""};

        n = kept_path(folder, &p, "");
        folder[strlen(folder) - 1] = '\0';
        n = n == 0 ? f->list(f->ctx, folder, FLASH_FILES, w->file.name, &w->file, 1) : n;
        if (n < 0) {
            return n;
        }
        w->inside = n > 0;
        len = strlen(w->file.name);
        if (n > 0 && len > ending && strcmp(w->file.name + len - ending, ending_of(w)) == 0) {
            return 1;
        }
    }
}

static struct kept_place place_of(const struct walk *w, char name[FLASH_FILE_CAP])
{
    memcpy(name, w->file.name, FLASH_FILE_CAP);
    name[strlen(name) - strlen(ending_of(w))] = '\0';
    return (struct kept_place){w->folder, w->object.name, name};
}

static int purge_old(struct uploader *u, enum kept_folder folder)
{
    struct walk w = {.folder = folder};
    char name[FLASH_FILE_CAP];
    int n;

    while ((n = walk_next(u, &w)) == 1) {
        const struct kept_place p = place_of(&w, name);

        if (too_old(u, &p)) {
            n = remove_kept(u, &p);
            if (n != 0) {
                return n;
            }
        }
    }
    return n;
}

/* A move that failed is still to come. */
static bool is_awaited(struct uploader *u, const char *name)
{
    uint64_t batch;

    return num_u64(name, strlen(name), &batch) == 0 && batch <= UINT32_MAX &&
           ledger_find(&u->ledger, (uint32_t)batch) != NULL;
}

/* Reasons without their rows, which a cut has left: they may quote what is in them. */
static int purge_lone(struct uploader *u, enum kept_folder folder)
{
    struct walk w = {.folder = folder, .ending = ".reason"};
    char name[FLASH_FILE_CAP], path[FLASH_NAME_CAP];
    int n;

    while ((n = walk_next(u, &w)) == 1) {
        const struct kept_place p = place_of(&w, name);
        int err = kept_path(path, &p, ".csv");
        int64_t size = err == 0 ? u->flash->size(u->flash->ctx, path) : err;

        if (size == ERR_FLASH_NONE && !is_awaited(u, name)) {
            size = remove_kept(u, &p);
        }
        if (size < 0 && size != ERR_FLASH_NONE) {
            return (int)size;
        }
    }
    return n;
}

/* Bytes that failed/ and quarantine/ take, and the one with the smallest number. */
static int measure(struct uploader *u, uint64_t *bytes, struct walk *oldest)
{
    static const enum kept_folder folder[] = {KEPT_FAILED, KEPT_QUARANTINE};
    int n = 0;

    oldest->file.name[0] = '\0';
    *bytes = 0;
    for (size_t i = 0; i < COUNT(folder) && n == 0; i++) {
        struct walk w = {.folder = folder[i]};
        char name[FLASH_FILE_CAP], path[FLASH_NAME_CAP];

        while ((n = walk_next(u, &w)) == 1) {
            const struct kept_place p = place_of(&w, name);
            int64_t size =
                kept_path(path, &p, ".csv") == 0 ? u->flash->size(u->flash->ctx, path) : 0;

            *bytes += size > 0 ? (uint64_t)size : 0;
            if (oldest->file.name[0] == '\0' || strcmp(w.file.name, oldest->file.name) < 0) {
                *oldest = w;
            }
        }
    }
    return n;
}

static void say_dropped(struct uploader *u, const char *object, const char *file, uint32_t records)
{
    struct uploader_news n = uploader_news_of(u, NULL);

    n.kind = NEWS_DROPPED;
    n.object = object;
    n.file = file;
    n.records = records;
    n.reason = REASON_SPACE;
    uploader_say(u, &n);
}

static int purge_much(struct uploader *u)
{
    struct walk oldest;
    uint64_t bytes = 0;
    int n = measure(u, &bytes, &oldest);

    while (n == 0 && bytes > u->rules->kept_max_bytes && oldest.file.name[0] != '\0') {
        char name[FLASH_FILE_CAP];
        const struct kept_place p = place_of(&oldest, name);

        say_dropped(u, p.object, name, 0);
        n = remove_kept(u, &p);
        n = n == 0 ? measure(u, &bytes, &oldest) : n;
    }
    return n;
}

/* Up to the next bad row, or to the end: 1 when there is more behind it. */
static int count_some(struct uploader *u, const struct batch *after, uint32_t *records)
{
    const struct batch_limits all = {UINT64_MAX, UINT64_MAX};
    uint64_t from = after != NULL ? after->end : 0;
    int n = batch_plan_init(&u->plan, &u->part, &all, after, u->bulk->x.tx, EXCHANGE_TX_CAP);

    if (n == 0) {
        do {
            n = batch_plan_step(&u->plan, u->bulk->x.tx, EXCHANGE_TX_CAP);
        } while (n == ERR_WAIT);
    }
    *records += (uint32_t)u->plan.batch.records;
    if (n == ERR_FILE_READ) {
        return n;
    }
    return n < 0 && u->plan.csv.byte > from && u->plan.csv.byte < u->part.size;
}

static int count_records(struct uploader *u, struct range *r)
{
    int n = uploader_segment_open(u, r->object, r->segment);
    bool counts = n == 0;
    struct batch after;

    u->part = u->bf;
    r->is.at = u->bf.body_at;
    r->is.end = u->bf.size;
    r->is.records = 0;
    n = counts ? count_some(u, NULL, &r->is.records) : n;
    while (n == 1) { /* bad rows are not counted, and go too */
        after = (struct batch){.end = u->plan.csv.byte, .next_line = u->plan.csv.line};
        n = count_some(u, &after, &r->is.records);
    }
    u->bf_segment = 0;
    return n == ERR_FILE_READ ? n : 0;
}

/* The oldest segment of which nothing was ever sent. */
static int drop_front(struct uploader *u, uint16_t object)
{
    struct ledger_object *o = &u->ledger.object[object];
    struct range r = {.batch = u->ledger.next_batch, .object = object, .reason = REASON_SPACE};
    int n;

    if (o->cur > u->lane[object].done || u->ledger.ranges >= LEDGER_MAX) {
        return 0;
    }
    n = queue_next(u->flash, o->is.name, u->lane[object].done, &r.segment);
    if (n != 1) {
        return n;
    }
    n = count_records(u, &r);
    if (n != 0) {
        return n;
    }
    o->is.dropped += r.is.records;
    n = uploader_put_object(u, object);
    o->is.dropped -= n == 0 ? 0 : r.is.records;
    n = n == 0 ? uploader_put_final(u, &r, FINAL_DROPPED, REASON_SPACE, -1, -1) : n;
    if (n == 0) {
        u->lane[object].done = r.segment;
        u->counts.records_dropped += r.is.records;
        say_dropped(u, o->is.name, "", r.is.records);
        n = uploader_free(u, object, r.segment);
    }
    return n == 0 ? 1 : n;
}

/* Room for another segment, where the owner would rather lose the oldest than the newest. */
static enum want make_room(struct uploader *u)
{
    bool seen = u->outbox.flash != NULL; /* an outbox was looked at, else there is none */
    int64_t bytes = u->rules->drop_oldest && seen ? outbox_bytes(&u->outbox) : 0;
    uint64_t most = u->rules->max_bytes - u->rules->max_bytes / 8;

    if (bytes <= 0 || (uint64_t)bytes < most) {
        return WANT_TIME;
    }
    for (uint16_t i = 0; i < u->ledger.objects; i++) {
        int n = drop_front(u, i);

        if (n < 0) {
            (void)uploader_flash(u, n);
        }
        if (n == 1) {
            u->tidy_ms = u->now.mono_ms;
            return WANT_STEP;
        }
    }
    return WANT_TIME;
}

enum want uploader_purge(struct uploader *u)
{
    int err = 0;

    for (unsigned i = 0; i < KEPT_FOLDERS && err == 0; i++) {
        err = purge_lone(u, (enum kept_folder)i);
    }
    err = err == 0 ? purge_old(u, KEPT_FAILED) : err;

    err = err == 0 ? purge_old(u, KEPT_QUARANTINE) : err;
    err = err == 0 && u->rules->retention_days > 0 ? purge_old(u, KEPT_SENT) : err;
    err = err == 0 ? purge_much(u) : err;
    if (err != 0) {
        (void)uploader_flash(u, err);
        return WANT_TIME;
    }
    return make_room(u);
}
