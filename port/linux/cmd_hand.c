/* retry, drop, accept: a person's hand on what waits. Done at once when nobody has the spool's
 * lock, else asked of the process that has it. */
#include "base/err.h"
#include "base/num.h"
#include "linux/clock.h"
#include "linux/daemon_rules.h"
#include "linux/queue_say.h"
#include "linux/spool_dir.h"
#include "linux/wake.h"
#include "sync/uploader_hand.h"

#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct work {
    struct app *app;
    struct spool_dir spool;
    struct queue_look look;
    struct queue_item item; /* what was meant, as it was seen */
    struct queue_file file;
    struct kept_found found;
    struct uploader uploader;
    struct uploader_rules rules;
    struct hand hand;
};

/* What root wrote here the daemon's user could not read. */
static int become_owner(const char *dir)
{
    struct stat st;

    if (geteuid() != 0 || stat(dir, &st) != 0 || st.st_uid == 0) {
        return 0;
    }
    if (setgroups(0, NULL) != 0 || setgid(st.st_gid) != 0 || setuid(st.st_uid) != 0) {
        return ERR_SPOOL_DIR;
    }
    return 0;
}

static int fail(struct work *w, int err, const char *what, const char *fix)
{
    struct line where;

    line_set(&where, w->app->args.word[0]);
    line_put(&where, what[0] != '\0' ? ": " : "");
    line_put(&where, what);
    return app_fail(w->app, err, where.text, fix);
}

static int read_words(struct work *w)
{
    const struct args *a = &w->app->args;
    struct hand *h = &w->hand;
    uint64_t batch = 0, seq = 0;

    if (num_u64_max(a->word[0], strlen(a->word[0]), UINT32_MAX, &batch) != 0) {
        if (strlen(a->word[0]) >= sizeof h->name || kept_named(&w->found, a->word[0]) != 0) {
            return fail(w, ERR_BATCH_NONE, "", NULL);
        }
        memcpy(h->name, a->word[0], strlen(a->word[0]) + 1);
    }
    h->batch = (uint32_t)batch;
    if (a->seq != NULL && num_u64_max(a->seq, strlen(a->seq), UINT32_MAX, &seq) != 0) {
        return fail(w, ERR_USAGE, "--seq takes the number that `ocbulk queue --json` shows", NULL);
    }
    h->seq = (uint32_t)seq;
    h->all = a->all;
    h->forget = a->forget;
    if (a->words > 1 && !job_id_ok(a->word[1])) {
        return fail(w, ERR_USAGE, "a job id has only letters, digits and . _ -", NULL);
    }
    if (a->words > 1) {
        memcpy(h->job, a->word[1], strlen(a->word[1]) + 1);
    }
    return 0;
}

static bool is_upsert(const struct app *a, const char *object)
{
    return config_object(&a->config, object)->identifier[0] != '\0';
}

/* What was meant: a batch of the journal, or a file. */
static int find(struct work *w)
{
    const struct hand *h = &w->hand;
    struct range *r = h->batch != 0 ? ledger_find(&w->look.ledger, h->batch) : NULL;
    int n = 1;

    w->item.look = &w->look;
    if (r != NULL) {
        w->item.range = r;
        w->item.object = w->look.ledger.object[r->object].is.name;
        return 0;
    }
    if (h->batch != 0) {
        n = kept_find(&w->found, &w->spool.flash, h->batch);
    }
    n = n == 1 ? kept_there(&w->spool.flash, &w->found.place) : n;
    n = n == 0 ? ERR_BATCH_NONE : n;
    n = n > 0 ? queue_look_reason(&w->look, &w->found.place, &w->file) : n;
    w->item.file = &w->file;
    w->item.object = w->found.object;
    w->item.upsert = is_upsert(w->app, w->found.object);
    return n;
}

static int refuse_followed(struct work *w)
{
    struct line what, fix;

    line_set(&what, "its job ");
    line_put(&what, w->item.range->is.id);
    line_put(&what, " is followed");
    line_set(&fix, "`ocbulk ");
    line_put(&fix, hand_verb_name((enum hand_verb)w->hand.verb));
    line_put(&fix, " ");
    queue_name(&fix, &w->item);
    line_put(&fix, " --forget` gives the job up");
    return fail(w, ERR_BATCH_STATE, what.text, fix.text);
}

static int refuse_repeat(struct work *w)
{
    uint32_t repeats = queue_repeats(&w->item);
    struct line what;

    line_set(&what, "a part");
    if (repeats != UINT32_MAX) {
        line_set(&what, "");
        line_u64(&what, repeats);
    }
    line_put(&what, " of its rows may be stored");
    return fail(w, ERR_BATCH_REPEAT, what.text, NULL);
}

/* In words, what would be refused anyway. */
static int check(struct work *w)
{
    const struct range *r = w->item.range;
    const struct hand *h = &w->hand;

    if (r != NULL && h->seq != 0 && h->seq != r->seq) {
        return fail(w, ERR_BATCH_STALE, "", NULL);
    }
    if (r != NULL && r->state == ENTRY_INTENT) {
        return fail(w, ERR_BATCH_STATE, "it is being sent", "wait for its outcome");
    }
    if (r != NULL && r->state == ENTRY_COMMIT && h->verb != HAND_ACCEPT) {
        return fail(w, ERR_BATCH_STATE, "it was sent, and its job is looked for",
                    "wait, or say that it is stored: `ocbulk accept BATCH [JOB]`");
    }
    if (r != NULL && r->state == ENTRY_CREATED && !h->forget) {
        return refuse_followed(w);
    }
    if (r == NULL && h->verb == HAND_RETRY && !h->all && queue_repeats(&w->item) > 0) {
        return refuse_repeat(w);
    }
    return 0;
}

static void on_object(void *ctx, const char *name, struct uploader_object *out)
{
    const struct work *w = ctx;

    daemon_rules_object(&w->app->config, name, out);
}

static int act(struct work *w)
{
    struct uploader *u = &w->uploader;
    const struct credentials none = {.from_environment = false};
    struct now now = clock_now();
    int err;

    daemon_rules(&w->rules, &w->app->config, &none, w->spool.flash.host);
    w->rules.object = on_object;
    w->rules.ctx = w;
    err = uploader_open(u, &w->rules, &w->spool.flash, &w->app->session.bulk, &now);
    return err == 0 ? uploader_hand(u, &w->hand) : err;
}

/* Who had the lock is gone, so what was asked of him is ours to do, unless he has done it. */
static int take_over(struct work *w, int *err)
{
    const struct flash *f = &w->spool.flash;
    int n = hand_answer(f, &w->hand, err);

    if (n == 0) {
        n = hand_done(f, &w->hand, act(w));
        n = n == 0 ? hand_answer(f, &w->hand, err) : n;
    }
    return n;
}

/* 1: done, or refused with *err; 0: nobody has answered so far; or an error. */
static int wait_for_answer(struct work *w, int *err)
{
    const struct timespec nap = {.tv_nsec = HAND_LOOK_MS * 1000000L};
    const struct flash *f = &w->spool.flash;
    uint64_t end_ms = clock_now().mono_ms + HAND_WAIT_MS;
    int n;

    do {
        (void)nanosleep(&nap, NULL);
        n = hand_answer(f, &w->hand, err);
        if (n == 0 && f->lock(f->ctx, SPOOL_LOCK, false) == 0) {
            return take_over(w, err);
        }
    } while (n == 0 && clock_now().mono_ms < end_ms);
    return n;
}

static int ask(struct work *w, bool *done)
{
    int answer = 0;
    int n = hand_put(&w->spool.flash, &w->hand);

    if (n == 0) {
        (void)wake_send(w->app->config.spool.run_dir, NULL); /* else it looks at its interval */
        n = wait_for_answer(w, &answer);
    }
    *done = n == 1;
    return n == 1 ? answer : n;
}

static const char *what_was_done(const struct work *w)
{
    switch (w->hand.verb) {
    case HAND_RETRY:
        return w->item.range != NULL ? ": its records will be sent again, as a new batch\n"
                                     : ": its rows are handed in again\n";
    case HAND_DROP:
        return ": thrown away\n";
    default:
        if (w->hand.job[0] == '\0') {
            return ": counted as stored\n";
        }
        return w->item.range != NULL ? ": the job is followed from now on\n"
                                     : ": counted as stored; it was set apart already, so its job "
                                       "is not followed\n";
    }
}

static void say_text(struct work *w, bool done)
{
    struct out *o = &w->app->out;
    struct line name;

    line_set(&name, "");
    queue_name(&name, &w->item);
    app_put_path(w->app, w->item.object);
    out_text(o, " ");
    app_put_path(w->app, name.text);
    out_text(o, done ? what_was_done(w)
                     : ": the daemon will do it once its transfer is over; `ocbulk queue` tells\n");
}

static void say(struct work *w, bool done)
{
    struct json_out *j = &w->app->json;
    uint32_t repeats = w->hand.verb == HAND_RETRY ? queue_repeats(&w->item) : 0;
    struct line name;

    if (!app_json(w->app)) {
        say_text(w, done);
        if (repeats > 0 && repeats != UINT32_MAX) {
            out_u64(&w->app->out, repeats);
            out_text(&w->app->out, " of its rows may be stored twice then\n");
        }
        return;
    }
    line_set(&name, "");
    queue_name(&name, &w->item);
    json_out_put_string(j, "batch", name.text);
    json_out_put_string(j, "object", w->item.object);
    json_out_put_string(j, "was", queue_state(&w->item));
    json_out_put_bool(j, "done", done);
    json_out_put_count(j, "repeats_at_most", repeats == UINT32_MAX ? -1 : (int64_t)repeats);
}

static int carry_out(struct work *w)
{
    bool done = true;
    int err = find(w);

    err = err != 0 ? fail(w, err, "", queue_fix(&w->spool, err)) : check(w);
    if (err != 0) {
        return err;
    }
    if (w->item.range != NULL && w->hand.seq == 0) {
        w->hand.seq = w->item.range->seq;
    }
    err = spool_lock(&w->spool);
    if (err != 0 && err != ERR_LOCKED) {
        return app_fail(w->app, err, w->spool.where.text, w->spool.fix.text);
    }
    err = err == 0 ? act(w) : ask(w, &done);
    if (err != 0) {
        return fail(w, err, "", queue_fix(&w->spool, err));
    }
    say(w, done);
    return 0;
}

static int run_hand(struct app *a, enum hand_verb verb)
{
    static struct work w;
    int err;

    w.app = a;
    w.hand.verb = (uint8_t)verb;
    err = read_words(&w);
    if (err != 0) {
        return err;
    }
    err = become_owner(a->config.spool.dir);
    err = err == 0 ? spool_open(&w.spool, &a->config, false) : err;
    if (err != 0) {
        return app_fail(a, err, w.spool.where.text, w.spool.fix.text);
    }
    err = queue_look(&w.look, &w.spool.flash);
    err = err == 0 ? carry_out(&w) : app_fail(a, err, w.spool.path, queue_fix(&w.spool, err));
    spool_close(&w.spool);
    return err;
}

static int run_retry(struct app *a)
{
    return run_hand(a, HAND_RETRY);
}

static int run_drop(struct app *a)
{
    return run_hand(a, HAND_DROP);
}

static int run_accept(struct app *a)
{
    return run_hand(a, HAND_ACCEPT);
}

#define COMMON_HELP                                                                                \
    "BATCH is what `ocbulk queue` calls it. Exit code 11 when it has changed meanwhile, or is "    \
    "in\n"                                                                                         \
    "a state in which that cannot be done.\n"                                                      \
    "      --forget  give up the job that is followed\n"                                           \
    "      --seq N   only if it is still as `ocbulk queue --json` showed it\n"

const struct command cmd_retry = {
    .name = "retry",
    .words = "BATCH [--all] [--forget]",
    .summary = "send again what is held, failed or in quarantine",
    .help = COMMON_HELP
    "      --all     all rows, though a part of them is stored and will be there twice\n",
    .letters = "aFs",
    .least = 1,
    .most = 1,
    .offline = true,
    .run = run_retry,
};

const struct command cmd_drop = {
    .name = "drop",
    .words = "BATCH [--forget]",
    .summary = "throw away what is held, failed or in quarantine; it is counted",
    .help = COMMON_HELP,
    .letters = "Fs",
    .least = 1,
    .most = 1,
    .offline = true,
    .run = run_drop,
};

const struct command cmd_accept = {
    .name = "accept",
    .words = "BATCH [JOB] [--forget]",
    .summary = "say that what is held is stored, and by which job",
    .help = COMMON_HELP "With JOB that job is followed, and its outcome counts.\n",
    .letters = "Fs",
    .least = 1,
    .most = 2,
    .offline = true,
    .run = run_accept,
};
