#include "linux/flash.h"

#include "base/err.h"
#include "linux/flash_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int64_t flash_size(void *ctx, const char *name)
{
    struct flash_dir *d = ctx;
    int fd = flash_slot_fd(d, name, FLASH_USE_READ);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        return flash_fail(d, ERR_FLASH_READ);
    }
    return st.st_size;
}

static int flash_read_at(void *ctx, const char *name, uint64_t at, uint8_t *dst, size_t cap)
{
    struct flash_dir *d = ctx;
    int fd = flash_slot_fd(d, name, FLASH_USE_READ);
    ssize_t n = -1;

    if (fd < 0) {
        return flash_fail(d, ERR_FLASH_READ);
    }
    if (at > (uint64_t)INT64_MAX - INT_MAX) { /* no file is that long, and pread would say EINVAL */
        return 0;
    }
    do {
        d->counts.reads++;
        n = pread(fd, dst, cap < INT_MAX ? cap : INT_MAX, (off_t)at);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? flash_fail(d, ERR_FLASH_READ) : (int)n;
}

static int write_all(struct flash_dir *d, int fd, const uint8_t *src, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, src, len);

        d->counts.writes++;
        if (n > 0) {
            d->counts.bytes += (uint64_t)n;
            src += n;
            len -= (size_t)n;
        } else if (n == 0) {
            errno = EIO;
            return -1;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

static int flash_append(void *ctx, const char *name, const uint8_t *src, size_t len)
{
    struct flash_dir *d = ctx;
    int fd = flash_slot_fd(d, name, FLASH_USE_MAKE);

    return fd < 0 || write_all(d, fd, src, len) != 0 ? flash_fail(d, ERR_FLASH_WRITE) : 0;
}

static int flash_truncate(void *ctx, const char *name, uint64_t len)
{
    struct flash_dir *d = ctx;
    int fd = flash_slot_fd(d, name, FLASH_USE_WRITE);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        return flash_fail(d, ERR_FLASH_WRITE);
    }
    if (len >= (uint64_t)st.st_size) {
        return 0;
    }
    while (ftruncate(fd, (off_t)len) != 0) {
        if (errno != EINTR) {
            return flash_fail(d, ERR_FLASH_WRITE);
        }
    }
    return 0;
}

/* fsync on what was opened to read is as good, and a producer's file may be opened no other way. */
static int flash_sync(void *ctx, const char *name)
{
    struct flash_dir *d = ctx;
    int fd = flash_slot_fd(d, name, FLASH_USE_READ);

    if (fd < 0) {
        return flash_fail(d, ERR_FLASH_WRITE);
    }
    d->counts.syncs++;
    if (fsync(fd) != 0) {
        int err = flash_fail(d, ERR_FLASH_WRITE);

        flash_slot_drop(d, name); /* it has told its failure: another fsync would say 0 */
        return err;
    }
    return 0;
}

static int64_t flash_room(void *ctx)
{
    struct flash_dir *d = ctx;
    struct statvfs fs;
    uint64_t unit;

    if (fstatvfs(d->fd, &fs) != 0) {
        return flash_fail(d, ERR_FLASH_READ);
    }
    unit = fs.f_frsize > 0 ? fs.f_frsize : 1;
    return fs.f_bavail < INT64_MAX / unit ? (int64_t)(fs.f_bavail * unit) : INT64_MAX;
}

static int open_top(struct flash_dir *d, const char *path, int flags)
{
    *d = (struct flash_dir){.fd = open(path, flags | O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    d->sys = d->fd < 0 ? errno : 0;
    for (size_t i = 0; i < FLASH_SLOTS; i++) {
        d->slot[i].fd = -1;
    }
    for (size_t i = 0; i < FLASH_LOCKS; i++) {
        d->lock[i].fd = -1;
    }
    return d->fd < 0 ? ERR_SPOOL_DIR : 0;
}

int flash_open(struct flash_dir *d, const char *path)
{
    int err = open_top(d, path, 0);

    d->boot = flash_boot();
    d->host = flash_host();
    return err;
}

int flash_open_own(struct flash_dir *d, const char *path)
{
    struct stat st;

    if (open_top(d, path, O_NOFOLLOW) != 0) {
        return ERR_SPOOL_DIR;
    }
    if (fstat(d->fd, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & 022) != 0) {
        flash_close(d);
        d->sys = EPERM;
        return ERR_SPOOL_DIR;
    }
    return 0;
}

struct flash flash_of(struct flash_dir *d)
{
    return (struct flash){
        .ctx = d,
        .boot = d->boot,
        .host = d->host,
        .size = flash_size,
        .read_at = flash_read_at,
        .append = flash_append,
        .truncate = flash_truncate,
        .sync = flash_sync,
        .rename = flash_rename,
        .remove = flash_remove,
        .folder = flash_folder,
        .list = flash_list,
        .still = flash_still,
        .room = flash_room,
        .lock = flash_lock,
        .unlock = flash_unlock,
    };
}

void flash_close(struct flash_dir *d)
{
    flash_slot_drop_all(d);
    for (size_t i = 0; i < FLASH_LOCKS; i++) {
        if (d->lock[i].fd >= 0) {
            flash_unlock(d, d->lock[i].name);
        }
    }
    if (d->fd >= 0) {
        (void)close(d->fd);
        d->fd = -1;
    }
}
