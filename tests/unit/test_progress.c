#include "base/stream.h"
#include "linux/log.h"
#include "linux/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define MB (1024ull * 1024)

static void the_line_says_how_far_it_is(void **state)
{
    static const struct {
        const char *name;
        struct progress p; /* total, done, records, begun_ms */
        uint64_t now_ms;
        unsigned width;
        const char *want;
    } rows[] = {
        {"at the start", {1000, 0, 0, 50, 0, 0, 0}, 50, 80, "0%  0 B of 1000 B  0 records"},
        {"too early for a rate",
         {1000, 500, 5, 0, 0, 0, 0},
         999,
         80,
         "50%  500 B of 1000 B  5 records"},
        {"half way",
         {1000, 500, 5, 0, 0, 0, 0},
         1000,
         80,
         "50%  500 B of 1000 B  5 records  500 B/s  1s left"},
        {"megabytes",
         {8 * MB, 2 * MB, 5000, 0, 0, 0, 0},
         8000,
         80,
         "25%  2048 KB of 8192 KB  5000 records  256 KB/s  24s left"},
        {"minutes",
         {100 * MB, 1 * MB, 1, 1000, 0, 0, 0},
         9000,
         80,
         "1%  1024 KB of 100 MB  1 records  128 KB/s  13m12s left"},
        {"hours",
         {10000 * MB, 1 * MB, 1, 0, 0, 0, 0},
         1000,
         80,
         "0%  1024 KB of 9 GB  1 records  1024 KB/s  2h46m left"},
        {"more than a day",
         {1000000 * MB, 1 * MB, 1, 0, 0, 0, 0},
         1000,
         80,
         "0%  1024 KB of 976 GB  1 records  1024 KB/s  more than a day left"},
        {"nothing moves",
         {1000, 0, 0, 0, 0, 0, 0},
         60000,
         80,
         "0%  0 B of 1000 B  0 records  0 B/s"},
        {"done",
         {1000, 1000, 10, 0, 0, 0, 0},
         2000,
         80,
         "100%  1000 B of 1000 B  10 records  500 B/s"},
        {"more than was promised",
         {1000, 1500, 10, 0, 0, 0, 0},
         2000,
         80,
         "100%  1500 B of 1000 B  10 records  750 B/s"},
        {"total not known", {0, 20000, 7, 0, 0, 0, 0}, 2000, 80, "19 KB  7 records  9 KB/s"},
        {"a clock that stands before the start",
         {1000, 500, 5, 5000, 0, 0, 0},
         4000,
         80,
         "50%  500 B of 1000 B  5 records"},
        {"the largest numbers",
         {UINT64_MAX, UINT64_MAX, UINT64_MAX, 0, 0, 0, 0},
         UINT64_MAX,
         200,
         "100%  15 EB of 15 EB  18446744073709551615 records  1000 B/s"},
        {"a narrow terminal", {1000, 500, 5, 0, 0, 0, 0}, 1000, 12, "50%  500 B o"},
        {"one column", {1000, 500, 5, 0, 0, 0, 0}, 1000, 1, "5"},
        {"no column", {1000, 500, 5, 0, 0, 0, 0}, 1000, 0, ""},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        char line[PROGRESS_LINE_CAP];
        size_t len = progress_line(&rows[at].p, line, rows[at].width, rows[at].now_ms);
        if (strcmp(line, rows[at].want) != 0 || len != strlen(line)) {
            fail_msg("%s: %s", rows[at].name, line);
        }
    }
}

static int kept, master;

/* stderr becomes a terminal of that many columns until shown() is asked. */
static void open_terminal(unsigned short columns)
{
    struct winsize size = {.ws_col = columns, .ws_row = 24};
    struct termios raw;
    int slave;

    kept = dup(STDERR_FILENO);
    master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0 && tcgetattr(slave, &raw) == 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
    assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
    dup2(slave, STDERR_FILENO);
    close(slave);
}

static const char *shown(void)
{
    static char text[4096];
    size_t len = 0;
    ssize_t n;

    dup2(kept, STDERR_FILENO); /* the terminal's last end: reading stops behind what is in it */
    close(kept);
    while ((n = read(master, text + len, sizeof(text) - 1 - len)) > 0) {
        len += (size_t)n;
    }
    close(master);
    text[len] = 0;
    return text;
}

static void draws_at_most_every_200_ms_and_leaves_nothing(void **state)
{
    struct progress p;

    (void)state;
    open_terminal(80);
    progress_begin(&p, 1000, false, 1000);
    progress_step(&p, 10, 0, 1000);
    progress_step(&p, 20, 0, 1001);
    progress_step(&p, 30, 0, 1199);
    progress_step(&p, 40, 0, 1200);
    progress_step(&p, 50, 0, 1399);
    progress_end(&p);
    progress_end(&p);
    progress_step(&p, 60, 0, 9999);
    assert_string_equal(shown(), "\r1%  10 B of 1000 B  0 records"
                                 "\r4%  40 B of 1000 B  0 records"
                                 "\r                             \r");
}

static void keeps_off_the_last_column(void **state)
{
    struct progress p;

    (void)state;
    open_terminal(10);
    progress_begin(&p, 1000, false, 0);
    progress_step(&p, 500, 0, 0);
    assert_string_equal(shown(), "\r50%  500 ");
    open_terminal(10);
    log_meter("");
    assert_string_equal(shown(), "\r         \r");
}

static void a_terminal_without_width_has_80_columns(void **state)
{
    struct progress p;

    (void)state;
    open_terminal(0);
    progress_begin(&p, 1000, false, 0);
    progress_step(&p, 500, 0, 0);
    progress_end(&p);
    assert_string_equal(shown(),
                        "\r50%  500 B of 1000 B  0 records\r                               \r");
}

static void is_silent_when_asked_to_be(void **state)
{
    struct progress p;

    (void)state;
    open_terminal(80);
    progress_begin(&p, 1000, true, 0);
    progress_step(&p, 500, 0, 0);
    progress_end(&p);
    assert_string_equal(shown(), "");
}

static void is_silent_when_nobody_watches(void **state)
{
    struct progress p;
    int end[2];

    (void)state;
    open_terminal(80);
    assert_int_equal(pipe(end), 0);
    dup2(end[1], STDERR_FILENO);
    progress_begin(&p, 1000, false, 0);
    progress_step(&p, 500, 0, 0);
    progress_end(&p);
    shown();
    close(end[1]);
    {
        char byte;
        assert_int_equal(read(end[0], &byte, 1), 0);
    }
    close(end[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_says_how_far_it_is),
        cmocka_unit_test(draws_at_most_every_200_ms_and_leaves_nothing),
        cmocka_unit_test(keeps_off_the_last_column),
        cmocka_unit_test(a_terminal_without_width_has_80_columns),
        cmocka_unit_test(is_silent_when_asked_to_be),
        cmocka_unit_test(is_silent_when_nobody_watches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
