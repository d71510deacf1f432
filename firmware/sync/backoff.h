/* backoff: how long to wait before the next try. Pure: randomness is an argument.
 *
 * Full jitter: anywhere from 0 to first_ms doubled for each try before, at most cap_ms, still
 * jittered there, so that devices that failed together do not come back together. */
#ifndef OCBULK_SYNC_BACKOFF_H
#define OCBULK_SYNC_BACKOFF_H

#include <stdint.h>

/* tries: failed ones so far, from 0; random: uniform over 32 bits. */
uint32_t backoff_ms(unsigned tries, uint32_t first_ms, uint32_t cap_ms, uint32_t random);
/* Around a planned pause, 3/4 to 5/4 of it: for polls, which must not come at once. */
uint32_t backoff_near_ms(uint32_t pause_ms, uint32_t random);

#endif
