/* What is there, before anything is done to it. */
#include "base/err.h"
#include "base/num.h"
#include "base/text.h"
#include "spool/outbox_parts.h"

#include <string.h>

#define NUMBER_LEN 10
#define NUMBER_MAX UINT64_C(9999999999)

int outbox_path(char dst[FLASH_NAME_CAP], const char *folder, const char *leaf)
{
    int len = text_copy(dst, FLASH_NAME_CAP - 1, folder);

    if (len < 0) {
        return len;
    }
    dst[len++] = '/';
    len = text_copy(dst + len, FLASH_NAME_CAP - (size_t)len, leaf);
    return len < 0 ? len : 0;
}

void outbox_name(char dst[FLASH_NAME_CAP], const char *folder, const char *word, uint64_t number)
{
    char leaf[FLASH_FILE_CAP], digits[NUM_U64_CAP];
    size_t len = (size_t)text_copy(leaf, 16, word);
    size_t zeros = NUMBER_LEN - num_print_u64(digits, number);

    leaf[len++] = '-';
    memset(leaf + len, '0', zeros);
    len += zeros;
    len += (size_t)text_copy(leaf + len, sizeof digits, digits);
    (void)text_copy(leaf + len, sizeof ".csv", ".csv");
    (void)outbox_path(dst, folder, leaf);
}

static bool is_segment(const char *leaf)
{
    size_t i = 4;

    if (strncmp(leaf, OUTBOX_ADD "-", 4) != 0) {
        return false;
    }
    while (i < 4 + NUMBER_LEN && leaf[i] >= '0' && leaf[i] <= '9') {
        i++;
    }
    return i == 4 + NUMBER_LEN && strcmp(leaf + i, ".csv") == 0;
}

int outbox_save(struct outbox *o)
{
    return outbox_note_write(&o->note, o->flash, o->lock);
}

static int look_size(struct outbox *o)
{
    int64_t size = o->flash->size(o->flash->ctx, o->open);

    o->size = size < 0 ? OUTBOX_NONE : (uint64_t)size;
    return size < 0 && size != ERR_FLASH_NONE ? (int)size : 0;
}

/* 1 or 0, or an error; an empty file does not. */
static int ends_row(struct outbox *o, const char *file, uint64_t size)
{
    uint8_t last = 0;
    int n = size > 0 ? o->flash->read_at(o->flash->ctx, file, size - 1, &last, 1) : 0;

    return n < 0 ? n : last == '\n';
}

/* Behind it .open is on flash, and may be added to. */
static int mend_open(struct outbox *o, uint64_t from)
{
    int err = outbox_mend(o, o->open, from, &o->size);

    o->header_end = o->header_print = 0;
    if (err != 0 || o->size == OUTBOX_NONE) {
        return err;
    }
    err = outbox_sync(o, o->size);
    if (err == 0) {
        o->note.settled = o->note.pending = OUTBOX_NONE;
        return 0;
    }
    return o->size == OUTBOX_NONE ? 0 : err; /* given up: the next one is another file */
}

static int mend_cut(struct outbox *o, const char *leaf)
{
    char file[FLASH_NAME_CAP];
    int64_t got = outbox_path(file, o->folder, leaf) == 0 ? o->flash->size(o->flash->ctx, file)
                                                          : ERR_FLASH_NONE;
    uint64_t size = (uint64_t)got;
    int err;

    if (got < 0) {
        return got == ERR_FLASH_NONE ? 0 : (int)got;
    }
    err = outbox_mend(o, file, 0, &size);
    return err == 0 && size != OUTBOX_NONE && size != (uint64_t)got
               ? o->flash->sync(o->flash->ctx, file)
               : err;
}

/* Segments that were given up: what had been cut off may have come back. */
static int mend_all_cut(struct outbox *o)
{
    static const char before[] = OUTBOX_CUT "-";
    struct flash_file after = {OUTBOX_CUT "-"};
    int n, err = 0;

    while (err == 0 && (n = o->flash->list(o->flash->ctx, o->folder, FLASH_FILES, after.name,
                                           o->page, 1)) == 1) {
        after = o->page[0];
        if (strncmp(after.name, before, sizeof before - 1) != 0) {
            return 0;
        }
        err = mend_cut(o, after.name);
    }
    return err != 0 ? err : n;
}

/* Whether there is a segment of a higher number. */
static int is_behind(struct outbox *o, uint64_t number)
{
    char name[FLASH_NAME_CAP];
    int n;

    outbox_name(name, o->folder, OUTBOX_ADD, number);
    n = o->flash->list(o->flash->ctx, o->folder, FLASH_FILES, strrchr(name, '/') + 1, o->page, 1);
    return n < 1 ? n : is_segment(o->page[0].name);
}

/* Names sort as their numbers do: behind the last one there is none. */
static int find_number(struct outbox *o)
{
    uint64_t low = 0, high = NUMBER_MAX;
    int n = is_behind(o, 0);

    high = n == 0 ? 0 : high;
    while (n >= 0 && low < high) {
        uint64_t middle = low + (high - low) / 2;

        n = is_behind(o, middle);
        low = n == 1 ? middle + 1 : low;
        high = n == 1 ? high : middle;
    }
    o->note.number = low + 1;
    return n < 0 ? n : 0;
}

/* Without a note: since the machine was started, or since one was lost. Nobody waits for .open but
 * who will be told that nobody knows; all that is whole stays, and is on flash behind this. */
static int look_first(struct outbox *o, uint64_t mono_ms)
{
    int err;

    o->note = (struct outbox_note){.generation = mono_ms,
                                   .judges_from = mono_ms,
                                   .settled = OUTBOX_NONE,
                                   .pending = OUTBOX_NONE,
                                   .cut_generation = OUTBOX_NONE,
                                   .leaving = o->size == OUTBOX_NONE,
                                   .tails = 1};
    err = find_number(o);
    err = err == 0 ? mend_all_cut(o) : err;
    if (err == 0 && o->size != OUTBOX_NONE) {
        o->note.old = 1;
        err = mend_open(o, 0);
    }
    if (err == 0) {
        (void)outbox_save(o);
    }
    return err;
}

/* Whether the bytes themselves tell that a writer was killed in the middle. */
static int look_again(struct outbox *o)
{
    struct outbox_note *n = &o->note;
    bool known = n->generation == o->seen_generation && o->size == o->seen_size;
    int ends;

    if (n->spent == 1) {
        return outbox_give_up(o, n->cut_at);
    }
    if (o->size == OUTBOX_NONE) {
        n->pending = n->settled = OUTBOX_NONE;
        return 0;
    }
    if (n->pending != OUTBOX_NONE) {
        int err = mend_open(o, n->pending);

        (void)outbox_save(o);
        return err;
    }
    ends = known ? 1 : ends_row(o, o->open, o->size);
    return ends == 0 ? mend_open(o, 0) : ends < 0 ? ends : 0;
}

int outbox_look(struct outbox *o, uint64_t mono_ms)
{
    int err = look_size(o);
    int noted = err == 0 ? outbox_note_read(&o->note, o->flash, o->lock) : err;

    if (noted != 0 || o->note.generation != o->seen_generation || o->size == OUTBOX_NONE) {
        o->header_end = o->header_print = 0;
    }
    if (err != 0) {
        return err;
    }
    return noted == ERR_FLASH_NONE ? look_first(o, mono_ms) : noted != 0 ? noted : look_again(o);
}
