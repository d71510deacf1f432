/* journal: the append-only log of what happened to each batch, and its compaction.
 *
 * Entries stand at multiples of ENTRY_LEN; HEAD stands twice at the start, so that one of them may
 * rot. Each put is one append and one sync. A bad entry with nothing valid behind it is a torn tail
 * and is cut; one with valid ones behind it is rot: it is left out and told.
 * Compaction writes journal.new whole (the owner puts what is to stay), syncs it and renames it
 * over the journal: at any cut one of them is whole.
 *
 * Memory  One struct. flash is borrowed.
 * Calls   open, then put. compact_begin, put…, compact_end: nothing may be in flight; that is also
 *         how the first journal is made, with j zero but for head.
 * Errors  ERR_FLASH_NONE (open: no journal), ERR_JOURNAL_VERSION, ERR_JOURNAL_ROT (no HEAD can be
 *         read), those of flash. A put that failed is not there, as far as anybody can tell; behind
 *         a failed sync puts fail until the journal was compacted into another file. */
#ifndef OCBULK_SPOOL_JOURNAL_H
#define OCBULK_SPOOL_JOURNAL_H

#include "base/flash.h"
#include "spool/entry.h"

#define JOURNAL_VERSION 1

struct journal_part {
    uint64_t len; /* bytes, of whole entries */
    uint32_t epoch, seq;
    int err;
};

struct journal {
    const struct flash *flash;
    const char *name;             /* of the file that puts go to */
    struct journal_part now, old; /* old: the one that is being compacted */
    uint32_t rotten;              /* entries left out by open */
    uint8_t heads;                /* of the two at the start, those that open could read */
    struct entry_head head;       /* as it is now; a HEAD that is put has it */
};

struct journal_visitor {
    int (*entry)(void *ctx, const struct entry *e); /* 0; ERR_JOURNAL_ROT: it cannot be; other
                                                       errors end the reading */
    void *ctx;
};

/* Reads it from the start. mend: a torn tail is cut, and what was read is
 * synced; without, the file stays as it is. */
int journal_open(struct journal *j, const struct flash *flash, const struct journal_visitor *to,
                 bool mend);
/* Appends and syncs; numbers it. HEAD: with j->head as it is. */
int journal_put(struct journal *j, struct entry *e);
/* Begins journal.new with j->head under this epoch (random); there need be no old one. */
int journal_compact_begin(struct journal *j, const struct flash *flash, uint32_t epoch);
/* What stands in the file, entry after entry, HEADs left out: of part j->now, or of j->old while
 * compacting. */
int journal_read(const struct journal *j, const struct journal_part *part,
                 const struct journal_visitor *to);
/* err: of what the owner put. 0 and the new one is in force; or the error and the old one is; or,
 * when the rename failed, nobody knows, and puts fail as behind a failed sync. */
int journal_compact_end(struct journal *j, int err);

#endif
