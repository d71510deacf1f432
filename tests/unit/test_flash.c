#include "base/err.h"
#include "base/flash_read.h"
#include "base/stream.h"
#include "flash_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

static struct flash_scene s;

/* The port asks this clock how old a file is; 0: the real one. */
static time_t clock_says;

time_t time(time_t *out)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec = clock_says != 0 ? clock_says : now.tv_sec;
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

static int set_up(void **state)
{
    (void)state;
    clock_says = 0;
    return flash_scene_open(&s);
}

static int tear_down(void **state)
{
    (void)state;
    flash_scene_close(&s);
    return 0;
}

static int add(const char *name, const char *text)
{
    return s.f.append(s.f.ctx, name, (const uint8_t *)text, strlen(text));
}

static int64_t size(const char *name)
{
    return s.f.size(s.f.ctx, name);
}

static int move(const char *from, const char *to, bool replace)
{
    return s.f.rename(s.f.ctx, from, to, replace);
}

static int folder(const char *name)
{
    return s.f.folder(s.f.ctx, name);
}

/* NULL: no such file. */
static void want(const char *name, const char *text)
{
    size_t len;
    const char *found = flash_scene_get(&s, name, &len);

    if (text == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(found, text, len);
}

static unsigned mode_of(const char *name)
{
    struct stat st;

    assert_int_equal(stat(flash_scene_path(&s, name), &st), 0);
    return st.st_mode & 07777;
}

static void bytes_come_back_as_they_went(void **state)
{
    uint8_t buf[8];

    (void)state;
    assert_int_equal(size("a"), ERR_FLASH_NONE);
    assert_int_equal(s.dir.sys, ENOENT);
    assert_int_equal(add("a", "0123"), 0);
    assert_int_equal(add("a", "456789"), 0);
    assert_int_equal(s.f.sync(s.f.ctx, "a"), 0);
    assert_int_equal(size("a"), 10);
    want("a", "0123456789");
    assert_int_equal(s.f.read_at(s.f.ctx, "a", 3, buf, sizeof buf), 7);
    assert_memory_equal(buf, "3456789", 7);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", 2, buf, 3), 3);
    assert_memory_equal(buf, "234", 3);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", 10, buf, 3), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", (uint64_t)1 << 40, buf, 3), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", INT64_MAX - 1, buf, 3), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", (uint64_t)INT64_MAX + 1, buf, 3), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", UINT64_MAX, buf, 3), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "b", 0, buf, 3), ERR_FLASH_NONE);
    assert_int_equal(s.dir.counts.bytes, 10);
}

static void a_file_is_cut_but_never_made_longer(void **state)
{
    (void)state;
    assert_int_equal(s.f.truncate(s.f.ctx, "a", 0), ERR_FLASH_NONE);
    want("a", NULL);
    assert_int_equal(add("a", "0123456789"), 0);
    assert_int_equal(s.f.truncate(s.f.ctx, "a", 11), 0);
    assert_int_equal(s.f.truncate(s.f.ctx, "a", UINT64_MAX), 0);
    want("a", "0123456789");
    assert_int_equal(s.f.truncate(s.f.ctx, "a", 4), 0);
    assert_int_equal(add("a", "x"), 0);
    want("a", "0123x");
}

static void what_is_not_there_is_told(void **state)
{
    (void)state;
    assert_int_equal(s.f.sync(s.f.ctx, "a"), ERR_FLASH_NONE);
    assert_int_equal(move("a", "b", false), ERR_FLASH_NONE);
    assert_int_equal(add("q/a", "1"), ERR_FLASH_NONE);
    assert_int_equal(s.f.still(s.f.ctx, "a"), ERR_FLASH_NONE);
    assert_int_equal(s.f.lock(s.f.ctx, "q/lock", false), ERR_FLASH_NONE);
    assert_int_equal(s.f.remove(s.f.ctx, "a"), 0);
    assert_int_equal(s.f.remove(s.f.ctx, "q/a"), 0);
    assert_int_equal(add("a", "1"), 0);
    assert_int_equal(move("a", "q/a", false), ERR_FLASH_NONE);
    want("a", "1");
}

static void rename_replaces_only_when_told_to(void **state)
{
    (void)state;
    assert_int_equal(folder("q/c"), 0);
    assert_int_equal(add("a", "a"), 0);
    assert_int_equal(add("q/c/b", "b"), 0);
    assert_int_equal(move("a", "q/c/b", false), ERR_FLASH_EXISTS);
    want("a", "a");
    want("q/c/b", "b");
    assert_int_equal(move("a", "q/c/b", true), 0);
    want("a", NULL);
    want("q/c/b", "a");
    assert_int_equal(move("q/c/b", "d", false), 0);
    want("d", "a");
    assert_int_equal(move("d", "q", false), ERR_FLASH_EXISTS);
}

static void a_renamed_name_is_a_new_file(void **state)
{
    uint8_t byte;

    (void)state;
    assert_int_equal(add("a", "1"), 0);
    assert_int_equal(add("b", "2"), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", 0, &byte, 1), 1);
    assert_int_equal(move("b", "a", true), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", 0, &byte, 1), 1);
    assert_int_equal(byte, '2');
    assert_int_equal(add("b", "3"), 0);
    want("b", "3");
    assert_int_equal(s.f.remove(s.f.ctx, "b"), 0);
    assert_int_equal(add("b", "4"), 0);
    want("b", "4");
}

static void more_names_than_descriptors(void **state)
{
    char name[] = "f0";

    (void)state;
    for (int i = 0; i < 100; i++) {
        name[1] = (char)('0' + i % 5);
        assert_int_equal(add(name, "x"), 0);
        name[1] = (char)('0' + i % 3);
        assert_true(size(name) > 0);
    }
    for (int i = 0; i < 5; i++) {
        name[1] = (char)('0' + i);
        want(name, "xxxxxxxxxxxxxxxxxxxx");
    }
}

static int list(const char *name, enum flash_kind kind, const char *after, struct flash_file *out,
                size_t most)
{
    return s.f.list(s.f.ctx, name, kind, after, out, most);
}

static int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

/* What goes well and what does not: each way out closes what it opened. */
static void do_everything(void)
{
    static struct flash_file out;
    uint8_t byte;

    (void)folder("q/o");
    (void)folder("q/o/f/x");
    (void)folder("outbox/o");
    (void)s.f.list(s.f.ctx, "outbox", FLASH_FOLDERS, "", &out, 1);
    (void)rmdir(flash_scene_path(&s, "outbox/o"));
    (void)add("q/o/f", "1");
    (void)add("none/f", "1");
    (void)size("q/o");
    (void)size("q/o/f/x");
    (void)s.f.read_at(s.f.ctx, "q/o/f", 0, &byte, 1);
    (void)s.f.sync(s.f.ctx, "q/o/f");
    (void)s.f.still(s.f.ctx, "q/o/f");
    (void)list("q/o", FLASH_FILES, "", &out, 1);
    (void)list("q/o/f", FLASH_FILES, "", &out, 1);
    (void)move("q/o/f", "q/g", true);
    (void)move("q/g", "none/g", true);
    (void)move("none/g", "q/g", true);
    (void)s.f.lock(s.f.ctx, "q/lock", true);
    (void)s.f.lock(s.f.ctx, "q/o", true);
    s.f.unlock(s.f.ctx, "q/lock");
    (void)s.f.remove(s.f.ctx, "q/g");
    (void)s.f.remove(s.f.ctx, "q/o");
    (void)s.f.remove(s.f.ctx, "q/../o");
    (void)s.f.room(s.f.ctx);
}

static void no_descriptor_is_left_behind(void **state)
{
    int before;

    (void)state;
    flash_close(&s.dir);
    before = open_descriptors();
    assert_int_equal(flash_open(&s.dir, s.path), 0);
    for (int i = 0; i < 10; i++) {
        do_everything();
        assert_in_range(open_descriptors(), before + 1, before + 1 + FLASH_SLOTS);
    }
    assert_int_equal(s.f.lock(s.f.ctx, "lock", true), 0);
    flash_close(&s.dir);
    assert_int_equal(open_descriptors(), before);
}

static void rights_follow_the_folder_not_the_umask(void **state)
{
    static const mode_t masks[] = {077, 0, 0777};

    (void)state;
    for (size_t i = 0; i < COUNT(masks); i++) {
        mode_t mask = umask(masks[i]);

        assert_int_equal(folder("outbox/contact"), 0);
        assert_int_equal(folder("queue/contact"), 0);
        assert_int_equal(folder("outboxes"), 0);
        assert_int_equal(add("outbox/contact/.open", "1"), 0);
        assert_int_equal(add("queue/contact/1.csv", "1"), 0);
        assert_int_equal(add("journal", "1"), 0);
        assert_int_equal(s.f.lock(s.f.ctx, "lock", false), 0);
        assert_int_equal(s.f.lock(s.f.ctx, "outbox/contact/.lock", false), 0);
        assert_int_equal(umask(mask), masks[i]);
        assert_int_equal(mode_of("outbox"), 02770);
        assert_int_equal(mode_of("outbox/contact"), 02770);
        assert_int_equal(mode_of("outbox/contact/.open"), 0660);
        assert_int_equal(mode_of("outbox/contact/.lock"), 0660);
        assert_int_equal(mode_of("outboxes"), 0700);
        assert_int_equal(mode_of("queue"), 0700);
        assert_int_equal(mode_of("queue/contact"), 0700);
        assert_int_equal(mode_of("queue/contact/1.csv"), 0600);
        assert_int_equal(mode_of("journal"), 0600);
        assert_int_equal(mode_of("lock"), 0600);
        flash_scene_close(&s);
        assert_int_equal(flash_scene_open(&s), 0);
    }
}

static void rights_that_somebody_chose_stay(void **state)
{
    (void)state;
    assert_int_equal(mkdir(flash_scene_path(&s, "outbox"), 0700), 0);
    assert_int_equal(folder("outbox"), 0);
    assert_int_equal(mode_of("outbox"), 0700);
    assert_int_equal(add("journal", "1"), 0);
    assert_int_equal(chmod(flash_scene_path(&s, "journal"), 0640), 0);
    assert_int_equal(add("journal", "1"), 0);
    assert_int_equal(mode_of("journal"), 0640);
}

static void folders_are_made_with_those_above(void **state)
{
    (void)state;
    assert_int_equal(folder("a/b/c"), 0);
    assert_int_equal(folder("a/b/c"), 0);
    assert_int_equal(add("a/b/c/d", "1"), 0);
    assert_int_equal(folder("a/b/c"), 0);
    assert_int_equal(folder("a/b/c/d"), ERR_FLASH_WRITE);
    assert_int_equal(folder("a/b/c/d/e"), ERR_FLASH_WRITE);
    want("a/b/c/d", "1");
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void a_thousand_names_come_in_order(void **state)
{
    static char names[1000][32];
    static struct flash_file out[7];
    char name[64];
    const char *after = "";
    size_t seen = 0;
    int n;

    (void)state;
    assert_int_equal(folder("q"), 0);
    for (unsigned i = 0; i < COUNT(names); i++) {
        unsigned mixed = i * 7919u % 1000u;

        (void)snprintf(names[i], sizeof names[i], "%s%x", mixed % 3 == 0 ? "z-" : "", mixed);
        (void)strcat(names[i], mixed % 5 == 0 ? "\xC3\xA4" : ".csv");
        (void)snprintf(name, sizeof name, "q/%s", names[i]);
        flash_scene_put(&s, name, "");
    }
    qsort(names, COUNT(names), sizeof names[0], by_bytes);
    while ((n = list("q", FLASH_FILES, after, out, COUNT(out))) > 0) {
        for (int i = 0; i < n; i++) {
            assert_string_equal(out[i].name, names[seen]);
            seen++;
        }
        after = out[n - 1].name;
    }
    assert_int_equal(n, 0);
    assert_int_equal(seen, COUNT(names));
}

static void only_the_kind_asked_for_is_listed(void **state)
{
    static struct flash_file out[8];

    (void)state;
    assert_int_equal(folder("q/sub"), 0);
    assert_int_equal(folder("q/.sub"), 0);
    assert_int_equal(add("q/file", ""), 0);
    assert_int_equal(add("q/.file", ""), 0);
    assert_int_equal(symlink("file", flash_scene_path(&s, "q/link")), 0);
    assert_int_equal(symlink("sub", flash_scene_path(&s, "q/linked")), 0);
    assert_int_equal(mkfifo(flash_scene_path(&s, "q/fifo"), 0600), 0);
    assert_int_equal(list("q", FLASH_FILES, "", out, 8), 2);
    assert_string_equal(out[0].name, ".file");
    assert_string_equal(out[1].name, "file");
    assert_int_equal(list("q", FLASH_FOLDERS, "", out, 8), 2);
    assert_string_equal(out[0].name, ".sub");
    assert_string_equal(out[1].name, "sub");
    assert_int_equal(list("q", FLASH_FOLDERS, ".sub", out, 8), 1);
    assert_int_equal(list("q", FLASH_FILES, "file", out, 8), 0);
    assert_int_equal(list("", FLASH_FOLDERS, "", out, 8), 1);
    assert_string_equal(out[0].name, "q");
    assert_int_equal(list("none", FLASH_FILES, "", out, 8), 0);
    assert_int_equal(list("none/at/all", FLASH_FILES, "", out, 8), 0);
    assert_int_equal(list("q/file", FLASH_FILES, "", out, 8), ERR_FLASH_READ);
    assert_int_equal(list("q", FLASH_FILES, "", out, 0), 0);
}

static void the_longest_name_fits(void **state)
{
    static struct flash_file out;
    char name[2 + FLASH_FILE_CAP];

    (void)state;
    memset(name, 'n', sizeof name);
    memcpy(name, "q/", 2);
    name[sizeof name - 1] = 0;
    assert_int_equal(folder("q"), 0);
    assert_int_equal(add(name, "1"), 0);
    assert_int_equal(list("q", FLASH_FILES, "", &out, 1), 1);
    assert_string_equal(out.name, name + 2);
    assert_int_equal(move(name, "short", false), 0);
}

static void links_lead_nowhere(void **state)
{
    static struct flash_file out;
    uint8_t byte;

    (void)state;
    assert_int_equal(folder("real"), 0);
    assert_int_equal(add("real/a", "1"), 0);
    assert_int_equal(symlink("real", flash_scene_path(&s, "way")), 0);
    assert_int_equal(symlink("a", flash_scene_path(&s, "real/link")), 0);
    assert_int_equal(symlink("made", flash_scene_path(&s, "real/dangling")), 0);
    assert_int_equal(size("way/a"), ERR_FLASH_READ);
    assert_int_equal(s.f.read_at(s.f.ctx, "real/link", 0, &byte, 1), ERR_FLASH_READ);
    assert_int_equal(add("way/a", "2"), ERR_FLASH_WRITE);
    assert_int_equal(add("real/link", "2"), ERR_FLASH_WRITE);
    assert_int_equal(add("real/dangling", "2"), ERR_FLASH_WRITE);
    assert_int_equal(s.f.truncate(s.f.ctx, "real/link", 0), ERR_FLASH_WRITE);
    assert_int_equal(s.f.remove(s.f.ctx, "way/a"), ERR_FLASH_WRITE);
    assert_int_equal(move("way/a", "b", false), ERR_FLASH_WRITE);
    assert_int_equal(move("real/a", "way/b", false), ERR_FLASH_WRITE);
    assert_int_equal(s.f.lock(s.f.ctx, "real/link", false), ERR_FLASH_WRITE);
    assert_int_equal(list("way", FLASH_FILES, "", &out, 1), ERR_FLASH_READ);
    assert_int_equal(folder("way"), ERR_FLASH_WRITE);
    want("real/a", "1");
    want("real/made", NULL);
}

static void impossible_names_lead_nowhere(void **state)
{
    static const char *const names[] = {"",      "/etc/passwd", "../a", "a/../b", ".",
                                        "q/./a", "q//a",        "q/",   "..",     "q/.."};

    (void)state;
    assert_int_equal(folder("q"), 0);
    assert_int_equal(folder("a"), 0);
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_int_equal(size(names[i]), ERR_FLASH_READ);
        assert_int_equal(add(names[i], "1"), ERR_FLASH_WRITE);
        assert_int_equal(s.f.remove(s.f.ctx, names[i]), ERR_FLASH_WRITE);
    }
}

static void what_is_no_file_is_not_waited_for(void **state)
{
    uint8_t byte;

    (void)state;
    assert_int_equal(mkfifo(flash_scene_path(&s, "fifo"), 0600), 0);
    assert_int_equal(folder("q"), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "fifo", 0, &byte, 1), ERR_FLASH_READ);
    assert_int_equal(add("fifo", "1"), ERR_FLASH_WRITE);
    assert_int_equal(size("q"), ERR_FLASH_READ);
    assert_int_equal(add("q", "1"), ERR_FLASH_WRITE);
    assert_int_equal(s.f.remove(s.f.ctx, "q"), ERR_FLASH_WRITE);
}

/* Runs it in a process of its own; what it returns is its status. */
static int elsewhere(int (*run)(void))
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        _exit(run());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int take_lock(void)
{
    static struct flash_dir d;
    struct flash f;
    int err;

    if (flash_open(&d, s.path) != 0) {
        return 2;
    }
    f = flash_of(&d);
    err = f.lock(f.ctx, "lock", false);
    if (err == 0) {
        f.unlock(f.ctx, "lock");
    }
    return err == ERR_LOCKED ? 1 : err == 0 ? 0 : 3;
}

static void a_lock_keeps_other_processes_out(void **state)
{
    (void)state;
    assert_int_equal(s.f.lock(s.f.ctx, "lock", false), 0);
    assert_int_equal(elsewhere(take_lock), 1);
    s.f.unlock(s.f.ctx, "lock");
    assert_int_equal(elsewhere(take_lock), 0);
    assert_int_equal(s.f.lock(s.f.ctx, "a", true), 0);
    assert_int_equal(s.f.lock(s.f.ctx, "lock", true), 0);
    assert_int_equal(elsewhere(take_lock), 1);
    flash_close(&s.dir);
    assert_int_equal(elsewhere(take_lock), 0);
}

/* A child that has the lock until its end of the pipe is closed. */
static pid_t start_holder(int pipes[2])
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        static struct flash_dir d;
        struct flash f;
        char byte = 0;

        close(pipes[1]);
        if (flash_open(&d, s.path) != 0) {
            _exit(2);
        }
        f = flash_of(&d);
        if (f.lock(f.ctx, "lock", true) != 0) {
            _exit(3);
        }
        (void)f.append(f.ctx, "held", (const uint8_t *)"1", 1);
        _exit(read(pipes[0], &byte, 1) == 1 ? 0 : 4);
    }
    while (size("held") != 1) {
        (void)usleep(1000);
    }
    return child;
}

static void waiting_ends_with_the_holder(void **state)
{
    int pipes[2];
    int status = 0;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    child = start_holder(pipes);
    assert_int_equal(s.f.lock(s.f.ctx, "lock", false), ERR_LOCKED);
    assert_int_equal(write(pipes[1], "x", 1), 1);
    assert_int_equal(s.f.lock(s.f.ctx, "lock", true), 0);
    assert_int_equal(elsewhere(take_lock), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(pipes[0]);
    close(pipes[1]);
}

/* A removed file keeps nobody out: who waited for it must find the new one. */
static int wait_for_lock(void)
{
    static struct flash_dir d;
    struct flash f;

    if (flash_open(&d, s.path) != 0) {
        return 2;
    }
    f = flash_of(&d);
    (void)f.append(f.ctx, "waits", (const uint8_t *)"1", 1);
    if (f.lock(f.ctx, "lock", true) != 0) {
        return 3;
    }
    return f.size(f.ctx, "lock") == 0 ? 0 : 4; /* it is there, and is the one we have */
}

static void a_lock_that_was_removed_is_taken_anew(void **state)
{
    struct stat st;
    int status = 0;
    pid_t child;

    (void)state;
    assert_int_equal(s.f.lock(s.f.ctx, "lock", true), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        flash_close(&s.dir); /* the descriptor that came with fork keeps no lock, but shares it */
        _exit(wait_for_lock());
    }
    while (size("waits") != 1) {
        (void)usleep(1000);
    }
    (void)usleep(20000);
    assert_int_equal(unlink(flash_scene_path(&s, "lock")), 0);
    s.f.unlock(s.f.ctx, "lock");
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(stat(flash_scene_path(&s, "lock"), &st), 0);
}

static void behind_a_lock_names_are_looked_at_anew(void **state)
{
    uint8_t byte;

    (void)state;
    assert_int_equal(add("journal", "1"), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "journal", 0, &byte, 1), 1);
    flash_scene_put(&s, "journal.new", "2");
    {
        char from[512];

        (void)snprintf(from, sizeof from, "%s", flash_scene_path(&s, "journal.new"));
        assert_int_equal(rename(from, flash_scene_path(&s, "journal")), 0);
    }
    assert_int_equal(s.f.lock(s.f.ctx, "lock", false), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "journal", 0, &byte, 1), 1);
    assert_int_equal(byte, '2');
    assert_int_equal(add("journal", "3"), 0);
    want("journal", "23");
}

static void in_the_outbox_the_name_counts(void **state)
{
    char from[512];
    uint8_t byte;

    (void)state;
    assert_int_equal(folder("outbox/o"), 0);
    assert_int_equal(add("outbox/o/.open", "1"), 0);
    (void)snprintf(from, sizeof from, "%s", flash_scene_path(&s, "outbox/o/.open"));
    assert_int_equal(rename(from, flash_scene_path(&s, "outbox/o/sealed.csv")), 0);
    assert_int_equal(add("outbox/o/.open", "2"), 0);
    want("outbox/o/sealed.csv", "1");
    want("outbox/o/.open", "2");
    assert_int_equal(s.f.read_at(s.f.ctx, "outbox/o/.open", 0, &byte, 1), 1);
    assert_int_equal(unlink(from), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "outbox/o/.open", 0, &byte, 1), ERR_FLASH_NONE);
    assert_int_equal(s.f.truncate(s.f.ctx, "outbox/o/.open", 0), ERR_FLASH_NONE);
    assert_int_equal(s.f.sync(s.f.ctx, "outbox/o/.open"), ERR_FLASH_NONE);
}

static void a_writer_is_seen(void **state)
{
    char path[512];
    void *map;
    int fd;

    (void)state;
    assert_int_equal(add("a", "1"), 0);
    (void)snprintf(path, sizeof path, "%s", flash_scene_path(&s, "a"));
    assert_int_equal(s.f.still(s.f.ctx, "a"), 1);
    fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(s.f.still(s.f.ctx, "a"), 1);
    close(fd);
    fd = open(path, O_WRONLY | O_APPEND);
    assert_true(fd >= 0);
    assert_int_equal(s.f.still(s.f.ctx, "a"), 0);
    clock_says = time(NULL) + 1000000;
    assert_int_equal(s.f.still(s.f.ctx, "a"), 0); /* however old it is */
    clock_says = 0;
    close(fd);
    assert_int_equal(s.f.still(s.f.ctx, "a"), 1);
    fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    map = mmap(NULL, 1, PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(map != MAP_FAILED);
    close(fd);
    assert_int_equal(s.f.still(s.f.ctx, "a"), 0);
    assert_int_equal(munmap(map, 1), 0);
    assert_int_equal(s.f.still(s.f.ctx, "a"), 1);
    assert_int_equal(add("a", "2"), 0);
    assert_int_equal(s.f.still(s.f.ctx, "a"), 1);
}

/* The kernel tells who has a lease that somebody opens the file, by a signal that kills. */
static void asking_for_writers_is_not_deadly(void **state)
{
    pid_t child;
    char path[512];
    int seen = 0;

    (void)state;
    flash_scene_put(&s, "a", "1"); /* no descriptor of ours goes to the child */
    (void)snprintf(path, sizeof path, "%s", flash_scene_path(&s, "a"));
    assert_true(signal(SIGIO, SIG_DFL) != SIG_ERR);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    while (child == 0) {
        (void)close(open(path, O_WRONLY));
        (void)usleep(1);
    }
    for (int i = 0; i < 100000 && (i < 20000 || seen != 3); i++) {
        seen |= s.f.still(s.f.ctx, "a") == 1 ? 1 : 2;
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(seen, 3);
}

static bool become_another(void)
{
    return geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
}

/* 0, or which row is not as it should be. To all but its owner the kernel does not tell the writers
 * of a file. */
static int judge_by_time(const char *top, const char *name, time_t from)
{
    static const struct {
        time_t later;
        int want;
    } rows[] = {{0, 0}, {1, 0}, {5, 0}, {6, 1}, {1000000, 1}, {-1, 0}, {-1000000, 0}};
    static struct flash_dir d;
    struct flash f;

    if (!become_another() || flash_open(&d, top) != 0) {
        return 99;
    }
    f = flash_of(&d);
    for (size_t i = 0; i < COUNT(rows); i++) {
        clock_says = from + rows[i].later;
        if (f.still(f.ctx, name) != rows[i].want) {
            return 1 + (int)i;
        }
    }
    return 0;
}

static int judge_newest(const char *top, const char *name, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return 98;
    }
    return judge_by_time(top, name, st.st_mtime > st.st_ctime ? st.st_mtime : st.st_ctime);
}

static int judge_a_file_of_roots(void)
{
    return judge_newest("/etc", "passwd", "/etc/passwd");
}

static int judge_a_file_written(long ago)
{
    struct timespec when[2] = {{.tv_sec = time(NULL) - ago}, {.tv_sec = time(NULL) - ago}};
    const char *path = flash_scene_path(&s, "a");

    return utimensat(AT_FDCWD, path, when, 0) != 0 ? 97 : judge_newest(s.path, "a", path);
}

/* Written when the clock was a day ahead. */
static int judge_a_file_from_tomorrow(void)
{
    return judge_a_file_written(-86400);
}

/* Copied with its time, just now. */
static int judge_a_file_from_yesterday(void)
{
    return judge_a_file_written(86400);
}

static void without_the_kernel_age_decides(void **state)
{
    (void)state;
    assert_int_equal(elsewhere(judge_a_file_of_roots), 0);
    if (geteuid() == 0) { /* who else could not make a file of somebody else's */
        flash_scene_put(&s, "a", "1");
        assert_int_equal(chmod(flash_scene_path(&s, "a"), 0644), 0);
        assert_int_equal(chmod(s.path, 0755), 0);
        assert_int_equal(elsewhere(judge_a_file_from_tomorrow), 0);
        assert_int_equal(elsewhere(judge_a_file_from_yesterday), 0);
    }
}

enum { WRITERS = 4, RECORDS = 100 };

/* As `add` does it: lock, append, sync, now and then seal, unlock. */
static int write_records(char who)
{
    static struct flash_dir d;
    struct flash f;
    char to[64];
    int bad = 0;

    if (flash_open(&d, s.path) != 0) {
        return 2;
    }
    f = flash_of(&d);
    for (int i = 0; i < RECORDS && bad == 0; i++) {
        char text[] = {who, (char)('0' + i / 10), (char)('0' + i % 10), '\n'};

        bad = f.lock(f.ctx, "outbox/o/.lock", true);
        bad =
            bad != 0 ? bad : f.append(f.ctx, "outbox/o/.open", (const uint8_t *)text, sizeof text);
        bad = bad != 0 ? bad : f.sync(f.ctx, "outbox/o/.open");
        if (bad == 0 && i % 7 == 0) {
            (void)snprintf(to, sizeof to, "outbox/o/%c%d.csv", who, i);
            bad = f.rename(f.ctx, "outbox/o/.open", to, false);
        }
        f.unlock(f.ctx, "outbox/o/.lock");
    }
    return bad == 0 ? 0 : 3;
}

static int count_records(unsigned char seen[WRITERS][RECORDS])
{
    struct flash_file file = {""};
    char name[64 + FLASH_FILE_CAP];
    int sum = 0;

    while (list("outbox/o", FLASH_FILES, file.name, &file, 1) == 1) {
        size_t len;
        const char *text;

        (void)snprintf(name, sizeof name, "outbox/o/%s", file.name);
        text = flash_scene_get(&s, name, &len);
        assert_non_null(text);
        assert_int_equal(len % 4, 0);
        for (size_t i = 0; i < len; i += 4) {
            seen[text[i] - 'a'][10 * (text[i + 1] - '0') + text[i + 2] - '0']++;
            sum++;
        }
    }
    return sum;
}

static void processes_share_an_outbox(void **state)
{
    static unsigned char seen[WRITERS][RECORDS];
    pid_t child[WRITERS];

    (void)state;
    assert_int_equal(folder("outbox/o"), 0);
    for (int i = 0; i < WRITERS; i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            _exit(write_records((char)('a' + i)));
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = 0;

        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(count_records(seen), WRITERS * RECORDS);
    for (int i = 0; i < WRITERS * RECORDS; i++) {
        assert_int_equal(seen[i / RECORDS][i % RECORDS], 1);
    }
}

static void a_name_is_read_as_a_file(void **state)
{
    struct flash_read r = {.flash = &s.f, .name = "q/a"};
    struct file file = flash_read_file(&r);
    uint8_t buf[4];

    (void)state;
    assert_int_equal(file.size(file.ctx), ERR_FILE_READ);
    assert_int_equal(r.err, ERR_FLASH_NONE);
    assert_int_equal(folder("q"), 0);
    assert_int_equal(add("q/a", "012345"), 0);
    assert_int_equal(file.size(file.ctx), 6);
    assert_int_equal(file.read_at(file.ctx, 4, buf, sizeof buf), 2);
    assert_memory_equal(buf, "45", 2);
    assert_int_equal(file.read_at(file.ctx, 6, buf, sizeof buf), 0);
    (void)snprintf(r.name, sizeof r.name, "q");
    assert_int_equal(file.read_at(file.ctx, 0, buf, sizeof buf), ERR_FILE_READ);
    assert_int_equal(r.err, ERR_FLASH_READ);
}

static void a_folder_must_be_there(void **state)
{
    static struct flash_dir d;

    (void)state;
    assert_int_equal(flash_open(&d, flash_scene_path(&s, "none")), ERR_SPOOL_DIR);
    assert_int_equal(d.sys, ENOENT);
    flash_close(&d);
    assert_int_equal(add("a", "1"), 0);
    assert_int_equal(flash_open(&d, flash_scene_path(&s, "a")), ERR_SPOOL_DIR);
    assert_int_equal(d.sys, ENOTDIR);
}

static void a_folder_of_ones_own_is_nobody_elses(void **state)
{
    static const struct {
        mode_t mode;
        int err;
    } rows[] = {{0700, 0}, {0755, 0}, {0770, ERR_SPOOL_DIR}, {0702, ERR_SPOOL_DIR}};
    static struct flash_dir d;
    char path[512];

    (void)state;
    assert_int_equal(folder("own"), 0);
    (void)snprintf(path, sizeof path, "%s", flash_scene_path(&s, "own"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(chmod(path, rows[i].mode), 0);
        assert_int_equal(flash_open_own(&d, path), rows[i].err);
        flash_close(&d);
    }
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(symlink("own", flash_scene_path(&s, "link")), 0);
    assert_int_equal(flash_open_own(&d, flash_scene_path(&s, "link")), ERR_SPOOL_DIR);
    flash_close(&d);
}

#define FLASH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLASH_TEST(bytes_come_back_as_they_went),
        FLASH_TEST(a_file_is_cut_but_never_made_longer),
        FLASH_TEST(what_is_not_there_is_told),
        FLASH_TEST(rename_replaces_only_when_told_to),
        FLASH_TEST(a_renamed_name_is_a_new_file),
        FLASH_TEST(more_names_than_descriptors),
        FLASH_TEST(no_descriptor_is_left_behind),
        FLASH_TEST(rights_follow_the_folder_not_the_umask),
        FLASH_TEST(rights_that_somebody_chose_stay),
        FLASH_TEST(folders_are_made_with_those_above),
        FLASH_TEST(a_thousand_names_come_in_order),
        FLASH_TEST(only_the_kind_asked_for_is_listed),
        FLASH_TEST(the_longest_name_fits),
        FLASH_TEST(links_lead_nowhere),
        FLASH_TEST(impossible_names_lead_nowhere),
        FLASH_TEST(what_is_no_file_is_not_waited_for),
        FLASH_TEST(a_lock_keeps_other_processes_out),
        FLASH_TEST(waiting_ends_with_the_holder),
        FLASH_TEST(a_lock_that_was_removed_is_taken_anew),
        FLASH_TEST(behind_a_lock_names_are_looked_at_anew),
        FLASH_TEST(in_the_outbox_the_name_counts),
        FLASH_TEST(a_writer_is_seen),
        FLASH_TEST(asking_for_writers_is_not_deadly),
        FLASH_TEST(without_the_kernel_age_decides),
        FLASH_TEST(processes_share_an_outbox),
        FLASH_TEST(a_name_is_read_as_a_file),
        FLASH_TEST(a_folder_must_be_there),
        FLASH_TEST(a_folder_of_ones_own_is_nobody_elses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
