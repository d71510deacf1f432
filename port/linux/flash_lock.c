/* Who is at a file: the locks that processes agree by, and whether somebody still writes. */
#include "base/err.h"
#include "base/text.h"
#include "linux/flash_parts.h"

#include "limits.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct flash_slot *held(struct flash_dir *d, const char *name)
{
    for (size_t i = 0; i < FLASH_LOCKS; i++) {
        if (d->lock[i].fd >= 0 && strcmp(d->lock[i].name, name) == 0) {
            return &d->lock[i];
        }
    }
    return NULL;
}

static struct flash_slot *free_lock(struct flash_dir *d)
{
    for (size_t i = 0; i < FLASH_LOCKS; i++) {
        if (d->lock[i].fd < 0) {
            return &d->lock[i];
        }
    }
    return NULL;
}

static int open_lock(struct flash_dir *d, struct flash_slot *lock)
{
    const char *leaf;
    int folder = flash_enter(d, lock->name, &leaf);
    struct stat st;

    if (folder < 0) {
        return -1;
    }
    lock->fd = flash_open_at(d, folder, leaf, O_RDWR | O_CREAT, flash_file_mode(lock->name));
    flash_leave(d, folder);
    if (lock->fd < 0 || fstat(lock->fd, &st) != 0) {
        return -1;
    }
    lock->dev = (uint64_t)st.st_dev;
    lock->ino = (uint64_t)st.st_ino;
    return 0;
}

static void let_go(struct flash_slot *lock)
{
    int sys = errno;

    if (lock->fd >= 0) {
        (void)close(lock->fd); /* the lock goes with it */
        lock->fd = -1;
    }
    errno = sys;
}

/* A lock on a file that somebody has removed meanwhile keeps nobody out: once more then. */
static int take(struct flash_dir *d, struct flash_slot *lock, bool wait)
{
    for (;;) {
        if (open_lock(d, lock) != 0) {
            return -1;
        }
        while (flock(lock->fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
            if (errno != EINTR) {
                return -1;
            }
        }
        if (flash_slot_is(d, lock)) {
            return 0;
        }
        let_go(lock);
    }
}

int flash_lock(void *ctx, const char *name, bool wait)
{
    struct flash_dir *d = ctx;
    struct flash_slot *lock = free_lock(d);
    int err;

    assert(held(d, name) == NULL);
    assert(lock != NULL);
    if (text_copy(lock->name, sizeof lock->name, name) < 0) {
        errno = ENAMETOOLONG;
        return flash_fail(d, ERR_FLASH_WRITE);
    }
    if (take(d, lock, wait) != 0) {
        err = errno == EWOULDBLOCK ? ERR_LOCKED : ERR_FLASH_WRITE;
        err = flash_fail(d, err);
        let_go(lock);
        return err;
    }
    flash_slot_drop_all(d); /* whoever had the lock may have put other files behind these names */
    return 0;
}

void flash_unlock(void *ctx, const char *name)
{
    struct flash_slot *lock = held(ctx, name);

    assert(lock != NULL);
    let_go(lock);
}

/* 1 and 0 as flash_still; -1: the kernel does not tell us. It tells the owner of the file, and who
 * has CAP_LEASE. */
static int ask_kernel(int fd)
{
    /* Who opens the file just now raises a signal here, by default a deadly one. */
    if (fcntl(fd, F_SETSIG, SIGURG) != 0) {
        return -1;
    }
    if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0) {
        return errno == EAGAIN ? 0 : -1;
    }
    (void)fcntl(fd, F_SETLEASE, F_UNLCK);
    return 1;
}

/* A time that is still to come says nothing: the clock was another one then. */
static bool is_old(time_t then, time_t now)
{
    return then < now - FLASH_STILL_S;
}

int flash_still(void *ctx, const char *name)
{
    struct flash_dir *d = ctx;
    struct stat st;
    int still, fd;

    flash_slot_drop(d, name); /* our own descriptor counts as well */
    fd = flash_slot_fd(d, name, FLASH_USE_READ);
    if (fd < 0 || fstat(fd, &st) != 0) {
        return flash_fail(d, ERR_FLASH_READ);
    }
    still = ask_kernel(fd);
    if (still >= 0) {
        return still;
    }
    return is_old(st.st_mtime, time(NULL)) && is_old(st.st_ctime, time(NULL));
}
