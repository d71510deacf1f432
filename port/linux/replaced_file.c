#include "linux/replaced_file.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRESH ".tmp"

static int fail(struct replaced_file *f)
{
    f->sys = errno;
    return ERR_FILE_WRITE;
}

int replaced_begin(struct replaced_file *f, const char *path)
{
    line_set(&f->path, path);
    line_set(&f->fresh, path);
    line_put(&f->fresh, FRESH);
    if (f->fresh.len != f->path.len + sizeof FRESH - 1) {
        errno = ENAMETOOLONG;
        return fail(f);
    }
    (void)unlink(f->fresh.text);
    out_init(&f->out, open(f->fresh.text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    return f->out.fd >= 0 ? 0 : fail(f);
}

int replaced_end(struct replaced_file *f)
{
    int err = out_flush(&f->out) != 0 || fchmod(f->out.fd, 0644) != 0 ? fail(f) : 0;

    if (close(f->out.fd) != 0 && err == 0) {
        err = fail(f);
    }
    if (err == 0 && rename(f->fresh.text, f->path.text) != 0) {
        err = fail(f);
    }
    if (err != 0) {
        (void)unlink(f->fresh.text);
    }
    return err;
}
