/* opendir would take memory, so the kernel's own call is asked. */
#include "linux/folder.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of an entry as getdents64 writes it (linux/dirent.h). */
enum { ENTRY_LEN_AT = 16, ENTRY_NAME_AT = 19 };

bool folder_open(struct folder *f, int parent, const char *name)
{
    f->at = f->len = 0;
    f->fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return f->fd >= 0;
}

static bool fill(struct folder *f)
{
    long n = f->fd >= 0 ? syscall(SYS_getdents64, f->fd, f->buf, sizeof f->buf) : 0;

    f->at = 0;
    f->len = n > 0 ? (size_t)n : 0;
    return n > 0;
}

const char *folder_next(struct folder *f)
{
    while (f->at < f->len || fill(f)) {
        const char *entry = (const char *)f->buf + f->at;
        const char *name = entry + ENTRY_NAME_AT;
        uint16_t len;

        memcpy(&len, entry + ENTRY_LEN_AT, sizeof len);
        f->at += len;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            return name;
        }
    }
    return NULL;
}

void folder_close(struct folder *f)
{
    if (f->fd >= 0) {
        (void)close(f->fd);
    }
    f->fd = -1;
}
