#include "bulk/outcome.h"

static struct verdict counted(int64_t sent, int64_t failed)
{
    enum outcome o = failed == 0 ? OUTCOME_DONE : OUTCOME_PARTIAL;

    if (failed > 0 && failed == sent) {
        o = OUTCOME_FAILED;
    }
    return (struct verdict){o, sent - failed, failed};
}

/* Failed rows are told, and nothing else. */
static struct verdict only_failed(int64_t sent, int64_t failed)
{
    if (sent == JOB_UNTOLD || failed > sent) {
        enum outcome o = sent == JOB_UNTOLD ? OUTCOME_PARTIAL : OUTCOME_MISMATCH;

        return (struct verdict){o, JOB_UNTOLD, failed};
    }
    return counted(sent, failed);
}

static struct verdict uncounted(int64_t told, int64_t sent, int64_t listed)
{
    if (listed == JOB_UNTOLD) {
        return (struct verdict){OUTCOME_ASK, JOB_UNTOLD, JOB_UNTOLD};
    }
    if (sent == JOB_UNTOLD) {
        enum outcome o = listed == 0 ? OUTCOME_DONE : OUTCOME_PARTIAL;

        return (struct verdict){o, JOB_UNTOLD, listed == 0 ? 0 : JOB_UNTOLD};
    }
    if (listed == 0 && told != JOB_UNTOLD && told != sent) { /* who knows where the others are */
        return (struct verdict){OUTCOME_MISMATCH, JOB_UNTOLD, JOB_UNTOLD};
    }
    /* One row may have several errors: more of them than rows tells only that none is sure. */
    if (listed >= sent && listed > 0) {
        return (struct verdict){OUTCOME_PARTIAL, JOB_UNTOLD, JOB_UNTOLD};
    }
    return counted(sent, listed);
}

static struct verdict completed(const struct job *job, int64_t sent, int64_t listed)
{
    int64_t told = job->records, failed = job->failed;

    if (told == JOB_UNTOLD && failed > 0) {
        return only_failed(sent, failed);
    }
    if (told == JOB_UNTOLD || failed == JOB_UNTOLD) {
        return uncounted(told, sent, listed);
    }
    if (sent == JOB_UNTOLD) {
        bool others = failed > told && told <= INT64_MAX - failed; /* only the stored ones told */

        sent = others ? told + failed : told;
    }
    if (told == sent && failed <= sent) {
        return counted(sent, failed);
    }
    if (failed > 0 && failed <= sent && told == sent - failed) {
        return counted(sent, failed);
    }
    return (struct verdict){OUTCOME_MISMATCH, JOB_UNTOLD, failed};
}

struct verdict outcome_of(const struct job *job, int64_t sent, int64_t listed)
{
    switch (job->state) {
    case JOB_GOING:
        return (struct verdict){OUTCOME_GOING, JOB_UNTOLD, JOB_UNTOLD};
    case JOB_COMPLETED:
        return completed(job, sent, listed);
    default:
        return (struct verdict){OUTCOME_FAILED, JOB_UNTOLD, job->failed};
    }
}
