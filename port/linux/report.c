#include "linux/report.h"

#include "base/err.h"
#include "linux/log.h"

#include <string.h>

/* Behind those of enum schedule_why, which are the milder ones. */
enum {
    WHY_NOTHING = SCHEDULE_NOW,
    WHY_FLASH = SCHEDULE_CLOCK + 1,
    WHY_SESSION,
    WHY_CREDENTIALS,
    WHY_TROUBLE,
    WHY_HELD /* REPORT_WHY_MAX - 1 */
};

void report_init(struct report *r, const struct spool_dir *spool, const struct uploader *u,
                 int64_t wall_s)
{
    memset(r, 0, sizeof *r);
    r->status_path = r->metrics_path = "";
    r->spool = spool;
    r->uploader = u;
    r->started_s = wall_s;
    r->now.error_s = -1;
    r->due = true;
}

void report_files(struct report *r, const struct config *c)
{
    r->status_path = c->log.status_file;
    r->metrics_path = c->log.metrics_file;
    r->due = true;
}

void report_news(struct report *r, const struct uploader_news *n, int64_t wall_s)
{
    if (n->kind == NEWS_TROUBLE) {
        r->now.error = n->err;
        r->now.error_http = n->http;
        r->now.error_s = wall_s;
    }
}

const char *report_state_text(uint8_t state)
{
    static const char *const text[] = {
        [REPORT_IDLE] = "idle",           [REPORT_SENDING] = "sending",
        [REPORT_FOLLOWING] = "following", [REPORT_WAITING] = "waiting",
        [REPORT_STOPPING] = "stopping",   [REPORT_STOPPED] = "stopped",
    };

    return text[state];
}

const char *report_why_text(uint8_t why)
{
    switch (why) {
    case WHY_FLASH:
        return "flash";
    case WHY_SESSION:
        return "session";
    case WHY_CREDENTIALS:
        return "credentials";
    case WHY_TROUBLE:
        return "trouble";
    case WHY_HELD:
        return "held";
    default:
        return schedule_why_text((enum schedule_why)why);
    }
}

/* Records wait and nothing is at work: an object is on hold, or a batch in strict order is held. */
static bool blocked(const struct report *r, const struct uploader *u)
{
    const struct report_count *n = r->now.batches;

    return u->task == UPLOADER_IDLE && !u->look_now && n[BATCHES_OPEN].batches == 0 &&
           n[BATCHES_UNKNOWN].batches == 0 && n[BATCHES_SENDING].batches == 0;
}

static uint8_t why_of(const struct report *r, const struct uploader *u)
{
    if (r->no_session) {
        return WHY_SESSION;
    }
    if (u->flash_err != 0) {
        return WHY_FLASH;
    }
    if (u->account_held) {
        return WHY_CREDENTIALS;
    }
    if (u->last_err != 0) {
        return WHY_TROUBLE;
    }
    if (uploader_settled(u)) {
        return WHY_NOTHING;
    }
    return u->why == SCHEDULE_NOW && blocked(r, u) ? (uint8_t)WHY_HELD : u->why;
}

static uint8_t state_of(const struct report *r, const struct uploader *u)
{
    const struct report_count *n = r->now.batches;

    if (u->stopping) {
        return REPORT_STOPPING;
    }
    if (u->task == UPLOADER_POST) {
        return REPORT_SENDING;
    }
    if (r->now.why != WHY_NOTHING) {
        return REPORT_WAITING;
    }
    if (n[BATCHES_OPEN].batches > 0 || n[BATCHES_UNKNOWN].batches > 0) {
        return REPORT_FOLLOWING;
    }
    return uploader_settled(u) ? REPORT_IDLE : REPORT_SENDING;
}

static enum report_batches part_of(const struct uploader *u, const struct range *range)
{
    bool at_work = u->task == UPLOADER_POST && u->number == range->batch;

    switch (range->state) {
    case ENTRY_CREATED:
        return BATCHES_OPEN;
    case ENTRY_COMMIT:
        return at_work ? BATCHES_SENDING : BATCHES_UNKNOWN;
    case ENTRY_INTENT:
        return BATCHES_SENDING;
    default:
        return BATCHES_HELD;
    }
}

static void count_batches(struct report_view *v, const struct uploader *u)
{
    memset(v->batches, 0, sizeof v->batches);
    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        const struct range *range = &u->ledger.range[i];
        struct report_count *to = &v->batches[part_of(u, range)];

        to->batches++;
        to->records += range->is.records;
    }
}

static void view(struct report *r)
{
    const struct uploader *u = r->uploader;
    struct report_view *v = &r->now;

    spool_view(&v->spool, r->spool);
    count_batches(v, u);
    v->counts = u->counts;
    v->success_ms = u->success_ms;
    v->day_bytes = u->ledger.day_bytes;
    v->trouble = u->flash_err != 0 ? u->flash_err : u->last_err;
    v->objects = u->ledger.objects;
    for (uint16_t i = 0; i < u->ledger.objects; i++) {
        v->hold[i] = u->ledger.object[i].is.hold;
    }
    v->why = why_of(r, u);
    v->state = state_of(r, u);
}

static int write_status(struct report *r, int64_t wall_s)
{
    int err = replaced_begin(&r->file, r->status_path);

    if (err == 0) {
        json_out_init(&r->json, &r->file.out);
        report_status(r, wall_s);
        err = replaced_end(&r->file);
    }
    return err;
}

static int write_metrics(struct report *r)
{
    int err = replaced_begin(&r->file, r->metrics_path);

    if (err == 0) {
        report_metrics(r);
        err = replaced_end(&r->file);
    }
    return err;
}

static void write_both(struct report *r, int64_t wall_s)
{
    int err = r->status_path[0] != '\0' ? write_status(r, wall_s) : 0;

    if (err == 0 && r->metrics_path[0] != '\0') {
        err = write_metrics(r);
    }
    if (err != 0 && !r->told) {
        log_put(LOG_AT_WARNING, r->file.path.text, " cannot be written: ", strerror(r->file.sys));
    }
    r->told = err != 0;
}

uint64_t report_look(struct report *r, const struct now *now)
{
    if (r->status_path[0] == '\0' && r->metrics_path[0] == '\0') {
        return UINT64_MAX;
    }
    if (now->mono_ms < r->next_ms) { /* a look costs a pass over the spool */
        return r->next_ms;
    }
    r->next_ms = now->mono_ms + REPORT_PACE_MS;
    view(r);
    if (!r->due && memcmp(&r->now, &r->written, sizeof r->now) == 0) {
        return UINT64_MAX;
    }
    write_both(r, now->wall_s);
    r->written = r->now;
    r->due = false;
    return r->next_ms;
}

void report_close(struct report *r, const struct now *now)
{
    if (r->status_path[0] != '\0' || r->metrics_path[0] != '\0') {
        view(r);
        r->now.state = REPORT_STOPPED;
        write_both(r, now->wall_s);
    }
}
