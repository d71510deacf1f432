/* How much may still come in. */
#include "base/err.h"
#include "spool/outbox_parts.h"

#include <string.h>

#define QUEUED_LOOK_MS 10000 /* ms between two sums of queue/ for those who may not read it */

/* A file that goes while we look has no bytes, nor has one with a name that nobody of us gives. */
static int64_t file_bytes(struct outbox *o, const char *folder, const char *leaf)
{
    char name[FLASH_NAME_CAP];
    int64_t size;

    if (strcmp(leaf, ".lock") == 0 || outbox_path(name, folder, leaf) != 0) {
        return 0;
    }
    size = o->flash->size(o->flash->ctx, name);
    return size == ERR_FLASH_NONE ? 0 : size;
}

static int64_t folder_bytes(struct outbox *o, const char *folder)
{
    struct flash_file after = {""};
    int64_t sum = 0;
    int n;

    do {
        n = o->flash->list(o->flash->ctx, folder, FLASH_FILES, after.name, o->page,
                           OUTBOX_PAGE_LEN);
        for (int i = 0; i < n; i++) {
            int64_t size = file_bytes(o, folder, o->page[i].name);

            if (size < 0) {
                return size;
            }
            sum += size;
        }
        after = n > 0 ? o->page[n - 1] : after;
    } while (n == OUTBOX_PAGE_LEN);
    return n < 0 ? n : sum;
}

static int64_t root_bytes(struct outbox *o, const char *root)
{
    struct flash_file after = {""}, object;
    int64_t sum = 0;
    int n;

    while ((n = o->flash->list(o->flash->ctx, root, FLASH_FOLDERS, after.name, &object, 1)) == 1) {
        int64_t got = outbox_path(o->name, root, object.name) == 0 ? folder_bytes(o, o->name) : 0;

        if (got < 0) {
            return got;
        }
        sum += got;
        after = object;
    }
    return n < 0 ? n : sum;
}

int64_t outbox_bytes(struct outbox *o)
{
    int64_t waiting = root_bytes(o, "outbox");
    int64_t queued = root_bytes(o, "queue");

    return waiting < 0 ? waiting : waiting + (queued < 0 ? (int64_t)o->note.queued : queued);
}

void outbox_note_queued(struct outbox *o, uint64_t mono_ms)
{
    int64_t queued;

    if (o->note.queued_ms != 0 && mono_ms - o->note.queued_ms < QUEUED_LOOK_MS) {
        return;
    }
    queued = root_bytes(o, "queue");
    if (queued >= 0 && (uint64_t)queued != o->note.queued) {
        o->note.queued = (uint64_t)queued;
        o->note.queued_ms = mono_ms;
        (void)outbox_save(o);
    }
}

/* A slice at a time, so that a record costs no sum. */
static int allow_more(struct outbox *o, uint64_t size, uint64_t len)
{
    int64_t sum = outbox_bytes(o);
    uint64_t room;

    if (sum < 0) {
        return (int)sum;
    }
    room = o->rules->max_bytes > (uint64_t)sum ? o->rules->max_bytes - (uint64_t)sum : 0;
    if (len > room) {
        return ERR_SPOOL_FULL;
    }
    o->note.allow = size + (room < len + OUTBOX_SLICE ? room : len + OUTBOX_SLICE);
    if (size > 0) {
        (void)outbox_save(o);
    }
    return 0;
}

/* While the lock is held the room is asked for once: others may take of it, as they may between
 * this and the append. */
static int take_room(struct outbox *o, uint64_t len)
{
    if (!o->held || o->room < len) {
        int64_t room = o->flash->room(o->flash->ctx);

        if (room < 0) {
            return (int)room;
        }
        o->room = (uint64_t)room > o->rules->headroom ? (uint64_t)room - o->rules->headroom : 0;
    }
    if (o->room < len) {
        return ERR_FLASH_FULL;
    }
    o->room -= len;
    return 0;
}

int outbox_allow(struct outbox *o, uint64_t len)
{
    uint64_t size = o->size == OUTBOX_NONE ? 0 : o->size;
    int err = size > 0 && size + len <= o->note.allow ? 0 : allow_more(o, size, len);

    return err == 0 ? take_room(o, len) : err;
}
