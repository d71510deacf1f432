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

/* The same again after an hour: without a session it is tried each minute. */
static void tell(struct daemon *d, int err, uint64_t now_ms)
{
    if (err != d->told_err || now_ms - d->told_ms >= SAY_AGAIN_MS) {
        log_error(err, d->app->session.where.text, NULL);
        d->told_err = err;
        d->told_ms = now_ms;
    }
}

/* The session for a configuration: whether it is in force now. */
static bool take_up(struct daemon *d, const struct config *config, uint64_t now_ms)
{
    struct session *s = &d->app->session;
    int err = session_again(s, config);

    d->report.no_session = !s->ready;
    d->again_ms = now_ms + RUN_AGAIN_MS;
    if (err != 0) {
        tell(d, err, now_ms);
        return false;
    }
    d->told_err = 0;
    d->config = config;
    daemon_take_rules(d);
    uploader_service(&d->uploader, &s->bulk, true);
    return true;
}

void daemon_renew(struct daemon *d, uint64_t now_ms)
{
    if (!take_up(d, d->config, now_ms) && d->app->session.ready) {
        /* Those that were refused are all there is. */
        uploader_service(&d->uploader, &d->app->session.bulk, true);
    }
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

    d->told_err = 0; /* who asks for it is told */
    if (err != 0) {
        log_error(err, e.where, e.fix);
    } else if (take_up(d, fresh, now_ms)) {
        app_log(a, fresh);
        say_what_waits(old, fresh);
        log_put(LOG_AT_NOTICE, "configuration and credentials were read again");
        return;
    } else if (!a->session.ready) {
        (void)take_up(d, old, now_ms);
    }
    log_put(LOG_AT_WARNING, "what was in force before stays so");
}
