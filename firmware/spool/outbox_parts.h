/* outbox_parts: what the files of the outbox share. All of it is done under the lock, behind
 * outbox_look; all return 0 or an error unless they say so. */
#ifndef OCBULK_SPOOL_OUTBOX_PARTS_H
#define OCBULK_SPOOL_OUTBOX_PARTS_H

#include "record/csv.h"
#include "spool/outbox.h"

/* Segments are WORD-NUMBER.csv; OUTBOX_CUT are those without a sync behind them. They go out in the
 * order of their names: the latter, which are few, were cut when nothing else was waiting, mostly.
 */
#define OUTBOX_ADD "add"
#define OUTBOX_CUT "a-cut"

/* Rows of a file, one after the other, through o->buf. */
struct outbox_walk {
    struct outbox *o;
    const char *file;
    uint64_t size;
    struct csv csv;
    size_t at, len; /* bytes of o->buf that are used up, and there */
};

void outbox_walk_init(struct outbox_walk *w, struct outbox *o, const char *file, uint64_t size);
void outbox_walk_from(struct outbox_walk *w, uint64_t at, uint32_t fields); /* a row's start */
int outbox_walk_next(struct outbox_walk *w);        /* 1: w->csv.row; 0: no more; or an error */
bool outbox_walk_good(const struct outbox_walk *w); /* it is a whole record, or a header row */

int outbox_path(char dst[FLASH_NAME_CAP], const char *folder, const char *leaf); /* or too long */
/* "FOLDER/WORD-0000000001.csv" */
void outbox_name(char dst[FLASH_NAME_CAP], const char *folder, const char *word, uint64_t number);
bool outbox_breaks(const uint8_t *row, size_t len); /* it has a line feed inside */

/* What is there: fills in note and size; mends what is to be mended. */
int outbox_look(struct outbox *o, uint64_t mono_ms);
int outbox_save(struct outbox *o); /* the note */

/* Cuts off what is no whole record, from the row's start at `from` on; a file without a header row
 * goes as a whole. *size: before and behind it; OUTBOX_NONE when the file is gone. Not synced. */
int outbox_mend(struct outbox *o, const char *file, uint64_t from, uint64_t *size);
int outbox_move_tails(struct outbox *o); /* into quarantine/ */

bool outbox_has_records(struct outbox *o);
int outbox_begin(struct outbox *o, const struct outbox_row *row, uint64_t mono_ms);
/* A failed sync of .open gives it up, cut at `safe` or where records wait for their sync. */
int outbox_sync(struct outbox *o, uint64_t safe);
int outbox_give_up(struct outbox *o, uint64_t cut_at);
int outbox_seal(struct outbox *o); /* to a segment; without a record it is removed */
bool outbox_is_full(struct outbox *o, uint64_t len); /* for a record of len bytes more */

int outbox_allow(struct outbox *o, uint64_t len); /* whether max_bytes and headroom let it grow */
void outbox_note_queued(struct outbox *o, uint64_t mono_ms); /* for those who may not look */

#endif
