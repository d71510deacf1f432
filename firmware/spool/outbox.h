/* outbox: what `add` writes, a folder for each object, by any number of producers at once.
 *
 * outbox/OBJECT/.open is a header row and whole records, LF behind each. .lock is taken before
 * .open is touched, and has a note about it that is worth nothing after the machine was started
 * anew: whoever comes first then goes over .open once and cuts off what is no whole record. So does
 * who finds that a writer was killed in the middle. What was cut off goes to .tail-N.csv beside it,
 * and from there, by the daemon, to quarantine/OBJECT/, which producers need no right to write
 * into. .open becomes a segment, add-NUMBER.csv in the same folder, synced before it is renamed:
 * before it would hold more than a batch, after a while, or when it is to begin with another header
 * row. A sync that failed is never tried again on the same file: what was not on flash before is
 * cut off, the rest becomes a segment, a-cut-NUMBER.csv, and the next record begins another file.
 * Only when the one whose sync failed is killed before the two calls that note it, nobody knows:
 * the file goes on, and what flash made of it shows at the next start, as a tail in quarantine/.
 *
 * Memory  One struct, nothing behind it; flash and rules are borrowed for its life, all else for
 *         the call.
 * Calls   init does no I/O. Each of the others takes the lock and gives it back. Those of producers
 *         wait for it, as long as others sync; those of the daemon (recover, seal_due) say
 *         ERR_LOCKED instead. A record is acknowledged by outbox_add, or by outbox_append and,
 *         some time later, outbox_settle: many appends, of many producers, then share one sync.
 *         Between hold and release only add and append may be called; the lock is kept, so that
 *         records one behind the other cost less (a moment only: all others wait). An error ends
 *         it.
 * Errors  Those of flash; ERR_FLASH_FULL also when less than headroom would be left. ERR_SPOOL_FULL
 *         (max_bytes), ERR_COLUMNS (see struct outbox_row). After an error of add the record is
 *         not there, after one of settle nobody knows. */
#ifndef OCBULK_SPOOL_OUTBOX_H
#define OCBULK_SPOOL_OUTBOX_H

#include "base/flash.h"
#include "limits.h"
#include "spool/outbox_note.h"

struct outbox_rules {
    uint64_t max_bytes; /* of all files in outbox/ and queue/; each object may be over it by
                           OUTBOX_SLICE while several write at once */
    uint64_t headroom;  /* bytes of flash that stay free for others */
    uint64_t batch_bytes, batch_records; /* a segment's most; a single longer record goes alone */
    uint64_t seal_after_ms;
};

struct outbox_row {
    const uint8_t *header, *record; /* whole rows without fault, the line end (LF) included */
    size_t header_len, len;
    uint32_t fields; /* of both */
    /* What becomes of an .open that begins with another header row. true: it is sealed, or removed
     * when it has no record. false: with a record in it, ERR_COLUMNS, nothing is written. */
    bool renew;
};

/* A record that was appended, and waits for its sync. */
struct outbox_ticket {
    uint64_t generation, end;
};

#define OUTBOX_PAGE_LEN 8 /* names listed at a time */

struct outbox {
    const struct flash *flash;
    const struct outbox_rules *rules;
    char object[OBJECT_NAME_CAP];
    bool
        news; /* .open was begun or sealed; for the owner to clear: what the daemon wants to know */
    uint64_t due_ms; /* behind outbox_seal_due: when .open will be old enough; OUTBOX_NONE: none */
    struct outbox_note note;
    uint64_t size;                       /* of .open; OUTBOX_NONE: there is none */
    uint64_t header_end;                 /* of .open; 0: not looked at yet */
    uint64_t header_print;               /* what it was found to be; 0: not compared yet */
    uint32_t fields;                     /* of that header row */
    bool held;                           /* the lock, between calls */
    uint64_t room;                       /* of flash, above headroom, while it is held */
    uint64_t seen_generation, seen_size; /* what it was when the lock was given back */
    char folder[FLASH_NAME_CAP];         /* names under the spool's folder */
    char lock[FLASH_NAME_CAP];
    char open[FLASH_NAME_CAP];
    char name[FLASH_NAME_CAP]; /* of another file that is at hand */
    struct flash_file page[OUTBOX_PAGE_LEN];
    uint8_t buf[OUTBOX_BUF_CAP];
};

/* object: passes bulk_object_ok. */
void outbox_init(struct outbox *o, const struct flash *flash, const struct outbox_rules *rules,
                 const char *object);

/* For producers. The folder is made when it is not there. mono_ms: now. */
int outbox_add(struct outbox *o, const struct outbox_row *row, uint64_t mono_ms); /* 0: on flash */
int outbox_append(struct outbox *o, const struct outbox_row *row, uint64_t mono_ms,
                  struct outbox_ticket *out);
int outbox_hold(struct outbox *o, uint64_t mono_ms);
void outbox_release(struct outbox *o); /* harmless without hold */
/* 0: it is on flash, and so are all that were appended before it. */
int outbox_settle(struct outbox *o, const struct outbox_ticket *ticket, uint64_t mono_ms);
/* The header row of .open with its line end: bytes in dst, 0 when there is none, ERR_NO_ROOM. */
int outbox_header(struct outbox *o, uint64_t mono_ms, uint8_t *dst, size_t cap);

/* For the daemon. recover mends what a power cut left, of segments too: 0, also when there is
 * nothing; ERR_LOCKED: a producer is at it, so come again, and adopt nothing of this object
 * before. */
int outbox_recover(struct outbox *o, uint64_t mono_ms);
/* Makes .open a segment when it is full or old enough, or (now) when it has any record: 1, 0 when
 * it is not due, or an error. */
int outbox_seal_due(struct outbox *o, uint64_t mono_ms, bool now);
/* Bytes of all files in outbox/ and queue/, of all objects. No lock is taken. Who may not read
 * queue/ takes what the daemon left in the note of the last other call. */
int64_t outbox_bytes(struct outbox *o);

#endif
