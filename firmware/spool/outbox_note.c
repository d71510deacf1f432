#include "spool/outbox_note.h"

#include "base/err.h"
#include "base/fingerprint.h"

/* Of this form of the note: another program may have left another. */
#define MAGIC UINT64_C(0x6F63626F78303031)

static uint64_t check_of(const struct outbox_note *n)
{
    struct fingerprint f;

    fingerprint_init(&f);
    fingerprint_push(&f, (const uint8_t *)n, offsetof(struct outbox_note, check));
    return fingerprint_finish(&f);
}

int outbox_note_read(struct outbox_note *n, const struct flash *flash, const char *lock)
{
    int got = flash->read_at(flash->ctx, lock, 0, (uint8_t *)n, sizeof *n);

    if (got < 0) {
        return got;
    }
    return got == (int)sizeof *n && n->magic == MAGIC && n->boot == flash->boot &&
                   n->check == check_of(n)
               ? 0
               : ERR_FLASH_NONE;
}

int outbox_note_write(struct outbox_note *n, const struct flash *flash, const char *lock)
{
    int err;

    n->magic = MAGIC;
    n->boot = flash->boot;
    n->check = check_of(n);
    err = flash->truncate(flash->ctx, lock, 0);
    return err != 0 ? err : flash->append(flash->ctx, lock, (const uint8_t *)n, sizeof *n);
}
