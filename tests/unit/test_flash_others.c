/* The flash of the Linux port among other processes: locks, writers, names that change. */
#include "base/err.h"
#include "base/stream.h"
#include "flash_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

    while (s.f.list(s.f.ctx, "outbox/o", FLASH_FILES, file.name, &file, 1) == 1) {
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

#define FLASH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLASH_TEST(a_lock_keeps_other_processes_out),
        FLASH_TEST(waiting_ends_with_the_holder),
        FLASH_TEST(a_lock_that_was_removed_is_taken_anew),
        FLASH_TEST(behind_a_lock_names_are_looked_at_anew),
        FLASH_TEST(in_the_outbox_the_name_counts),
        FLASH_TEST(a_writer_is_seen),
        FLASH_TEST(asking_for_writers_is_not_deadly),
        FLASH_TEST(without_the_kernel_age_decides),
        FLASH_TEST(processes_share_an_outbox),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
