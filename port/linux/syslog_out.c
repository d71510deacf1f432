#include "linux/syslog_out.h"

#include "base/num.h"
#include "base/text.h"
#include "limits.h"
#include "linux/words.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { FACILITY_DAEMON = 3, STAMP_LEN = 16 };

void syslog_out_init(struct syslog_out *s, const char *path)
{
    s->path = path;
    s->fd = -1;
}

void syslog_out_close(struct syslog_out *s)
{
    if (s->fd >= 0) {
        close(s->fd);
    }
    s->fd = -1;
}

static void put_two(char *dst, int v, char tens)
{
    dst[0] = (char)(v < 10 ? tens : '0' + v / 10);
    dst[1] = (char)('0' + v % 10);
}

/* "Nov 25 09:38:01 " in UTC, as musl's syslog has it: some daemons cut these 16 bytes unseen. */
static void put_stamp(char dst[STAMP_LEN + 1], int64_t wall_s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)wall_s;
    struct tm tm = {.tm_mday = 1};

    gmtime_r(&seconds, &tm);
    memcpy(dst, "Jan  1 00:00:00 ", STAMP_LEN + 1);
    memcpy(dst, months + 3 * tm.tm_mon, 3);
    put_two(dst + 4, tm.tm_mday, ' ');
    put_two(dst + 7, tm.tm_hour, '0');
    put_two(dst + 10, tm.tm_min, '0');
    put_two(dst + 13, tm.tm_sec, '0');
}

static bool opened(struct syslog_out *s)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    if (s->fd >= 0) {
        return true;
    }
    s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0 || text_copy(to.sun_path, sizeof(to.sun_path), s->path) < 0 ||
        connect(s->fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
        syslog_out_close(s);
    }
    return s->fd >= 0;
}

void syslog_out_send(struct syslog_out *s, unsigned severity, const char *text, int64_t wall_s)
{
    char priority[NUM_U64_CAP], stamp[STAMP_LEN + 1], pid[NUM_U64_CAP];
    char message[LOG_LINE_CAP + 64];
    size_t len;

    num_print_u64(priority, FACILITY_DAEMON * 8 + severity);
    put_stamp(stamp, wall_s);
    num_print_u64(pid, (uint64_t)getpid());
    len = words(message, sizeof(message), "<", priority, ">", stamp, "ocbulk[", pid, "]: ", text);
    if (opened(s) && send(s->fd, message, len, MSG_NOSIGNAL) < 0) {
        syslog_out_close(s); /* the daemon may have been restarted: one more try */
        if (opened(s)) {
            send(s->fd, message, len, MSG_NOSIGNAL);
        }
    }
}
