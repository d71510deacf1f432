/* job_json: a job as the service describes it, in every spelling of the API page.
 *
 * Fed with members (from json_items) of an upload reply, a status reply, one element of the job
 * list, or an error body. null is absent (C25); unknown keys are ignored. Of several spellings the
 * first of this list that is usable wins, in whatever order they come; of one key twice, the first.
 * Spellings: id | instanceId; status | jobStatus | job_state; recordsCount | recordCount |
 * record_count; recordsFailedCount | errorCount | error_count; error | statusMessage | message |
 * providerMessage; objectName | object_name; createdDate, completion_time (epoch ms); requestId;
 * job_direction.
 * Usable: counts and times are digits, as number or string; the others strings that are not empty.
 *
 * Errors  take: ERR_JOB_ID (an id of other characters than [0-9A-Za-z._-], empty, longer than 64,
 *         ".", "..", a number with sign, point or exponent, or of another kind; an instanceId like
 *         that is only not usable), ERR_REPLY_SHAPE (a status that is no string). They stick in
 *         job->err; other members are still taken. */
#ifndef OCBULK_REPLY_JOB_JSON_H
#define OCBULK_REPLY_JOB_JSON_H

#include "limits.h"
#include "reply/json.h"

enum job_state { JOB_GOING, JOB_COMPLETED, JOB_CANCELLED, JOB_ABORTED, JOB_ERROR };
enum { JOB_UNTOLD = -1 };
#define JOB_FACTS 10

struct job {
    char id[JOB_ID_CAP];              /* as text, never converted (C26); empty when absent */
    char word[STATUS_WORD_CAP];       /* status as it came, cut to fit; empty when absent */
    enum job_state state;             /* JOB_GOING also for unknown words and none (C27) */
    bool known;                       /* word is one of the API page's */
    int64_t records, failed;          /* counts told, or JOB_UNTOLD */
    int64_t created_ms, completed_ms; /* epoch, or JOB_UNTOLD */
    char message[MESSAGE_CAP];        /* the service's words, cut to fit, or empty */
    char object[OBJECT_NAME_CAP];     /* list only, or empty */
    char request_id[REQUEST_ID_CAP];
    bool upload; /* job_direction is UPLOAD */
    int err;
    uint8_t spelling[JOB_FACTS]; /* which spelling each fact is from; 0: none yet */
};

void job_init(struct job *job);
int job_take(struct job *job, const struct json_value *key,
             const struct json_value *value); /* 0 or error */
bool job_id_ok(const char *id);               /* [0-9A-Za-z._-]{1,64}, not "." or ".." */
/* false: its `id` is another; an instanceId may be that of something else, and tells nothing. */
bool job_may_be(const struct job *job, const char *id);

#endif
