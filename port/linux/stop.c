#include "linux/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t asked, reload, watched, reloads;
static int ends[2] = {-1, -1}; /* a pipe: what the handler writes ends the wait */

static void on_signal(int number)
{
    int sys = errno;

    if (number == SIGHUP && reloads) {
        reload = 1;
    } else {
        asked = asked < 100 ? asked + 1 : asked;
    }
    if (watched) {
        ssize_t n = write(ends[1], "", 1);

        (void)n; /* full: it is readable as it is */
    }
    errno = sys;
}

void stop_begin(void)
{
    static const int number[] = {SIGINT, SIGTERM, SIGHUP};

    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
        struct sigaction act = {.sa_handler = on_signal}; /* no SA_RESTART: it ends a wait */
        struct sigaction old;

        /* What nohup or a shell's & has ignored stays ignored. */
        if (sigaction(number[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
            (void)sigaction(number[i], &act, NULL);
        }
    }
}

int stop_asked(void)
{
    return asked;
}

bool stop_watch(bool hup_reloads)
{
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return false;
    }
    watched = 1;
    reloads = hup_reloads;
    return true;
}

int stop_fd(void)
{
    return ends[0];
}

void stop_calm(void)
{
    char buf[16];

    while (read(ends[0], buf, sizeof buf) > 0) {
    }
}

bool stop_reload(void)
{
    bool asked_for = reload != 0;

    reload = 0;
    return asked_for;
}
