/* retry: what follows from how a call ended, and when the account may be asked again. One table
 * for all callers (spool page, "Requests and failures").
 *
 * The table is retry_of. Where retry_refused holds, a complete reply has said that the attempt
 * made no job: VOID is due before the action. Behind any other end of a begun POST with the gate
 * shut, INTENT stays the last entry: one look for the tag, then the action.
 * Pauses are full jitter from RETRY_FIRST_MS, doubled with each failure in a row to at most
 * RETRY_CAP_MS and still jittered there. What the service asks for (Retry-After, in either form,
 * measured against the reply's own Date) comes first, holds for every request of the account and,
 * where retry_to_flash says so, is to survive a restart (PAUSE). POSTs and all others count their
 * failures apart: a look at a job that succeeds does not hurry an upload that is refused, but one
 * that found no way to the service.
 *
 * Memory  Structs of the owner; all zero is "nothing failed yet". Keeps no reference.
 * Calls   retry_case_of when a call is over (of one that could not be started err is the owner's),
 *         retry_count, the owner's own fields, retry_of; then retry_failed or retry_succeeded. Time
 *         (monotonic) and randomness (uniform over 32 bits) are arguments.
 * Errors  None. */
#ifndef OCBULK_SYNC_RETRY_H
#define OCBULK_SYNC_RETRY_H

#include "base/device.h"

struct bulk;

enum retry_action {
    RETRY_DONE,
    RETRY_WAIT,         /* nothing was sent, or no POST: again after a pause, nothing is written */
    RETRY_AGAIN,        /* a POST cut with the gate shut: the next attempt, after a pause */
    RETRY_VOID,         /* not now, says the service: after a pause */
    RETRY_HALVE,        /* too much at a time: half of it from now on */
    RETRY_SPLIT,        /* a record in it is refused: in two */
    RETRY_HOLD_OBJECT,  /* the wrong place for all of this object */
    RETRY_HOLD_ACCOUNT, /* nobody is let in with these credentials */
    RETRY_HOLD_BATCH,   /* this batch waits for a hand */
    RETRY_UNKNOWN,      /* there may be a job */
    RETRY_CREDENTIALS,  /* read them again, once, and try at once */
    RETRY_GIVE_UP       /* a fault of ours or of the configuration: tell it */
};

/* How a call ended. retry_case_of fills what bulk knows, retry_count what it counts. */
struct retry_case {
    bool upload; /* a POST */
    int err;
    uint16_t status;         /* HTTP status; 0: none came */
    bool begun;              /* a byte of the request may have left */
    bool gate_open;          /* all of it may have left */
    bool hour;               /* it took as long as the service lets one take */
    uint32_t retry_after_ms; /* the pause the service named; 0: none */
    uint8_t body_timeouts;   /* in a row, this one included */
    uint8_t limited;         /* 429 without Retry-After in a row, this one included */
    bool committed_before;   /* the owner's: an earlier attempt of this batch had COMMIT */
    bool credentials_fresh;  /* the owner's: they were read again for this */
};

/* What a batch has met in a row. */
struct retry_run {
    uint8_t body_timeouts, limited;
};

/* One way of asking, and an account: all its ways, and the pause the service named. */
struct retry_lane {
    uint64_t from_ms; /* monotonic; 0: at once */
    uint8_t tries;    /* failed in a row */
    bool unheard;     /* the last one before a byte had left */
};
struct retry {
    struct retry_lane get, post;
    uint64_t rest_ms; /* monotonic: until then nothing is asked */
};

struct retry_case retry_case_of(const struct bulk *b, const struct now *now);
void retry_count(struct retry_run *run, struct retry_case *c);
enum retry_action retry_of(const struct retry_case *c);
bool retry_refused(const struct retry_case *c); /* a POST whose complete reply made no job */
/* For a command in front of a person: trying the same again soon may help. */
bool retry_soon(const struct retry_case *c);

/* ms from now until this may be asked again, Retry-After included. */
uint32_t retry_failed(struct retry *r, const struct retry_case *c, uint64_t now_ms,
                      uint32_t random);
void retry_succeeded(struct retry *r, bool upload);
uint64_t retry_from_ms(const struct retry *r, bool upload); /* monotonic; in the past: at once */
bool retry_to_flash(const struct retry_case *c);            /* its pause is longer than a minute */
/* A pause from flash, until_ms as it was written at written_ms: waited to its end, or whole when
 * service time (now_ms; each of the three ms, -1 unknown) is not known yet; an hour at most. */
uint32_t retry_left_ms(int64_t until_ms, int64_t written_ms, int64_t now_ms);
void retry_rest(struct retry *r, uint32_t left_ms, uint64_t now_ms); /* takes it up again */

#endif
