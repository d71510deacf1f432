/* hand: what a person asks of a batch that waits, left in ctl/ for the holder of the spool's lock.
 *
 * A request is ctl/BATCH-VERB, lines of `key = value`; it is written as .tmp, synced and renamed.
 * The same request again is the same file. Its answer is ctl/BATCH-VERB.done, which who asked
 * removes; there before the request goes, so that a cut does it twice (the second time it finds the
 * batch in another state) and never not at all.
 * What is set apart in held/, failed/ or quarantine/ and has no number goes by its name.
 *
 * Memory  Structs of the caller.
 * Errors  Those of flash, ERR_NO_ROOM (a name is too long). */
#ifndef OCBULK_SPOOL_HAND_H
#define OCBULK_SPOOL_HAND_H

#include "base/flash.h"
#include "limits.h"

enum hand_verb { HAND_RETRY, HAND_DROP, HAND_ACCEPT, HAND_VERBS };

struct hand {
    uint8_t verb;
    bool forget;               /* the job that is followed no longer counts */
    bool all;                  /* retry: all rows, though some of them may be stored */
    uint32_t batch;            /* 0: see name */
    uint32_t seq;              /* of the batch's last entry as it was seen; 0: any */
    char job[JOB_ID_CAP];      /* accept: the job that has it; or empty */
    char name[FLASH_NAME_CAP]; /* "quarantine/contact/tail-1", without ending; or empty */
};

const char *hand_verb_name(enum hand_verb verb);

/* For who asks: leaves the request; an older answer to the same goes. */
int hand_put(const struct flash *flash, const struct hand *h);
/* 1: *err is the answer (0 or an error), and it is gone from ctl/; 0: none yet; or an error. */
int hand_answer(const struct flash *flash, const struct hand *h, int *err);

/* For who holds the lock: the first request: 1, 0 when there is none, or an error. One that cannot
 * be read is removed. */
int hand_next(const struct flash *flash, struct hand *h);
int hand_done(const struct flash *flash, const struct hand *h, int err); /* err: of doing it */
/* Removes what a cut left, and answers that nobody waits for any more: once, when a daemon starts.
 */
int hand_clean(const struct flash *flash);

#endif
