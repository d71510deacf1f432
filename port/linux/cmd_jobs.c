#include "linux/app.h"

#include "base/err.h"
#include "linux/utc.h"

static void put_count(struct line *l, int64_t count)
{
    if (count == JOB_UNTOLD) {
        line_put(l, "-");
    } else {
        line_u64(l, (uint64_t)count);
    }
}

static void job_text(struct app *a, const struct job *job)
{
    struct line l;
    char when[UTC_CAP];

    utc_text(when, job->created_ms);
    line_set(&l, job->id[0] != '\0' ? job->id : "-");
    line_pad(&l, 20);
    line_put(&l, job->word[0] != '\0' ? job->word : "-");
    line_pad(&l, 34);
    line_put(&l, job->object[0] != '\0' ? job->object : "-");
    line_pad(&l, 50);
    put_count(&l, job->records);
    line_pad(&l, 60);
    put_count(&l, job->failed);
    line_pad(&l, 70);
    line_put(&l, when);
    line_put(&l, "\n");
    out_text(&a->out, l.text);
}

static void job_json_item(struct app *a, const struct job *job)
{
    struct json_out *j = &a->json;

    json_out_object(j);
    json_out_put_string(j, "job", job->id);
    json_out_put_string(j, "status", job->word);
    json_out_put_string(j, "object", job->object);
    json_out_put_count(j, "records", job->records);
    json_out_put_count(j, "failed", job->failed);
    json_out_put_count(j, "created_ms", job->created_ms);
    json_out_put_count(j, "completed_ms", job->completed_ms);
    json_out_put_string(j, "message", job->message);
    json_out_end(j);
}

static void job_item(void *ctx, const struct bulk_item *item)
{
    struct app *a = ctx;

    if (app_json(a)) {
        job_json_item(a, item->job);
    } else {
        job_text(a, item->job);
    }
}

static int run_jobs(struct app *a)
{
    const struct bulk_receiver to = {job_item, a};
    int err;

    if (app_json(a)) {
        json_out_key(&a->json, "jobs");
        json_out_array(&a->json);
    } else {
        out_text(&a->out, "JOB                 STATUS        OBJECT          RECORDS   FAILED    "
                          "CREATED\n");
    }
    err = session_jobs(&a->session, &to);
    if (app_json(a)) {
        json_out_end(&a->json);
    }
    return err == 0 ? 0 : app_fail_session(a, err);
}

const struct command cmd_jobs = {
    .name = "jobs",
    .words = "",
    .summary = "list the account's uploads as the service knows them",
    .help = "Where an upload's outcome is unknown, look here whether its job was made.\n",
    .letters = "",
    .run = run_jobs,
};
