#include "base/err.h"
#include "linux/follow.h"

#include <string.h>

static int job_fails(struct app *a, const struct follow *f, int err)
{
    struct line l;

    line_set(&l, "job ");
    line_put(&l, f->id);
    line_put(&l, " ");
    line_put(&l, f->word);
    return app_fail(a, err, l.text, NULL);
}

/* A job that is no longer there is said so; what else ends a wait is the call's own error. */
static int wait_for(struct app *a, struct follow *f)
{
    int n = follow_wait(a, f, 1);
    int err = n >= 0 && follow_given_up(f) ? f->err : n;

    if (err == ERR_STILL_RUNNING) {
        return job_fails(a, f, err);
    }
    return err < 0 ? app_fail_session(a, err) : 0;
}

static int conclude(struct app *a, const struct follow *f)
{
    int err = f->settled ? f->err : ERR_STILL_RUNNING;

    return err == 0 ? 0 : job_fails(a, f, err);
}

static int run_status(struct app *a)
{
    static struct follow f;
    int err = app_check_job(a);

    if (err != 0) {
        return err;
    }
    follow_begin(&f, a->args.word[0], JOB_UNTOLD, "");
    if (a->args.wait) {
        err = wait_for(a, &f);
    } else {
        err = follow_once(a, &f);
        err = err == 0 ? 0 : app_fail_session(a, err);
    }
    if (err == 0 || err == ERR_STILL_RUNNING) {
        follow_report(a, &f);
    }
    return err == 0 ? conclude(a, &f) : err;
}

const struct command cmd_status = {
    .name = "status",
    .words = "JOB [--wait]",
    .summary = "tell how far a job is, and what became of its rows",
    .help =
        "Exit code 10 while it runs, 0 when all rows are stored, 3 when some failed, 4 when it\n"
        "failed.\n"
        "  -w, --wait   look again (poll_first … poll_max) until it is final\n",
    .letters = "w",
    .least = 1,
    .most = 1,
    .run = run_status,
};

/* cancel: asks, then looks until the job is final. */
static int run_cancel(struct app *a)
{
    static struct follow f;
    int err = app_check_job(a);

    if (err != 0) {
        return err;
    }
    err = session_cancel(&a->session, a->args.word[0]);
    if (err != 0) {
        return app_fail_session(a, err);
    }
    follow_begin(&f, a->args.word[0], JOB_UNTOLD, "");
    err = wait_for(a, &f);
    if (err == 0 || err == ERR_STILL_RUNNING) {
        follow_report(a, &f);
    }
    if (err != 0) {
        return err;
    }
    return f.state == JOB_CANCELLED ? 0 : conclude(a, &f);
}

const struct command cmd_cancel = {
    .name = "cancel",
    .words = "JOB",
    .summary = "ask the service to cancel a job, and wait until it is final",
    .help = "Rows that were stored before stay stored.\n",
    .letters = "",
    .least = 1,
    .most = 1,
    .run = run_cancel,
};
