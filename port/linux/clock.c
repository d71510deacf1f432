#include "linux/clock.h"

#include <sys/timex.h>
#include <time.h>

struct now clock_now(void)
{
    struct timespec mono, wall;

    (void)clock_gettime(CLOCK_MONOTONIC, &mono);
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    return (struct now){
        .mono_ms = (uint64_t)mono.tv_sec * 1000 + (uint64_t)mono.tv_nsec / 1000000,
        .wall_s = wall.tv_sec,
    };
}

bool clock_synced(void)
{
    struct timex kernel = {.modes = 0};
    int state = adjtimex(&kernel);

    return state >= 0 && state != TIME_ERROR && (kernel.status & STA_UNSYNC) == 0;
}
