/* producer: who makes records: `add`, and programs that hand in files. */
#ifndef OCBULK_TESTS_POWER_PRODUCER_H
#define OCBULK_TESTS_POWER_PRODUCER_H

#include "scene.h"
#include "sync/uploader.h"

void producer_add(struct world *w, const struct uploader_rules *rules, const struct flash *flash,
                  uint8_t object);
void producer_hand_in(struct world *w, const struct act *a);

#endif
