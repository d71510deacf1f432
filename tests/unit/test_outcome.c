#include "base/stream.h"
#include "bulk/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define U JOB_UNTOLD

static const struct {
    const char *name;
    enum job_state state;
    int64_t told, failed; /* by the job */
    int64_t sent, listed;
    enum outcome want;
    int64_t stored, bad;
} row[] = {
    {"a running job is going, whatever it counts", JOB_GOING, 10, 0, 10, U, OUTCOME_GOING, U, U},
    {"all told and none failed: done", JOB_COMPLETED, 10, 0, 10, U, OUTCOME_DONE, 10, 0},
    {"all told, some failed: partial", JOB_COMPLETED, 10, 3, 10, U, OUTCOME_PARTIAL, 7, 3},
    {"the stored ones told, the others failed: partial", JOB_COMPLETED, 7, 3, 10, U,
     OUTCOME_PARTIAL, 7, 3},
    {"COMPLETED does not mean stored: 2 of 2 failed", JOB_COMPLETED, 2, 2, 2, U, OUTCOME_FAILED, 0,
     2},
    {"none told, all failed, the other reading", JOB_COMPLETED, 0, 2, 2, U, OUTCOME_FAILED, 0, 2},
    {"fewer told than sent, none failed: mismatch", JOB_COMPLETED, 9, 0, 10, U, OUTCOME_MISMATCH, U,
     0},
    {"more told than sent: mismatch", JOB_COMPLETED, 11, 0, 10, U, OUTCOME_MISMATCH, U, 0},
    {"more failed than sent: mismatch", JOB_COMPLETED, 10, 11, 10, U, OUTCOME_MISMATCH, U, 11},
    {"told and failed that do not add up: mismatch", JOB_COMPLETED, 5, 3, 10, U, OUTCOME_MISMATCH,
     U, 3},
    {"counts near the end of the range do not wrap", JOB_COMPLETED, INT64_MAX, INT64_MAX, 10, U,
     OUTCOME_MISMATCH, U, INT64_MAX},
    {"no counts: the error list is asked for", JOB_COMPLETED, U, U, 10, U, OUTCOME_ASK, U, U},
    {"one count is no count", JOB_COMPLETED, 10, U, 10, U, OUTCOME_ASK, U, U},
    {"no counts, an empty list: done, as with the seed's reply", JOB_COMPLETED, U, U, 10, 0,
     OUTCOME_DONE, 10, 0},
    {"no counts, a list: partial", JOB_COMPLETED, U, U, 10, 2, OUTCOME_PARTIAL, 8, 2},
    {"as many errors as rows may be several of one row", JOB_COMPLETED, U, U, 10, 10,
     OUTCOME_PARTIAL, U, U},
    {"failed rows that are told are not forgotten for an empty list", JOB_COMPLETED, U, 3, 10, 0,
     OUTCOME_PARTIAL, 7, 3},
    {"failed rows that are told need no list", JOB_COMPLETED, U, 10, 10, U, OUTCOME_FAILED, 0, 10},
    {"more failed than sent, nothing else told: mismatch", JOB_COMPLETED, U, 11, 10, U,
     OUTCOME_MISMATCH, U, 11},
    {"failed rows told, and nobody knows what was sent", JOB_COMPLETED, U, 3, U, U, OUTCOME_PARTIAL,
     U, 3},
    {"no failed row told is no count of the stored ones", JOB_COMPLETED, U, 0, 10, U, OUTCOME_ASK,
     U, U},
    {"fewer told than sent, failed ones not: an empty list does not explain it", JOB_COMPLETED, 9,
     U, 10, 0, OUTCOME_MISMATCH, U, U},
    {"more told than sent, failed ones not", JOB_COMPLETED, 11, U, 10, 0, OUTCOME_MISMATCH, U, U},
    {"fewer told than sent, and a list", JOB_COMPLETED, 9, U, 10, 1, OUTCOME_PARTIAL, 9, 1},
    {"all told, failed ones not, an empty list: done", JOB_COMPLETED, 10, U, 10, 0, OUTCOME_DONE,
     10, 0},
    {"nobody knows what was sent, the other reading", JOB_COMPLETED, 0, 3, U, U, OUTCOME_FAILED, 0,
     3},
    {"nobody knows what was sent: the told rows count", JOB_COMPLETED, 10, 1, U, U, OUTCOME_PARTIAL,
     9, 1},
    {"nobody knows anything but an empty list", JOB_COMPLETED, U, U, U, 0, OUTCOME_DONE, U, 0},
    {"aborted: failed, a part may be stored", JOB_ABORTED, 10, 0, 10, U, OUTCOME_FAILED, U, 0},
    {"cancelled: failed", JOB_CANCELLED, U, U, 10, U, OUTCOME_FAILED, U, U},
    {"error: failed", JOB_ERROR, 10, 4, 10, U, OUTCOME_FAILED, U, 4},
};

static void test_outcomes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(row); i++) {
        struct job job;

        job_init(&job);
        job.state = row[i].state;
        job.records = row[i].told;
        job.failed = row[i].failed;
        struct verdict v = outcome_of(&job, row[i].sent, row[i].listed);

        if (v.outcome != row[i].want || v.stored != row[i].stored || v.failed != row[i].bad) {
            print_error("%s: outcome %d stored %lld failed %lld\n", row[i].name, (int)v.outcome,
                        (long long)v.stored, (long long)v.failed);
            fail();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_outcomes)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
