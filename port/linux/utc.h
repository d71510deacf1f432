/* utc: a time in words, as RFC 3339 has it: 2026-11-25T09:30:00Z. */
#ifndef OCBULK_PORT_UTC_H
#define OCBULK_PORT_UTC_H

#include <stdint.h>

#define UTC_CAP 24 /* bytes with the final 0 */

void utc_text(char dst[UTC_CAP], int64_t ms); /* since 1970; "-" before, and beyond year 9999 */

#endif
