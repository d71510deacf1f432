/* clock: the two clocks a step wants, read together. */
#ifndef OCBULK_PORT_LINUX_CLOCK_H
#define OCBULK_PORT_LINUX_CLOCK_H

#include "base/device.h"

struct now clock_now(void);

#endif
