/* stop: SIGINT, SIGTERM and SIGHUP as counts that loops look at.
 *
 * Signals that the parent ignores (nohup, a shell's &) stay ignored.
 *
 * State   Process-wide, as signals are. */
#ifndef OCBULK_PORT_STOP_H
#define OCBULK_PORT_STOP_H

#include <stdbool.h>

void stop_begin(void); /* once, before the first wait */
int stop_asked(void);  /* how many times */

/* For who waits longer than a moment, behind stop_begin: each signal makes stop_fd readable, so
 * that none that comes between a look and a wait is slept over. reloads: SIGHUP does not stop, see
 * stop_reload. False: no descriptor is left. */
bool stop_watch(bool reloads);
int stop_fd(void);      /* -1 before stop_watch */
void stop_calm(void);   /* stop_fd is no longer readable; look at the counts behind it */
bool stop_reload(void); /* whether SIGHUP came since the last call */

#endif
