#include "linux/app.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct errors {
    struct app *app;
    struct out *out;
    uint64_t count;
};

static void error_item(void *ctx, const struct bulk_item *item)
{
    struct errors *e = ctx;

    e->count++;
    if (e->out == NULL) {
        json_out_string(&e->app->json, item->text);
        return;
    }
    out_text(e->out, item->text);
    out_text(e->out, "\n");
}

static int file_failed(struct app *a, const char *path)
{
    struct line l;

    line_set(&l, path);
    line_put(&l, ": ");
    line_put(&l, strerror(errno));
    return app_fail(a, ERR_FILE_WRITE, l.text, NULL);
}

static int read_errors(struct app *a, struct out *out, uint64_t *count)
{
    struct errors e = {.app = a, .out = out};
    const struct bulk_receiver to = {error_item, &e};
    int err = session_errors(&a->session, a->args.word[0], &to);

    *count = e.count;
    return err == 0 ? 0 : app_fail_session(a, err);
}

/* Written beside and renamed: the file named is whole or not there. */
static int to_file(struct app *a, uint64_t *count)
{
    static struct out out;
    struct line part;
    const char *path = a->args.output;

    line_set(&part, path);
    line_put(&part, ".part");
    int fd = open(part.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        return file_failed(a, part.text);
    }
    out_init(&out, fd);
    int err = read_errors(a, &out, count);
    bool written = out_flush(&out) == 0 && fsync(fd) == 0;

    if (close(fd) != 0 || !written) {
        err = file_failed(a, part.text);
    }
    if (err == 0 && rename(part.text, path) != 0) {
        err = file_failed(a, path);
    }
    if (err != 0) {
        (void)unlink(part.text);
    }
    return err;
}

static int run_errors(struct app *a)
{
    uint64_t count = 0;
    int err;

    if (!job_id_ok(a->args.word[0])) {
        return app_fail(a, ERR_USAGE, "a job id has only letters, digits and . _ -", NULL);
    }
    if (a->args.output != NULL) {
        err = to_file(a, &count);
    } else if (app_json(a)) {
        json_out_key(&a->json, "errors");
        json_out_array(&a->json);
        err = read_errors(a, NULL, &count);
        json_out_end(&a->json);
    } else {
        err = read_errors(a, &a->out, &count);
    }
    if (app_json(a)) {
        json_out_put_string(&a->json, "job", a->args.word[0]);
        json_out_put_u64(&a->json, "count", count);
    }
    return err;
}

const struct command cmd_errors = {
    .name = "errors",
    .words = "JOB [-o FILE]",
    .summary = "tell why rows of a job were not stored",
    .help = "One line for each error. The service keeps them for 3 to 7 days.\n"
            "  -o, --output FILE   write them there (complete or not at all)\n",
    .letters = "o",
    .least = 1,
    .most = 1,
    .run = run_errors,
};
