#include "base/err.h"
#include "base/stream.h"
#include "linux/wake.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char dir[] = "/tmp/ocbulk-wake-XXXXXX";
static char run_dir[64];
static struct wake w;

static const char *in_run_dir(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", run_dir, name);
    return path;
}

static int make_dir(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    snprintf(run_dir, sizeof run_dir, "%s/run", dir);
    w.fd = -1;
    return 0;
}

static int clean(void **state)
{
    (void)state;
    wake_close(&w);
    unlink(in_run_dir("wake"));
    unlink(in_run_dir("wake.new"));
    rmdir(run_dir);
    return 0;
}

static int remove_dir(void **state)
{
    clean(state);
    return rmdir(dir);
}

static struct wake_hint hint_of(const char *job, const char *status)
{
    struct wake_hint h;

    memset(&h, 0, sizeof h);
    strcpy(h.job, job);
    strcpy(h.status, status);
    return h;
}

/* False when nobody took it. */
static bool send_hint(const char *job, const char *status)
{
    struct wake_hint h = hint_of(job, status);

    return wake_send(run_dir, &h);
}

static bool readable(void)
{
    struct pollfd p = {.fd = wake_fd(&w), .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

/* A datagram of anybody's making. */
static void send_raw(const char *bytes, size_t len)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    strcpy(at.sun_path, in_run_dir("wake"));
    assert_int_equal(sendto(fd, bytes, len, 0, (struct sockaddr *)&at, sizeof at), len);
    close(fd);
}

static void expect(const char *job, const char *status)
{
    struct wake_hint h;

    assert_true(readable());
    memset(&h, 0xFF, sizeof h);
    assert_true(wake_take(&w, &h));
    assert_string_equal(h.job, job);
    assert_string_equal(h.status, status);
}

static void expect_nothing(void)
{
    struct wake_hint h;

    assert_false(wake_take(&w, &h));
    assert_false(readable());
}

static void brings_hints_in_order(void **state)
{
    (void)state;
    assert_int_equal(wake_open(&w, run_dir), 0);
    expect_nothing();
    assert_true(send_hint("1234", "COMPLETED"));
    assert_true(wake_send(run_dir, NULL));
    assert_true(send_hint("a.b_c-D", ""));
    assert_true(send_hint("", "COMPLETED"));
    expect("1234", "COMPLETED");
    expect("", "");
    expect("a.b_c-D", "");
    expect("", "");
    expect_nothing();
}

static void brings_the_longest_hint_whole(void **state)
{
    struct wake_hint h;

    (void)state;
    memset(&h, 0, sizeof h);
    memset(h.job, 'J', sizeof h.job - 1);
    memset(h.status, 'S', sizeof h.status - 1);
    assert_int_equal(wake_open(&w, run_dir), 0);
    assert_true(wake_send(run_dir, &h));
    expect(h.job, h.status);
}

static void takes_what_is_malformed_for_a_look_at_the_outbox(void **state)
{
    static char long_id[128], long_status[128], large[4096];
    static const struct {
        const char *name, *bytes;
        size_t len; /* 0: as long as it is */
    } rows[] = {
        {"an id alone", "1234", 0},
        {"no id", " COMPLETED", 0},
        {"an id that leads elsewhere", "../etc COMPLETED", 0},
        {"an id of dots", ".. COMPLETED", 0},
        {"a NUL in the id", "12\00034 COMPLETED", 15},
        {"a NUL behind", "1234 COMPLETED\0", 15},
        {"a line end in the status", "1234 COMPLETED\n", 0},
        {"an escape in the status", "1234 \033[2J", 0},
        {"a delete in the status", "1234 \177", 0},
        {"65 bytes of id", long_id, 0},
        {"33 bytes of status", long_status, 0},
        {"far too much", large, 0},
    };

    (void)state;
    memset(long_id, '1', 65);
    strcpy(long_id + 65, " S");
    strcpy(long_status, "1 ");
    memset(long_status + 2, 'S', 33);
    strcpy(large, "1234 COMPLETED ");
    memset(large + 15, ' ', sizeof large - 16);
    assert_int_equal(wake_open(&w, run_dir), 0);
    for (size_t at = 0; at < COUNT(rows); at++) {
        struct wake_hint h = hint_of("x", "x");

        send_raw(rows[at].bytes, rows[at].len != 0 ? rows[at].len : strlen(rows[at].bytes));
        if (!wake_take(&w, &h) || h.job[0] != '\0' || h.status[0] != '\0') {
            fail_msg("%s: %s %s", rows[at].name, h.job, h.status);
        }
    }
    send_raw("1234 a status of words", 22);
    expect("1234", "a status of words");
}

static void drops_what_came_before(void **state)
{
    (void)state;
    assert_int_equal(wake_open(&w, run_dir), 0);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(send_hint("1234", "COMPLETED"));
    }
    expect("1234", "COMPLETED");
    expect_nothing();
    assert_true(send_hint("1234", "COMPLETED"));
    expect_nothing();
    assert_true(send_hint("1234", "ERROR"));
    expect("1234", "ERROR");
    assert_true(send_hint("1235", "COMPLETED"));
    expect("1235", "COMPLETED");
    assert_true(send_hint("1234", "COMPLETED"));
    assert_true(wake_send(run_dir, NULL));
    assert_true(wake_send(run_dir, NULL));
    expect("", "");
    expect("", "");
    expect_nothing();
}

static void knows_the_last_ones_and_forgets_the_oldest(void **state)
{
    char id[16];
    struct wake_hint h;

    (void)state;
    memset(&w, 0, sizeof w);
    w.fd = -1;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < WAKE_SEEN_MAX; i++) {
            snprintf(id, sizeof id, "%u", round * WAKE_SEEN_MAX + i);
            h = hint_of(id, "COMPLETED");
            assert_false(wake_seen(&w, &h));
            assert_true(wake_seen(&w, &h));
        }
    }
    for (unsigned i = 2 * WAKE_SEEN_MAX; i < 3 * WAKE_SEEN_MAX; i++) {
        snprintf(id, sizeof id, "%u", i);
        h = hint_of(id, "COMPLETED");
        assert_true(wake_seen(&w, &h));
    }
    h = hint_of("999", "COMPLETED");
    assert_false(wake_seen(&w, &h));
    snprintf(id, sizeof id, "%u", 2 * WAKE_SEEN_MAX + 1);
    h = hint_of(id, "COMPLETED");
    assert_true(wake_seen(&w, &h));
    snprintf(id, sizeof id, "%u", 2 * WAKE_SEEN_MAX);
    h = hint_of(id, "COMPLETED");
    assert_false(wake_seen(&w, &h));
    h = hint_of("", "");
    assert_false(wake_seen(&w, &h));
    assert_false(wake_seen(&w, &h));
}

/* "1" and "23" are not "12" and "3". */
static void tells_id_from_status(void **state)
{
    struct wake_hint a = hint_of("1", "23"), b = hint_of("12", "3");

    (void)state;
    memset(&w, 0, sizeof w);
    w.fd = -1;
    assert_false(wake_seen(&w, &a));
    assert_false(wake_seen(&w, &b));
}

static void comes_back_after_a_burst_of_repetitions(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct wake_hint h;
    unsigned sent = 0, calls = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    (void)state;
    assert_int_equal(wake_open(&w, run_dir), 0);
    assert_true(send_hint("1", "S"));
    expect("1", "S");
    strcpy(at.sun_path, in_run_dir("wake"));
    while (sent < 3 * WAKE_BURST_MAX &&
           sendto(fd, "1 S", 3, 0, (struct sockaddr *)&at, sizeof at) == 3) {
        sent++;
    }
    close(fd);
    while (readable()) {
        assert_false(wake_take(&w, &h));
        calls++;
    }
    assert_int_equal(calls, (sent + WAKE_BURST_MAX - 1) / WAKE_BURST_MAX);
}

static void never_blocks_a_sender(void **state)
{
    unsigned sent = 0;

    (void)state;
    assert_int_equal(wake_open(&w, run_dir), 0);
    alarm(30); /* the kernel's queue is short; a send that waits for room would wait for ever */
    while (sent < 100000 && wake_send(run_dir, NULL)) {
        sent++;
    }
    alarm(0);
    assert_in_range(sent, 1, 99999);
}

static void says_when_nobody_takes_it(void **state)
{
    char path[200];

    (void)state;
    assert_false(wake_send(run_dir, NULL)); /* no folder */
    assert_int_equal(wake_open(&w, run_dir), 0);
    assert_true(wake_send(run_dir, NULL));
    wake_close(&w);
    assert_int_equal(wake_fd(&w), -1);
    assert_false(wake_send(run_dir, NULL)); /* the file is there, its owner is not */
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_false(wake_send(path, NULL));
    assert_int_equal(wake_open(&w, path), ERR_CONFIG);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(wake_fd(&w), -1);
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void lets_the_folder_decide_who_may_send(void **state)
{
    (void)state;
    umask(077);
    assert_int_equal(wake_open(&w, run_dir), 0);
    assert_int_equal(mode_of(run_dir), 0711);
    assert_int_equal(mode_of(in_run_dir("wake")), 0666);
    wake_close(&w);
    assert_int_equal(chmod(run_dir, 0710), 0);
    assert_int_equal(wake_open(&w, run_dir), 0);
    assert_int_equal(mode_of(run_dir), 0710);
}

static void takes_the_place_of_one_that_was_killed(void **state)
{
    (void)state;
    assert_int_equal(wake_open(&w, run_dir), 0);
    close(w.fd); /* no wake_close: what a kill leaves */
    assert_false(send_hint("lost", "S"));
    assert_int_equal(symlink("/nonexistent", in_run_dir("wake.new")), 0);
    assert_int_equal(wake_open(&w, run_dir), 0);
    assert_int_equal(access(in_run_dir("wake.new"), F_OK), -1);
    assert_true(send_hint("1", "S"));
    expect("1", "S");
    expect_nothing();
}

static void leaves_a_living_one_alone(void **state)
{
    struct wake second;

    (void)state;
    assert_int_equal(wake_open(&w, run_dir), 0);
    assert_int_equal(wake_open(&second, run_dir), ERR_LOCKED);
    assert_int_equal(wake_fd(&second), -1);
    assert_true(send_hint("1", "S"));
    expect("1", "S");
}

static void says_why_it_cannot_open(void **state)
{
    struct wake_hint h;

    (void)state;
    assert_int_equal(wake_open(&w, "/proc/none/of/this"), ERR_CONFIG);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(wake_fd(&w), -1);
    assert_false(wake_take(&w, &h));
    wake_close(&w);
    assert_int_equal(mkdir(run_dir, 0700), 0);
    assert_int_equal(mkdir(in_run_dir("wake"), 0700), 0);
    assert_int_equal(wake_open(&w, run_dir), ERR_CONFIG);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(wake_fd(&w), -1);
    assert_int_equal(access(in_run_dir("wake.new"), F_OK), -1);
    assert_int_equal(rmdir(in_run_dir("wake")), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clean, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(brings_hints_in_order),
        TEST(brings_the_longest_hint_whole),
        TEST(takes_what_is_malformed_for_a_look_at_the_outbox),
        TEST(drops_what_came_before),
        TEST(knows_the_last_ones_and_forgets_the_oldest),
        TEST(tells_id_from_status),
        TEST(comes_back_after_a_burst_of_repetitions),
        TEST(never_blocks_a_sender),
        TEST(says_when_nobody_takes_it),
        TEST(lets_the_folder_decide_who_may_send),
        TEST(takes_the_place_of_one_that_was_killed),
        TEST(leaves_a_living_one_alone),
        TEST(says_why_it_cannot_open),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
