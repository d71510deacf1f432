/* clock: the two clocks a step wants, read together, and whether to believe the second. */
#ifndef OCBULK_PORT_LINUX_CLOCK_H
#define OCBULK_PORT_LINUX_CLOCK_H

#include "base/device.h"

struct now clock_now(void);
bool clock_synced(void); /* the kernel says that the wall clock follows a time server */

#endif
