/* What the kernel can do to the port's flash: the calls it is made of are wrapped here, to note
 * what is asked and to fail where a test wants it. */
/* LIBS: -Wl,--wrap=fsync,--wrap=write,--wrap=pread64,--wrap=fstatfs64,--wrap=syscall */
#include "base/err.h"
#include "base/stream.h"
#include "flash_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

int __wrap_fsync(int fd);
int __real_fsync(int fd);
ssize_t __wrap_write(int fd, const void *src, size_t len);
ssize_t __real_write(int fd, const void *src, size_t len);
ssize_t __wrap_pread64(int fd, void *dst, size_t len, off64_t at);
ssize_t __real_pread64(int fd, void *dst, size_t len, off64_t at);
int __wrap_fstatfs64(int fd, struct statfs64 *fs);
int __real_fstatfs64(int fd, struct statfs64 *fs);
long __wrap_syscall(long n, ...);
long __real_syscall(long n, ...);

static struct flash_scene s;

/* What the calls below do; a struct of zeros: what the kernel does. */
static struct {
    int sync_err;      /* of fsync on a file */
    int sync_dir_err;  /* of fsync on a folder */
    size_t write_most; /* bytes a write takes at once */
    int write_room;    /* bytes until write_err */
    int write_err;
    int read_err;
    bool interrupts; /* each other call is one too many */
    bool no_renameat2;
    bool no_kinds; /* in a folder's entries */
    long fs_type;
} bad;

static bool interrupted;
static char trace[1024];

static void note(const char *what, int fd)
{
    char link[64];
    char path[512];
    size_t top = strlen(s.path);
    ssize_t len;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof path - 1);
    if (top == 0 || len < (ssize_t)top || strncmp(path, s.path, top) != 0) {
        return;
    }
    path[len] = 0;
    (void)snprintf(trace + strlen(trace), sizeof trace - strlen(trace), "%s%s%s;", what,
                   (size_t)len > top ? " " : "", path + top + ((size_t)len > top));
}

static bool interrupt(void)
{
    interrupted = bad.interrupts && !interrupted;
    errno = EINTR;
    return interrupted;
}

int __wrap_fsync(int fd)
{
    struct stat st;
    int err;

    note("sync", fd);
    assert_int_equal(fstat(fd, &st), 0);
    err = S_ISDIR(st.st_mode) ? bad.sync_dir_err : bad.sync_err;
    if (err != 0) {
        errno = err;
        return -1;
    }
    return __real_fsync(fd);
}

ssize_t __wrap_write(int fd, const void *src, size_t len)
{
    note("write", fd);
    if (interrupt()) {
        return -1;
    }
    if (bad.write_err != 0 && bad.write_room == 0) {
        errno = bad.write_err;
        return -1;
    }
    len = bad.write_most != 0 && len > bad.write_most ? bad.write_most : len;
    if (bad.write_err != 0) {
        len = len > (size_t)bad.write_room ? (size_t)bad.write_room : len;
        bad.write_room -= (int)len;
    }
    return __real_write(fd, src, len);
}

ssize_t __wrap_pread64(int fd, void *dst, size_t len, off64_t at)
{
    if (interrupt()) {
        return -1;
    }
    if (bad.read_err != 0) {
        errno = bad.read_err;
        return -1;
    }
    return __real_pread64(fd, dst, len, at);
}

int __wrap_fstatfs64(int fd, struct statfs64 *fs)
{
    int err = __real_fstatfs64(fd, fs);

    fs->f_type = bad.fs_type != 0 ? bad.fs_type : fs->f_type;
    return err;
}

/* Length and kind stand behind two numbers of 64 bits. */
static void hide_kinds(uint8_t *entries, long len)
{
    uint16_t step;

    for (long at = 0; at < len; at += step) {
        memcpy(&step, &entries[at + 16], sizeof step);
        entries[at + 18] = DT_UNKNOWN;
    }
}

static long read_folder(va_list args)
{
    int fd = va_arg(args, int);
    uint8_t *dst = va_arg(args, void *);
    long got;

    if (interrupt()) {
        return -1;
    }
    got = __real_syscall(SYS_getdents64, fd, dst, va_arg(args, size_t));
    if (bad.no_kinds && got > 0) {
        hide_kinds(dst, got);
    }
    return got;
}

static long rename_new(va_list args)
{
    int from = va_arg(args, int);
    const char *from_name = va_arg(args, const char *);
    int to = va_arg(args, int);
    const char *to_name = va_arg(args, const char *);

    if (bad.no_renameat2) {
        errno = interrupted ? ENOSYS : EINVAL;
        interrupted = !interrupted;
        return -1;
    }
    return __real_syscall(SYS_renameat2, from, from_name, to, to_name, va_arg(args, unsigned));
}

long __wrap_syscall(long n, ...)
{
    va_list args;
    long got;

    assert_true(n == SYS_getdents64 || n == SYS_renameat2);
    va_start(args, n);
    got = n == SYS_getdents64 ? read_folder(args) : rename_new(args);
    va_end(args);
    return got;
}

static int set_up(void **state)
{
    (void)state;
    memset(&bad, 0, sizeof bad);
    interrupted = false;
    if (flash_scene_open(&s) != 0) {
        return -1;
    }
    trace[0] = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memset(&bad, 0, sizeof bad);
    flash_scene_close(&s);
    return 0;
}

static int add(const char *name, const char *text)
{
    return s.f.append(s.f.ctx, name, (const uint8_t *)text, strlen(text));
}

static int move(const char *from, const char *to)
{
    return s.f.rename(s.f.ctx, from, to, false);
}

static void want_trace(const char *text)
{
    assert_string_equal(trace, text);
    trace[0] = 0;
}

static void want(const char *name, const char *text)
{
    size_t len = 0;
    const char *found = flash_scene_get(&s, name, &len);

    assert_non_null(found);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(found, text, len);
}

static void an_entry_costs_a_write_and_a_sync(void **state)
{
    uint32_t opens;

    (void)state;
    assert_int_equal(add("journal", "1"), 0);
    assert_int_equal(s.f.sync(s.f.ctx, "journal"), 0);
    want_trace("sync;write journal;sync journal;");
    opens = s.dir.counts.opens;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(add("journal", "2"), 0);
        assert_int_equal(s.f.sync(s.f.ctx, "journal"), 0);
        want_trace("write journal;sync journal;");
    }
    assert_int_equal(s.dir.counts.opens, opens);
    assert_int_equal(s.dir.counts.writes, 11);
    assert_int_equal(s.dir.counts.syncs, 12);
}

static void a_buffer_costs_a_read(void **state)
{
    uint32_t opens;
    uint8_t byte;

    (void)state;
    assert_int_equal(s.f.folder(s.f.ctx, "queue/o"), 0);
    flash_scene_put(&s, "queue/o/1.csv", "0123456789");
    assert_int_equal(s.f.read_at(s.f.ctx, "queue/o/1.csv", 0, &byte, 1), 1);
    assert_int_equal(add("journal", "1"), 0);
    opens = s.dir.counts.opens;
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(s.f.read_at(s.f.ctx, "queue/o/1.csv", i, &byte, 1), 1);
        assert_int_equal(byte, '0' + i);
        assert_int_equal(add("journal", "1"), 0);
    }
    assert_int_equal(s.dir.counts.opens, opens);
    assert_int_equal(s.dir.counts.reads, 11);
}

static void two_files_to_append_stay_open(void **state)
{
    uint32_t opens;

    (void)state;
    assert_int_equal(add("a", "1"), 0);
    assert_int_equal(add("b", "1"), 0);
    opens = s.dir.counts.opens;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(add(i % 3 == 0 ? "a" : "b", "2"), 0);
    }
    assert_int_equal(s.dir.counts.opens, opens);
    assert_int_equal(add("a", "2"), 0);
    assert_int_equal(add("c", "1"), 0); /* in the place of b, which was used longer ago */
    opens = s.dir.counts.opens;
    assert_int_equal(add("c", "2"), 0);
    assert_int_equal(add("a", "2"), 0);
    assert_int_equal(s.dir.counts.opens, opens);
}

static void names_are_synced_in_their_folders(void **state)
{
    (void)state;
    assert_int_equal(s.f.folder(s.f.ctx, "outbox/o"), 0);
    want_trace("sync;sync outbox;");
    assert_int_equal(s.f.folder(s.f.ctx, "queue/o"), 0);
    want_trace("sync;sync queue;");
    assert_int_equal(add("outbox/o/.open", "1"), 0);
    want_trace("sync outbox/o;write outbox/o/.open;");
    assert_int_equal(move("outbox/o/.open", "outbox/o/1.csv"), 0);
    want_trace("sync outbox/o;");
    assert_int_equal(s.f.sync(s.f.ctx, "outbox/o/1.csv"), 0);
    want_trace("sync outbox/o/1.csv;");
    assert_int_equal(move("outbox/o/1.csv", "queue/o/1.csv"), 0);
    want_trace("sync queue/o;sync outbox/o;"); /* the new name first */
    assert_int_equal(s.f.remove(s.f.ctx, "queue/o/1.csv"), 0);
    want_trace("sync queue/o;");
    assert_int_equal(s.f.remove(s.f.ctx, "queue/o/1.csv"), 0);
    want_trace("sync queue/o;"); /* who removed it may have died before the sync */
    assert_int_equal(s.dir.counts.renames, 2);
    assert_int_equal(s.dir.counts.removes, 2);
}

/* Whoever made it may have died before the folder was synced. */
static void what_is_empty_may_be_new(void **state)
{
    (void)state;
    assert_int_equal(mkdir(flash_scene_path(&s, "q"), 0700), 0);
    assert_int_equal(s.f.folder(s.f.ctx, "q"), 0);
    want_trace("sync;");
    flash_scene_put(&s, "q/a", "");
    assert_int_equal(s.f.folder(s.f.ctx, "q"), 0);
    want_trace("");
    assert_int_equal(add("q/a", "1"), 0);
    want_trace("sync q;write q/a;");
    flash_close(&s.dir);
    assert_int_equal(flash_open(&s.dir, s.path), 0);
    assert_int_equal(add("q/a", "1"), 0);
    want_trace("write q/a;");
}

static void nothing_is_written_into_a_file_whose_name_may_vanish(void **state)
{
    (void)state;
    bad.sync_dir_err = EIO;
    assert_int_equal(add("a", "1"), ERR_FLASH_WRITE);
    assert_int_equal(s.dir.sys, EIO);
    want("a", "");
    assert_int_equal(add("a", "1"), ERR_FLASH_WRITE);
    want("a", "");
    bad.sync_dir_err = 0;
    assert_int_equal(add("a", "1"), 0);
    want("a", "1");
}

static void a_failed_sync_is_told(void **state)
{
    uint32_t opens;

    (void)state;
    assert_int_equal(s.f.folder(s.f.ctx, "q"), 0);
    assert_int_equal(add("a", "1"), 0);
    bad.sync_err = EIO;
    opens = s.dir.counts.opens;
    assert_int_equal(s.f.sync(s.f.ctx, "a"), ERR_FLASH_WRITE);
    bad.sync_err = ENOSPC;
    assert_int_equal(s.f.sync(s.f.ctx, "a"), ERR_FLASH_FULL);
    assert_int_equal(s.dir.counts.opens, opens + 1); /* never the descriptor that has told it */
    bad.sync_err = 0;
    bad.sync_dir_err = EIO;
    assert_int_equal(move("a", "q/a"), ERR_FLASH_WRITE);
    assert_int_equal(s.f.remove(s.f.ctx, "q/a"), ERR_FLASH_WRITE);
    assert_int_equal(s.f.folder(s.f.ctx, "r"), ERR_FLASH_WRITE);
}

static void some_file_systems_sync_no_folders(void **state)
{
    (void)state;
    bad.sync_dir_err = EINVAL;
    assert_int_equal(s.f.folder(s.f.ctx, "q"), 0);
    assert_int_equal(add("a", "1"), 0);
    assert_int_equal(move("a", "q/a"), 0);
    assert_int_equal(s.f.remove(s.f.ctx, "q/a"), 0);
}

static void short_writes_are_gone_on_with(void **state)
{
    (void)state;
    for (size_t most = 1; most < 12; most++) {
        bad.write_most = most;
        bad.interrupts = most % 2 == 1;
        assert_int_equal(add("a", "0123456789"), 0);
        want("a", "0123456789");
        assert_int_equal(s.f.truncate(s.f.ctx, "a", 0), 0);
    }
}

static void a_write_that_fails_is_named(void **state)
{
    static const struct {
        int sys, err;
    } rows[] = {{ENOSPC, ERR_FLASH_FULL},
                {EDQUOT, ERR_FLASH_FULL},
                {EROFS, ERR_FLASH_READONLY},
                {EIO, ERR_FLASH_WRITE},
                {EFBIG, ERR_FLASH_WRITE}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bad.write_err = rows[i].sys;
        bad.write_room = 4;
        assert_int_equal(add("a", "0123456789"), rows[i].err);
        assert_int_equal(s.dir.sys, rows[i].sys);
        want("a", "0123");
        assert_int_equal(s.f.truncate(s.f.ctx, "a", 0), 0);
    }
    assert_int_equal(s.dir.counts.bytes, 4 * COUNT(rows));
}

static void a_read_that_fails_is_named(void **state)
{
    uint8_t buf[4];

    (void)state;
    assert_int_equal(add("a", "0123"), 0);
    bad.interrupts = true;
    assert_int_equal(s.f.read_at(s.f.ctx, "a", 0, buf, sizeof buf), 4);
    bad.read_err = EIO;
    assert_int_equal(s.f.read_at(s.f.ctx, "a", 0, buf, sizeof buf), ERR_FLASH_READ);
    assert_int_equal(s.dir.sys, EIO);
}

static void an_old_kernel_renames_too(void **state)
{
    (void)state;
    bad.no_renameat2 = true;
    for (int i = 0; i < 2; i++) { /* not known by the kernel, then by the file system */
        assert_int_equal(add("a", "a"), 0);
        assert_int_equal(add("b", "b"), 0);
        assert_int_equal(move("a", "b"), ERR_FLASH_EXISTS);
        want("b", "b");
        assert_int_equal(s.f.remove(s.f.ctx, "b"), 0);
        assert_int_equal(move("a", "b"), 0);
        want("b", "a");
        assert_int_equal(move("a", "c"), ERR_FLASH_NONE);
        assert_int_equal(s.f.remove(s.f.ctx, "b"), 0);
    }
}

static void kinds_that_are_not_told_are_looked_up(void **state)
{
    static struct flash_file out[4];

    (void)state;
    bad.no_kinds = true;
    assert_int_equal(s.f.folder(s.f.ctx, "folder"), 0);
    assert_int_equal(add("file", "1"), 0);
    assert_int_equal(symlink("file", flash_scene_path(&s, "link")), 0);
    assert_int_equal(s.f.list(s.f.ctx, "", FLASH_FILES, "", out, 4), 1);
    assert_string_equal(out[0].name, "file");
    assert_int_equal(s.f.list(s.f.ctx, "", FLASH_FOLDERS, "", out, 4), 1);
    assert_string_equal(out[0].name, "folder");
}

static void a_list_that_is_interrupted_goes_on(void **state)
{
    static struct flash_file out[4];

    (void)state;
    assert_int_equal(add("file", "1"), 0);
    bad.interrupts = true;
    assert_int_equal(s.f.list(s.f.ctx, "", FLASH_FILES, "", out, 4), 1);
}

static void what_cannot_keep_the_promise_is_named(void **state)
{
    static const struct {
        long magic;
        const char *word; /* NULL: it can */
    } rows[] = {
        {MSDOS_SUPER_MAGIC, "FAT"},
        {EXFAT_SUPER_MAGIC, "FAT"},
        {NFS_SUPER_MAGIC, "another machine"},
        {SMB_SUPER_MAGIC, "another machine"},
        {(long)(int32_t)CIFS_SUPER_MAGIC, "another machine"}, /* negative where long is short */
        {SMB2_SUPER_MAGIC, "another machine"},
        {V9FS_MAGIC, "another machine"},
        {CEPH_SUPER_MAGIC, "another machine"},
        {AFS_SUPER_MAGIC, "another machine"},
        {FUSE_SUPER_MAGIC, "FUSE"},
        {TMPFS_MAGIC, "RAM"},
        {RAMFS_MAGIC, "RAM"},
        {EXT4_SUPER_MAGIC, NULL},
        {BTRFS_SUPER_MAGIC, NULL},
        {XFS_SUPER_MAGIC, NULL},
        {F2FS_SUPER_MAGIC, NULL},
        {JFFS2_SUPER_MAGIC, NULL},
        {0x24051905, NULL}, /* UBIFS */
        {OVERLAYFS_SUPER_MAGIC, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *lost;

        bad.fs_type = rows[i].magic;
        lost = flash_weakness(&s.dir);
        assert_int_equal(lost == NULL, rows[i].word == NULL);
        assert_true(lost == NULL || strstr(lost, rows[i].word) != NULL);
    }
}

static void write_text(const char *path, const char *text)
{
    FILE *to = fopen(path, "w");

    if (to != NULL) {
        (void)fputs(text, to);
        (void)fclose(to);
    }
}

/* Root of a world of its own, where it may mount; false: not on this machine. */
static bool enter_world(void)
{
    char map[64];
    int user = (int)geteuid();
    int group = (int)getegid();

    if (user != 0) {
        if (unshare(CLONE_NEWUSER) != 0) {
            return false;
        }
        write_text("/proc/self/setgroups", "deny");
        (void)snprintf(map, sizeof map, "0 %d 1", user);
        write_text("/proc/self/uid_map", map);
        (void)snprintf(map, sizeof map, "0 %d 1", group);
        write_text("/proc/self/gid_map", map);
    }
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

enum { NO_WORLD = 99 };

/* Runs it in such a world; its result, 0 for fine, is what it returns. */
static void in_world(int (*run)(void))
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        _exit(enter_world() ? run() : NO_WORLD);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_WORLD) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

enum { SMALL = 65536 };

/* 0, or the line that is not as it should be. */
#define MUST(true_that)                                                                            \
    do {                                                                                           \
        if (!(true_that)) {                                                                        \
            (void)fprintf(stderr, "line %d: sys %d\n", __LINE__, d.sys);                           \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

static int fill_small(void)
{
    static uint8_t much[SMALL];
    static struct flash_dir d;
    struct flash f;
    int64_t room;

    if (mount("none", s.path, "tmpfs", 0, "size=65536") != 0) {
        return NO_WORLD;
    }
    MUST(flash_open(&d, s.path) == 0);
    f = flash_of(&d);
    MUST(strstr(flash_weakness(&d), "RAM") != NULL);
    room = f.room(f.ctx);
    MUST(room > 0 && room <= SMALL);
    MUST(f.append(f.ctx, "a", much, 8192) == 0);
    MUST(f.room(f.ctx) == room - 8192);
    MUST(f.append(f.ctx, "a", much, sizeof much) == ERR_FLASH_FULL);
    MUST(f.size(f.ctx, "a") == room);
    MUST(f.room(f.ctx) == 0);
    MUST(f.truncate(f.ctx, "a", 8192) == 0);
    MUST(f.append(f.ctx, "a", much, 4096) == 0);
    MUST(f.lock(f.ctx, "lock", false) == 0);
    flash_close(&d);
    MUST(mount(NULL, s.path, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
    MUST(flash_open(&d, s.path) == 0);
    f = flash_of(&d);
    MUST(f.append(f.ctx, "a", much, 1) == ERR_FLASH_READONLY);
    MUST(f.append(f.ctx, "b", much, 1) == ERR_FLASH_READONLY);
    MUST(f.truncate(f.ctx, "a", 0) == ERR_FLASH_READONLY);
    MUST(f.rename(f.ctx, "a", "b", false) == ERR_FLASH_READONLY);
    MUST(f.remove(f.ctx, "a") == ERR_FLASH_READONLY);
    MUST(f.folder(f.ctx, "q") == ERR_FLASH_READONLY);
    MUST(f.lock(f.ctx, "lock", false) == ERR_FLASH_READONLY);
    MUST(f.size(f.ctx, "a") == 12288);
    MUST(f.read_at(f.ctx, "a", 0, much, 10) == 10);
    return 0;
}

static void a_small_flash_is_full_and_a_worn_one_read_only(void **state)
{
    (void)state;
    in_world(fill_small);
}

static uint64_t host_with(const char *id)
{
    static struct flash_dir d;
    const char *path = flash_scene_path(&s, "id");

    write_text(path, id);
    if (mount(path, "/etc/machine-id", NULL, MS_BIND, NULL) != 0 || flash_open(&d, s.path) != 0) {
        return 0;
    }
    flash_close(&d);
    (void)umount2("/etc/machine-id", MNT_DETACH);
    return flash_of(&d).host;
}

static int change_host(void)
{
    static struct flash_dir d;
    uint64_t one, two, none;

    if (access("/etc/machine-id", R_OK) != 0 || statfs("/etc", &(struct statfs){0}) != 0) {
        return NO_WORLD;
    }
    one = host_with("0123456789abcdef0123456789abcdef\n");
    two = host_with("0123456789abcdef0123456789abcdee\n");
    none = host_with("");
    MUST(one != 0 && two != 0 && none != 0);
    MUST(one != two && one != none && two != none);
    MUST(one == host_with("0123456789abcdef0123456789abcdef\n"));
    MUST(none == host_with("uninitialized\n"));
    MUST(mount("none", s.path, "tmpfs", 0, NULL) == 0);
    MUST(none == host_with("0123456789abcdef0123456789abcdef\n")); /* of this start alone */
    return 0;
}

static void another_machine_has_another_number(void **state)
{
    (void)state;
    in_world(change_host);
}

static int change_boot(void)
{
    static struct flash_dir d;
    static const char boot_id[] = "/proc/sys/kernel/random/boot_id";
    const char *path = flash_scene_path(&s, "boot");

    MUST(flash_open(&d, s.path) == 0 && d.boot == s.dir.boot);
    flash_close(&d);
    write_text(path, "6f1c2d3e-0000-4000-8000-000000000001\n");
    if (mount(path, boot_id, NULL, MS_BIND, NULL) != 0) {
        return NO_WORLD;
    }
    MUST(flash_open(&d, s.path) == 0 && d.boot != 0 && d.boot != s.dir.boot);
    MUST(d.host == s.dir.host);
    flash_close(&d);
    write_text(path, "");
    MUST(flash_open(&d, s.path) == 0 && d.boot != 0);
    return 0;
}

static void another_start_has_another_number(void **state)
{
    (void)state;
    in_world(change_boot);
}

#define FLASH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLASH_TEST(an_entry_costs_a_write_and_a_sync),
        FLASH_TEST(a_buffer_costs_a_read),
        FLASH_TEST(two_files_to_append_stay_open),
        FLASH_TEST(names_are_synced_in_their_folders),
        FLASH_TEST(what_is_empty_may_be_new),
        FLASH_TEST(nothing_is_written_into_a_file_whose_name_may_vanish),
        FLASH_TEST(a_failed_sync_is_told),
        FLASH_TEST(some_file_systems_sync_no_folders),
        FLASH_TEST(short_writes_are_gone_on_with),
        FLASH_TEST(a_write_that_fails_is_named),
        FLASH_TEST(a_read_that_fails_is_named),
        FLASH_TEST(an_old_kernel_renames_too),
        FLASH_TEST(kinds_that_are_not_told_are_looked_up),
        FLASH_TEST(a_list_that_is_interrupted_goes_on),
        FLASH_TEST(what_cannot_keep_the_promise_is_named),
        FLASH_TEST(a_small_flash_is_full_and_a_worn_one_read_only),
        FLASH_TEST(another_machine_has_another_number),
        FLASH_TEST(another_start_has_another_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
