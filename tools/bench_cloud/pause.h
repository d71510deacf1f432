/* pause: waiting that ends when the program does. */
#ifndef BENCH_PAUSE_H
#define BENCH_PAUSE_H

#include <stdbool.h>

bool pause_ms(long ms); /* false: the program ends */
bool pause_over(void);
void pause_end(void); /* wakes all, now and for ever */

#endif
