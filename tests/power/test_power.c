/* Power: the life of batches, cut in every operation. OCB_POWER=full: no strides, pairs of cuts;
 * OCB_POWER_SCENE: only the scenes with this in their name;
 * OCB_POWER_STRIDE, OCB_POWER_PAIRS: each how many-th operation, alone and as the second one. */
/* LIBS: -O2 tests/power/[!t]*.c */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned number(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

int main(void)
{
    const char *only = getenv("OCB_POWER_SCENE"), *how = getenv("OCB_POWER");
    bool full = how != NULL && strcmp(how, "full") == 0;
    unsigned passed = 0, failed = 0, cuts = 0, pairs = 0;

    for (unsigned i = 0; i < scenes_len; i++) {
        struct sweep s = {.stride = number("OCB_POWER_STRIDE", full ? 1 : 2 * SWEEP_SLOW),
                          .pair_stride = number("OCB_POWER_PAIRS", full ? 1 : 199 * SWEEP_SLOW)};

        if (only != NULL && strstr(scenes[i].name, only) == NULL) {
            continue;
        }
        sweep_scene(&s, &scenes[i]);
        printf("%s %s: %u operations, %u steps, %u compactions, %u cuts, %u pairs, %u the same, %u "
               "failed\n",
               s.failed == 0 ? "ok  " : "FAIL", scenes[i].name, s.ops, s.steps, s.compactions,
               s.cuts, s.pairs, s.same, s.failed);
        (void)fflush(stdout);
        passed += s.failed == 0;
        failed += s.failed != 0;
        cuts += s.cuts;
        pairs += s.pairs;
    }
    printf("%u cuts, %u pairs of cuts\n%u passed, %u failed\n", cuts, pairs, passed, failed);
    return failed != 0;
}
