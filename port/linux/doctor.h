/* doctor: what could keep the records from the service, looked at one after the other.
 *
 * A line for each: `ok`, `warn` (it works, but), `FAIL` with what to do, or `skip` where what
 * stands before it failed. Nothing is sent but one GET, nothing is changed; the daemon may run.
 *
 * Memory  One struct, the owner's.
 * Calls   The checks in any order, doctor_link behind a session that was begun. */
#ifndef OCBULK_PORT_LINUX_DOCTOR_H
#define OCBULK_PORT_LINUX_DOCTOR_H

#include "linux/app.h"

enum doctor_state { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL, DOCTOR_SKIP };

struct doctor {
    struct app *app;
    int worst; /* error of the worst FAIL, or 0 */
    uint64_t fails;
    bool known[CONFIG_OBJECTS_MAX]; /* the service has this object of the configuration */
    bool asked_known;               /* and the one that was asked about */
    uint64_t objects;
};

/* err: what FAIL is told as, and whose fix stands in when there is none (NULL). */
void doctor_fail(struct doctor *d, const char *check, int err, const char *what, const char *fix);
void doctor_say(struct doctor *d, enum doctor_state state, const char *check, const char *what,
                const char *fix);

void doctor_link(struct doctor *d); /* resolver, connection, TLS, credentials, clock, objects */
void doctor_spool(struct doctor *d);

#endif
