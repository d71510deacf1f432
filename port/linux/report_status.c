#include "linux/report.h"

#include "base/err.h"
#include "linux/utc.h"
#include "spool/entry.h"

static void put_time(struct json_out *j, const char *key, int64_t ms)
{
    char text[UTC_CAP];

    utc_text(text, ms);
    json_out_put_string(j, key, ms >= 0 ? text : NULL);
}

static void put_spool(struct json_out *j, const struct spool_view *v, enum spool_folder folder)
{
    json_out_key(j, spool_folder_name(folder));
    json_out_object(j);
    json_out_put_u64(j, "files", v->part[folder].files);
    json_out_put_u64(j, "bytes", v->part[folder].bytes);
    json_out_end(j);
}

static void put_batches(struct json_out *j, const struct report_view *v)
{
    static const char *const name[BATCHES] = {[BATCHES_SENDING] = "sending",
                                              [BATCHES_OPEN] = "open",
                                              [BATCHES_UNKNOWN] = "unknown",
                                              [BATCHES_HELD] = "held"};

    json_out_key(j, "batches");
    json_out_object(j);
    for (unsigned i = 0; i < BATCHES; i++) {
        json_out_key(j, name[i]);
        json_out_object(j);
        json_out_put_u64(j, "batches", v->batches[i].batches);
        json_out_put_u64(j, "records", v->batches[i].records);
        json_out_end(j);
    }
    json_out_end(j);
}

static void put_counts(struct json_out *j, const struct uploader_counts *c)
{
    json_out_key(j, "since_start");
    json_out_object(j);
    json_out_put_u64(j, "records_stored", c->records_done);
    json_out_put_u64(j, "records_failed", c->records_failed);
    json_out_put_u64(j, "records_quarantined", c->records_quarantined);
    json_out_put_u64(j, "records_dropped", c->records_dropped);
    json_out_put_u64(j, "jobs", c->jobs);
    json_out_put_u64(j, "uploads", c->posts);
    json_out_put_u64(j, "uploads_repeated", c->retries);
    json_out_put_u64(j, "unknown", c->unknown);
    json_out_end(j);
}

static void put_error(struct json_out *j, const struct report_view *v)
{
    json_out_key(j, "last_error");
    if (v->error == 0) {
        json_out_null(j);
        return;
    }
    json_out_object(j);
    json_out_put_string(j, "name", err_name(v->error));
    json_out_put_u64(j, "http_status", v->error_http);
    put_time(j, "at", v->error_s * 1000);
    json_out_end(j);
}

static void put_holds(struct json_out *j, const struct report *r)
{
    json_out_key(j, "objects_held");
    json_out_array(j);
    for (uint16_t i = 0; i < r->now.objects; i++) {
        if (r->now.hold[i] != REASON_NONE) {
            json_out_object(j);
            json_out_put_string(j, "object", r->uploader->ledger.object[i].is.name);
            json_out_put_string(j, "reason", reason_text(r->now.hold[i]));
            json_out_end(j);
        }
    }
    json_out_end(j);
}

void report_status(struct report *r, int64_t wall_s)
{
    const struct report_view *v = &r->now;
    struct json_out *j = &r->json;

    json_out_object(j);
    json_out_put_string(j, "version", OCBULK_VERSION);
    json_out_put_string(j, "state", report_state_text(v->state));
    json_out_put_string(j, "why", report_why_text(v->why));
    put_time(j, "started", r->started_s * 1000);
    put_time(j, "changed", wall_s * 1000);
    put_time(j, "last_success", v->success_ms);
    json_out_put_string(j, "trouble", v->trouble != 0 ? err_name(v->trouble) : NULL);
    put_error(j, v);
    put_time(j, "oldest_waiting", v->spool.oldest_s >= 0 ? v->spool.oldest_s * 1000 : -1);
    put_batches(j, v);
    json_out_key(j, "spool");
    json_out_object(j);
    for (int i = 0; i < SPOOL_FOLDERS; i++) {
        put_spool(j, &v->spool, (enum spool_folder)i);
    }
    json_out_end(j);
    put_holds(j, r);
    json_out_put_u64(j, "day_bytes", v->day_bytes);
    put_counts(j, &v->counts);
    json_out_end(j);
}
