#include "view.h"

#include <inttypes.h>
#include <string.h>

enum spelling { SPELL_SEED, SPELL_PLAIN, SPELL_JOB, SPELL_SNAKE, SPELL_CROWDED, SPELL_COUNT };

struct words {
    const char *state, *told, *failed, *error;
    bool number_id;
};
static const struct words WORDS[SPELL_COUNT] = {
    [SPELL_SEED] = {"status", NULL, NULL, NULL, false},
    [SPELL_PLAIN] = {"status", "recordsCount", "recordsFailedCount", "error", false},
    [SPELL_JOB] = {"jobStatus", "recordCount", "errorCount", "statusMessage", true},
    [SPELL_SNAKE] = {"status", "record_count", "error_count", "message", false},
    [SPELL_CROWDED] = {"status", "recordsCount", "recordsFailedCount", "error", false},
};

static enum spelling spelling(const struct verdict *v)
{
    long n = v->has[ACT_SPELLING] ? v->num[ACT_SPELLING] : SPELL_PLAIN;

    return n >= 0 && n < SPELL_COUNT ? (enum spelling)n : SPELL_PLAIN;
}

const char *view_state(const struct job *j, int64_t at_ms)
{
    if (j->cancel_ms > 0 && j->cancel_ms < j->final_ms) {
        return at_ms < j->cancel_ms ? "CANCELLATION_PENDING" : "CANCELLED";
    }
    if (at_ms >= j->final_ms) {
        return "COMPLETE";
    }
    return at_ms < j->created_ms + (j->final_ms - j->created_ms) / 3 ? "CREATED" : "RUNNING";
}

bool view_is_final(const struct job *j, int64_t at_ms)
{
    const char *state = view_state(j, at_ms);

    return strcmp(state, "COMPLETE") == 0 || strcmp(state, "CANCELLED") == 0;
}

bool view_is_expired(const struct job *j, const struct verdict *v)
{
    return v->has[ACT_EXPIRE] && now_ms() - j->created_ms >= v->num[ACT_EXPIRE];
}

static const char *state_of(const struct job *j, const struct verdict *v)
{
    return v->has[ACT_WORD] ? v->text[ACT_WORD] : view_state(j, now_ms());
}

/* The script's text instead of the job's id; it stands as a number where ids do. */
static void put_id(struct text *out, const struct job *j, const struct verdict *v, bool number)
{
    struct text id = {0};

    if (v->has[ACT_ID]) {
        text_puts(&id, v->text[ACT_ID]);
    } else {
        text_printf(&id, "%" PRId64, j->id);
    }
    if (number) {
        text_puts(out, id.at);
    } else {
        text_jsons(out, id.len > 0 ? id.at : "");
    }
    text_free(&id);
}

/* One count as "counts=TOLD,FAILED" wants it: a number, null, none (no key),
 * good (rows without error) or = (the truth). */
static void put_count(struct text *out, const char *key, const char *want, int64_t truth,
                      int64_t good)
{
    if (strcmp(want, "none") == 0) {
        return;
    }
    text_printf(out, ",\"%s\":", key);
    if (strcmp(want, "=") == 0) {
        text_printf(out, "%" PRId64, truth);
    } else if (strcmp(want, "good") == 0) {
        text_printf(out, "%" PRId64, good);
    } else {
        text_puts(out, want);
    }
}

static void put_counts(struct text *out, const struct job *j, const struct verdict *v,
                       const char *told_key, const char *failed_key, const char *usual)
{
    char want[64], *failed = want, *told;
    bool final = view_is_final(j, now_ms());
    enum act act = !final && v->has[ACT_RUNNING] ? ACT_RUNNING : ACT_COUNTS;
    int64_t errors = final ? j->errors : 0;

    strncpy(want, v->has[act] ? v->text[act] : usual, sizeof want - 1);
    want[sizeof want - 1] = '\0';
    told = strsep(&failed, ",");
    put_count(out, told_key, told, j->rows, j->rows - errors);
    put_count(out, failed_key, failed == NULL ? "=" : failed, errors, j->rows - errors);
}

/* `usual`, or as "metadata=HOW" wants it: an object, a text in a string, or not at all. */
static void put_metadata(struct text *out, const struct job *j, const struct verdict *v,
                         const char *key, const char *usual)
{
    const char *how = v->has[ACT_METADATA] ? v->text[ACT_METADATA] : usual;

    if (v->has[ACT_HIDE_TAGS] || j->text[JOB_META][0] == '\0' || strcmp(how, "none") == 0) {
        return;
    }
    text_printf(out, ",\"%s\":", key);
    if (strcmp(how, "text") == 0) {
        text_jsons(out, j->text[JOB_META]);
    } else {
        text_puts(out, j->text[JOB_META]);
    }
}

static void put_callback(struct text *out, const struct job *j, const struct verdict *v,
                         const char *key)
{
    if (!v->has[ACT_HIDE_TAGS] && j->text[JOB_CALLBACK][0] != '\0') {
        text_printf(out, ",\"%s\":", key);
        text_jsons(out, j->text[JOB_CALLBACK]);
    }
}

void view_created(struct text *out, const struct job *j, const struct verdict *v)
{
    enum spelling s = spelling(v);

    text_puts(out, "{");
    if (s == SPELL_CROWDED) {
        text_puts(out, "\"instanceId\":10423,\"extra\":{\"id\":\"9\",\"status\":\"ERROR\"},");
    }
    text_puts(out, "\"id\":");
    put_id(out, j, v, WORDS[s].number_id);
    text_printf(out, ",\"%s\":", WORDS[s].state);
    text_jsons(out, v->has[ACT_WORD] ? v->text[ACT_WORD] : "CREATED");
    text_puts(out, "}");
}

static void put_crowd(struct text *out)
{
    text_puts(out, "\"elementKey\":null,\"instance\":{\"id\":7,\"status\":\"ERROR\","
                   "\"recordsCount\":999},\"list\":[{\"status\":\"ABORTED\"},null,[],{}],"
                   "\"\\u0073tatu\":\"RUNNING\",\"note\":\"\\\"status\\\":\\\"ERROR\\\"\","
                   "\"error\":null,");
}

void view_status(struct text *out, const struct job *j, const struct verdict *v)
{
    enum spelling s = spelling(v);
    const struct words *w = &WORDS[s];

    text_puts(out, "{");
    if (s == SPELL_CROWDED) {
        put_crowd(out);
    }
    text_puts(out, "\"id\":");
    put_id(out, j, v, w->number_id);
    text_printf(out, ",\"%s\":", w->state);
    text_jsons(out, state_of(j, v));
    if (w->told != NULL) {
        put_counts(out, j, v, w->told, w->failed, view_is_final(j, now_ms()) ? "=,=" : "none,none");
        put_metadata(out, j, v, s == SPELL_JOB ? "metadata" : "metaData", "object");
        put_callback(out, j, v, "notificationUrl");
    }
    if (w->error != NULL && view_is_final(j, now_ms()) && j->errors > 0) {
        text_printf(out, ",\"%s\":\"%" PRId64 " of %" PRId64 " records failed\"", w->error,
                    j->errors, j->rows);
    }
    text_puts(out, "}");
}

static void put_times(struct text *out, const struct job *j, const struct verdict *v)
{
    int64_t skew = v->has[ACT_SKEW] ? 1000 * (int64_t)v->num[ACT_SKEW] : 0;

    text_printf(out, ",\"createdDate\":%" PRId64 ",\"completion_time\":", j->created_ms + skew);
    if (view_is_final(j, now_ms())) {
        text_printf(out, "%" PRId64, j->final_ms + skew);
    } else {
        text_puts(out, "null");
    }
}

void view_item(struct text *out, const struct job *j, const struct verdict *v)
{
    const char *state = state_of(j, v);

    text_puts(out, "{\"id\":");
    put_id(out, j, v, spelling(v) != SPELL_PLAIN || !v->has[ACT_SPELLING]);
    text_puts(out, ",\"instanceId\":10423,\"object_name\":");
    text_jsons(out, j->text[JOB_OBJECT]);
    text_puts(out, ",\"job_direction\":\"UPLOAD\",\"status\":");
    text_jsons(out, state);
    text_puts(out, ",\"job_state\":");
    text_jsons(out, state);
    put_counts(out, j, v, "record_count", "error_count",
               view_is_final(j, now_ms()) ? "=,=" : "null,null");
    put_times(out, j, v);
    text_puts(out, ",\"fileFormat\":\"csv\"");
    if (v->has[ACT_ITEMS] && strcmp(v->text[ACT_ITEMS], "long") == 0) {
        text_printf(out, ",\"note\":\"%010000d\"", 0);
    }
    put_metadata(out, j, v, "metadata", "none");
    put_callback(out, j, v, "notification_url");
    text_puts(out, "}");
}
