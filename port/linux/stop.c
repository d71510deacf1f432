#include "linux/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t asked;

static void on_signal(int number)
{
    (void)number;
    asked = asked < 100 ? asked + 1 : asked;
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
