/* What changes names: each call is on flash when it returns. */
#include "base/err.h"
#include "linux/flash_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NO_REPLACE 1u /* RENAME_NOREPLACE of linux/fs.h, which musl's compiler does not find */

/* A folder on the way to a name, and the name there. */
struct place {
    int folder;
    const char *leaf;
};

/* Where the kernel or the file system knows no NO_REPLACE, one look must do: a hard link could not
 * replace either, but a cut behind it would leave one file under two names, to be sent twice. */
static int move(const struct place *from, const struct place *to, bool replace)
{
    struct stat st;

    if (!replace) {
        if (syscall(SYS_renameat2, from->folder, from->leaf, to->folder, to->leaf, NO_REPLACE) ==
            0) {
            return 0;
        }
        if (errno != EINVAL && errno != ENOSYS) {
            return -1;
        }
        if (fstatat(to->folder, to->leaf, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            errno = EEXIST;
            return -1;
        }
    }
    return renameat(from->folder, from->leaf, to->folder, to->leaf);
}

/* The new name first: on a file system without a journal a cut may then leave two, never none. */
static int sync_both(struct flash_dir *d, int from, int to)
{
    struct stat a, b;

    if (fstat(from, &a) != 0 || fstat(to, &b) != 0 || flash_sync_folder(d, to) != 0) {
        return -1;
    }
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino ? 0 : flash_sync_folder(d, from);
}

int flash_rename(void *ctx, const char *from, const char *to, bool replace)
{
    struct flash_dir *d = ctx;
    struct place old, new;
    int err = 0;

    flash_slot_drop(d, from);
    flash_slot_drop(d, to);
    old.folder = flash_enter(d, from, &old.leaf);
    if (old.folder < 0) {
        return flash_fail(d, ERR_FLASH_WRITE);
    }
    new.folder = flash_enter(d, to, &new.leaf);
    d->counts.renames++;
    if (new.folder < 0 || move(&old, &new, replace) != 0 ||
        sync_both(d, old.folder, new.folder) != 0) {
        err = flash_fail(d, ERR_FLASH_WRITE);
    }
    flash_leave(d, new.folder);
    flash_leave(d, old.folder);
    return err;
}

/* The folder is synced even when there is no such file: who removed it may have died before. */
int flash_remove(void *ctx, const char *name)
{
    struct flash_dir *d = ctx;
    const char *leaf;
    int folder = flash_enter(d, name, &leaf);
    int err = 0;

    flash_slot_drop(d, name);
    if (folder < 0) {
        return errno == ENOENT ? 0 : flash_fail(d, ERR_FLASH_WRITE);
    }
    d->counts.removes++;
    if ((unlinkat(folder, leaf, 0) != 0 && errno != ENOENT) || flash_sync_folder(d, folder) != 0) {
        err = flash_fail(d, ERR_FLASH_WRITE);
    }
    flash_leave(d, folder);
    return err;
}

/* mkdir gives no set-group-id bit, except below a folder that has it. What is opened is not a link
 * that another of the group has put there meanwhile. */
static int share(struct flash_dir *d, int folder, const char *leaf)
{
    int fd = flash_open_at(d, folder, leaf, O_RDONLY | O_DIRECTORY, 0);
    int bad = fd < 0 ? -1 : fchmod(fd, 02770);

    flash_leave(d, fd);
    return bad;
}

static int make(struct flash_dir *d, int folder, const char *leaf, bool shared)
{
    mode_t mask = umask(0);
    int bad = mkdirat(folder, leaf, shared ? 0770 : 0700);

    (void)umask(mask);
    return bad == 0 && shared ? share(d, folder, leaf) : bad;
}

/* 0: it has no names; > 0: it has; < 0: it is no folder. */
static int names_in(struct flash_dir *d, const char *name)
{
    struct flash_file one;
    int n = flash_list(d, name, FLASH_FILES, "", &one, 1);

    return n != 0 ? n : flash_list(d, name, FLASH_FOLDERS, "", &one, 1);
}

/* One folder, in one that is there. As with a file, an empty one may not be on flash yet. */
static int make_synced(struct flash_dir *d, const char *name)
{
    const char *leaf;
    int folder = flash_enter(d, name, &leaf);
    int found = 0;
    int bad;

    if (folder < 0) {
        return -1;
    }
    bad = make(d, folder, leaf, flash_shared(name));
    if (bad != 0 && errno == EEXIST) {
        found = names_in(d, name);
        bad = found < 0 ? -1 : 0;
    }
    if (bad == 0 && found == 0) {
        bad = flash_sync_folder(d, folder);
    }
    flash_leave(d, folder);
    return bad;
}

int flash_folder(void *ctx, const char *name)
{
    struct flash_dir *d = ctx;
    size_t len = strlen(name);
    char part[FLASH_NAME_CAP];

    if (len >= sizeof part) {
        errno = ENAMETOOLONG;
        return flash_fail(d, ERR_FLASH_WRITE);
    }
    for (size_t i = 1; i <= len; i++) {
        if (name[i] == '/' || name[i] == 0) {
            memcpy(part, name, i);
            part[i] = 0;
            if (make_synced(d, part) != 0) {
                return flash_fail(d, ERR_FLASH_WRITE);
            }
        }
    }
    return 0;
}
