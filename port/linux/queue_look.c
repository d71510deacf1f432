#include "linux/queue_look.h"

#include "base/err.h"
#include "base/num.h"
#include "base/stream.h"
#include "base/text.h"
#include "spool/kept_line.h"
#include "spool/outbox.h"
#include "spool/queue.h"
#include "sync/failed_rows.h"

#include <string.h>

/* A compaction may replace the journal between two reads of it. */
enum { LOOKS = 3 };

static int take_entry(void *ctx, const struct entry *e)
{
    struct queue_look *q = ctx;
    bool well = e->type == ENTRY_FINAL && e->is.range.how <= FINAL_PARTIAL;
    int err = ledger_apply(&q->ledger, e);

    if (err == 0 && well && e->object < SPOOL_OBJECTS_MAX && e->reason != REASON_HAND) {
        q->success_ms[e->object] = e->time_ms;
    }
    return err;
}

static int read_journal(struct queue_look *q)
{
    const struct journal_visitor to = {take_entry, q};

    ledger_init(&q->ledger);
    for (unsigned i = 0; i < SPOOL_OBJECTS_MAX; i++) {
        q->success_ms[i] = -1;
    }
    return journal_open(&q->journal, q->flash, &to, false);
}

int queue_look(struct queue_look *q, const struct flash *flash)
{
    int err = ERR_JOURNAL_ROT;

    memset(q, 0, sizeof *q);
    q->flash = flash;
    for (int i = 0; i < LOOKS && (err == ERR_JOURNAL_ROT || q->damaged); i++) {
        err = read_journal(q);
        q->damaged = q->journal.rotten > 0;
    }
    return err == ERR_FLASH_NONE ? 0 : err;
}

static void take_name(const char *name, const char *after, struct flash_file *least)
{
    bool first = least->name[0] == '\0' || strcmp(name, least->name) < 0;

    if (name[0] != '\0' && strcmp(name, after) > 0 && first) {
        (void)text_copy(least->name, sizeof least->name, name);
    }
}

int queue_look_object(const struct queue_look *q, const char *after, struct flash_file *out)
{
    static const char *const top[] = {"outbox", "queue", "held", "failed", "quarantine"};
    struct flash_file least = {""}, found;

    for (uint16_t i = 0; i < q->ledger.objects; i++) {
        take_name(q->ledger.object[i].is.name, after, &least);
    }
    for (size_t i = 0; i < COUNT(top); i++) {
        int n = queue_object(q->flash, top[i], after, &found);

        if (n < 0) {
            return n;
        }
        if (n == 1) {
            take_name(found.name, after, &least);
        }
    }
    *out = least;
    return least.name[0] != '\0';
}

static int add_file(const struct queue_look *q, const char *name, struct queue_waiting *w)
{
    int64_t size = q->flash->size(q->flash->ctx, name);

    if (size > 0) {
        w->files++;
        w->bytes += (uint64_t)size;
    }
    return size < 0 && size != ERR_FLASH_NONE ? (int)size : 0;
}

static int add_outbox(const struct queue_look *q, const char *object, struct queue_waiting *w)
{
    struct flash_file page[OUTBOX_PAGE_LEN];
    const char *after = "";
    char name[FLASH_NAME_CAP];
    int n = queue_outbox_path(name, object, ".open");

    n = n == 0 ? add_file(q, name, w) : n;
    while (n >= 0 && (n = queue_handed_in(q->flash, object, after, page, COUNT(page))) > 0) {
        int err = 0;

        for (int i = 0; i < n && err == 0; i++) {
            err = queue_outbox_path(name, object, page[i].name);
            err = err == 0 ? add_file(q, name, w) : err;
        }
        after = page[n - 1].name;
        n = err == 0 ? n : err;
    }
    return n;
}

/* Segments behind the one being cut as a whole, of that one the rest. */
static int add_queue(const struct queue_look *q, const char *object, struct queue_waiting *w)
{
    int at = ledger_object_at(&q->ledger, object);
    const struct ledger_object *o = at >= 0 ? &q->ledger.object[at] : NULL;
    uint32_t segment = o != NULL && o->cur > 0 ? o->cur - 1 : 0;
    char name[FLASH_NAME_CAP];
    int n;

    while ((n = queue_next(q->flash, object, segment, &segment)) == 1) {
        struct queue_waiting one = {0};
        uint64_t cut = o != NULL && segment == o->cur ? o->cut : 0;

        n = queue_path(name, object, segment);
        n = n == 0 ? add_file(q, name, &one) : n;
        if (n != 0) {
            return n;
        }
        w->files += one.bytes > cut ? 1 : 0;
        w->bytes += one.bytes > cut ? one.bytes - cut : 0;
    }
    return n;
}

int queue_look_waiting(const struct queue_look *q, const char *object, struct queue_waiting *out)
{
    *out = (struct queue_waiting){0};
    for (uint16_t i = 0; i < q->ledger.ranges; i++) {
        const struct range *r = &q->ledger.range[i];

        if (r->state == ENTRY_VOID && strcmp(q->ledger.object[r->object].is.name, object) == 0) {
            out->bytes += r->is.end - r->is.at;
        }
    }
    int err = add_queue(q, object, out);

    return err == 0 ? add_outbox(q, object, out) : err;
}

static void take_text(char *dst, size_t cap, const char *value)
{
    size_t len = strlen(value);

    len = len < cap - 1 ? len : cap - 1;
    memcpy(dst, value, len);
    dst[len] = '\0';
}

static void take_u32(uint32_t *dst, const char *value)
{
    uint64_t v = 0;

    if (num_u64_max(value, strlen(value), UINT32_MAX, &v) == 0) {
        *dst = (uint32_t)v;
    }
}

static void take_line(struct queue_file *f, const struct kept_line *l)
{
    uint64_t ms = 0;

    if (strcmp(l->key, "reason") == 0 && strcmp(l->value, reason_text(REASON_NONE)) != 0) {
        take_text(f->reason, sizeof f->reason, l->value);
    } else if (strcmp(l->key, "error") == 0 && f->error[0] == '\0') {
        take_text(f->error, sizeof f->error, l->value);
    } else if (strcmp(l->key, "rows") == 0) {
        take_text(f->rows, sizeof f->rows, l->value);
    } else if (strcmp(l->key, "job") == 0) {
        take_text(f->job, sizeof f->job, l->value);
    } else if (strcmp(l->key, "records") == 0) {
        take_u32(&f->records, l->value);
    } else if (strcmp(l->key, "batch") == 0) {
        take_u32(&f->batch, l->value);
    } else if (strcmp(l->key, "time_ms") == 0 &&
               num_u64_max(l->value, strlen(l->value), INT64_MAX, &ms) == 0) {
        f->since_ms = (int64_t)ms;
    }
}

int queue_look_reason(const struct queue_look *q, const struct kept_place *p,
                      struct queue_file *out)
{
    struct kept_line l;
    char name[FLASH_NAME_CAP];
    uint64_t at = 0;
    int n = kept_path(name, p, ".csv");
    int64_t size = n == 0 ? q->flash->size(q->flash->ctx, name) : n;

    memset(out, 0, sizeof *out);
    (void)text_copy(out->name, sizeof out->name, p->name);
    out->place = (struct kept_place){p->folder, p->object, out->name};
    out->since_ms = -1;
    out->size = size > 0 ? (uint64_t)size : 0;
    n = kept_path(name, p, ".reason");
    while (n >= 0 && (n = kept_line_next(&l, q->flash, name, &at)) == 1) {
        take_line(out, &l);
    }
    if (n < 0 && n != ERR_FLASH_NONE) {
        return n;
    }
    n = p->folder == KEPT_FAILED ? failed_rows_repeat(q->flash, p) : 0;
    out->repeats = n == 1;
    return n < 0 ? n : 0;
}

int queue_look_file(const struct queue_look *q, enum kept_folder folder, const char *object,
                    const char *after, struct queue_file *out)
{
    struct flash_file file = {""};
    const struct kept_place top = {folder, object, ""};
    char path[FLASH_NAME_CAP];
    int n = kept_path(path, &top, "");

    path[n == 0 ? strlen(path) - 1 : 0] = '\0';
    if (after[0] != '\0' && n == 0) {
        n = text_copy(file.name, sizeof file.name - 4, after);
        (void)text_copy(file.name + strlen(file.name), 5, ".csv");
    }
    while (n >= 0 &&
           (n = q->flash->list(q->flash->ctx, path, FLASH_FILES, file.name, &file, 1)) == 1) {
        size_t len = strlen(file.name);

        if (len > 4 && strcmp(file.name + len - 4, ".csv") == 0) {
            const struct kept_place p = {folder, object, file.name};

            file.name[len - 4] = '\0';
            n = queue_look_reason(q, &p, out);
            return n == 0 ? 1 : n;
        }
    }
    return n;
}
