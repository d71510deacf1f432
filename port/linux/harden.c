#include "linux/harden.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

void harden_process(void)
{
    static const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    umask(077);
    signal(SIGPIPE, SIG_IGN);
}

void harden_secrets(const void *at, size_t len)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = (uintptr_t)at & ~(page - 1);
    size_t span = ((uintptr_t)at + len) - from;

    madvise((void *)from, span, MADV_DONTDUMP); /* whole pages: what else is in them goes too */
    mlock((void *)from, span);
}

void harden_forget_env(const char *name)
{
    char *value = getenv(name);

    if (value != NULL) {
        explicit_bzero(value, strlen(value));
        unsetenv(name);
    }
}
