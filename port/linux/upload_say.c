/* What an upload says when it stops, and how to go on. */
#include "base/err.h"
#include "linux/upload_parts.h"

void upload_put_records(struct line *l, uint64_t from, uint64_t count)
{
    line_put(l, "records ");
    line_u64(l, from);
    line_put(l, "-");
    line_u64(l, from + count - 1);
}

void upload_put_by_hand(const struct upload *u, struct line *l)
{
    struct line path;

    line_set_path(&path, u->journal.path);
    line_put(l, "remove ");
    line_put(l, path.text);
    line_put(l, ", then go on with --from-record ");
    line_u64(l, u->journal.is.record);
}

static void say_run_again(const struct upload *u, bool unknown, struct line *fix)
{
    if (unknown) {
        line_put(fix, "; then run it again with --unknown skip if its job is there, else with "
                      "--unknown resend");
        return;
    }
    line_put(fix, fix->len > 0 ? "; then " : "");
    line_put(fix, "run it again: it goes on at record ");
    line_u64(fix, u->record);
}

/* Without a journal: what went before is with the service, and an unknown batch may be, so that
 * running the same again would send it twice. */
static void say_go_on(struct upload *u, const struct batch *b, bool unknown, struct line *fix)
{
    bool more = u->record + b->records <= u->scan.records;

    line_put(fix, unknown && !more ? "; if its job is not there," : "; then");
    line_put(fix, " go on with --from-record ");
    line_u64(fix, u->record + (unknown && more ? b->records : 0));
    if (unknown && more) {
        line_put(fix, " if its job is there, else with --from-record ");
        line_u64(fix, u->record);
    }
}

/* Says what became of the batch that failed and of those behind it. */
void upload_say_stop(struct upload *u, const struct batch *b, int err)
{
    bool unknown = err == ERR_OUTCOME_UNKNOWN, kept = upload_journal_keeps(&u->journal);
    struct line where, fix;

    line_set(&where, "batch ");
    line_u64(&where, u->batch);
    line_put(&where, ", ");
    upload_put_records(&where, u->record, b->records);
    line_put(&where, unknown ? ": sent, outcome unknown: " : ": not sent: ");
    line_put(&where, u->app->session.where.text);
    line_set(&fix, kept && err == ERR_CANCELLED ? "" : err_fix(err));
    if (kept) {
        say_run_again(u, unknown, &fix);
    } else if (u->accepted > 0 || u->app->args.from_record != NULL ||
               (unknown && b->records < u->scan.records)) {
        say_go_on(u, b, unknown, &fix);
    }
    if (!kept && u->accepted > 0 && exit_of(err) == EXIT_TEMPORARY) {
        line_put(&where, ": ");
        line_put(&where, err_what(err));
        err = ERR_NOT_SENT;
    }
    u->err = exit_worse(u->err, app_fail_call(u->app, err, where.text, fix.text));
}

/* err: what ended it, told already. */
void upload_say_rest(struct upload *u, int err)
{
    bool kept = upload_journal_keeps(&u->journal);
    bool stopped = kept && err == ERR_STILL_RUNNING;
    struct line where, fix;

    if (u->record > u->scan.records) {
        return;
    }
    line_set_path(&where, u->scan.path);
    line_put(&where, ": ");
    upload_put_records(&where, u->record, u->scan.records - u->record + 1);
    line_set(&fix, "");
    if (kept && err_class(err) == CLASS_INPUT) {
        upload_put_by_hand(u, &fix);
    } else {
        line_put(&fix, kept ? "run it again: it goes on at record " : "go on with --from-record ");
        line_u64(&fix, u->record);
    }
    u->err = exit_worse(
        u->err, app_fail(u->app, stopped ? ERR_CANCELLED : ERR_NOT_SENT, where.text, fix.text));
}

int upload_say_lost(struct upload *u, int err)
{
    struct line where;

    line_set(&where, "job ");
    line_put(&where, u->app->session.bulk.job.id);
    line_put(&where, " has batch ");
    line_u64(&where, u->batch);
    line_put(&where, ", and the journal does not: ");
    line_put(&where, u->journal.where.text);
    return app_fail(u->app, err, where.text,
                    "make room or look at the flash, then run it again with --unknown skip");
}
