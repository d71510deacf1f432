/* Goes on where an earlier run of an upload was cut. */
#include "base/err.h"
#include "base/text.h"
#include "linux/upload_parts.h"

#include <string.h>

/* Compares what was accepted with the file, batch after batch. */
struct compare {
    struct scan *scan;
    struct batch at; /* the one before */
    bool begun;      /* `at` can be used */
};

static int compare_range(struct compare *c, const struct entry_range *r)
{
    const struct batch_limits limits = c->scan->limits;
    struct batch b;

    c->scan->limits = (struct batch_limits){r->records, UINT64_MAX};
    int n = scan_next(c->scan, c->begun ? &c->at : NULL, &b);

    c->scan->limits = limits;
    if (n != 1 || b.at != r->at || b.end != r->end || b.records != r->records ||
        b.print != r->print) {
        return ERR_SOURCE_CHANGED;
    }
    c->at = b;
    c->begun = true;
    return 0;
}

static int compare_entry(void *ctx, const struct entry *e)
{
    return resume_accepts(e) ? compare_range(ctx, &e->is.range) : 0;
}

static int compare(struct upload *u)
{
    const struct upload_journal *j = &u->journal;
    struct compare c = {.scan = &u->scan, .at = {.end = j->is.first_at}, .begun = j->is.first > 1};
    const struct journal_visitor to = {compare_entry, &c};

    if (u->scan.file.size != j->is.size) {
        return ERR_SOURCE_CHANGED;
    }
    int err = journal_read(&j->journal, &j->journal.now, &to);

    if (err == 0 && j->is.last.type == ENTRY_COMMIT) {
        err = compare_range(&c, &j->is.last.is.range);
    }
    return err;
}

static void set_journal(const struct upload *u, struct line *l, const char *words)
{
    line_set_path(l, u->journal.path);
    line_put(l, words);
}

static int fail_find(struct upload *u, int err)
{
    struct line fix;

    line_set(&fix, "");
    if (err == ERR_LOCKED) {
        line_set(&fix, "another upload of this file is under way: wait for it");
    } else if (err == ERR_JOURNAL_ROT) {
        line_set(&fix,
                 "look at `ocbulk jobs` for what was accepted; then remove the journal and go "
                 "on with --from-record");
    } else if (err != ERR_JOURNAL_VERSION && !u->journal.named) {
        line_set(&fix, "it says what an earlier run has sent: run this as the user of that one");
    }
    return app_fail(u->app, err, u->journal.where.text, fix.text);
}

static int fail_changed(struct upload *u, int err)
{
    struct line where, fix;

    line_set_path(&where, u->scan.path);
    if (err != ERR_SOURCE_CHANGED) {
        return app_fail(u->app, err, where.text, NULL);
    }
    line_put(&where, ": it is not what an earlier run has sent a part of");
    line_set(&fix, "send it as another file, or ");
    upload_put_by_hand(u, &fix);
    return app_fail(u->app, err, where.text, fix.text);
}

static int fail_unknown(struct upload *u)
{
    const struct entry *last = &u->journal.is.last;
    struct line where;

    line_set(&where, "batch ");
    line_u64(&where, last->batch);
    line_put(&where, ", ");
    upload_put_records(&where, u->journal.is.record, last->is.range.records);
    line_put(&where, ": sent by an earlier run");
    return app_fail(u->app, ERR_OUTCOME_UNKNOWN, where.text,
                    "look at `ocbulk jobs`, then run it again with --unknown skip if its job is "
                    "there, else with --unknown resend");
}

static int check_usage(struct upload *u)
{
    struct line where, fix;

    if (u->app->args.from_record != NULL) {
        set_journal(u, &where, " knows where to go on");
        line_set(&fix, "leave --from-record away, or remove the journal");
        return app_fail(u->app, ERR_USAGE, where.text, fix.text);
    }
    if (strcmp(u->journal.is.object, u->object) != 0) {
        set_journal(u, &where, " is of an upload to ");
        line_put(&where, u->journal.is.object);
        line_set(&fix, "end that one first, or remove the journal");
        return app_fail(u->app, ERR_USAGE, where.text, fix.text);
    }
    return 0;
}

static int read_answer(struct upload *u)
{
    const char *text = u->app->args.unknown;

    u->answer = ANSWER_NONE;
    if (text == NULL) {
        return 0;
    }
    if (strcmp(text, "resend") != 0 && strcmp(text, "skip") != 0) {
        return app_fail(u->app, ERR_USAGE, "--unknown wants resend or skip", NULL);
    }
    u->answer = text[0] == 'r' ? ANSWER_RESEND : ANSWER_SKIP;
    return 0;
}

/* A plan writes nothing. */
static int skip(struct upload *u)
{
    struct entry e = resume_by_hand(&u->journal.is);
    int err =
        u->app->args.dry_run ? resume_apply(&u->journal.is, &e) : upload_journal_skip(&u->journal);

    return err == 0 ? 0 : app_fail(u->app, err, u->journal.where.text, NULL);
}

static void go_on(struct upload *u)
{
    const struct resume *r = &u->journal.is;
    uint32_t batch;
    uint8_t attempt;

    resume_next(r, &batch, &attempt);
    u->batch = batch - 1;
    u->record = r->record;
    u->resumed = r->record - r->first;
    if (r->last.type == ENTRY_CREATED) {
        (void)text_copy(u->last_job, sizeof u->last_job, r->last.is.range.id);
    }
}

static int take_up(struct upload *u, enum resume_action action)
{
    int err = check_usage(u);

    if (err != 0) {
        return err;
    }
    err = compare(u);
    if (err != 0) {
        return fail_changed(u, err);
    }
    if (action == RESUME_ASK) {
        return fail_unknown(u);
    }
    err = action == RESUME_SKIP ? skip(u) : 0;
    if (err == 0) {
        go_on(u);
    }
    return err;
}

int upload_resume(struct upload *u)
{
    const struct args *a = &u->app->args;
    int err = read_answer(u);

    if (err != 0) {
        return err;
    }
    err = upload_journal_find(&u->journal, u->scan.path, a->journal, a->dry_run);
    if (err != 0) {
        return fail_find(u, err);
    }
    if (!u->journal.made) {
        return 0;
    }
    enum resume_action action = resume_action(&u->journal.is, u->answer);

    if (action == RESUME_NEW) {
        upload_journal_forget(&u->journal);
        return 0;
    }
    return take_up(u, action);
}

/* Which batches are done, so many at a time that it fits. */
struct done {
    uint64_t from, end; /* batches [from, end) */
    uint8_t bit[UPLOAD_DONE_MAX / 8];
};

static int mark(void *ctx, const struct entry *e)
{
    struct done *d = ctx;
    uint64_t at = e->batch - d->from;

    if (e->type == ENTRY_FINAL && e->is.range.how == FINAL_DONE && e->batch >= d->from &&
        e->batch < d->end) {
        d->bit[at / 8] |= (uint8_t)(1u << at % 8);
    }
    return 0;
}

struct earlier {
    struct upload *u;
    unsigned most;
    uint64_t record;
    struct journal_part part; /* what earlier runs wrote */
    struct done done;
};

/* 1, 0, or an error. */
static int is_done(struct earlier *e, uint32_t batch)
{
    struct done *d = &e->done;
    const struct journal_visitor to = {mark, d};
    int err = 0;

    if (batch >= d->end) {
        *d = (struct done){.from = batch, .end = (uint64_t)batch + UPLOAD_DONE_MAX};
        err = journal_read(&e->u->journal.journal, &e->part, &to);
    }
    return err != 0 ? err : d->bit[(batch - d->from) / 8] >> (batch - d->from) % 8 & 1;
}

static int follow_entry(void *ctx, const struct entry *entry)
{
    struct earlier *e = ctx;
    uint64_t record = e->record;

    if (!resume_accepts(entry)) {
        return 0;
    }
    e->record += entry->is.range.records;
    int n = entry->type == ENTRY_CREATED ? is_done(e, entry->batch) : 1;

    if (n != 0) {
        return n < 0 ? n : 0;
    }
    upload_follow(e->u, entry, record);
    return upload_drain(e->u, e->most);
}

int upload_follow_earlier(struct upload *u, unsigned most)
{
    const struct upload_journal *j = &u->journal;
    struct earlier e = {.u = u, .most = most, .record = j->is.first, .part = j->journal.now};
    const struct journal_visitor to = {follow_entry, &e};

    if (!j->made) {
        return 0;
    }
    u->stored = j->is.stored;
    u->uncounted = j->is.uncounted;
    return journal_read(&j->journal, &e.part, &to);
}
