/* The text form that Prometheus reads, version 0.0.4: each metric once, its samples together. */
#include "linux/report.h"

/* `# HELP` and `# TYPE`. */
static void head(struct out *o, const char *name, const char *type, const char *help)
{
    out_text(o, "# HELP ocbulk_");
    out_text(o, name);
    out_text(o, " ");
    out_text(o, help);
    out_text(o, "\n# TYPE ocbulk_");
    out_text(o, name);
    out_text(o, " ");
    out_text(o, type);
    out_text(o, "\n");
}

/* label: NULL, or with one value of ours, which needs no escape. */
static void sample(struct out *o, const char *name, const char *label, const char *value,
                   uint64_t v)
{
    out_text(o, "ocbulk_");
    out_text(o, name);
    if (label != NULL) {
        out_text(o, "{");
        out_text(o, label);
        out_text(o, "=\"");
        out_text(o, value);
        out_text(o, "\"}");
    }
    out_text(o, " ");
    out_u64(o, v);
    out_text(o, "\n");
}

static void single(struct out *o, const char *name, const char *type, const char *help, uint64_t v)
{
    head(o, name, type, help);
    sample(o, name, NULL, NULL, v);
}

static void put_counters(struct out *o, const struct uploader_counts *c)
{
    head(o, "records_total", "counter", "Records that are settled, by outcome.");
    sample(o, "records_total", "outcome", "stored", c->records_done);
    sample(o, "records_total", "outcome", "failed", c->records_failed);
    sample(o, "records_total", "outcome", "quarantined", c->records_quarantined);
    sample(o, "records_total", "outcome", "dropped", c->records_dropped);
    single(o, "jobs_total", "counter", "Jobs that the service made of uploads.", c->jobs);
    single(o, "uploads_total", "counter", "Uploads that were begun.", c->posts);
    single(o, "uploads_repeated_total", "counter", "Uploads that repeated an earlier one.",
           c->retries);
    single(o, "unknown_total", "counter", "Uploads whose outcome was not known at first.",
           c->unknown);
}

static void put_batches(struct out *o, const struct report_view *v)
{
    static const char *const state[BATCHES] = {"sending", "open", "unknown", "held"};

    head(o, "batches", "gauge", "Batches that are not final, by state.");
    for (unsigned i = 0; i < BATCHES; i++) {
        sample(o, "batches", "state", state[i], v->batches[i].batches);
    }
    head(o, "batch_records", "gauge", "Records of the batches that are not final, by state.");
    for (unsigned i = 0; i < BATCHES; i++) {
        sample(o, "batch_records", "state", state[i], v->batches[i].records);
    }
}

static void put_spool(struct out *o, const struct spool_view *v)
{
    head(o, "spool_files", "gauge", "Files in the spool, by folder.");
    for (int i = 0; i < SPOOL_FOLDERS; i++) {
        sample(o, "spool_files", "folder", spool_folder_name((enum spool_folder)i),
               v->part[i].files);
    }
    head(o, "spool_bytes", "gauge", "Bytes in the spool, by folder.");
    for (int i = 0; i < SPOOL_FOLDERS; i++) {
        sample(o, "spool_bytes", "folder", spool_folder_name((enum spool_folder)i),
               v->part[i].bytes);
    }
}

/* A time that is not known has no sample, rather than one in 1970. */
static void put_time(struct out *o, const char *name, const char *help, int64_t s)
{
    if (s >= 0) {
        single(o, name, "gauge", help, (uint64_t)s);
    }
}

static void put_reasons(struct out *o, const struct report_view *v)
{
    uint64_t held = 0;

    for (uint16_t i = 0; i < v->objects; i++) {
        held += v->hold[i] != 0;
    }
    single(o, "objects_held", "gauge", "Objects of which nothing is sent.", held);
    head(o, "waits", "gauge", "1 for what sending waits for just now.");
    for (int why = 1; why < REPORT_WHY_MAX; why++) {
        sample(o, "waits", "reason", report_why_text((uint8_t)why), why == v->why);
    }
}

void report_metrics(struct report *r)
{
    struct out *o = &r->file.out;
    const struct report_view *v = &r->now;

    head(o, "build_info", "gauge", "Always 1; the version of ocbulk.");
    sample(o, "build_info", "version", OCBULK_VERSION, 1);
    single(o, "running", "gauge", "1 while the daemon runs.", v->state != REPORT_STOPPED);
    put_time(o, "start_time_seconds", "When the daemon was started.", r->started_s);
    put_time(o, "last_success_time_seconds", "When a job was last found final, by the service.",
             v->success_ms >= 0 ? v->success_ms / 1000 : -1);
    put_time(o, "oldest_waiting_time_seconds", "When the oldest waiting file was written.",
             v->spool.oldest_s);
    single(o, "trouble", "gauge", "1 while calls or flash fail.", v->trouble != 0);
    put_reasons(o, v);
    put_batches(o, v);
    put_spool(o, &v->spool);
    single(o, "day_bytes", "gauge", "Bytes sent on the service's day.", v->day_bytes);
    put_counters(o, &v->counts);
}
