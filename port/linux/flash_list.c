/* The smallest names of a folder, by one pass over it: no heap, and nothing held but what is told.
 * opendir would take memory, so the kernel's own call is asked. */
#include "base/err.h"
#include "base/text.h"
#include "linux/flash_parts.h"

#include "limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An entry as getdents64 writes it: two numbers of 64 bits, its length in 16, its kind in 8, its
 * name with the final 0. */
enum { ENTRY_LEN_AT = 16, ENTRY_KIND_AT = 18, ENTRY_NAME_AT = 19 };

struct listing {
    int folder;
    enum flash_kind kind;
    struct flash_file after; /* a copy: the caller's may be in out */
    struct flash_file *out;
    size_t most, count;
};

static bool wanted(const struct listing *l, const char *name, uint8_t kind)
{
    struct stat st;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, l->after.name) <= 0) {
        return false;
    }
    if (l->count == l->most && strcmp(name, l->out[l->count - 1].name) >= 0) {
        return false;
    }
    if (kind != DT_UNKNOWN) {
        return kind == (l->kind == FLASH_FILES ? DT_REG : DT_DIR);
    }
    return fstatat(l->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           (l->kind == FLASH_FILES ? S_ISREG(st.st_mode) : S_ISDIR(st.st_mode));
}

/* Keeps out in order; the largest falls off when it is full. */
static void insert(struct listing *l, const char *name)
{
    size_t at = l->count;
    size_t behind;

    while (at > 0 && strcmp(l->out[at - 1].name, name) > 0) {
        at--;
    }
    if (at > 0 && strcmp(l->out[at - 1].name, name) == 0) {
        return; /* the folder changed while it was read: told twice */
    }
    if (l->count < l->most) {
        l->count++;
    }
    behind = l->count - at - 1;
    memmove(&l->out[at + 1], &l->out[at], behind * sizeof l->out[0]);
    (void)text_copy(l->out[at].name, sizeof l->out[at].name, name);
}

static void take(struct listing *l, const uint8_t *buf, size_t len)
{
    uint16_t step;

    for (size_t at = 0; at < len; at += step) {
        const char *name = (const char *)&buf[at + ENTRY_NAME_AT];

        memcpy(&step, &buf[at + ENTRY_LEN_AT], sizeof step);
        if (wanted(l, name, buf[at + ENTRY_KIND_AT])) {
            insert(l, name);
        }
    }
}

static int scan(struct flash_dir *d, struct listing *l)
{
    uint64_t buf[FLASH_LIST_CAP / sizeof(uint64_t)];
    long n;

    do {
        n = syscall(SYS_getdents64, l->folder, buf, sizeof buf);
        if (n > 0) {
            take(l, (const uint8_t *)buf, (size_t)n);
        }
    } while (n > 0 || (n < 0 && errno == EINTR));
    return n < 0 ? flash_fail(d, ERR_FLASH_READ) : (int)l->count;
}

int flash_list(void *ctx, const char *folder, enum flash_kind kind, const char *after,
               struct flash_file *out, size_t most)
{
    struct flash_dir *d = ctx;
    struct listing l = {.kind = kind, .out = out, .most = most};
    int count;

    if (most == 0) {
        return 0;
    }
    if (text_copy(l.after.name, sizeof l.after.name, after) < 0) {
        errno = ENAMETOOLONG;
        return flash_fail(d, ERR_FLASH_READ);
    }
    l.folder = flash_enter_folder(d, folder);
    if (l.folder < 0) {
        return errno == ENOENT ? 0 : flash_fail(d, ERR_FLASH_READ);
    }
    count = scan(d, &l);
    flash_leave(d, l.folder);
    return count;
}
