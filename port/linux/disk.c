#include "linux/disk.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t disk_size(void *ctx)
{
    struct disk *d = ctx;
    struct stat st;

    if (fstat(d->fd, &st) != 0) {
        d->sys = errno;
        return ERR_FILE_READ;
    }
    return st.st_size;
}

static int disk_read_at(void *ctx, uint64_t at, uint8_t *dst, size_t cap)
{
    struct disk *d = ctx;
    ssize_t n;

    do {
        n = pread(d->fd, dst, cap, (off_t)at);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        d->sys = errno;
        return ERR_FILE_READ;
    }
    return (int)n;
}

static uint64_t identity(const struct stat *st)
{
    const uint64_t part[] = {(uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size,
                             (uint64_t)st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec};
    uint64_t id = 0;

    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        id = (id ^ part[i]) * 0x9E3779B97F4A7C15u;
    }
    return id;
}

int disk_open(struct disk *d, const char *path)
{
    struct stat st;

    *d = (struct disk){.file = {.ctx = d, .size = disk_size, .read_at = disk_read_at}};
    /* Non-blocking, so that a FIFO named by mistake is told instead of waited for. */
    d->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (d->fd < 0 || fstat(d->fd, &st) != 0) {
        d->sys = errno;
        disk_close(d);
        return ERR_FILE_OPEN;
    }
    if (!S_ISREG(st.st_mode)) {
        disk_close(d);
        return ERR_FILE_KIND;
    }
    d->id = identity(&st);
    return 0;
}

uint64_t disk_written_ns(const struct disk *d)
{
    struct stat st;

    if (fstat(d->fd, &st) != 0) {
        return 0;
    }
    return (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
}

void disk_close(struct disk *d)
{
    if (d->fd >= 0) {
        (void)close(d->fd);
        d->fd = -1;
    }
}
