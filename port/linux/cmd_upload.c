#include "base/err.h"
#include "base/num.h"
#include "linux/log.h"
#include "linux/upload_parts.h"

#include <string.h>

/* Tells what --dry-run was asked for. */
static int say_plan(struct upload *u, uint64_t records)
{
    struct app *a = u->app;

    if (app_json(a)) {
        json_out_put_bool(&a->json, "dry_run", true);
        return 0;
    }
    app_put_path(a, u->scan.path);
    out_text(&a->out, ": ");
    out_u64(&a->out, records);
    out_text(&a->out, " records, ");
    out_u64(&a->out, u->scan.bytes);
    out_text(&a->out, " bytes in ");
    out_u64(&a->out, u->scan.batches);
    out_text(&a->out, u->scan.batches == 1 ? " batch" : " batches");
    out_text(&a->out, " would go to ");
    out_text(&a->out, u->object);
    out_text(&a->out, "; nothing was sent\n");
    return 0;
}

static void summary(struct upload *u)
{
    struct app *a = u->app;
    bool counted = a->args.wait && !u->uncounted;

    if (app_json(a)) {
        json_out_end(&a->json);
        json_out_put_u64(&a->json, "sent", u->accepted);
        json_out_put_count(&a->json, "stored", counted ? (int64_t)u->stored : JOB_UNTOLD);
        json_out_put_count(&a->json, "failed", counted ? (int64_t)u->failed : JOB_UNTOLD);
        return;
    }
    if (u->jobs > 1 && a->args.wait) {
        out_text(&a->out, "in all: ");
        out_u64(&a->out, u->resumed + u->accepted);
        out_text(&a->out, " sent");
        if (counted) {
            out_text(&a->out, ", ");
            out_u64(&a->out, u->stored);
            out_text(&a->out, " stored, ");
            out_u64(&a->out, u->failed);
            out_text(&a->out, " failed");
        }
        out_text(&a->out, "\n");
    }
}

static int grown(struct upload *u, uint64_t added)
{
    struct line l;

    line_set_path(&l, u->scan.path);
    line_put(&l, ": ");
    line_u64(&l, added);
    line_put(&l, " bytes were added behind byte ");
    line_u64(&l, u->scan.file.size);
    line_put(&l, " and were not sent");
    return app_fail(u->app, ERR_SOURCE_CHANGED, l.text,
                    "what was there before is in its jobs; send the new records as a file of "
                    "their own");
}

/* A single batch is held to what was read at first; of several the later ones are read anew. */
static int changed(struct upload *u)
{
    uint64_t added = scan_added(&u->scan);

    if (u->scan.batches > 1 && scan_same(&u->scan) != 0) {
        return app_fail(u->app, ERR_SOURCE_CHANGED, u->scan.where.text,
                        "its batches may be of different states of it: compare it with what the "
                        "service has");
    }
    return added > 0 ? grown(u, added) : 0;
}

static int end(struct upload *u, int err)
{
    struct app *a = u->app;

    upload_end(u, err);
    if (app_json(a)) {
        json_out_key(&a->json, "journal");
        if (upload_journal_keeps(&u->journal)) {
            json_out_string(&a->json, u->journal.path);
        } else {
            json_out_null(&a->json);
        }
    }
    return err;
}

static void begin_batches(struct upload *u)
{
    if (app_json(u->app)) {
        json_out_key(&u->app->json, "batches");
        json_out_array(&u->app->json);
    }
}

static int transfer(struct upload *u)
{
    int err;

    begin_batches(u);
    err = upload_send(u);
    summary(u);
    return end(u, exit_worse(err, changed(u)));
}

/* Whether the journal of an earlier run is of the account that we are now. */
static int check_account(struct upload *u)
{
    struct line where, fix;

    if (!upload_journal_foreign(&u->journal)) {
        return 0;
    }
    line_set_path(&where, u->journal.path);
    line_put(&where, " is of another base_url or element_token");
    line_set(&fix, "use those that it was begun with; or ");
    upload_put_by_hand(u, &fix);
    return app_fail(u->app, ERR_CONFIG, where.text, fix.text);
}

static int check_service(struct upload *u)
{
    struct app *a = u->app;
    int err = app_begin_session(a);

    err = err == 0 ? check_account(u) : err;
    err = err == 0 ? columns_check_object(a, u->object) : err;
    return err == 0 ? columns_check_metadata(a, &u->columns, u->object) : err;
}

/* The record to begin with, from 1. */
static int read_from(struct upload *u)
{
    const char *text = u->app->args.from_record;

    u->record = 1;
    if (text != NULL && (num_u64(text, strlen(text), &u->record) != 0 || u->record == 0)) {
        return app_fail(u->app, ERR_USAGE, "--from-record wants a number from 1", NULL);
    }
    return 0;
}

static int nothing_to_send(struct upload *u)
{
    log_put(LOG_AT_NOTICE, u->scan.path, ": only a header row: nothing to send");
    if (app_json(u->app)) {
        json_out_put_u64(&u->app->json, "sent", 0);
    }
    return 0;
}

static void say_resumed(const struct upload *u)
{
    uint64_t batches = u->journal.is.batches;
    struct line l;

    if (u->resumed == 0) {
        return;
    }
    line_set(&l, "");
    line_u64(&l, batches);
    line_put(&l, batches == 1 ? " batch was" : " batches were");
    line_put(&l, " accepted before, ");
    if (u->scan.batches == 0) {
        line_put(&l, "nothing is left to send");
    } else {
        line_put(&l, "going on at record ");
        line_u64(&l, u->record);
    }
    log_put(LOG_AT_NOTICE, u->scan.path, ": ", l.text);
}

/* Without --wait there is nothing to ask for. */
static int all_accepted(struct upload *u)
{
    begin_batches(u);
    summary(u);
    return end(u, 0);
}

static int with_file(struct upload *u)
{
    struct app *a = u->app;
    int err = upload_resume(u);

    if (err != 0) {
        return err;
    }
    err = scan_all(&u->scan, u->record);
    if (err != 0) {
        return app_fail(a, err, u->scan.where.text, NULL);
    }
    err = columns_read(a, &u->columns, &u->scan, u->settings);
    if (err != 0) {
        return err;
    }
    if (app_json(a)) {
        json_out_put_u64(&a->json, "records", u->scan.records);
        json_out_put_u64(&a->json, "bytes", u->scan.bytes);
        json_out_put_u64(&a->json, "resumed", u->resumed);
    }
    if (u->scan.records == 0) {
        return nothing_to_send(u);
    }
    if (u->scan.batches == 0 && u->resumed == 0) {
        return app_fail(a, ERR_USAGE, "--from-record is behind the last record", NULL);
    }
    say_resumed(u);
    if (a->args.dry_run) {
        return say_plan(u, u->scan.records - u->record + 1);
    }
    if (u->scan.batches == 0 && !a->args.wait) {
        return all_accepted(u);
    }
    upload_plan(u);
    err = check_service(u);
    return err != 0 ? err : transfer(u);
}

static int run_upload(struct app *a)
{
    static struct upload u;
    const char *file = a->args.words > 1 ? a->args.word[1] : "-";
    int err = bulk_object_ok(a->args.word[0]);

    if (err != 0) {
        return app_fail(a, err, a->args.word[0], NULL);
    }
    if (strcmp(file, "-") == 0) {
        return app_fail(a, ERR_STDIN, NULL, NULL);
    }
    u.app = a;
    err = read_from(&u);
    if (err != 0) {
        return err;
    }
    u.object = a->args.word[0];
    u.settings = config_object(&a->config, u.object);
    const struct batch_limits limits = {u.settings->batch_records, u.settings->batch_bytes};

    if (app_json(a)) {
        json_out_put_string(&a->json, "object", u.object);
        json_out_put_string(&a->json, "file", file);
    }
    err = scan_open(&u.scan, file, &limits);
    if (err != 0) {
        return app_fail(a, err, u.scan.where.text, NULL);
    }
    err = with_file(&u);
    upload_journal_end(&u.journal, true);
    scan_close(&u.scan);
    return err;
}

const struct command cmd_upload = {
    .name = "upload",
    .words = "OBJECT FILE [--wait] [--dry-run]",
    .summary = "send a CSV file to the service, in batches",
    .help =
        "The whole file is read first: with a fault in it nothing is sent. Each batch carries\n"
        "the header row and becomes one job.\n"
        "  -w, --wait           follow the jobs; tell what was stored and what failed, and why\n"
        "  -n, --dry-run        tell what would be sent; send nothing\n"
        "      --from-record N  begin with record N (the first one is 1)\n"
        "While it works, FILE.ocbulk says how far it is: what was cut is run again, and goes on.\n"
        "      --journal DIR    have that in DIR instead of beside the file\n"
        "      --unknown skip   a batch that nobody knows of has its job: go on behind it\n"
        "      --unknown resend it has none: send it again\n",
    .letters = "wnfju",
    .least = 1,
    .most = 2,
    .offline = true, /* the file comes first: a bad one needs no network to be told */
    .run = run_upload,
};
