/* outcome: what a job's status means for the rows that were sent (API page, "Status").
 *
 * COMPLETED does not mean stored: the counts decide, and where they are missing the job's error
 * list does; but an empty list (they are kept for days only) clears nobody that a count names, and
 * explains no row that is missing from it. Two readings of the counts are known: all rows told,
 * failed ones among them; or the stored ones told, which with the failed ones give all. */
#ifndef OCBULK_BULK_OUTCOME_H
#define OCBULK_BULK_OUTCOME_H

#include "reply/job_json.h"

enum outcome {
    OUTCOME_GOING,   /* not final */
    OUTCOME_ASK,     /* completed without counts: read the error list, then ask again */
    OUTCOME_DONE,    /* all stored */
    OUTCOME_PARTIAL, /* some rows failed */
    OUTCOME_FAILED,  /* none stored, or the job ended badly: a part may be stored */
    OUTCOME_MISMATCH /* the counts contradict what was sent */
};

struct verdict {
    enum outcome outcome;
    int64_t stored, failed; /* rows, or JOB_UNTOLD */
};

/* sent: rows sent, or JOB_UNTOLD when nobody knows; listed: items of the whole error list, or
 * JOB_UNTOLD while it has not been read. */
struct verdict outcome_of(const struct job *job, int64_t sent, int64_t listed);

#endif
