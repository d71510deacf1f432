/* stop: SIGINT, SIGTERM and SIGHUP as a count that loops look at. */
#ifndef OCBULK_PORT_STOP_H
#define OCBULK_PORT_STOP_H

void stop_begin(void); /* once, before the first wait */
int stop_asked(void);  /* how many times */

#endif
