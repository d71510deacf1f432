#include "outage.h"

#include "text.h"

static int64_t until_ms;

void outage_begin(int64_t ms)
{
    __atomic_store_n(&until_ms, ms > 0 ? now_ms() + ms : 0, __ATOMIC_RELAXED);
}

int64_t outage_left(void)
{
    int64_t until = __atomic_load_n(&until_ms, __ATOMIC_RELAXED);
    int64_t left = until == 0 ? 0 : until - now_ms();

    return left > 0 ? left : 0;
}
