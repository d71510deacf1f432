/* daemon: what `ocbulk run` is: the uploader over the spool of the configuration and a session, and
 * the one wait for socket, wake socket, signals and time.
 *
 * It does not end for trouble of network, service or flash, and has no wake-ups but its timers.
 * SIGHUP, and a 401 once, have configuration, credentials, CA file and client certificate read
 * again while no call runs; what cannot be used is told, and what was in force stays. A change of
 * the spool's folder or of run_dir waits for the next start.
 *
 * Memory  One struct, the owner's; the app's configuration and session serve it.
 * Calls   begin, run, end; end also behind a begin that failed.
 * Errors  begin: those of spool_dir, session and uploader_open, told already. run: see below. */
#ifndef OCBULK_PORT_LINUX_DAEMON_H
#define OCBULK_PORT_LINUX_DAEMON_H

#include "linux/app.h"
#include "linux/daemon_say.h"
#include "linux/report.h"
#include "linux/spool_dir.h"
#include "linux/wake.h"
#include "sync/uploader.h"

struct daemon {
    struct app *app;
    const struct config *config; /* in force: the app's, or `spare` */
    struct config spare;
    struct spool_dir spool;
    struct wake wake;
    struct uploader uploader;
    struct uploader_rules rules;
    struct daemon_say say;
    struct report report;
    bool once;
    uint64_t end_ms;   /* once: when it ends at the latest, monotonic */
    uint64_t again_ms; /* without a session: the next try */
    int told_err;      /* why there is none, as it was last told, and when */
    uint64_t told_ms;
    int stops; /* signals that were heeded */
};

int daemon_begin(struct daemon *d, struct app *a, bool once);
/* Until a signal or, once, until nothing is left to do now or most_ms are over. 0, or what ended
 * it: the uploader's error; once also the worst outcome and what still waits. */
int daemon_run(struct daemon *d, uint64_t most_ms);
void daemon_end(struct daemon *d);

/* daemon_reload: for daemon alone. */
void daemon_take_rules(struct daemon *d); /* those of d->config and the session's credentials */
void daemon_reload(struct daemon *d, uint64_t now_ms); /* for SIGHUP */
/* The session anew for d->config: for credentials that were refused, or when there is none. */
void daemon_renew(struct daemon *d, uint64_t now_ms);

#endif
