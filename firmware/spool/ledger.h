/* ledger: what the journal says, in fixed memory: objects, and the batches that are not final.
 *
 * It changes by entries alone, whether they are read at start-up or have just been put; so what is
 * in RAM is always what a restart would find.
 * The records of an object are cut in order: `cur` is the segment being cut and `cut` the byte up
 * to which it was. A range that turned out unsent (VOID) is a hole: it is taken up again at its
 * front before anything new is cut, and shrinks by what an INTENT takes of it. At the very end of
 * what was cut it is no hole: `cut` goes back.
 *
 * Memory  One struct.
 * Errors  ledger_apply: ERR_NO_ROOM (too many objects or open batches), ERR_JOURNAL_ROT (an entry
 *         that cannot follow what is known). */
#ifndef OCBULK_SPOOL_LEDGER_H
#define OCBULK_SPOOL_LEDGER_H

#include "spool/entry.h"

struct range {
    uint32_t batch, segment, account;
    uint16_t object;
    uint8_t state; /* enum entry_type of the last entry */
    uint8_t reason;
    int64_t time_ms; /* of the last entry, service time */
    uint32_t seq;    /* of the last entry */
    struct entry_range is;
    /* What a restart may forget. */
    uint64_t next_ms; /* when to look at it again, monotonic */
    uint32_t pause_ms;
    uint64_t since_ms; /* COMMIT: of the first pass in which it was not found, monotonic */
    uint8_t mismatches, passes;
    uint8_t found; /* jobs that have its tag, in this pass: 0, 1, 2 for more */
    bool late;     /* its job is past the deadline */
    bool looked;   /* INTENT: the job list does not have it: to be sent again */
    bool absent;   /* COMMIT: proven absent: to be sent again */
    bool repeat;   /* by hand or policy: to be sent again, whatever may be there */
};

struct ledger_object {
    struct entry_object is;
    uint32_t cur;  /* segment being cut, 0: none yet */
    uint32_t last; /* highest number given to a segment */
    uint64_t cut;  /* bytes of cur that ranges have */
};

struct ledger {
    struct ledger_object object[SPOOL_OBJECTS_MAX];
    uint16_t objects;
    uint16_t ranges;
    struct range range[LEDGER_MAX];
    uint32_t next_batch;
    int64_t pause_until_ms, pause_made_ms; /* service time; -1: none */
    int64_t time_ms;                       /* the latest of all entries, service time; -1: none */
    uint32_t day;                          /* service time */
    uint64_t day_bytes;
    uint64_t seen[IDS_SEEN_MAX]; /* fingerprints of job ids */
    uint8_t seen_at;
};

void ledger_init(struct ledger *l);
/* Whether the entry can be applied: 0 or the error; before it is put, as no start could take it. */
int ledger_check(const struct ledger *l, const struct entry *e);
int ledger_apply(struct ledger *l, const struct entry *e);
struct range *ledger_find(struct ledger *l, uint32_t batch);    /* or NULL */
int ledger_object_at(const struct ledger *l, const char *name); /* index, or -1 */
uint64_t ledger_id_print(const char *id);
bool ledger_seen(const struct ledger *l, const char *id); /* the id is some batch's job */
/* Forgets a FINAL range that stayed because its whole segment was to move. */
void ledger_forget(struct ledger *l, uint32_t batch);
/* The entry that tells a range as it is: for compaction, and as the start of the next one. */
struct entry ledger_entry(const struct range *r, uint8_t type);
/* Whether a batch of this segment is not final. */
bool ledger_uses(const struct ledger *l, uint16_t object, uint32_t segment);
/* All of the segment below it is final. */
uint64_t ledger_low(const struct ledger *l, uint16_t object, uint32_t segment);

#endif
