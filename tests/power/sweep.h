/* sweep: one scene, lived again and again, power going in each of its operations: each change of
 * flash (in every way a cut can look, and the program killed behind it) and each step of a call;
 * then in each operation of what follows. What was found is printed. */
#ifndef OCBULK_TESTS_POWER_SWEEP_H
#define OCBULK_TESTS_POWER_SWEEP_H

#include "scene.h"

struct sweep {
    unsigned stride;            /* every how many-th operation is cut; 1: each */
    unsigned pair_stride;       /* of the second cut, in what follows the first; 0: no pairs */
    unsigned cuts, pairs, same; /* tried; same: recoveries left out, as they were lived before */
    unsigned failed;            /* runs with a breach */
    unsigned ops, steps, compactions; /* of the life that nobody cuts */
};

/* The short forms are for builds of any speed. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SWEEP_SLOW 4
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SWEEP_SLOW 4
#endif
#if !defined(SWEEP_SLOW)
#define SWEEP_SLOW 1
#endif

void sweep_scene(struct sweep *s, const struct scene *scene);

#endif
