#include "linux/progress.h"

#include "base/num.h"
#include "linux/log.h"
#include "linux/words.h"

#include <sys/ioctl.h>
#include <unistd.h>

enum { REDRAW_MS = 200, WIDTH_DEFAULT = 80, RATE_AFTER_MS = 1000 };

/* "1234 B" below 10,000, else the largest unit that leaves one to four digits: "9999 KB". */
static void size_text(char *dst, size_t cap, uint64_t bytes)
{
    static const char *const unit[] = {" B", " KB", " MB", " GB", " TB", " PB", " EB"};
    char digits[NUM_U64_CAP];
    size_t at = 0;

    while (bytes > 9999) {
        bytes /= 1024;
        at++;
    }
    num_print_u64(digits, bytes);
    words(dst, cap, digits, unit[at]);
}

/* "59s", "12m07s", "3h05m"; longer than a day is no estimate. */
static void time_text(char *dst, size_t cap, uint64_t s)
{
    uint64_t high = s >= 3600 ? s / 3600 : s / 60;
    uint64_t low = s >= 3600 ? s / 60 % 60 : s % 60;
    char high_text[NUM_U64_CAP], low_text[NUM_U64_CAP];

    num_print_u64(high_text, high);
    num_print_u64(low_text, low);
    if (s >= 86400) {
        words(dst, cap, "more than a day");
    } else if (s < 60) {
        words(dst, cap, low_text, "s");
    } else {
        words(dst, cap, high_text, s >= 3600 ? "h" : "m", low < 10 ? "0" : "", low_text,
              s >= 3600 ? "m" : "s");
    }
}

/* v * by / over without overflow, for figures that are shown only; over is not 0. */
static uint64_t scale(uint64_t v, uint64_t by, uint64_t over)
{
    while (v > UINT64_MAX / by) {
        v /= 2;
        over = over / 2 > 0 ? over / 2 : 1;
    }
    return v * by / over;
}

static size_t rate_parts(const struct progress *p, uint64_t spent_ms, char *dst, size_t cap)
{
    uint64_t rate = scale(p->done, 1000, spent_ms);
    char per_s[32], left[32];

    size_text(per_s, sizeof(per_s), rate);
    if (p->total <= p->done || rate == 0) {
        return words(dst, cap, "  ", per_s, "/s");
    }
    time_text(left, sizeof(left), (p->total - p->done) / rate);
    return words(dst, cap, "  ", per_s, "/s  ", left, " left");
}

size_t progress_line(const struct progress *p, char *dst, unsigned width, uint64_t now_ms)
{
    char done[32], total[32], percent[NUM_U64_CAP], records[NUM_U64_CAP], rate[80] = "";
    uint64_t spent_ms = now_ms > p->begun_ms ? now_ms - p->begun_ms : 0;
    uint64_t shown = p->done < p->total ? p->done : p->total;
    size_t cap = width < PROGRESS_LINE_CAP ? width + 1 : PROGRESS_LINE_CAP;

    size_text(done, sizeof(done), p->done);
    size_text(total, sizeof(total), p->total);
    num_print_u64(records, p->records);
    if (spent_ms >= RATE_AFTER_MS) {
        rate_parts(p, spent_ms, rate, sizeof(rate));
    }
    if (p->total == 0) {
        return words(dst, cap, done, "  ", records, " records", rate);
    }
    num_print_u64(percent, scale(shown, 100, p->total));
    return words(dst, cap, percent, "%  ", done, " of ", total, "  ", records, " records", rate);
}

static unsigned width_now(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0) {
        return WIDTH_DEFAULT;
    }
    return size.ws_col;
}

static void draw(struct progress *p, uint64_t now_ms)
{
    char line[PROGRESS_LINE_CAP];

    /* The last column stays free: some terminals begin a new line there. */
    progress_line(p, line, width_now() - 1, now_ms);
    log_meter(line);
    p->drawn = true;
    p->drawn_ms = now_ms;
}

void progress_begin(struct progress *p, uint64_t total, bool quiet, uint64_t now_ms)
{
    *p = (struct progress){.total = total, .begun_ms = now_ms};
    p->on = !quiet && isatty(STDERR_FILENO) == 1;
}

void progress_step(struct progress *p, uint64_t done, uint64_t records, uint64_t now_ms)
{
    p->done = done;
    p->records = records;
    if (p->on && (!p->drawn || now_ms - p->drawn_ms >= REDRAW_MS)) {
        draw(p, now_ms);
    }
}

void progress_end(struct progress *p)
{
    if (p->drawn) {
        log_meter("");
    }
    p->on = false;
    p->drawn = false;
}
