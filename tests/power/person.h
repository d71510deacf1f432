/* person: who sees to what is held, by leaving requests for the uploader. */
#ifndef OCBULK_TESTS_POWER_PERSON_H
#define OCBULK_TESTS_POWER_PERSON_H

#include "scene.h"

void person_ask(struct world *w, const struct act *a, const struct flash *flash); /* ACT_HAND */
void person_hand_in(struct world *w, const struct flash *flash);                  /* ACT_AGAIN */
/* What is held in doubt is accepted with its job, or sent again when the service has none: whether
 * there was any. */
bool person_settle(struct world *w, const struct flash *flash);

#endif
