#include "base/err.h"
#include "linux/daemon.h"
#include "linux/daemon_rules.h"
#include "linux/log.h"

#include <string.h>

void daemon_take_rules(struct daemon *d)
{
    daemon_rules(&d->rules, d->config, &d->app->session.credentials, d->spool.dir.host);
    d->rules.seal_now = d->once;
    d->uploader.schedule.rules = d->rules.schedule;
    report_files(&d->report, d->config);
}

/* The session for a configuration: whether it is in force now. */
static bool take_up(struct daemon *d, const struct config *config)
{
    struct session *s = &d->app->session;
    int err = session_again(s, config);

    if (err != 0) {
        log_error(err, s->where.text, NULL);
        return false;
    }
    d->config = config;
    daemon_take_rules(d);
    uploader_service(&d->uploader, &s->bulk, true);
    return true;
}

/* Nothing can be called without one: it is tried again, and everything else waits. */
static void mind_session(struct daemon *d, uint64_t now_ms)
{
    d->report.no_session = !d->app->session.ready;
    d->again_ms = now_ms + RUN_AGAIN_MS;
}

void daemon_renew(struct daemon *d, uint64_t now_ms)
{
    if (!take_up(d, d->config) && d->app->session.ready) {
        /* Those that were refused are all there is: their own test comes within the hour. */
        uploader_service(&d->uploader, &d->app->session.bulk, true);
        d->uploader.account_ms = now_ms + UPLOADER_HOLD_MS;
    }
    mind_session(d, now_ms);
}

static void say_what_waits(const struct config *old, const struct config *fresh)
{
    if (strcmp(old->spool.dir, fresh->spool.dir) != 0 ||
        strcmp(old->spool.run_dir, fresh->spool.run_dir) != 0) {
        log_put(LOG_AT_WARNING, "`dir` and `run_dir` of [spool] change with the next start");
    }
}

void daemon_reload(struct daemon *d, uint64_t now_ms)
{
    struct app *a = d->app;
    const struct config *old = d->config;
    struct config *fresh = old == &a->config ? &d->spare : &a->config;
    struct config_error e;
    int err = config_load(fresh, a->args.config, a->args.flag, &e);

    if (err != 0) {
        log_error(err, e.where, e.fix);
    } else if (take_up(d, fresh)) {
        app_log(a, fresh);
        say_what_waits(old, fresh);
        log_put(LOG_AT_NOTICE, "configuration and credentials were read again");
        mind_session(d, now_ms);
        return;
    } else if (!a->session.ready) {
        (void)take_up(d, old);
    }
    log_put(LOG_AT_WARNING, "what was in force before stays so");
    mind_session(d, now_ms);
}
