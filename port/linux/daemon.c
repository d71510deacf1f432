#include "linux/daemon.h"

#include "base/err.h"
#include "linux/clock.h"
#include "linux/daemon_rules.h"
#include "linux/log.h"
#include "linux/session_say.h"
#include "linux/stop.h"
#include "spool/hand.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

static void on_object(void *ctx, const char *name, struct uploader_object *out)
{
    const struct daemon *d = ctx;

    daemon_rules_object(d->config, name, out);
}

static void on_news(void *ctx, const struct uploader_news *n)
{
    struct daemon *d = ctx;

    daemon_say(&d->say, n, d->uploader.now.mono_ms);
    report_news(&d->report, n, d->uploader.now.wall_s);
}

static void on_clock(void *ctx, struct uploader_clock *out)
{
    (void)ctx;
    daemon_rules_clock(out);
}

static int open_spool(struct daemon *d)
{
    int err = spool_open(&d->spool, d->config, true);

    err = err == 0 ? spool_lock(&d->spool) : err;
    if (err != 0) {
        return app_fail(d->app, err, d->spool.where.text, d->spool.fix.text);
    }
    if (spool_warns(&d->spool) != NULL) {
        log_put(LOG_AT_WARNING, d->spool.path, ": ", spool_warns(&d->spool));
    }
    return 0;
}

/* Without it others are heard of at the interval. */
static void open_wake(struct daemon *d)
{
    const char *run_dir = d->config->spool.run_dir;

    if (wake_open(&d->wake, run_dir) != 0) {
        log_put(LOG_AT_WARNING, "nobody can wake the daemon: ", run_dir,
                "/wake: ", errno != 0 ? strerror(errno) : "another process listens there");
    }
}

/* A device that has just booted may have no random numbers yet; records can be added meanwhile. */
static void wait_for_entropy(const struct daemon *d)
{
    uint8_t probe;
    bool told = false;

    while (!d->once && stop_asked() == 0 && device_random(&probe, sizeof probe) == ERR_ENTROPY) {
        if (!told) {
            log_put(LOG_AT_NOTICE, err_what(ERR_ENTROPY), "; ", err_fix(ERR_ENTROPY));
            told = true;
        }
        (void)poll(NULL, 0, SESSION_WAIT_MAX_MS);
    }
}

static int open_uploader(struct daemon *d)
{
    struct session *s = &d->app->session;
    struct now now = clock_now();
    int err;

    d->rules.object = on_object;
    d->rules.say = on_news;
    d->rules.clock = on_clock;
    d->rules.ctx = d;
    daemon_take_rules(d);
    err = uploader_open(&d->uploader, &d->rules, &d->spool.flash, &s->bulk, &now);
    if (err != 0) {
        return app_fail(d->app, err, d->spool.path, NULL);
    }
    (void)hand_clean(&d->spool.flash); /* what it could not remove is in nobody's way */
    s->service.spool_id = d->uploader.journal.head.spool;
    return 0;
}

int daemon_begin(struct daemon *d, struct app *a, bool once)
{
    struct now now = clock_now();
    int err;

    d->app = a;
    d->config = &a->config;
    d->once = once;
    d->wake.fd = -1;
    d->say.session = &a->session;
    d->say.uploader = &d->uploader;
    report_init(&d->report, &d->spool, &d->uploader, now.wall_s);
    err = open_spool(d);
    if (err != 0) {
        return err;
    }
    wait_for_entropy(d);
    err = session_begin(&a->session, d->config, true);
    if (err != 0) {
        return app_fail_session(a, err);
    }
    err = open_uploader(d);
    if (err == 0 && !stop_watch(!once)) {
        err = app_fail(a, ERR_NO_ROOM, "no descriptor is left", NULL);
    }
    if (err == 0) {
        open_wake(d);
    }
    return err;
}

void daemon_end(struct daemon *d)
{
    struct now now = clock_now();

    if (d->uploader.rules != NULL) {
        report_close(&d->report, &now);
    }
    wake_close(&d->wake);
    spool_close(&d->spool);
}

/* Hints of others, a bounded number of them. */
static void take_hints(struct daemon *d)
{
    struct wake_hint hint;

    for (unsigned i = 0; i < WAKE_BURST_MAX && wake_take(&d->wake, &hint); i++) {
        uploader_look(&d->uploader, hint.job);
    }
}

static int timeout(uint64_t until_ms, uint64_t now_ms)
{
    uint64_t left = until_ms > now_ms ? until_ms - now_ms : 0;

    return left < INT_MAX ? (int)left : INT_MAX;
}

/* For what is wanted, a hint, a signal, or until_ms. */
static void wait_for(struct daemon *d, unsigned want, uint64_t until_ms)
{
    enum { SOCKET, WAKE, SIGNAL, FDS };
    struct pollfd p[FDS] = {[WAKE] = {.fd = wake_fd(&d->wake), .events = POLLIN},
                            [SIGNAL] = {.fd = stop_fd(), .events = POLLIN}};

    p[SOCKET].fd = sockets_watch(&d->app->session.sockets, want, &p[SOCKET].events);
    if (poll(p, FDS, timeout(until_ms, clock_now().mono_ms)) <= 0) {
        return;
    }
    if (p[WAKE].revents != 0) {
        take_hints(d);
    }
    if (p[SIGNAL].revents != 0) {
        stop_calm();
    }
}

/* A second signal does not wait for an answer any more. */
static bool look_at_signals(struct daemon *d)
{
    int asked = stop_asked();

    if (asked > d->stops) {
        if (d->stops == 0) {
            log_put(LOG_AT_NOTICE, "told to stop");
        }
        uploader_stop(&d->uploader);
        d->stops = asked;
    }
    return asked < 2;
}

/* What may be done between two calls only. */
static void at_rest(struct daemon *d, uint64_t now_ms)
{
    struct uploader *u = &d->uploader;

    if (stop_reload()) {
        daemon_reload(d, now_ms);
    } else if (u->wants_credentials || (!d->app->session.ready && now_ms >= d->again_ms)) {
        daemon_renew(d, now_ms);
    }
}

/* The calls of the uploader as -v shows those of every command. */
static enum want step(struct daemon *d, const struct now *now)
{
    struct uploader *u = &d->uploader;
    bool calls = u->task > UPLOADER_PLAN;
    enum want want = uploader_step(u, now);

    if (calls && u->task <= UPLOADER_PLAN) {
        session_say_call(&d->app->session, u->bulk->err);
        want = want == WANT_TIME ? WANT_STEP : want; /* what is due next is known behind a choice */
    }
    return want;
}

/* once: nothing is left to do, or not before the end. */
static bool is_over(const struct daemon *d, enum want want, uint64_t now_ms)
{
    const struct uploader *u = &d->uploader;
    bool rests = want == WANT_TIME && u->task == UPLOADER_IDLE;

    return now_ms >= d->end_ms ||
           (rests && u->flash_err == 0 && (uploader_settled(u) || u->call_ms > d->end_ms));
}

static void rest(struct daemon *d, enum want want, const struct now *now)
{
    uint64_t until_ms = report_look(&d->report, now);
    uint64_t next_ms = d->app->session.ready ? uploader_deadline_ms(&d->uploader) : d->again_ms;

    until_ms = next_ms < until_ms ? next_ms : until_ms;
    until_ms = d->end_ms < until_ms ? d->end_ms : until_ms;
    wait_for(d, want, until_ms);
}

/* What a run that ends now leaves behind, as an error for its exit code. */
static int left_over(const struct uploader *u)
{
    int err = u->worst;

    for (uint16_t i = 0; i < u->ledger.ranges; i++) {
        static const int left[ENTRY_TYPES] = {[ENTRY_COMMIT] = ERR_OUTCOME_UNKNOWN,
                                              [ENTRY_HELD] = ERR_HELD,
                                              [ENTRY_CREATED] = ERR_STILL_RUNNING};

        err = exit_worse(err, left[u->ledger.range[i].state]);
    }
    if (err == 0 && !uploader_settled(u)) {
        err = u->flash_err != 0 ? u->flash_err : u->last_err != 0 ? u->last_err : ERR_UNSENT;
    }
    return err;
}

int daemon_run(struct daemon *d, uint64_t most_ms)
{
    struct uploader *u = &d->uploader;
    bool over = false;

    d->end_ms = d->once ? clock_now().mono_ms + most_ms : UINT64_MAX;
    while (look_at_signals(d)) {
        struct now now = clock_now();
        enum want want = WANT_TIME;

        if (u->task == UPLOADER_IDLE) {
            at_rest(d, now.mono_ms);
        }
        if (d->app->session.ready) {
            want = step(d, &now);
        }
        if (want == WANT_NOTHING || (!d->app->session.ready && d->stops > 0)) {
            break;
        }
        if (d->once && !over && is_over(d, want, now.mono_ms)) {
            over = true;
            uploader_stop(u);
        } else if (want != WANT_STEP) {
            rest(d, want, &now);
        }
    }
    return u->err != 0 ? u->err : d->once ? left_over(u) : 0;
}
