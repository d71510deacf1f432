/* LD_PRELOAD: kills the program at the OCB_KILL_AT-th call that changes something under the folder
 * OCB_KILL_DIR: before it, behind it or, of a write, in its middle (OCB_KILL_HOW: before, after,
 * torn). Without OCB_KILL_AT it kills nothing.
 * With OCB_KILL_HOW=eio or enospc it lives on, and that call and those behind it fail so,
 * OCB_KILL_FOR of them (1), without having done anything. A kill keeps what was written and not
 * synced, so it is no power cut: see tests/power for that. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REAL(type, name) ((type)real_of(name))

typedef void any(void);

static long calls;

static any *real_of(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    any *real;

    memcpy(&real, &found, sizeof real); /* POSIX has it that this is one */
    return real;
}

static int below(const char *path)
{
    const char *dir = getenv("OCB_KILL_DIR");

    return dir != NULL && strncmp(path, dir, strlen(dir)) == 0;
}

static int concerns(int fd)
{
    char link[64], path[4096];
    ssize_t n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return below(path);
}

static int concerns_at(int fd, const char *path)
{
    return path[0] == '/' ? below(path) : concerns(fd);
}

static int how(const char *word)
{
    const char *set = getenv("OCB_KILL_HOW");

    return strcmp(set != NULL ? set : "before", word) == 0;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    pause();
}

enum { FAILS = -1, PASSES, LAST };

static int fails(long since)
{
    const char *calls_of = getenv("OCB_KILL_FOR");

    errno = how("eio") ? EIO : ENOSPC;
    return since < (calls_of != NULL ? atol(calls_of) : 1) ? FAILS : PASSES;
}

/* Whether this is the call to die at, or one that fails. */
static int fatal(int concerned)
{
    const char *at = getenv("OCB_KILL_AT");

    if (!concerned || at == NULL || ++calls < atol(at)) {
        return PASSES;
    }
    if (how("eio") || how("enospc")) {
        return fails(calls - atol(at));
    }
    if (calls > atol(at)) {
        return PASSES;
    }
    if (how("before")) {
        die();
    }
    return LAST;
}

static long end(long result, int last)
{
    if (last == LAST) {
        die();
    }
    return result;
}

ssize_t write(int fd, const void *src, size_t len)
{
    ssize_t (*real)(int, const void *, size_t) =
        REAL(ssize_t(*)(int, const void *, size_t), "write");
    int last = fatal(concerns(fd));

    if (last == FAILS) {
        return -1;
    }
    return end(real(fd, src, last == LAST && how("torn") ? (len + 1) / 2 : len), last);
}

ssize_t pwrite(int fd, const void *src, size_t len, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        REAL(ssize_t(*)(int, const void *, size_t, off_t), "pwrite");
    int last = fatal(concerns(fd));

    if (last == FAILS) {
        return -1;
    }
    return end(real(fd, src, last == LAST && how("torn") ? (len + 1) / 2 : len, at), last);
}

ssize_t pwrite64(int fd, const void *src, size_t len, off64_t at)
{
    return pwrite(fd, src, len, at);
}

int fsync(int fd)
{
    int last = fatal(concerns(fd));

    if (last == FAILS) {
        return -1;
    }
    return (int)end(REAL(int (*)(int), "fsync")(fd), last);
}

int fdatasync(int fd)
{
    int last = fatal(concerns(fd));

    if (last == FAILS) {
        return -1;
    }
    return (int)end(REAL(int (*)(int), "fdatasync")(fd), last);
}

int ftruncate(int fd, off_t len)
{
    int last = fatal(concerns(fd));

    if (last == FAILS) {
        return -1;
    }
    return (int)end(REAL(int (*)(int, off_t), "ftruncate")(fd, len), last);
}

int ftruncate64(int fd, off64_t len)
{
    return ftruncate(fd, len);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    int (*real)(int, const char *, int, const char *) =
        REAL(int (*)(int, const char *, int, const char *), "renameat");
    int last = fatal(concerns_at(from_fd, from));

    if (last == FAILS) {
        return -1;
    }
    return (int)end(real(from_fd, from, to_fd, to), last);
}

int rename(const char *from, const char *to)
{
    int last = fatal(below(from));

    if (last == FAILS) {
        return -1;
    }
    return (int)end(REAL(int (*)(const char *, const char *), "rename")(from, to), last);
}

int unlinkat(int fd, const char *path, int flags)
{
    int last = fatal(concerns_at(fd, path));

    if (last == FAILS) {
        return -1;
    }
    return (int)end(REAL(int (*)(int, const char *, int), "unlinkat")(fd, path, flags), last);
}

int unlink(const char *path)
{
    int last = fatal(below(path));

    if (last == FAILS) {
        return -1;
    }
    return (int)end(REAL(int (*)(const char *), "unlink")(path), last);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
    int last = fatal(concerns_at(fd, path));

    if (last == FAILS) {
        return -1;
    }
    return (int)end(REAL(int (*)(int, const char *, mode_t), "mkdirat")(fd, path, mode), last);
}

/* For renameat2, which is called by its number. */
long syscall(long number, ...)
{
    long (*real)(long, ...) = REAL(long (*)(long, ...), "syscall");
    long arg[6];
    int last;
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 6; i++) {
        arg[i] = va_arg(list, long);
    }
    va_end(list);
    last = fatal(number == SYS_renameat2 && concerns_at((int)arg[0], (const char *)arg[1]));
    if (last == FAILS) {
        return -1;
    }
    return end(real(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]), last);
}
