/* add: records into the spool, each on flash before it counts. */
#include "base/err.h"
#include "linux/app.h"
#include "linux/clock.h"
#include "linux/log.h"
#include "linux/record_in.h"
#include "linux/spool_dir.h"
#include "linux/wake.h"
#include "spool/outbox.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct add {
    struct app *app;
    const char *object;
    const struct config_object *settings;
    struct spool_dir spool;
    struct outbox_rules rules;
    struct outbox outbox;
    struct record_in in;
    struct record_columns columns;
    bool known; /* columns are */
    bool stream;
    uint64_t added;
    /* Records that wait for the sync that they share with others: how many, the last one, and when
     * it is. */
    uint64_t waiting, due_ms;
    struct outbox_ticket ticket;
    struct line where, fix;
    uint8_t row[ADD_RECORD_CAP];
};

static uint64_t now_ms(void)
{
    return clock_now().mono_ms;
}

static int fail_flash(struct add *d, int err)
{
    line_set_path(&d->where, d->spool.path);
    line_put(&d->where, "/outbox/");
    line_put(&d->where, d->object);
    line_set(&d->fix, "");
    if (err == ERR_FLASH_WRITE || err == ERR_FLASH_READ) {
        line_put(&d->where, ": ");
        line_put(&d->where, strerror(d->spool.dir.sys));
    }
    return err;
}

/* What failed was the record itself: with its line, where there are lines. */
static int fail_record(struct add *d, int err, const struct line *where, const struct line *fix)
{
    line_set(&d->where, "");
    if (d->stream) {
        line_put(&d->where, "standard input:");
        line_u64(&d->where, d->in.line);
        line_put(&d->where, ": ");
    }
    line_put(&d->where, where->text);
    line_set(&d->fix, fix->text);
    return err;
}

/* Columns are those of the configuration; or of the records that wait already; or of this one. */
static int learn(struct add *d)
{
    const char *set = d->settings->columns;
    int n = 0;

    if (set[0] != '\0') {
        n = record_columns_read(&d->columns, (const uint8_t *)set, strlen(set));
        line_set(&d->columns.fix, n != 0 ? "correct `columns` of the object's section" : "");
        return n == 0 ? 0 : fail_record(d, ERR_CONFIG, &d->columns.where, &d->columns.fix);
    }
    n = outbox_header(&d->outbox, now_ms(), d->row, HEADER_CAP);
    if (n < 0) {
        return fail_flash(d, n);
    }
    n = n > 0 ? record_columns_read(&d->columns, d->row, (size_t)n)
              : record_columns_take(&d->columns, &d->in.record);
    return n == 0 ? 0 : fail_record(d, n, &d->columns.where, &d->columns.fix);
}

static int settle(struct add *d)
{
    int err = 0;

    if (d->waiting > 0) {
        err = outbox_settle(&d->outbox, &d->ticket, now_ms());
        d->added += err == 0 ? d->waiting : 0;
        d->waiting = 0;
    }
    return err == 0 ? 0 : fail_flash(d, err);
}

/* All writers wake together: at a multiple of the time that they may wait. */
static int append(struct add *d, const struct outbox_row *row)
{
    const uint32_t every_ms = d->app->config.spool.fsync_ms;
    struct outbox_ticket ticket;
    uint64_t now = now_ms();
    int err = outbox_append(&d->outbox, row, now, &ticket);

    if (err == 0 && d->waiting > 0 && ticket.generation != d->ticket.generation) {
        err = settle(d); /* those in the segment before are on flash, or lost */
    }
    if (err != 0) {
        return err;
    }
    d->due_ms = d->waiting == 0 ? (now / every_ms + 1) * every_ms : d->due_ms;
    d->waiting++;
    d->ticket = ticket;
    return 0;
}

static int put_row(struct add *d, size_t len)
{
    const struct outbox_row row = {.header = d->columns.header,
                                   .header_len = d->columns.header_len,
                                   .record = d->row,
                                   .len = len,
                                   .fields = d->columns.count,
                                   .renew = d->settings->columns[0] != '\0'};
    int err;

    if (d->app->config.spool.fsync_ms != 0) {
        return append(d, &row);
    }
    err = d->stream ? outbox_hold(&d->outbox, now_ms()) : 0;
    err = err == 0 ? outbox_add(&d->outbox, &row, now_ms()) : err;
    if (err == 0 && ++d->added % ADD_RUN_MAX == 0) {
        outbox_release(&d->outbox);
    }
    return err;
}

static void wake(struct add *d)
{
    if (d->outbox.news) {
        d->outbox.news = false;
        (void)wake_send(d->app->config.spool.run_dir, NULL);
    }
}

/* Without `columns` another producer may have begun with other names in the meantime. */
static int add_record(struct add *d)
{
    int err = ERR_COLUMNS;

    for (unsigned tries = 0; err == ERR_COLUMNS && tries < 3; tries++) {
        int n = d->known ? 0 : learn(d);

        if (n != 0) {
            return n;
        }
        d->known = true;
        n = record_columns_put(&d->columns, &d->in.record, d->row, sizeof d->row);
        if (n < 0) {
            return fail_record(d, n, &d->columns.where, &d->columns.fix);
        }
        err = put_row(d, (size_t)n);
        d->known = err != ERR_COLUMNS;
    }
    wake(d);
    return err == 0 ? 0 : fail_flash(d, err);
}

static void sleep_until(uint64_t when_ms)
{
    uint64_t now;

    while ((now = now_ms()) < when_ms) {
        uint64_t left = when_ms - now;
        const struct timespec pause = {(time_t)(left / 1000), (long)(left % 1000) * 1000000};

        (void)nanosleep(&pause, NULL);
    }
}

/* Whether standard input has bytes, or its end, before the next sync is due. */
static bool has_input(const struct add *d)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    uint64_t now = now_ms();

    if (d->waiting == 0) {
        return true;
    }
    return now < d->due_ms && poll(&in, 1, (int)(d->due_ms - now)) > 0;
}

static int pull_stdin(void *ctx, uint8_t *dst, size_t cap)
{
    struct add *d = ctx;
    ssize_t n;

    outbox_release(&d->outbox); /* who knows how long it takes */
    if (!has_input(d)) {
        return ERR_WAIT;
    }
    do {
        n = read(STDIN_FILENO, dst, cap);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? ERR_FILE_READ : (int)n;
}

static int fail_input(struct add *d, int err)
{
    line_set(&d->where, err == ERR_FILE_READ ? "standard input" : d->in.where.text);
    line_set(&d->fix, "");
    return err;
}

static int add_stream(struct add *d)
{
    const struct source source = {pull_stdin, d};
    int err = 0, n;

    d->stream = true;
    record_in_init(&d->in, &source);
    while (err == 0 && ((n = record_in_next(&d->in)) == 1 || n == ERR_WAIT)) {
        err = n == 1 ? add_record(d) : 0;
        if (err == 0 && d->waiting > 0 && now_ms() >= d->due_ms) {
            err = settle(d);
        }
    }
    outbox_release(&d->outbox);
    if (err != 0 || n < 0) {
        return err != 0 ? err : fail_input(d, n);
    }
    if (d->in.kind == RECORD_UNTOLD) {
        line_set(&d->in.where, "standard input is empty");
        return fail_input(d, ERR_RECORD);
    }
    return 0;
}

static int add_words(struct add *d, const char *const *word, unsigned words)
{
    int err = record_in_words(&d->in, word, words);

    return err == 0 ? add_record(d) : fail_input(d, err);
}

/* A failure first lets those that wait have their sync; it is told before theirs would be. */
static int settle_rest(struct add *d, int err)
{
    struct line where = d->where, fix = d->fix;
    int late;

    if (d->waiting == 0) {
        return err;
    }
    sleep_until(d->due_ms);
    late = settle(d);
    if (err != 0) {
        d->where = where;
        d->fix = fix;
    }
    return err != 0 ? err : late;
}

static void say_cost(const struct add *d)
{
    const struct flash_counts *c = &d->spool.dir.counts;
    struct line l;

    line_set(&l, "");
    line_u64(&l, d->added);
    line_put(&l, " added, writes ");
    line_u64(&l, c->writes);
    line_put(&l, ", syncs ");
    line_u64(&l, c->syncs);
    log_put(LOG_AT_DEBUG, d->object, ": ", l.text);
}

static int report(struct add *d, int err)
{
    struct app *a = d->app;

    say_cost(d);
    if (app_json(a)) {
        json_out_put_u64(&a->json, "added", d->added);
        json_out_put_count(&a->json, "line", err != 0 && d->stream ? (int64_t)d->in.line : -1);
    }
    if (err == 0) {
        return 0;
    }
    if (d->stream) {
        line_put(&d->where, "; ");
        line_u64(&d->where, d->added);
        line_put(&d->where,
                 d->added == 1 ? " record was added before" : " records were added before");
    }
    return app_fail(a, err, d->where.text, d->fix.text);
}

static int run_add(struct app *a)
{
    static struct add d;
    const struct config *c = &a->config;
    int err = bulk_object_ok(a->args.word[0]);

    if (err != 0) {
        return app_fail(a, err, a->args.word[0], NULL);
    }
    d.app = a;
    d.object = a->args.word[0];
    d.settings = config_object(c, d.object);
    if (app_json(a)) {
        json_out_put_string(&a->json, "object", d.object);
    }
    err = spool_open(&d.spool, c, true);
    if (err != 0) {
        return app_fail(a, err, d.spool.where.text, d.spool.fix.text);
    }
    d.rules = (struct outbox_rules){.max_bytes = c->spool.max_bytes,
                                    .headroom = c->spool.headroom,
                                    .batch_bytes = d.settings->batch_bytes,
                                    .batch_records = d.settings->batch_records,
                                    .seal_after_ms = c->spool.seal_after_ms};
    outbox_init(&d.outbox, &d.spool.flash, &d.rules, d.object);
    err = a->args.words > 1
              ? add_words(&d, (const char *const *)a->args.word + 1, a->args.words - 1)
              : add_stream(&d);
    err = report(&d, settle_rest(&d, err));
    spool_close(&d.spool);
    return err;
}

const struct command cmd_add = {
    .name = "add",
    .words = "OBJECT [NAME=VALUE ...]",
    .summary = "put records into the spool, from where `run` sends them",
    .help =
        "One record as NAME=VALUE words; or records on standard input: JSON objects, one behind\n"
        "the other, or CSV rows behind a header row. Names are those of the object's `columns`;\n"
        "where these are not set, of its first record. Exit code 0: all are on flash.\n",
    .letters = "",
    .least = 1,
    .most = COLUMNS_MAX + 1,
    .offline = true,
    .run = run_add,
};
