#include "linux/spool_dir.h"

#include "base/err.h"
#include "base/num.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* `where`: path, what went wrong there, and errno in words. */
static int fail(struct spool_dir *s, int err, const char *name, int sys)
{
    line_set_path(&s->where, s->path);
    line_put(&s->where, name[0] != '\0' ? "/" : "");
    line_put(&s->where, name);
    if (sys != 0) {
        line_put(&s->where, ": ");
        line_put(&s->where, strerror(sys));
    }
    return err;
}

static void say_how_to_make(struct spool_dir *s)
{
    line_set(&s->fix, "make it for the daemon's user: install -d -m 2770 -g ocbulk ");
    line_put(&s->fix, s->path);
}

static void say_rights(struct spool_dir *s)
{
    line_set(&s->fix, "the folder is for the daemon's user, and for its group to hand records in");
}

static int fail_dir(struct spool_dir *s, const char *name, int sys)
{
    if (sys == ENOENT) {
        say_how_to_make(s);
    } else if (sys == EACCES || sys == EPERM) {
        say_rights(s);
    }
    return fail(s, ERR_SPOOL_DIR, name, sys);
}

/* Its entry in the parent is on flash before anything in it is promised. */
static void sync_parent(const char *path)
{
    char parent[LINE_CAP];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    int fd;

    if (len >= sizeof parent) {
        return;
    }
    memcpy(parent, slash == NULL ? "." : path, len);
    parent[len] = '\0';
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

/* mkdir keeps no set-group-id bit, and minds the umask. */
static int make_folder(const char *path)
{
    if (mkdir(path, 0700) != 0) {
        return errno == EEXIST ? 0 : errno;
    }
    if (chmod(path, 02770) != 0) {
        return errno;
    }
    sync_parent(path);
    return 0;
}

int spool_open(struct spool_dir *s, const struct config *c, bool make)
{
    int sys = 0;
    int err;

    s->path = c->spool.dir;
    s->where.len = s->fix.len = 0;
    s->where.text[0] = s->fix.text[0] = '\0';
    err = flash_open(&s->dir, s->path);
    if (err != 0 && s->dir.sys == ENOENT && make) {
        sys = make_folder(s->path);
        err = flash_open(&s->dir, s->path);
    }
    if (err != 0) {
        return fail_dir(s, "", sys != 0 ? sys : s->dir.sys);
    }
    s->flash = flash_of(&s->dir);
    if (make && s->flash.folder(s->flash.ctx, "outbox") != 0) {
        sys = s->dir.sys;
        spool_close(s);
        return fail_dir(s, "outbox", sys);
    }
    return 0;
}

int spool_lock(struct spool_dir *s)
{
    int err = s->flash.lock(s->flash.ctx, SPOOL_LOCK, false);
    unsigned long holder;

    if (err == 0) {
        return 0;
    }
    if (err != ERR_LOCKED) {
        return fail_dir(s, SPOOL_LOCK, s->dir.sys);
    }
    holder = spool_holder(s);
    (void)fail(s, err, "", 0);
    if (holder != 0) {
        line_put(&s->where, ": process ");
        line_u64(&s->where, holder);
        line_put(&s->where, " has it");
    }
    return err;
}

const char *spool_warns(const struct spool_dir *s)
{
    return flash_weakness(&s->dir);
}

/* " fe:01:131078 ", as /proc/locks names a file. */
static void put_hex_byte(struct line *l, unsigned v)
{
    static const char digit[] = "0123456789abcdef";
    const char two[] = {digit[v >> 4 & 15], digit[v & 15]};

    line_put_bytes(l, two, sizeof two);
}

static void name_of(struct line *l, const struct stat *st)
{
    line_set(l, " ");
    put_hex_byte(l, major(st->st_dev));
    line_put(l, ":");
    put_hex_byte(l, minor(st->st_dev));
    line_put(l, ":");
    line_u64(l, st->st_ino);
    line_put(l, " ");
}

/* The number in front of the name in `1: FLOCK  ADVISORY  WRITE 4711 fe:01:131078 0 EOF`. */
static unsigned long holder_in(const char *text, const char *name)
{
    const char *end = strstr(text, name);
    const char *start = end;
    uint64_t pid = 0;

    if (end == NULL || strstr(text, "FLOCK") == NULL) {
        return 0;
    }
    while (start > text && start[-1] >= '0' && start[-1] <= '9') {
        start--;
    }
    (void)num_u64_max(start, (size_t)(end - start), ULONG_MAX, &pid);
    return (unsigned long)pid;
}

static unsigned long search(int fd, const char *name)
{
    struct line l;
    char buf[LINE_CAP];
    unsigned long pid = 0;
    ssize_t n;

    line_set(&l, "");
    while (pid == 0 && (n = read(fd, buf, sizeof buf)) > 0) {
        for (ssize_t i = 0; i < n && pid == 0; i++) {
            if (buf[i] != '\n') {
                line_put_bytes(&l, &buf[i], 1);
                continue;
            }
            pid = holder_in(l.text, name);
            line_set(&l, "");
        }
    }
    return pid;
}

unsigned long spool_holder(const struct spool_dir *s)
{
    struct line name;
    struct stat st;
    unsigned long pid;
    int fd;

    if (fstatat(s->dir.fd, SPOOL_LOCK, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return 0;
    }
    fd = open("/proc/locks", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    name_of(&name, &st);
    pid = search(fd, name.text);
    (void)close(fd);
    return pid;
}

void spool_close(struct spool_dir *s)
{
    if (s->path != NULL) {
        flash_close(&s->dir);
    }
}
