/* fake_bulk: see fake_bulk.c. It defines what bulk.h declares, as far as an uploader uses it, and
 * exchange_deadline_ms, so that nothing of firmware/bulk and firmware/link is linked. */
#ifndef OCBULK_TESTS_POWER_FAKE_BULK_H
#define OCBULK_TESTS_POWER_FAKE_BULK_H

#include <stdint.h>

void fake_bulk_off(void);          /* power went: there is no call */
uint64_t fake_bulk_ready_ms(void); /* when the network has something for the call, monotonic */

#endif
