/* run: the daemon, and one pass of it. */
#include "base/err.h"
#include "linux/daemon.h"
#include "linux/log.h"

/* The word behind --wait is its time: no other command has one, so --wait itself takes no value. */
static int read_wait(struct app *a, uint64_t *most_ms)
{
    *most_ms = RUN_WAIT_MS;
    if (a->args.wait && !a->args.once) {
        return app_fail(a, ERR_USAGE, "--wait belongs to --once", NULL);
    }
    if (a->args.words == 0) {
        return 0;
    }
    if (!a->args.wait) {
        return app_fail(a, ERR_USAGE, "a word too many",
                        "usage: ocbulk run [--once [--wait TIME]]");
    }
    if (!config_time(a->args.word[0], most_ms)) {
        return app_fail(a, ERR_USAGE, "--wait takes a time, such as 90s or 10m", NULL);
    }
    return 0;
}

static void put_counts(struct app *a, const struct uploader *u)
{
    const struct uploader_counts *c = &u->counts;

    if (app_json(a)) {
        json_out_put_u64(&a->json, "records_stored", c->records_done);
        json_out_put_u64(&a->json, "records_failed", c->records_failed);
        json_out_put_u64(&a->json, "records_quarantined", c->records_quarantined);
        json_out_put_u64(&a->json, "records_dropped", c->records_dropped);
        json_out_put_u64(&a->json, "jobs", c->jobs);
    }
}

/* What an outcome concerns: the service, while it is a call that failed. */
static const char *where_of(const struct daemon *d, int err)
{
    return err == d->uploader.last_err ? d->app->session.exchange.authority : d->spool.path;
}

static int run_run(struct app *a)
{
    static struct daemon d;
    uint64_t most_ms;
    int err = read_wait(a, &most_ms);

    if (err != 0) {
        return err;
    }
    err = daemon_begin(&d, a, a->args.once);
    if (err == 0) {
        log_put(a->args.once ? LOG_AT_INFO : LOG_AT_NOTICE,
                "version " OCBULK_VERSION " sends from ", d.spool.path);
        err = daemon_run(&d, most_ms);
        err = err == 0 ? 0 : app_fail(a, err, where_of(&d, err), NULL);
    }
    put_counts(a, &d.uploader);
    daemon_end(&d);
    return err;
}

const struct command cmd_run = {
    .name = "run",
    .words = "[--once [--wait TIME]]",
    .summary = "send what the spool has: as a daemon, or once",
    .help =
        "Takes over what `add` and others hand in, sends it in batches, follows the jobs, sets\n"
        "apart what failed, and settles what is unknown; a start goes on where the last one\n"
        "was cut. SIGTERM ends it, SIGHUP has configuration and credentials read again.\n"
        "      --once    send what is ready, follow its jobs until they are final, then exit\n"
        "  -w, --wait TIME   with --once: at most so long (10m); the next run goes on\n"
        "Exit code 11 when another process is at this spool. With --once also 10 while jobs\n"
        "run, 5 while records wait to be sent, 9 when batches are held.\n",
    .letters = "w1",
    .least = 0,
    .most = 1,
    .offline = true, /* it begins its session itself, behind the spool's lock */
    .run = run_run,
};
