#include "pause.h"

#include <pthread.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static bool over;

bool pause_ms(long ms)
{
    struct timespec until;
    bool is_over;
    int err = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&lock);
    while (!over && err == 0) {
        err = pthread_cond_timedwait(&ended, &lock, &until);
    }
    is_over = over;
    pthread_mutex_unlock(&lock);
    return !is_over;
}

bool pause_over(void)
{
    bool is_over;

    pthread_mutex_lock(&lock);
    is_over = over;
    pthread_mutex_unlock(&lock);
    return is_over;
}

void pause_end(void)
{
    pthread_mutex_lock(&lock);
    over = true;
    pthread_cond_broadcast(&ended);
    pthread_mutex_unlock(&lock);
}
