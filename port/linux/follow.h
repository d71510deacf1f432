/* follow: polls jobs until they are final and tells what became of their rows.
 *
 * At once, then after poll_first growing to poll_max, jittered. A poll that fails for a passing
 * reason changes nothing; a young job may still be unknown to the service. Counts that contradict
 * what was sent are asked for three times more.
 *
 * Memory  One struct a job, the owner's.
 * Errors  wait: ERR_STILL_RUNNING (a signal), or what ends all polling, such as ERR_UNAUTHORIZED.
 *         Of a settled job, f->err: 0, ERR_ROWS_FAILED, ERR_JOB_FAILED, ERR_JOB_MISMATCH; of one
 *         that was given up ERR_STILL_RUNNING (its deadline), or what the service said to the last
 *         poll, such as ERR_NOT_FOUND: the session's `where` tells it until the next call. */
#ifndef OCBULK_PORT_FOLLOW_H
#define OCBULK_PORT_FOLLOW_H

#include "bulk/outcome.h"
#include "linux/app.h"

struct follow {
    char id[JOB_ID_CAP];
    int64_t sent;    /* rows, or JOB_UNTOLD */
    uint64_t batch;  /* from 1 */
    uint64_t record; /* the first one of the batch, from 1 */
    uint64_t begun_ms, next_ms;
    uint32_t pause_ms;
    uint8_t mismatches;
    bool settled;
    bool waits; /* it is followed, not looked at once: each new word is told */
    int err;
    enum job_state state;
    struct verdict verdict;
    char word[STATUS_WORD_CAP];
    char message[MESSAGE_CAP];
};

void follow_begin(struct follow *f, const char *id, int64_t sent, const char *word);
int follow_once(struct app *a, struct follow *f); /* one look: 0 or the call's error */
/* Until one of n jobs is settled: its index, or an error. */
int follow_wait(struct app *a, struct follow *f, unsigned n);
bool follow_given_up(const struct follow *f);
/* Its line and first reasons on stdout, or its members into the open JSON object. Reads the job's
 * errors where rows failed. */
void follow_report(struct app *a, const struct follow *f);

#endif
