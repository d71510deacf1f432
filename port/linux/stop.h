/* stop: SIGINT, SIGTERM and SIGHUP as counts that loops look at.
 *
 * SIGHUP stops as the others do, until stop_watch: a daemon reads its configuration again for it.
 * Signals that the parent ignores (nohup, a shell's &) stay ignored.
 *
 * State   Process-wide, as signals are. */
#ifndef OCBULK_PORT_STOP_H
#define OCBULK_PORT_STOP_H

#include <stdbool.h>

void stop_begin(void); /* once, before the first wait */
int stop_asked(void);  /* how many times */

/* For a daemon, behind stop_begin: SIGHUP asks to reload, and each signal makes stop_fd readable,
 * so that none that comes between a look and a wait is slept over. False: no descriptor is left. */
bool stop_watch(void);
int stop_fd(void);      /* -1 before stop_watch */
void stop_calm(void);   /* stop_fd is no longer readable; look at the counts behind it */
bool stop_reload(void); /* whether SIGHUP came since the last call */

#endif
