#include "linux/utc.h"

#include <string.h>
#include <time.h>

static char *put(char *at, int v, unsigned digits, char end)
{
    for (unsigned i = digits; i > 0; i--) {
        at[i - 1] = (char)('0' + v % 10);
        v /= 10;
    }
    at[digits] = end;
    return at + digits + 1;
}

void utc_text(char dst[UTC_CAP], int64_t ms)
{
    const int64_t end_s = 253402300800; /* year 10000 */
    time_t s = (time_t)(ms / 1000);
    struct tm tm;

    memcpy(dst, "-", 2);
    if (ms < 0 || ms / 1000 >= end_s || gmtime_r(&s, &tm) == NULL) {
        return;
    }
    char *at = put(dst, tm.tm_year + 1900, 4, '-');

    at = put(at, tm.tm_mon + 1, 2, '-');
    at = put(at, tm.tm_mday, 2, 'T');
    at = put(at, tm.tm_hour, 2, ':');
    at = put(at, tm.tm_min, 2, ':');
    at = put(at, tm.tm_sec, 2, 'Z');
    *at = '\0';
}
