#include "linux/queue_say.h"

#include "base/err.h"
#include "base/num.h"
#include "linux/utc.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *queue_state(const struct queue_item *i)
{
    if (i->file != NULL) {
        return kept_folder_name(i->file->place.folder);
    }
    switch (i->range->state) {
    case ENTRY_INTENT:
        return "sending";
    case ENTRY_COMMIT:
        return "unknown";
    case ENTRY_CREATED:
        return "open";
    case ENTRY_HELD:
        return "held";
    case ENTRY_VOID:
        return "waiting";
    default:
        return "final";
    }
}

/* The number, when that is the whole name. */
static uint32_t number_of(const struct queue_file *f)
{
    uint64_t n = 0;

    return strlen(f->name) == 8 && num_u64(f->name, 8, &n) == 0 ? (uint32_t)n : 0;
}

const char *queue_fix(const struct spool_dir *s, int err)
{
    bool rights = s->dir.sys == EACCES || s->dir.sys == EPERM;

    return err_class(err) == CLASS_STORAGE && rights
               ? "only the spool's owner, or root, may do that: `sudo ocbulk ...`"
               : NULL;
}

void queue_name(struct line *l, const struct queue_item *i)
{
    assert(i->range != NULL || i->file != NULL);
    uint32_t number = i->range != NULL ? i->range->batch : number_of(i->file);

    if (number != 0) {
        line_u64(l, number);
        return;
    }
    line_put(l, kept_folder_name(i->file->place.folder));
    line_put(l, "/");
    line_put(l, i->object);
    line_put(l, "/");
    line_put(l, i->file->name);
}

/* "all 10: 2 of 10 failed, ...": what is not among the failed ones. */
uint32_t queue_repeats(const struct queue_item *i)
{
    const char *rows = i->file != NULL && i->file->repeats && !i->upsert ? i->file->rows : NULL;
    unsigned long all, failed = 0;
    char *end;

    if (rows == NULL) {
        return 0;
    }
    if (strncmp(rows, "all ", 4) != 0) {
        return i->file->records > 0 ? i->file->records : UINT32_MAX;
    }
    all = strtoul(rows + 4, &end, 10);
    if (strncmp(end, ": ", 2) == 0) {
        failed = strtoul(end + 2, &end, 10);
    }
    return (uint32_t)(failed < all ? all - failed : all);
}

void queue_tag(char dst[TAG_CAP], const struct queue_item *i)
{
    const struct range *r = i->range;

    dst[0] = '\0';
    if (r != NULL && r->is.attempt > 0) {
        const struct tag t = {i->look->journal.head.spool, r->batch, (uint32_t)r->is.print,
                              r->is.attempt};

        tag_text(dst, &t);
    }
}

static void add_hint(struct queue_hint *h, const struct queue_item *i, const char *verb,
                     const char *more, const char *what)
{
    line_set(&h->command, "ocbulk ");
    line_put(&h->command, verb);
    line_put(&h->command, " ");
    queue_name(&h->command, i);
    line_put(&h->command, more);
    h->what = what;
}

static unsigned hints_of_range(struct queue_hint *h, const struct queue_item *i)
{
    switch (i->range->state) {
    case ENTRY_HELD:
        add_hint(&h[0], i, "retry", "", "send its records again, as a new batch");
        add_hint(&h[1], i, "accept", " [JOB]", "they are stored (by that job: it is followed)");
        add_hint(&h[2], i, "drop", "", "throw them away");
        return 3;
    case ENTRY_COMMIT:
        add_hint(&h[0], i, "accept", " [JOB]", "they are stored (by that job: it is followed)");
        return 1;
    case ENTRY_CREATED:
        add_hint(&h[0], i, "retry", " --forget", "forget the job, and send its records again");
        add_hint(&h[1], i, "accept", " --forget", "forget the job: they are stored");
        add_hint(&h[2], i, "drop", " --forget", "forget the job, and throw them away");
        return 3;
    default:
        return 0;
    }
}

static unsigned hints_of_file(struct queue_hint *h, const struct queue_item *i)
{
    bool repeats = queue_repeats(i) > 0;
    unsigned n = 0;

    add_hint(&h[n++], i, "retry", repeats ? " --all" : "",
             repeats ? "hand all its rows in again, the stored ones too"
                     : "hand its rows in again");
    if (i->file->place.folder == KEPT_HELD) {
        add_hint(&h[n++], i, "accept", "", "they are stored");
    }
    add_hint(&h[n++], i, "drop", "", "throw them away");
    return n;
}

unsigned queue_hints(struct queue_hint hint[QUEUE_HINTS_MAX], const struct queue_item *i)
{
    return i->range != NULL ? hints_of_range(hint, i) : hints_of_file(hint, i);
}

static void put_u64(struct app *a, const char *before, uint64_t v, const char *behind)
{
    out_text(&a->out, before);
    out_u64(&a->out, v);
    out_text(&a->out, behind);
}

static void put_since(struct app *a, int64_t ms)
{
    char when[UTC_CAP];

    if (ms >= 0) {
        utc_text(when, ms);
        out_text(&a->out, ", since ");
        out_text(&a->out, when);
    }
}

/* Words of the service and names of others: escaped. */
static void put_words(struct app *a, const char *before, const char *words)
{
    if (words[0] != '\0') {
        out_text(&a->out, before);
        app_put_path(a, words);
    }
}

static void range_text(struct app *a, const struct queue_item *i)
{
    const struct range *r = i->range;

    put_u64(a, ": batch ", r->batch, ", ");
    put_u64(a, "", r->is.records, r->is.records == 1 ? " record" : " records");
    put_words(a, ", job ", r->is.id);
    put_since(a, r->time_ms);
    if (r->state == ENTRY_HELD || r->state == ENTRY_VOID) {
        put_words(a, ": ", reason_text(r->reason));
        if (r->is.http != 0) {
            put_u64(a, " (HTTP ", r->is.http, ")");
        }
    }
    out_text(&a->out, "\n");
}

static void file_text(struct app *a, const struct queue_item *i)
{
    const struct queue_file *f = i->file;
    uint32_t repeats = queue_repeats(i);

    put_words(a, "/", i->object);
    put_words(a, "/", f->name);
    out_text(&a->out, ".csv: ");
    if (f->records > 0 && f->place.folder != KEPT_FAILED) { /* there a part of them may be */
        put_u64(a, "", f->records, f->records == 1 ? " record, " : " records, ");
    }
    put_u64(a, "", f->size, " bytes");
    put_words(a, ", job ", f->job);
    put_since(a, f->since_ms);
    put_words(a, ": ", f->place.folder == KEPT_FAILED ? f->rows : f->reason);
    put_words(a, ": ", f->error);
    out_text(&a->out, "\n");
    if (repeats == UINT32_MAX) {
        out_text(&a->out, "    a part of its rows may be stored\n");
    } else if (repeats > 0) {
        put_u64(a, "    ", repeats, " of its rows may be stored\n");
    }
}

static void hints_text(struct app *a, const struct queue_item *i)
{
    struct queue_hint hint[QUEUE_HINTS_MAX];
    unsigned n = queue_hints(hint, i);

    for (unsigned k = 0; k < n; k++) {
        struct line l;

        line_set(&l, "    ");
        line_put(&l, hint[k].command.text);
        line_pad(&l, 36);
        app_put_path(a, l.text);
        out_text(&a->out, hint[k].what);
        out_text(&a->out, "\n");
    }
}

void queue_say_text(struct app *a, const struct queue_item *i)
{
    out_text(&a->out, "  ");
    out_text(&a->out, queue_state(i));
    if (i->range != NULL) {
        range_text(a, i);
    } else {
        file_text(a, i);
    }
    /* A job that is followed needs no hand: only who asks for it is told what one could do. */
    if (i->range == NULL || i->range->state != ENTRY_CREATED || a->args.words > 0) {
        hints_text(a, i);
    }
}

static void put_time(struct json_out *j, const char *key, int64_t ms)
{
    char when[UTC_CAP];

    utc_text(when, ms);
    json_out_put_string(j, key, ms >= 0 ? when : NULL);
}

static void put_optional(struct json_out *j, const char *key, const char *text)
{
    json_out_put_string(j, key, text[0] != '\0' ? text : NULL);
}

static void range_json(struct json_out *j, const struct queue_item *i)
{
    const struct range *r = i->range;
    char tag[TAG_CAP];

    queue_tag(tag, i);
    json_out_put_u64(j, "seq", r->seq);
    json_out_put_u64(j, "records", r->is.records);
    json_out_put_u64(j, "bytes", r->is.end - r->is.at);
    json_out_put_u64(j, "segment", r->segment);
    json_out_put_u64(j, "attempt", r->is.attempt);
    put_optional(j, "job", r->is.id);
    put_optional(j, "tag", tag);
    put_time(j, "since", r->time_ms);
    json_out_put_string(j, "reason", r->reason != REASON_NONE ? reason_text(r->reason) : NULL);
    json_out_put_u64(j, "http_status", r->is.http);
}

static void file_json(struct json_out *j, const struct queue_item *i)
{
    const struct queue_file *f = i->file;
    uint32_t repeats = queue_repeats(i);
    struct line path;

    line_set(&path, kept_folder_name(f->place.folder));
    line_put(&path, "/");
    line_put(&path, i->object);
    line_put(&path, "/");
    line_put(&path, f->name);
    line_put(&path, ".csv");
    json_out_put_string(j, "file", path.text);
    json_out_put_count(j, "batch_records", f->records > 0 ? (int64_t)f->records : -1);
    json_out_put_u64(j, "bytes", f->size);
    put_optional(j, "job", f->job);
    put_time(j, "since", f->since_ms);
    put_optional(j, "reason", f->reason);
    put_optional(j, "error", f->error);
    put_optional(j, "rows", f->rows);
    json_out_put_bool(j, "repeats", repeats > 0);
    json_out_put_count(j, "repeats_at_most", repeats == UINT32_MAX ? -1 : (int64_t)repeats);
}

void queue_say_json(struct app *a, const struct queue_item *i)
{
    struct queue_hint hint[QUEUE_HINTS_MAX];
    unsigned n = queue_hints(hint, i);
    struct json_out *j = &a->json;
    struct line name;

    line_set(&name, "");
    queue_name(&name, i);
    json_out_object(j);
    json_out_put_string(j, "batch", name.text);
    json_out_put_string(j, "object", i->object);
    json_out_put_string(j, "state", queue_state(i));
    if (i->range != NULL) {
        range_json(j, i);
    } else {
        file_json(j, i);
    }
    json_out_key(j, "commands");
    json_out_array(j);
    for (unsigned k = 0; k < n; k++) {
        json_out_string(j, hint[k].command.text);
    }
    json_out_end(j);
    json_out_end(j);
}
