/* LD_PRELOAD: the wall clock of a device without a battery: 1970. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec *out)
{
    static int (*real)(clockid_t, struct timespec *);

    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "clock_gettime");

        memcpy(&real, &found, sizeof real); /* POSIX has it that this is a function */
    }
    int bad = real(id, out);

    if (bad == 0 && id == CLOCK_REALTIME) {
        out->tv_sec %= 1000000;
    }
    return bad;
}
