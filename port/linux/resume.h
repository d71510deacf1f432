/* resume: what the journal of an upload says, and what another run of the same upload does.
 *
 * Such a journal has one OBJECT; LOW, when --from-record left records out; VOID over all that is to
 * be sent; then, batch after batch in the order of the file, INTENT, COMMIT and CREATED. A refused
 * attempt ends in VOID, one that was settled by hand in FINAL, and attempts repeat under the same
 * batch. FINAL of a job comes when its outcome was told. So sums and the last batch say it all, for
 * a file of any size.
 *
 * Memory  One struct, which changes by entries alone; all zero is "no journal".
 * Errors  resume_apply: ERR_JOURNAL_ROT, an entry that cannot follow; it was not taken. */
#ifndef OCBULK_PORT_RESUME_H
#define OCBULK_PORT_RESUME_H

#include "spool/entry.h"

/* Records are counted from 1. */
struct resume {
    char object[OBJECT_NAME_CAP]; /* empty: no OBJECT yet */
    uint32_t account;             /* of the newest attempt */
    uint64_t size;                /* bytes of the file when it was planned */
    uint64_t first_at, first;     /* where sending began: byte and record */
    uint64_t at, record;          /* where it goes on: all before was accepted */
    uint64_t batches;             /* accepted */
    uint64_t done;                /* of them, those whose rows are all stored, as was told */
    uint64_t stored;              /* rows of these */
    bool uncounted;               /* of some of these nobody knows how many */
    struct entry last;            /* of the newest batch; type ENTRY_NONE: nothing was planned */
};

/* What a person said of a batch whose outcome is unknown. */
enum resume_answer { ANSWER_NONE, ANSWER_RESEND, ANSWER_SKIP };

enum resume_action {
    RESUME_NEW,    /* nothing can be stored: as if there were no journal */
    RESUME_GO_ON,  /* at `record` */
    RESUME_ASK,    /* the newest batch may have a job, or not */
    RESUME_RESEND, /* as a person said: go on with that batch */
    RESUME_SKIP    /* as a person said: it has its job */
};

int resume_apply(struct resume *r, const struct entry *e);
enum resume_action resume_action(const struct resume *r, enum resume_answer answer);
/* The batch that is sent next, and which attempt of it that is. */
void resume_next(const struct resume *r, uint32_t *batch, uint8_t *attempt);
/* Whether this entry is where a batch was accepted. */
bool resume_accepts(const struct entry *e);
/* The entry that says for the newest batch what a person said: it has its job. */
struct entry resume_by_hand(const struct resume *r);

#endif
