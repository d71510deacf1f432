/* replay: what the journal would tell a restart, against what the uploader has in RAM. */
#ifndef OCBULK_TESTS_POWER_REPLAY_H
#define OCBULK_TESTS_POWER_REPLAY_H

#include "sync/uploader.h"
#include "world.h"

void replay_check(struct world *w, const struct uploader *up, const struct flash *flash);

#endif
