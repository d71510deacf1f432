#include "linux/queue_sum.h"

#include "linux/utc.h"

static void put_u64(struct app *a, const char *before, uint64_t v, const char *behind)
{
    out_text(&a->out, before);
    out_u64(&a->out, v);
    out_text(&a->out, behind);
}

static void put_time(struct app *a, const char *before, int64_t ms)
{
    char when[UTC_CAP];

    if (ms >= 0) {
        utc_text(when, ms);
        out_text(&a->out, before);
        out_text(&a->out, when);
        out_text(&a->out, "\n");
    }
}

void queue_head_text(struct app *a, const struct queue_look *q)
{
    if (q->damaged) {
        out_text(&a->out, "a part of the journal cannot be read; the next start of the daemon "
                          "holds what it concerns\n");
    }
    put_time(a, "the service asked for a pause until ", q->ledger.pause_until_ms);
}

static void known_text(struct app *a, const struct entry_object *o)
{
    if (o->hold != REASON_NONE) {
        out_text(&a->out, "  on hold: ");
        out_text(&a->out, reason_text(o->hold));
        if (o->http != 0) {
            put_u64(a, " (HTTP ", o->http, ")");
        }
        out_text(&a->out, "; it is tried again every hour\n");
    }
    if (o->cap_records > 0) {
        put_u64(a, "  the service takes at most ", o->cap_records, " records at a time\n");
    }
    if (o->cap_bytes > 0) {
        put_u64(a, "  the service takes at most ", o->cap_bytes, " bytes at a time\n");
    }
    if (o->dropped > 0) {
        put_u64(a, "  thrown away so far: ", o->dropped, " records\n");
    }
}

void queue_object_text(struct app *a, const struct queue_object *o)
{
    app_put_path(a, o->name);
    put_u64(a, "\n  waiting: ", o->waiting.files, o->waiting.files == 1 ? " file, " : " files, ");
    put_u64(a, "", o->waiting.bytes, " bytes\n");
    if (o->known != NULL) {
        known_text(a, o->known);
    }
    put_time(a, "  last stored: ", o->success_ms);
}

void queue_totals_text(struct app *a, const struct queue_totals *t)
{
    put_u64(a, "in all: ", t->waiting.files, t->waiting.files == 1 ? " file" : " files");
    put_u64(a, ", ", t->waiting.bytes, " bytes wait; ");
    put_u64(a, "", t->sending, " sending, ");
    put_u64(a, "", t->open, " open, ");
    put_u64(a, "", t->unknown, " unknown, ");
    put_u64(a, "", t->held, " held, ");
    put_u64(a, "", t->failed, " failed, ");
    put_u64(a, "", t->quarantined, " in quarantine\n");
}

static void time_json(struct json_out *j, const char *key, int64_t ms)
{
    char when[UTC_CAP];

    utc_text(when, ms);
    json_out_put_string(j, key, ms >= 0 ? when : NULL);
}

void queue_head_json(struct app *a, const struct queue_look *q)
{
    json_out_put_bool(&a->json, "damaged", q->damaged);
    time_json(&a->json, "pause_until", q->ledger.pause_until_ms);
}

static void hold_json(struct json_out *j, const struct entry_object *o)
{
    json_out_key(j, "hold");
    if (o == NULL || o->hold == REASON_NONE) {
        json_out_null(j);
        return;
    }
    json_out_object(j);
    json_out_put_string(j, "reason", reason_text(o->hold));
    json_out_put_u64(j, "http_status", o->http);
    json_out_end(j);
}

static void waiting_json(struct json_out *j, const struct queue_waiting *w)
{
    json_out_key(j, "waiting");
    json_out_object(j);
    json_out_put_u64(j, "files", w->files);
    json_out_put_u64(j, "bytes", w->bytes);
    json_out_end(j);
}

void queue_object_json(struct app *a, const struct queue_object *o)
{
    const struct entry_object *k = o->known;
    struct json_out *j = &a->json;
    bool records = k != NULL && k->cap_records > 0, bytes = k != NULL && k->cap_bytes > 0;

    json_out_put_string(j, "object", o->name);
    waiting_json(j, &o->waiting);
    json_out_put_count(j, "cap_records", records ? (int64_t)k->cap_records : -1);
    json_out_put_count(j, "cap_bytes", bytes ? (int64_t)k->cap_bytes : -1);
    json_out_put_u64(j, "dropped", k != NULL ? k->dropped : 0);
    hold_json(j, k);
    time_json(j, "last_stored", o->success_ms);
}

void queue_totals_json(struct app *a, const struct queue_totals *t)
{
    struct json_out *j = &a->json;

    json_out_key(j, "totals");
    json_out_object(j);
    waiting_json(j, &t->waiting);
    json_out_put_u64(j, "sending", t->sending);
    json_out_put_u64(j, "open", t->open);
    json_out_put_u64(j, "unknown", t->unknown);
    json_out_put_u64(j, "held", t->held);
    json_out_put_u64(j, "failed", t->failed);
    json_out_put_u64(j, "quarantine", t->quarantined);
    json_out_end(j);
}
