/* What a power cut or a killed writer left behind, and where it goes. */
#include "base/err.h"
#include "base/text.h"
#include "spool/kept.h"
#include "spool/outbox_parts.h"

#include <string.h>

#define NUMBER_TRIES 10000 /* names tried for a free one */

struct tail {
    uint64_t header_end; /* 0: the file has no header row */
    uint64_t at;         /* behind the last record that is whole, like all before it */
    bool more;           /* without a header row: there is more than the beginning of one */
};

/* Behind the first row that is no record nothing is to be believed: what looks like one may be a
 * line of a text whose quote was lost. */
static int find_tail(struct outbox *o, const char *file, uint64_t from, uint64_t size,
                     struct tail *out)
{
    struct outbox_walk w;
    int n;

    *out = (struct tail){0};
    outbox_walk_init(&w, o, file, size);
    n = outbox_walk_next(&w);
    if (n < 0 && n != ERR_CSV_UTF16) {
        return n;
    }
    if (n != 1 || !outbox_walk_good(&w)) {
        out->more = n < 0 || (n == 1 && w.csv.row.end < size);
        return 0;
    }
    out->at = out->header_end = w.csv.row.end;
    w.csv.want_fields = w.csv.row.fields;
    if (from > out->header_end) {
        out->at = from < size ? from : size;
        outbox_walk_from(&w, out->at, w.csv.want_fields);
    }
    while ((n = outbox_walk_next(&w)) == 1 && outbox_walk_good(&w)) {
        out->at = w.csv.row.end;
    }
    return n < 0 ? n : 0;
}

static int copy(struct outbox *o, const char *from, const char *to, uint64_t at, uint64_t end)
{
    const struct flash *f = o->flash;

    while (at < end) {
        size_t cap = end - at < sizeof o->buf ? (size_t)(end - at) : sizeof o->buf;
        int n = f->read_at(f->ctx, from, at, o->buf, cap);
        int err = n > 0 ? f->append(f->ctx, to, o->buf, (size_t)n) : n < 0 ? n : ERR_FLASH_READ;

        if (err != 0) {
            return err;
        }
        at += (uint64_t)n;
    }
    return 0;
}

/* Renames to the first free WORD-NUMBER.csv of a folder. */
static int rename_free(struct outbox *o, const char *from, const char *folder, const char *word)
{
    int err = ERR_FLASH_EXISTS;

    for (uint64_t n = 1; err == ERR_FLASH_EXISTS && n <= NUMBER_TRIES; n++) {
        outbox_name(o->name, folder, word, n);
        err = o->flash->rename(o->flash->ctx, from, o->name, false);
    }
    return err;
}

/* A copy of header row and tail. It has its name only when it is whole. */
static int keep_tail(struct outbox *o, const char *file, const struct tail *t, uint64_t size)
{
    const struct flash *f = o->flash;
    char part[FLASH_NAME_CAP];
    int err;

    (void)outbox_path(part, o->folder, ".tail.part");
    err = f->truncate(f->ctx, part, 0);
    err = err == 0 || err == ERR_FLASH_NONE ? copy(o, file, part, 0, t->header_end) : err;
    err = err == 0 ? copy(o, file, part, t->at, size) : err;
    err = err == 0 ? f->sync(f->ctx, part) : err;
    err = err == 0 ? rename_free(o, part, o->folder, ".tail") : err;
    if (err != 0) {
        (void)f->remove(f->ctx, part);
        return err;
    }
    o->note.tails = 1;
    return 0;
}

static int lose_header(struct outbox *o, const char *file, const struct tail *t)
{
    o->note.tails = 1;
    return t->more ? rename_free(o, file, o->folder, ".tail")
                   : o->flash->remove(o->flash->ctx, file);
}

int outbox_mend(struct outbox *o, const char *file, uint64_t from, uint64_t *size)
{
    const struct flash *f = o->flash;
    struct tail t;
    int err = find_tail(o, file, from, *size, &t);

    if (err != 0) {
        return err;
    }
    if (t.header_end == 0) {
        err = lose_header(o, file, &t);
        *size = err == 0 ? OUTBOX_NONE : *size;
        return err;
    }
    if (t.at == *size) {
        return 0;
    }
    err = keep_tail(o, file, &t, *size);
    if (err != 0 && err != ERR_FLASH_FULL) {
        return err;
    }
    /* Without room for the copy it is lost: what was acknowledged must be able to go on. */
    err = f->truncate(f->ctx, file, t.at);
    *size = err == 0 ? t.at : *size;
    return err;
}

/* "tail-0000000001" */
static void tail_name(char dst[FLASH_FILE_CAP], uint64_t number)
{
    char path[FLASH_NAME_CAP];

    outbox_name(path, "", "tail", number);
    (void)text_copy(dst, FLASH_FILE_CAP, path + 1); /* without the slash */
    dst[strlen(dst) - strlen(".csv")] = '\0';
}

static int put_reason(struct outbox *o, const struct kept_place *place)
{
    struct kept k;

    kept_reason(&k, o->flash, place);
    kept_put(&k, "reason", "torn tail");
    kept_put(&k, "object", o->object);
    kept_put(&k, "what",
             "the end of what `add` was writing when it was cut off; no whole record, "
             "and never acknowledged");
    return kept_close(&k);
}

/* The reason first, so that no rows stand there without one. */
static int move_tail(struct outbox *o, const char *leaf)
{
    char from[FLASH_NAME_CAP], name[FLASH_FILE_CAP];
    const struct kept_place place = {KEPT_QUARANTINE, o->object, name};
    uint64_t n = 1;
    int err = outbox_path(from, o->folder, leaf);

    do {
        tail_name(name, n++);
        err = err == 0 ? kept_path(o->name, &place, ".csv") : err;
    } while (err == 0 && o->flash->size(o->flash->ctx, o->name) >= 0 && n <= NUMBER_TRIES);
    err = err == 0 ? put_reason(o, &place) : err;
    return err == 0 ? kept_move(o->flash, from, &place) : err;
}

int outbox_move_tails(struct outbox *o)
{
    static const char before[] = ".tail-";
    const struct flash *f = o->flash;
    int n;

    while ((n = f->list(f->ctx, o->folder, FLASH_FILES, before, o->page, 1)) == 1 &&
           memcmp(o->page[0].name, before, sizeof before - 1) == 0) {
        int err = move_tail(o, o->page[0].name);

        if (err != 0) {
            return err;
        }
    }
    o->note.tails = n < 0 ? o->note.tails : 0;
    return n < 0 ? n : 0;
}
