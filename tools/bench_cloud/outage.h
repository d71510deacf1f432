/* outage: a time in which the service is not there: each connection is reset, a new one at once, an
 * old one with its next byte. What was being answered gets no answer any more.
 *
 * Calls   From any thread. A later begin replaces an earlier one; 0 ms ends it. */
#ifndef BENCH_OUTAGE_H
#define BENCH_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

void outage_begin(int64_t ms);
int64_t outage_left(void); /* ms; 0: none */

#endif
