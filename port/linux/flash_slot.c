/* The descriptors that stay open, and the way to a name: each folder on it is opened by itself,
 * because only so no link is followed on any kernel. */
#include "base/err.h"
#include "base/text.h"
#include "linux/flash_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int flash_fail(struct flash_dir *d, int other)
{
    d->sys = errno;
    switch (errno) {
    case ENOENT:
        return ERR_FLASH_NONE;
    case EEXIST:
        return ERR_FLASH_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return ERR_FLASH_FULL;
    case EROFS:
        return ERR_FLASH_READONLY;
    default:
        return other;
    }
}

bool flash_shared(const char *name)
{
    static const char outbox[] = "outbox";
    size_t len = sizeof outbox - 1;

    return strncmp(name, outbox, len) == 0 && (name[len] == 0 || name[len] == '/');
}

mode_t flash_file_mode(const char *name)
{
    return flash_shared(name) ? 0660 : 0600;
}

/* The mode holds from the first moment: a file that one user made and could not open up any more
 * would shut out the others for good. */
int flash_open_at(struct flash_dir *d, int folder, const char *leaf, int flags, mode_t mode)
{
    mode_t mask = (flags & O_CREAT) != 0 ? umask(0) : 0;
    int fd;

    do {
        d->counts.opens++;
        fd = openat(folder, leaf, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, mode);
    } while (fd < 0 && errno == EINTR);
    if ((flags & O_CREAT) != 0) {
        (void)umask(mask);
    }
    return fd;
}

void flash_leave(const struct flash_dir *d, int folder)
{
    int sys = errno;

    if (folder >= 0 && folder != d->fd) {
        (void)close(folder);
    }
    errno = sys;
}

static bool is_part(const char *part, size_t len)
{
    return len > 0 && len < FLASH_FILE_CAP && !(len == 1 && part[0] == '.') &&
           !(len == 2 && part[0] == '.' && part[1] == '.');
}

/* From folder, which it leaves, to the one called part there. */
static int step_into(struct flash_dir *d, int folder, const char *part, size_t len)
{
    char name[FLASH_FILE_CAP];
    int next = -1;

    if (is_part(part, len)) {
        memcpy(name, part, len);
        name[len] = 0;
        next = flash_open_at(d, folder, name, O_RDONLY | O_DIRECTORY, 0);
    } else {
        errno = EINVAL;
    }
    flash_leave(d, folder);
    return next;
}

int flash_enter(struct flash_dir *d, const char *name, const char **leaf)
{
    int folder = d->fd;
    const char *slash;

    while (folder >= 0 && (slash = strchr(name, '/')) != NULL) {
        folder = step_into(d, folder, name, (size_t)(slash - name));
        name = slash + 1;
    }
    if (folder >= 0 && !is_part(name, strlen(name))) {
        flash_leave(d, folder);
        errno = EINVAL;
        return -1;
    }
    *leaf = name;
    return folder;
}

int flash_enter_folder(struct flash_dir *d, const char *name)
{
    const char *leaf;
    int folder;

    if (name[0] == 0) {
        return flash_open_at(d, d->fd, ".", O_RDONLY | O_DIRECTORY, 0);
    }
    folder = flash_enter(d, name, &leaf);
    return folder < 0 ? -1 : step_into(d, folder, leaf, strlen(leaf));
}

/* EINVAL: this kind of file system syncs no folders; flash_weakness names those. */
int flash_sync_folder(struct flash_dir *d, int folder)
{
    d->counts.syncs++;
    return fsync(folder) != 0 && errno != EINVAL ? -1 : 0;
}

static void drop(struct flash_slot *slot)
{
    if (slot->fd >= 0) {
        (void)close(slot->fd);
        slot->fd = -1;
    }
}

void flash_slot_drop(struct flash_dir *d, const char *name)
{
    for (size_t i = 0; i < FLASH_SLOTS; i++) {
        if (strcmp(d->slot[i].name, name) == 0) {
            drop(&d->slot[i]);
        }
    }
}

void flash_slot_drop_all(struct flash_dir *d)
{
    for (size_t i = 0; i < FLASH_SLOTS; i++) {
        drop(&d->slot[i]);
    }
}

bool flash_slot_is(const struct flash_dir *d, const struct flash_slot *slot)
{
    struct stat st;

    return fstatat(d->fd, slot->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == slot->dev &&
           st.st_ino == slot->ino;
}

/* What is open to append can be read as well. */
static struct flash_slot *find(struct flash_dir *d, const char *name, enum flash_use use)
{
    for (size_t i = FLASH_SLOTS; i-- > (use == FLASH_USE_READ ? 0 : 1);) {
        struct flash_slot *slot = &d->slot[i];

        if (slot->fd < 0 || strcmp(slot->name, name) != 0) {
            continue;
        }
        if (!flash_shared(name) || flash_slot_is(d, slot)) {
            d->recent = i > 0 ? (uint8_t)i : d->recent;
            return slot;
        }
        drop(slot);
    }
    return NULL;
}

/* 0, or -1 with the descriptor closed. An empty file may be one whose maker died before its folder
 * was synced; one that has bytes never is. */
static int settle(struct flash_dir *d, struct flash_slot *slot, int folder, enum flash_use use)
{
    struct stat st;
    int bad = fstat(slot->fd, &st);

    if (bad == 0 && !S_ISREG(st.st_mode)) {
        errno = EINVAL;
        bad = -1;
    }
    if (bad == 0 && use == FLASH_USE_MAKE && st.st_size == 0) {
        bad = flash_sync_folder(d, folder);
    }
    if (bad != 0) {
        int sys = errno;

        drop(slot);
        errno = sys;
        return -1;
    }
    slot->dev = (uint64_t)st.st_dev;
    slot->ino = (uint64_t)st.st_ino;
    return 0;
}

static struct flash_slot *spare(struct flash_dir *d, enum flash_use use)
{
    if (use == FLASH_USE_READ) {
        return &d->slot[0];
    }
    d->recent = d->recent == 1 ? 2 : 1;
    return &d->slot[d->recent];
}

int flash_slot_fd(struct flash_dir *d, const char *name, enum flash_use use)
{
    /* Not waiting is for a FIFO put there by mistake; to append, none is waited for anyway. */
    static const int flags[] = {[FLASH_USE_READ] = O_RDONLY | O_NONBLOCK,
                                [FLASH_USE_WRITE] = O_RDWR | O_APPEND,
                                [FLASH_USE_MAKE] = O_RDWR | O_APPEND | O_CREAT};
    struct flash_slot *slot = find(d, name, use);
    const char *leaf;
    int folder;

    if (slot != NULL) {
        return slot->fd;
    }
    slot = spare(d, use);
    drop(slot);
    folder = flash_enter(d, name, &leaf);
    if (folder < 0) {
        return -1;
    }
    slot->fd = flash_open_at(d, folder, leaf, flags[use], flash_file_mode(name));
    if (text_copy(slot->name, sizeof slot->name, name) < 0) {
        drop(slot);
        errno = ENAMETOOLONG;
    }
    if (slot->fd >= 0) {
        (void)settle(d, slot, folder, use);
    }
    flash_leave(d, folder);
    return slot->fd;
}
