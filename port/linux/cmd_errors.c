#include "linux/app.h"

#include "base/err.h"
#include "linux/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART     ".part"
#define PART_CAP (4096 + sizeof PART) /* the longest path that Linux takes */

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

static int file_failed(struct app *a, const char *path, const char *why)
{
    struct line l;

    line_set_path(&l, path);
    line_put(&l, ": ");
    line_put(&l, why);
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

/* A new file beside the one named: its descriptor, or an error that was told. */
static int open_part(struct app *a, const char *path, char part[PART_CAP])
{
    struct stat st;

    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* a device must not become a file */
        return file_failed(a, path, "not a regular file");
    }
    if (words(part, PART_CAP, path, PART) != strlen(path) + sizeof PART - 1) {
        return file_failed(a, path, strerror(ENAMETOOLONG));
    }
    (void)unlink(part); /* of a run that was killed */
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    return fd >= 0 ? fd : file_failed(a, part, strerror(errno));
}

/* Written beside and renamed: the file named is whole or not there. */
static int to_file(struct app *a, uint64_t *count)
{
    static struct out out;
    static char part[PART_CAP];
    const char *path = a->args.output;
    int fd = open_part(a, path, part);

    if (fd < 0) {
        return fd;
    }
    out_init(&out, fd);
    int err = read_errors(a, &out, count);
    bool written = out_flush(&out) == 0 && fsync(fd) == 0;

    if (close(fd) != 0 || !written) {
        err = exit_worse(err, file_failed(a, part, "not written in full"));
    }
    if (err == 0 && rename(part, path) != 0) {
        err = file_failed(a, path, strerror(errno));
    }
    if (err != 0) {
        (void)unlink(part);
    }
    return err;
}

static int run_errors(struct app *a)
{
    uint64_t count = 0;
    int err = app_check_job(a);

    if (err != 0) {
        return err;
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
