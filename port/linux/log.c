/* Hidden state: where lines go, and how many columns of the meter stand on the terminal. */
#include "linux/log.h"

#include "base/err.h"
#include "limits.h"
#include "linux/out.h"
#include "linux/syslog_out.h"
#include "linux/utf8.h"
#include "linux/words.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#define SYSLOG_PATH "/dev/log"
#define NAME        "ocbulk: "

static struct {
    struct syslog_out syslog;
    size_t meter_len;
    enum log_level level;
    bool to_syslog;
} state = {.syslog = {.path = SYSLOG_PATH, .fd = -1}, .level = LOG_AT_NOTICE};

/* A line under way; what does not fit is cut, at a whole character. */
struct log_line {
    size_t len;
    char text[LOG_LINE_CAP + 2]; /* the line's end and a final 0 have room */
    bool full;
};

static void put(struct log_line *l, const char *bytes, size_t len)
{
    if (l->full || len > LOG_LINE_CAP - l->len) {
        l->full = true;
        return;
    }
    memcpy(l->text + l->len, bytes, len);
    l->len += len;
}

/* One character, or a registered secret: bytes taken. */
static size_t put_one(struct log_line *l, const char *text, size_t len)
{
    size_t used = out_secret_len(text, len);
    char show[4];

    if (used > 0) {
        put(l, "***", 3);
    } else {
        put(l, show, utf8_show(show, text, len, &used));
    }
    return used;
}

static void put_part(struct log_line *l, const char *text)
{
    size_t len = strlen(text), at = 0;

    while (at < len) {
        at += put_one(l, text + at, len - at);
    }
}

static void write_stderr(const char *bytes, size_t len)
{
    ssize_t n = write(STDERR_FILENO, bytes, len);

    (void)n; /* there is nobody left to tell */
}

/* Writes over what stands there, so that terminals without escape codes do too. */
void log_meter(const char *line)
{
    char text[LOG_LINE_CAP + 2];
    size_t len = words(text + 1, sizeof(text) - 1, line), wide = state.meter_len;

    if (len == 0 && wide == 0) {
        return;
    }
    text[0] = '\r';
    wide = wide > len ? wide : len;
    memset(text + 1 + len, ' ', wide - len);
    if (len == 0) {
        text[1 + wide++] = '\r';
    }
    write_stderr(text, 1 + wide);
    state.meter_len = len;
}

static void emit(enum log_level level, struct log_line *l)
{
    static const unsigned char severity[] = {3, 4, 5, 6, 7};

    l->text[l->len] = 0;
    if (state.to_syslog) {
        syslog_out_send(&state.syslog, severity[level], l->text + sizeof(NAME) - 1, time(NULL));
        return;
    }
    log_meter("");
    l->text[l->len] = '\n';
    write_stderr(l->text, l->len + 1);
}

void log_begin(enum log_level level, bool to_syslog)
{
    syslog_out_close(&state.syslog);
    state.level = level;
    state.to_syslog = to_syslog;
}

bool log_wants(enum log_level level)
{
    return level <= state.level;
}

void log_parts(enum log_level level, const char *const *part)
{
    struct log_line l = {.len = 0};

    if (!log_wants(level)) {
        return;
    }
    put_part(&l, NAME);
    if (level == LOG_AT_WARNING || level == LOG_AT_DEBUG) {
        put_part(&l, level == LOG_AT_WARNING ? "warning: " : "debug: ");
    }
    for (; *part != NULL; part++) {
        put_part(&l, *part);
    }
    emit(level, &l);
}

void log_error(int err, const char *where, const char *fix)
{
    bool placed = where != NULL && where[0] != 0;

    log_put(LOG_AT_ERROR, err_what(err), placed ? ": " : "", placed ? where : "", "; ",
            fix != NULL && fix[0] != 0 ? fix : err_fix(err));
}
