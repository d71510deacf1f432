#include "reply/job_json.h"

#include "base/err.h"
#include "base/stream.h"
#include "base/text.h"

#include <string.h>

#if OBJECT_NAME_CAP > REQUEST_ID_CAP
#define NAME_CAP OBJECT_NAME_CAP
#else
#define NAME_CAP REQUEST_ID_CAP
#endif

enum fact {
    FACT_ID,
    FACT_STATUS,
    FACT_RECORDS,
    FACT_FAILED,
    FACT_MESSAGE,
    FACT_OBJECT,
    FACT_CREATED,
    FACT_COMPLETED,
    FACT_REQUEST,
    FACT_DIRECTION,
    FACT_COUNT /* is JOB_FACTS */
};

/* A lower spelling is worth more. */
struct spelling {
    const char *key;
    uint8_t fact, spelling;
};

typedef char facts_have_room[FACT_COUNT == JOB_FACTS ? 1 : -1];

static const struct spelling SPELLINGS[] = {
    {"id", FACT_ID, 1},
    {"instanceId", FACT_ID, 2},
    {"status", FACT_STATUS, 1},
    {"jobStatus", FACT_STATUS, 2},
    {"job_state", FACT_STATUS, 3},
    {"recordsCount", FACT_RECORDS, 1},
    {"recordCount", FACT_RECORDS, 2},
    {"record_count", FACT_RECORDS, 3},
    {"recordsFailedCount", FACT_FAILED, 1},
    {"errorCount", FACT_FAILED, 2},
    {"error_count", FACT_FAILED, 3},
    {"error", FACT_MESSAGE, 1},
    {"statusMessage", FACT_MESSAGE, 2},
    {"message", FACT_MESSAGE, 3},
    {"providerMessage", FACT_MESSAGE, 4},
    {"objectName", FACT_OBJECT, 1},
    {"object_name", FACT_OBJECT, 2},
    {"createdDate", FACT_CREATED, 1},
    {"completion_time", FACT_COMPLETED, 1},
    {"requestId", FACT_REQUEST, 1},
    {"job_direction", FACT_DIRECTION, 1},
};

static const struct status {
    const char *word;
    enum job_state state;
} STATUSES[] = {
    {"CREATED", JOB_GOING},       {"STARTED", JOB_GOING},
    {"RUNNING", JOB_GOING},       {"CANCELLATION_PENDING", JOB_GOING},
    {"COMPLETED", JOB_COMPLETED}, {"COMPLETE", JOB_COMPLETED},
    {"CANCELLED", JOB_CANCELLED}, {"CANCELED", JOB_CANCELLED},
    {"ABORTED", JOB_ABORTED},     {"ERROR", JOB_ERROR},
};

void job_init(struct job *job)
{
    memset(job, 0, sizeof(*job));
    job->records = JOB_UNTOLD;
    job->failed = JOB_UNTOLD;
    job->created_ms = JOB_UNTOLD;
    job->completed_ms = JOB_UNTOLD;
}

static bool id_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '_' || c == '-';
}

bool job_id_ok(const char *id)
{
    size_t len = 0;

    while (id_char(id[len])) {
        len++;
    }
    return id[len] == 0 && len >= 1 && len <= 64 && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

bool job_may_be(const struct job *job, const char *id)
{
    return job->spelling[FACT_ID] != 1 || strcmp(job->id, id) == 0;
}

static bool digits_only(const char *text)
{
    return text[strspn(text, "0123456789")] == 0;
}

static bool put_id(char *dst, const struct json_value *v)
{
    char id[JOB_ID_CAP];

    if (v->kind != JSON_STRING && v->kind != JSON_NUMBER) {
        return false;
    }
    if (json_exact(id, sizeof(id), v) < 0 || !job_id_ok(id)) {
        return false;
    }
    if (v->kind == JSON_NUMBER && !digits_only(id)) {
        return false;
    }
    return text_copy(dst, JOB_ID_CAP, id) > 0;
}

static bool put_text(char *dst, size_t cap, const struct json_value *v)
{
    return v->kind == JSON_STRING && v->len > 0 && json_text(dst, cap, v) > 0;
}

/* A name is whole or absent: a cut one would be another. */
static bool put_name(char *dst, size_t cap, const struct json_value *v)
{
    char name[NAME_CAP];

    return v->kind == JSON_STRING && json_exact(name, sizeof(name), v) > 0 &&
           text_copy(dst, cap, name) > 0;
}

static bool put_number(int64_t *dst, const struct json_value *v)
{
    uint64_t n;

    if (!json_count(v, &n)) {
        return false;
    }
    *dst = (int64_t)n;
    return true;
}

static bool put_status(struct job *job, const struct json_value *v)
{
    size_t at;

    if (!put_text(job->word, sizeof(job->word), v)) {
        return false;
    }
    job->state = JOB_GOING;
    job->known = false;
    for (at = 0; at < COUNT(STATUSES); at++) {
        if (text_equal_nocase(job->word, STATUSES[at].word)) {
            job->state = STATUSES[at].state;
            job->known = true;
        }
    }
    return true;
}

static bool put_direction(struct job *job, const struct json_value *v)
{
    char word[STATUS_WORD_CAP];

    if (!put_text(word, sizeof(word), v)) {
        return false;
    }
    job->upload = text_equal_nocase(word, "UPLOAD");
    return true;
}

static bool put(struct job *job, enum fact fact, const struct json_value *v)
{
    switch (fact) {
    case FACT_ID:
        return put_id(job->id, v);
    case FACT_STATUS:
        return put_status(job, v);
    case FACT_RECORDS:
        return put_number(&job->records, v);
    case FACT_FAILED:
        return put_number(&job->failed, v);
    case FACT_MESSAGE:
        return put_text(job->message, sizeof(job->message), v);
    case FACT_OBJECT:
        return put_name(job->object, sizeof(job->object), v);
    case FACT_CREATED:
        return put_number(&job->created_ms, v);
    case FACT_COMPLETED:
        return put_number(&job->completed_ms, v);
    case FACT_REQUEST:
        return put_name(job->request_id, sizeof(job->request_id), v);
    default:
        return put_direction(job, v);
    }
}

static int take(struct job *job, const struct spelling *s, const struct json_value *v)
{
    uint8_t *have = &job->spelling[s->fact];

    if (v->kind == JSON_NULL) {
        return 0;
    }
    if (s->fact == FACT_STATUS && v->kind != JSON_STRING) {
        return ERR_REPLY_SHAPE;
    }
    if (*have != 0 && *have <= s->spelling) {
        return 0;
    }
    if (put(job, (enum fact)s->fact, v)) {
        *have = s->spelling;
    } else if (s->fact == FACT_ID && s->spelling == 1) {
        return ERR_JOB_ID;
    }
    return 0;
}

int job_take(struct job *job, const struct json_value *key, const struct json_value *value)
{
    size_t at;

    for (at = 0; at < COUNT(SPELLINGS); at++) {
        if (json_is(key, SPELLINGS[at].key)) {
            int err = take(job, &SPELLINGS[at], value);
            job->err = job->err != 0 ? job->err : err;
            break;
        }
    }
    return job->err;
}
