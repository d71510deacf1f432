/* outbox_note: what producers tell each other about .open; it stands in the file that they lock.
 *
 * Never synced: it is of use between two starts of the machine, and is lost without harm.
 * Numbers of 64 bits as the machine has them, the last one a fingerprint of the others.
 *
 * Calls   Under the lock.
 * Errors  ERR_FLASH_NONE (read: no note, a torn one, or one from before the start), those of flash;
 *         a write that failed leaves none. */
#ifndef OCBULK_SPOOL_OUTBOX_NOTE_H
#define OCBULK_SPOOL_OUTBOX_NOTE_H

#include "base/flash.h"

#define OUTBOX_NONE UINT64_MAX

struct outbox_note {
    uint64_t magic, boot;
    uint64_t generation;          /* of .open: a higher number for each that is begun */
    uint64_t judges_from;         /* the first generation that the note knows the end of */
    uint64_t made_ms;             /* when .open was begun, monotonic */
    uint64_t settled;             /* from this byte on a sync is due; OUTBOX_NONE: none is */
    uint64_t pending;             /* a writer is at this byte; OUTBOX_NONE: nobody is */
    uint64_t cut_generation;      /* the last one that lost records, from this byte on */
    uint64_t cut_at;              /* behind what is left of it */
    uint64_t spent;               /* 1: a sync of .open failed: it is cut there and given up */
    uint64_t leaving;             /* 1: .open may have been renamed, and not be so on flash */
    uint64_t old;                 /* 1: .open is from before the start */
    uint64_t allow;               /* bytes of .open up to which max_bytes was looked at */
    uint64_t number;              /* of the next segment, unless that is taken */
    uint64_t counted_at, counted; /* records in front of this byte; 0: none was counted */
    uint64_t tails;               /* 1: there are tails to be moved into quarantine/ */
    uint64_t queued, queued_ms;   /* bytes in queue/, and when that was */
    uint64_t check;
};

int outbox_note_read(struct outbox_note *n, const struct flash *flash, const char *lock);
int outbox_note_write(struct outbox_note *n, const struct flash *flash, const char *lock);

#endif
