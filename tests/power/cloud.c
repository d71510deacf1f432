#include "cloud.h"

#include <stdio.h>
#include <string.h>

void cloud_init(struct cloud *c, const struct cloud_rules *rules)
{
    memset(c, 0, sizeof *c);
    c->rules = rules;
}

static bool is_out(const struct cloud *c, enum cloud_call call, int64_t now_ms)
{
    const struct cloud_rules *r = c->rules;
    int64_t from_ms = (int64_t)r->out_from_s * 1000;

    return r->out_status != 0 && (call == CLOUD_POST || !r->out_posts) &&
           now_ms >= CLOUD_EPOCH_MS + from_ms &&
           now_ms < CLOUD_EPOCH_MS + from_ms + (int64_t)r->out_s * 1000;
}

struct cloud_event cloud_begin(struct cloud *c, enum cloud_call call, int64_t now_ms)
{
    unsigned n = ++c->calls[call];

    if (is_out(c, call, now_ms)) {
        uint8_t what = call == CLOUD_POST ? EV_EARLY : EV_STATUS;

        return (struct cloud_event){
            .call = (uint8_t)call, .what = what, .arg = c->rules->out_status};
    }
    for (size_t i = 0; i < sizeof c->rules->event / sizeof c->rules->event[0]; i++) {
        const struct cloud_event *e = &c->rules->event[i];

        if (e->count > 0 && e->call == call && n >= e->from && n < (unsigned)e->from + e->count) {
            return *e;
        }
    }
    return (struct cloud_event){.call = (uint8_t)call, .what = EV_OK};
}

/* The rows of a file, in order, nothing between them but what cut the last one off. */
static int read_rows(struct cloud_job *j, const uint8_t *file, size_t len)
{
    size_t at = sizeof ROWS_HEADER - 1;

    if (len < at || memcmp(file, ROWS_HEADER, at) != 0) {
        return -1;
    }
    while (at < len && j->rows < CLOUD_JOB_ROWS_MAX) {
        unsigned row;
        size_t n = rows_match(file + at, len - at, &row);

        if (n == 0) {
            break;
        }
        j->row[j->rows++] = (uint16_t)row;
        at += n;
    }
    return at == len ? 0 : -1;
}

struct cloud_job *cloud_make(struct cloud *c, const uint8_t *file, size_t len, int64_t now_ms)
{
    struct cloud_job *j = &c->job[c->jobs];

    if (c->jobs == CLOUD_JOBS_MAX) {
        return NULL;
    }
    memset(j, 0, sizeof *j);
    if (read_rows(j, file, len) != 0) {
        j->rogue = true; /* the owner of this says so when it is a fault */
    }
    j->made_ms = now_ms;
    (void)snprintf(j->id, sizeof j->id, "job-%u", 1000u + c->jobs);
    c->jobs++;
    return j;
}

struct cloud_job *cloud_find(struct cloud *c, const char *id, int64_t now_ms)
{
    int64_t expire_ms = (int64_t)c->rules->expire_s * 1000;

    for (uint16_t i = 0; i < c->jobs; i++) {
        struct cloud_job *j = &c->job[i];
        bool there = j->made_ms <= now_ms && (expire_ms == 0 || now_ms < j->made_ms + expire_ms);

        if (there && strcmp(j->id, id) == 0) {
            return j;
        }
    }
    return NULL;
}

bool cloud_row_fails(const struct cloud *c, const struct cloud_job *j, unsigned at)
{
    unsigned every = c->rules->fails_every;

    if (c->rules->counts == COUNTS_ABORTED && at >= j->rows / 2u) {
        return true;
    }
    return every != 0 && j->row[at] % every == 0;
}

static int64_t failed_rows(const struct cloud *c, const struct cloud_job *j)
{
    int64_t n = 0;

    for (unsigned i = 0; i < j->rows; i++) {
        n += cloud_row_fails(c, j, i);
    }
    return n;
}

static void tell_counts(const struct cloud *c, const struct cloud_job *j, struct job *out,
                        enum cloud_counts counts)
{
    int64_t failed = failed_rows(c, j);

    out->records = counts == COUNTS_NONE ? JOB_UNTOLD : j->rows;
    out->failed = counts == COUNTS_NONE || counts == COUNTS_NO_F ? JOB_UNTOLD : failed;
    if (counts == COUNTS_STORED) {
        out->records = j->rows - failed;
    } else if (counts == COUNTS_WRONG) {
        out->records = j->rows - 1;
        out->failed = 0;
    }
}

/* The table of the spool page, once more. */
static void note_told(const struct cloud *c, struct cloud_job *j, const struct job *out)
{
    bool counted = out->records != JOB_UNTOLD && out->failed != JOB_UNTOLD;

    (void)c;
    j->ended = true;
    if (out->state == JOB_COMPLETED && counted) {
        j->confirmed = j->confirmed || (out->records == j->rows && out->failed == 0);
    }
}

void cloud_tell(struct cloud *c, struct cloud_job *j, struct job *out, int64_t now_ms)
{
    const struct cloud_rules *r = c->rules;
    enum cloud_counts counts = (enum cloud_counts)r->counts;
    bool slow = r->slow_s != 0 && j - c->job >= r->slow_from;
    int64_t run_ms = (int64_t)(slow ? r->slow_s : r->run_s) * 1000;
    bool over = counts != COUNTS_NEVER && now_ms >= j->made_ms + run_ms;
    const char *word = !over ? "RUNNING" : counts == COUNTS_ABORTED ? "ABORTED" : "COMPLETED";

    if (r->right_after != 0 && j->polls >= r->right_after) {
        counts = COUNTS_ALL;
    }
    job_init(out);
    (void)snprintf(out->id, sizeof out->id, "%s", j->id);
    (void)snprintf(out->word, sizeof out->word, "%s", word);
    (void)snprintf(out->object, sizeof out->object, "%s", j->object);
    out->known = out->upload = true;
    out->state = !over ? JOB_GOING : counts == COUNTS_ABORTED ? JOB_ABORTED : JOB_COMPLETED;
    out->created_ms = j->made_ms;
    if (over) {
        tell_counts(c, j, out, counts);
        note_told(c, j, out);
    }
}

struct seek {
    unsigned rows;
    bool poison;
    const struct cloud_rules *rules;
};

static void see_row(void *arg, unsigned row, size_t at, size_t end)
{
    struct seek *s = arg;

    (void)at;
    (void)end;
    s->rows++;
    s->poison = s->poison || (s->rules->poison != 0 && row == s->rules->poison) ||
                (s->rules->poison_from != 0 && row >= s->rules->poison_from);
}

uint16_t cloud_refuses(const struct cloud *c, const uint8_t *file, size_t len)
{
    struct seek s = {.rules = c->rules};

    rows_scan(file, len, see_row, &s);
    if (c->rules->most_rows != 0 && s.rows > c->rules->most_rows) {
        return 413;
    }
    return s.poison ? 400 : 0;
}

struct cloud_tally cloud_row(const struct cloud *c, unsigned row)
{
    struct cloud_tally t = {0};

    for (uint16_t i = 0; i < c->jobs; i++) {
        const struct cloud_job *j = &c->job[i];

        for (unsigned k = 0; j->ours && k < j->rows; k++) {
            if (j->row[k] == row && cloud_row_fails(c, j, k)) {
                t.failed++;
            } else if (j->row[k] == row) {
                t.stored++;
                t.rogue = (uint16_t)(t.rogue + j->rogue);
            }
        }
    }
    return t;
}
