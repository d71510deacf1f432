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

static int look_at(struct uploader *u, uint16_t object, uint32_t segment)
{
    const char *name = u->ledger.object[object].is.name;
    int err;

    u->settings = (struct uploader_object){0};
    u->rules->object(u->rules->ctx, name, &u->settings);
    err = uploader_segment_open(u, object, segment);
    err = err == 0 ? check_header(u) : err;
    /* Of a file without any row nothing is to be sent: the cut sees to it. */
    return fault_of_file(err) && err != ERR_CSV_EMPTY
               ? uploader_quarantine_file(u, object, segment, err)
               : 0;
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
    uint32_t segment = o->last + 1;
    int err = text_copy(folder + 6, sizeof folder - 6, o->is.name);

    err = err < 0 ? err : u->flash->folder(u->flash->ctx, folder);
    err = err == 0 ? queue_adopt(u->flash, o->is.name, file, segment) : err;
    if (err == ERR_FLASH_EXISTS) { /* a number that we did not know of */
        o->last = segment;
    }
    u->lane[object].empty = false; /* a rename that failed may have happened */
    if (err != 0) {
        return err;
    }
    o->last = segment;
    say_adopted(u, object, segment, file);
    return look_at(u, object, segment);
}

static int still(struct uploader *u, const char *object, const char *file)
{
    char name[FLASH_NAME_CAP];
    int err = queue_outbox_path(name, object, file);

    return err == 0 ? u->flash->still(u->flash->ctx, name) : err;
}

/* A few files of one object: how many became segments, or an error. */
static int adopt_some(struct uploader *u, const char *object)
{
    struct flash_file file[ADOPT_NAMES_MAX];
    const char *after = "";
    int adopted = 0, n;

    while ((n = queue_handed_in(u->flash, object, after, file, COUNT(file))) > 0) {
        for (int i = 0; i < n; i++) {
            int err = still(u, object, file[i].name);

            if (err == 1) {
                int at = uploader_object_index(u, object);

                err = at < 0 ? at : adopt(u, (uint16_t)at, file[i].name);
                adopted++;
            }
            if (err != 0) {
                return err;
            }
        }
        if (adopted > 0 || n < (int)COUNT(file)) {
            return adopted;
        }
        after = file[n - 1].name;
    }
    return n < 0 ? n : adopted;
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

static bool must_wait(int err)
{
    return err == ERR_LOCKED;
}

/* One look at all objects: how many segments there are more, or an error. */
static int look(struct uploader *u)
{
    struct flash_file object = {""};
    int adopted = 0, n;

    while ((n = queue_object(u->flash, "outbox", object.name, &object)) == 1) {
        if (bulk_object_ok(object.name) != 0) {
            continue;
        }
        int err = seal(u, object.name);

        if (must_wait(err)) {
            (void)uploader_later(u, u->now.mono_ms + UPLOADER_LOCKED_MS);
            u->adopt_ms = u->now.mono_ms + UPLOADER_LOCKED_MS;
            continue;
        }
        err = err == 0 ? adopt_some(u, object.name) : err;
        if (err < 0) {
            return err;
        }
        adopted += err;
    }
    return n < 0 ? n : adopted;
}

enum want uploader_adopt(struct uploader *u)
{
    if (!u->look_now && u->now.mono_ms < u->adopt_ms) {
        return WANT_TIME;
    }
    u->adopt_ms = schedule_look_ms(&u->schedule, u->now.mono_ms);
    int n = look(u);

    u->look_now = n > 0;
    if (n < 0 && n != ERR_NO_ROOM && n != ERR_FLASH_EXISTS) {
        (void)uploader_flash(u, n);
    }
    /* Sending goes on in between: more of them are adopted behind each call. */
    return n > 0 && !uploader_waits(u) ? WANT_STEP : WANT_TIME;
}
