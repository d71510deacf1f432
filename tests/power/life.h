/* life: lives a scene from where the world stands, until all is at rest or power goes. */
#ifndef OCBULK_TESTS_POWER_LIFE_H
#define OCBULK_TESTS_POWER_LIFE_H

#include "world.h"

enum life_end {
    LIFE_REST,
    LIFE_CUT,
    LIFE_MARK,
    LIFE_STUCK /* it did not come to rest: a breach was noted */
};

enum life_end life_run(struct world *w);

#endif
