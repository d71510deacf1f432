/* LD_PRELOAD: the OCB_SIGNAL_AT-th poll that could take long is preceded by SIGTERM: the moment in
 * which a program has looked at its signals and does not wait for them yet. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    static int (*real)(struct pollfd *, nfds_t, int);
    static long calls;
    const char *at = getenv("OCB_SIGNAL_AT");

    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "poll");

        memcpy(&real, &found, sizeof real); /* POSIX has it that this is a function */
    }
    if (at != NULL && timeout != 0 && ++calls == atol(at)) {
        kill(getpid(), SIGTERM);
    }
    return real(fds, count, timeout);
}
