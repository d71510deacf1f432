#include "linux/app.h"

#include "base/err.h"

static void object_item(void *ctx, const struct bulk_item *item)
{
    struct app *a = ctx;

    if (app_json(a)) {
        json_out_string(&a->json, item->text);
    } else {
        out_text(&a->out, item->text);
        out_text(&a->out, "\n");
    }
}

static void field_item(void *ctx, const struct bulk_item *item)
{
    struct app *a = ctx;
    struct line l;

    if (app_json(a)) {
        json_out_object(&a->json);
        json_out_put_string(&a->json, "name", item->text);
        json_out_put_string(&a->json, "type", item->type);
        json_out_put_bool(&a->json, "required", item->required);
        json_out_put_bool(&a->json, "read_only", item->read_only);
        json_out_end(&a->json);
        return;
    }
    line_set(&l, item->text);
    line_pad(&l, 32);
    line_put(&l, item->type);
    line_put(&l, item->required ? " required" : "");
    line_put(&l, item->read_only ? " read-only" : "");
    line_put(&l, "\n");
    out_text(&a->out, l.text);
}

static int run_objects(struct app *a)
{
    bool one = a->args.words > 0;
    const struct bulk_receiver to = {one ? field_item : object_item, a};
    int err = one ? bulk_object_ok(a->args.word[0]) : 0;

    if (err != 0) {
        return app_fail(a, err, a->args.word[0], NULL);
    }
    if (app_json(a)) {
        json_out_key(&a->json, one ? "fields" : "objects");
        json_out_array(&a->json);
    }
    err = one ? session_metadata(&a->session, a->args.word[0], &to)
              : session_objects(&a->session, &to);
    if (app_json(a)) {
        json_out_end(&a->json);
    }
    return err == 0 ? 0 : app_fail_session(a, err);
}

const struct command cmd_objects = {
    .name = "objects",
    .words = "[NAME]",
    .summary = "list the service's objects, or one object's fields",
    .help = "Column names of a CSV file must be names of fields.\n",
    .letters = "",
    .most = 1,
    .run = run_objects,
};
