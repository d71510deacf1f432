/* From outbox/ into queue/: what `add` sealed and what producers handed in. */
#include "sync/uploader_parts.h"

#include "base/err.h"
#include "base/text.h"
#include "record/csv_field.h"
#include "spool/queue.h"

#include <string.h>

int uploader_object_index(struct uploader *u, const char *name)
{
    struct ledger *l = &u->ledger;
    int at = ledger_object_at(l, name);

    if (at >= 0) {
        return at;
    }
    if (l->objects == SPOOL_OBJECTS_MAX || strlen(name) >= OBJECT_NAME_CAP) {
        return ERR_NO_ROOM;
    }
    struct entry e = {.type = ENTRY_OBJECT, .object = l->objects};

    (void)text_copy(e.is.object.name, sizeof e.is.object.name, name);
    int err = uploader_put(u, &e);

    return err == 0 ? e.object : err;
}

/* Without outer spaces, as people write a header row by hand. */
static const char *trim(char *field)
{
    size_t len = strlen(field);

    while (len > 0 && field[len - 1] == ' ') {
        field[--len] = '\0';
    }
    while (*field == ' ') {
        field++;
    }
    return field;
}

static bool same_columns(const uint8_t *row, size_t len, const char *columns)
{
    struct csv_field a, b;

    csv_field_init(&a, row, len);
    csv_field_init(&b, (const uint8_t *)columns, strlen(columns));
    while (a.more && b.more) {
        char x[COLUMN_NAME_CAP], y[COLUMN_NAME_CAP];

        (void)csv_field_next(&a, x, sizeof x);
        (void)csv_field_next(&b, y, sizeof y);
        if (strcmp(trim(x), trim(y)) != 0) {
            return false;
        }
    }
    return a.more == b.more;
}

/* Whether the segment begins as today's configuration wants it: 0, or why it cannot be sent. */
static int check_header(struct uploader *u)
{
    const struct batch_file *bf = &u->bf;
    const char *columns = u->settings.columns;
    uint8_t *row = u->bulk->x.tx;
    size_t len = (size_t)(bf->header_end - bf->header_at);

    if (columns == NULL || columns[0] == '\0') {
        return 0;
    }
    if (bf->header_end - bf->header_at > HEADER_CAP) {
        return ERR_COLUMNS;
    }
    int n = bf->file->read_at(bf->file->ctx, bf->header_at, row, len);

    if (n != (int)len) {
        return n < 0 ? n : ERR_FILE_READ;
    }
    while (len > 0 && (row[len - 1] == '\n' || row[len - 1] == '\r')) {
        len--;
    }
    return same_columns(row, len, columns) ? 0 : ERR_COLUMNS;
}

static bool fault_of_file(int err)
{
    return err_class(err) == CLASS_INPUT && err != ERR_FILE_READ && err != ERR_SOURCE_CHANGED;
}

/* Whether the file may become a segment: 0, or why not. Of one without any row nothing is to be
 * sent: the cut sees to it. */
static int look_at(struct uploader *u, const char *object, const char *file)
{
    u->bf_segment = 0;
    u->reading.err = 0;
    int err = queue_outbox_path(u->reading.name, object, file);

    err = err == 0 ? batch_file_open(&u->bf, &u->file, u->bulk->x.tx, EXCHANGE_TX_CAP, NULL) : err;
    err = err == 0 ? check_header(u) : err;
    if (err == ERR_FILE_READ && u->reading.err != 0) {
        err = u->reading.err;
    }
    return err == ERR_CSV_EMPTY ? 0 : err;
}

/* "file-00000001": the first that is not there, so that a cut ends in the same one. */
static int free_name(struct uploader *u, const struct kept_place *p, char name[14])
{
    char path[FLASH_NAME_CAP];
    int64_t size = 0;

    memcpy(name, "file-", 6);
    for (uint32_t n = 1; size >= 0; n++) {
        kept_batch_name(name + 5, n);
        int err = kept_path(path, p, ".csv");

        size = err == 0 ? u->flash->size(u->flash->ctx, path) : err;
    }
    return size == ERR_FLASH_NONE ? 0 : (int)size;
}

static void say_refused(struct uploader *u, const struct kept_place *p, int err)
{
    struct uploader_news n = uploader_news_of(u, NULL);

    n.kind = NEWS_QUARANTINED;
    n.object = p->object;
    n.file = p->name;
    n.reason = REASON_FILE;
    n.err = err;
    uploader_say(u, &n);
    uploader_worse(u, err);
}

/* A file that cannot be sent never becomes a segment, as those are final in their order only. */
static int refuse(struct uploader *u, const char *object, const char *file, int err)
{
    char from[FLASH_NAME_CAP], name[14];
    const struct kept_place p = {KEPT_QUARANTINE, object, name};
    int64_t now_ms = uploader_time_ms(u);
    int bad = queue_outbox_path(from, object, file);

    bad = bad == 0 ? free_name(u, &p, name) : bad;
    if (bad != 0) {
        return bad;
    }
    kept_reason(&u->kept, u->flash, &p);
    kept_put(&u->kept, "object", object);
    kept_put(&u->kept, "file", file);
    kept_put(&u->kept, "reason", reason_text(REASON_FILE));
    kept_put(&u->kept, "error", err_what(err));
    if (now_ms >= 0) {
        kept_put_u64(&u->kept, "time_ms", (uint64_t)now_ms);
    }
    bad = kept_close(&u->kept);
    bad = bad == 0 ? kept_move(u->flash, from, &p) : bad;
    if (bad == 0) {
        say_refused(u, &p, err);
    }
    return bad;
}

static void say_adopted(struct uploader *u, uint16_t object, uint32_t segment, const char *file)
{
    struct uploader_news n = uploader_news_of(u, NULL);

    n.kind = NEWS_ADOPTED;
    n.object = u->ledger.object[object].is.name;
    n.segment = segment;
    n.file = file;
    uploader_say(u, &n);
}

static int adopt(struct uploader *u, uint16_t object, const char *file)
{
    struct ledger_object *o = &u->ledger.object[object];
    char folder[FLASH_NAME_CAP] = "queue/";
    int err = text_copy(folder + 6, sizeof folder - 6, o->is.name);

    u->lane[object].empty = false; /* a rename that failed may have happened */
    err = err < 0 ? err : u->flash->folder(u->flash->ctx, folder);
    if (err != 0) {
        return err;
    }
    do { /* there may be numbers that we did not know of */
        err = o->last < QUEUE_NUMBER_MAX ? queue_adopt(u->flash, o->is.name, file, o->last + 1)
                                         : ERR_NO_ROOM;
        o->last += err == 0 || err == ERR_FLASH_EXISTS;
    } while (err == ERR_FLASH_EXISTS);
    if (err == 0) {
        say_adopted(u, object, o->last, file);
    }
    return err;
}

static int still(struct uploader *u, const char *object, const char *file)
{
    char name[FLASH_NAME_CAP];
    int err = queue_outbox_path(name, object, file);

    return err == 0 ? u->flash->still(u->flash->ctx, name) : err;
}

/* 1: it is gone from outbox/; 0: its producer is at it; or an error. */
static int take_file(struct uploader *u, const char *object, const char *file)
{
    int err = still(u, object, file), at;

    if (err != 1) {
        return err == ERR_FLASH_NONE ? 0 : err; /* none: its producer took it back */
    }
    err = look_at(u, object, file);
    if (fault_of_file(err)) {
        err = refuse(u, object, file, err);
    } else if (err == 0) {
        at = uploader_object_index(u, object);
        err = at < 0 ? at : adopt(u, (uint16_t)at, file);
    }
    return err == 0 ? 1 : err == ERR_FLASH_NONE ? 0 : err;
}

/* What one file, or the files of one object, suffer from is no reason to let others wait. */
static bool of_all(int err)
{
    return err == ERR_FLASH_FULL || err == ERR_FLASH_READONLY;
}

struct look {
    int taken;
    int err; /* the first */
};

static void note(struct look *l, int err)
{
    l->err = l->err == 0 || of_all(err) ? err : l->err;
}

/* A few files of one object. */
static void adopt_some(struct uploader *u, const char *object, struct look *l)
{
    struct flash_file file[ADOPT_NAMES_MAX];
    const char *after = "";
    int before = l->taken, n;

    while ((n = queue_handed_in(u->flash, object, after, file, COUNT(file))) > 0) {
        for (int i = 0; i < n && !of_all(l->err); i++) {
            int err = take_file(u, object, file[i].name);

            if (err < 0) {
                note(l, err);
            }
            l->taken += err == 1;
        }
        if (l->taken > before || n < (int)COUNT(file) || of_all(l->err)) {
            return;
        }
        after = file[n - 1].name;
    }
    if (n < 0) {
        note(l, n);
    }
}

static struct outbox_rules outbox_rules(const struct uploader *u)
{
    return (struct outbox_rules){.max_bytes = u->rules->max_bytes,
                                 .headroom = u->rules->headroom,
                                 .batch_bytes = u->settings.batch_bytes,
                                 .batch_records = u->settings.batch_records,
                                 .seal_after_ms = u->rules->seal_after_ms};
}

/* What a producer left: mended once a run, and sealed when it is due. ERR_LOCKED: a producer is at
 * it just now. */
static int seal(struct uploader *u, const char *object)
{
    int at = ledger_object_at(&u->ledger, object);
    bool recovered = at >= 0 && u->lane[at].recovered;
    struct outbox_rules rules;

    u->settings = (struct uploader_object){0};
    u->rules->object(u->rules->ctx, object, &u->settings);
    rules = outbox_rules(u);
    outbox_init(&u->outbox, u->flash, &rules, object);
    int err = recovered ? 0 : outbox_recover(&u->outbox, u->now.mono_ms);

    if (err == 0 && at >= 0) {
        u->lane[at].recovered = true;
    }
    if (err == 0) {
        err = outbox_seal_due(&u->outbox, u->now.mono_ms, u->rules->seal_now);
        u->adopt_ms = u->outbox.due_ms < u->adopt_ms ? u->outbox.due_ms : u->adopt_ms;
    }
    return err < 0 ? err : 0;
}

/* One look at all objects. */
static struct look look(struct uploader *u)
{
    struct flash_file object = {""};
    struct look l = {0, 0};
    int n = 1;

    while (!of_all(l.err) && (n = queue_object(u->flash, "outbox", object.name, &object)) == 1) {
        int err = bulk_object_ok(object.name) == 0 ? seal(u, object.name) : ERR_OBJECT_NAME;

        if (err == ERR_LOCKED) {
            u->adopt_ms = u->now.mono_ms + UPLOADER_LOCKED_MS;
        } else if (err == 0) {
            adopt_some(u, object.name, &l);
        } else if (err != ERR_OBJECT_NAME && err != ERR_OBJECT_VERB) {
            note(&l, err);
        }
    }
    if (n < 0) {
        note(&l, n);
    }
    return l;
}

/* Says it once. Nothing else has to wait for it, unless all of flash is meant. */
static void tell(struct uploader *u, int err)
{
    if (of_all(err)) {
        (void)uploader_flash(u, err);
        return;
    }
    if (err != u->adopt_err) {
        struct uploader_news n = uploader_news_of(u, NULL);

        n.kind = err != 0 ? NEWS_TROUBLE : NEWS_RECOVERED;
        n.err = err != 0 ? err : u->adopt_err;
        uploader_say(u, &n);
    }
    u->adopt_err = err;
    if (err != 0) {
        uploader_worse(u, err);
    }
}

enum want uploader_adopt(struct uploader *u)
{
    if (!u->look_now && u->now.mono_ms < u->adopt_ms) {
        return WANT_TIME;
    }
    u->adopt_ms = schedule_look_ms(&u->schedule, u->now.mono_ms);
    const struct look l = look(u);

    u->look_now = l.taken > 0;
    tell(u, l.err);
    /* Sending goes on in between: more of them are adopted behind each call. */
    return l.taken > 0 && !uploader_waits(u) ? WANT_STEP : WANT_TIME;
}
