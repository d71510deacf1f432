/* queue: the device's view of its spool, without the lock. */
#include "base/err.h"
#include "base/num.h"
#include "base/stream.h"
#include "linux/queue_say.h"
#include "linux/queue_sum.h"
#include "linux/spool_dir.h"
#include "spool/kept_line.h"

#include <string.h>

struct queue {
    struct app *app;
    struct spool_dir spool;
    struct queue_look look;
    struct queue_totals totals;
};

static bool is_upsert(const struct app *a, const char *object)
{
    return config_object(&a->config, object)->identifier[0] != '\0';
}

static void say(struct queue *q, const struct queue_item *i)
{
    if (app_json(q->app)) {
        queue_say_json(q->app, i);
    } else {
        queue_say_text(q->app, i);
    }
}

static void count_range(struct queue_totals *t, const struct range *r)
{
    t->sending += r->state == ENTRY_INTENT;
    t->unknown += r->state == ENTRY_COMMIT;
    t->open += r->state == ENTRY_CREATED;
    t->held += r->state == ENTRY_HELD;
}

/* The one with the next higher number; NULL: none. */
static const struct range *next_range(const struct queue *q, const char *object, uint32_t after)
{
    const struct ledger *l = &q->look.ledger;
    const struct range *next = NULL;

    for (uint16_t i = 0; i < l->ranges; i++) {
        const struct range *r = &l->range[i];

        if (strcmp(l->object[r->object].is.name, object) == 0 && r->batch > after &&
            (next == NULL || r->batch < next->batch)) {
            next = r;
        }
    }
    return next;
}

static void say_ranges(struct queue *q, const char *object)
{
    const struct range *r = NULL;

    while ((r = next_range(q, object, r != NULL ? r->batch : 0)) != NULL) {
        const struct queue_item item = {.look = &q->look, .object = object, .range = r};

        count_range(&q->totals, r);
        if (r->state != ENTRY_VOID && r->state != ENTRY_FINAL) {
            say(q, &item);
        }
    }
}

static int say_files(struct queue *q, const char *object)
{
    static const enum kept_folder folder[] = {KEPT_HELD, KEPT_FAILED, KEPT_QUARANTINE};
    uint64_t *const count[] = {&q->totals.held, &q->totals.failed, &q->totals.quarantined};
    static struct queue_file file;

    for (size_t i = 0; i < COUNT(folder); i++) {
        char after[FLASH_FILE_CAP] = "";
        int n;

        while ((n = queue_look_file(&q->look, folder[i], object, after, &file)) == 1) {
            const struct queue_item item = {&q->look, object, NULL, &file,
                                            is_upsert(q->app, object)};

            say(q, &item);
            (*count[i])++;
            memcpy(after, file.name, sizeof after);
        }
        if (n < 0) {
            return n;
        }
    }
    return 0;
}

static int say_object(struct queue *q, const char *name)
{
    struct app *a = q->app;
    struct queue_object object = {.name = name, .success_ms = -1};
    int at = ledger_object_at(&q->look.ledger, name);
    int err = queue_look_waiting(&q->look, name, &object.waiting);

    if (at >= 0) {
        object.known = &q->look.ledger.object[at].is;
        object.success_ms = q->look.success_ms[at];
    }
    q->totals.waiting.files += object.waiting.files;
    q->totals.waiting.bytes += object.waiting.bytes;
    if (app_json(a)) {
        json_out_object(&a->json);
        queue_object_json(a, &object);
        json_out_key(&a->json, "batches");
        json_out_array(&a->json);
    } else {
        queue_object_text(a, &object);
    }
    say_ranges(q, name);
    err = err == 0 ? say_files(q, name) : err;
    if (app_json(a)) {
        json_out_end(&a->json);
        json_out_end(&a->json);
    }
    return err;
}

static int say_all(struct queue *q)
{
    struct app *a = q->app;
    struct flash_file object = {""};
    int n;

    if (app_json(a)) {
        queue_head_json(a, &q->look);
        json_out_key(&a->json, "objects");
        json_out_array(&a->json);
    } else {
        queue_head_text(a, &q->look);
    }
    while ((n = queue_look_object(&q->look, object.name, &object)) == 1) {
        n = say_object(q, object.name);
        if (n != 0) {
            break;
        }
    }
    if (app_json(a)) {
        json_out_end(&a->json);
        queue_totals_json(a, &q->totals);
    } else {
        queue_totals_text(a, &q->totals);
    }
    return n;
}

/* All that the reason has, such as each row with its error. */
static int say_reason(struct queue *q, const struct kept_place *p)
{
    struct app *a = q->app;
    struct kept_line l;
    char name[FLASH_NAME_CAP];
    uint64_t at = 0;
    int n = kept_path(name, p, ".reason");

    if (app_json(a)) {
        json_out_key(&a->json, "lines");
        json_out_array(&a->json);
    }
    while (n >= 0 && (n = kept_line_next(&l, &q->spool.flash, name, &at)) == 1) {
        if (app_json(a)) {
            json_out_object(&a->json);
            json_out_put_string(&a->json, "key", l.key);
            json_out_put_string(&a->json, "value", l.value);
            json_out_end(&a->json);
            continue;
        }
        out_text(&a->out, "    ");
        app_put_path(a, l.key);
        out_text(&a->out, " = ");
        app_put_path(a, l.value);
        out_text(&a->out, "\n");
    }
    if (app_json(a)) {
        json_out_end(&a->json);
    }
    return n == ERR_FLASH_NONE ? 0 : n;
}

static void say_one(struct queue *q, const struct queue_item *i)
{
    if (app_json(q->app)) {
        json_out_key(&q->app->json, "item");
    } else {
        app_put_path(q->app, i->object);
        out_text(&q->app->out, "\n");
    }
    say(q, i);
}

static int say_range(struct queue *q, const struct range *r)
{
    const struct queue_item item = {
        .look = &q->look, .object = q->look.ledger.object[r->object].is.name, .range = r};
    char tag[TAG_CAP];

    count_range(&q->totals, r);
    say_one(q, &item);
    queue_tag(tag, &item);
    if (!app_json(q->app) && tag[0] != '\0') {
        out_text(&q->app->out, "    its tag is ");
        out_text(&q->app->out, tag);
        out_text(&q->app->out, "\n");
    }
    return 0;
}

static int say_file(struct queue *q, const struct kept_place *p)
{
    static struct queue_file file;
    int n = kept_there(&q->spool.flash, p);

    n = n == 2 ? queue_look_reason(&q->look, p, &file) : n < 0 ? n : ERR_BATCH_NONE;
    if (n != 0) {
        return n;
    }
    const struct queue_item item = {&q->look, p->object, NULL, &file, is_upsert(q->app, p->object)};

    q->totals.held += p->folder == KEPT_HELD;
    say_one(q, &item);
    return say_reason(q, p);
}

static int say_named(struct queue *q, const char *name)
{
    static struct kept_found found;
    uint64_t batch = 0;
    bool number = num_u64_max(name, strlen(name), UINT32_MAX, &batch) == 0;
    const struct range *r = number ? ledger_find(&q->look.ledger, (uint32_t)batch) : NULL;
    int n;

    if (r != NULL) {
        return say_range(q, r);
    }
    n = number ? kept_find(&found, &q->spool.flash, (uint32_t)batch) : kept_named(&found, name);
    if (number && n == 0) {
        return ERR_BATCH_NONE;
    }
    return n < 0 ? n : say_file(q, &found.place);
}

static int conclude(struct queue *q)
{
    struct line where;

    if (q->totals.held == 0) {
        return 0;
    }
    line_set(&where, "");
    line_u64(&where, q->totals.held);
    line_put(&where, " held");
    return app_fail(q->app, ERR_HELD, where.text,
                    app_json(q->app) ? NULL : "see the commands above");
}

static int run_queue(struct app *a)
{
    static struct queue q;
    const char *name = a->args.words > 0 ? a->args.word[0] : NULL;
    int err;

    q.app = a;
    err = spool_open(&q.spool, &a->config, false);
    if (err != 0) {
        return app_fail(a, err, q.spool.where.text, q.spool.fix.text);
    }
    err = queue_look(&q.look, &q.spool.flash);
    if (app_json(a)) {
        json_out_put_string(&a->json, "spool", q.spool.path);
    }
    if (err == 0) {
        err = name != NULL ? say_named(&q, name) : say_all(&q);
    }
    if (err != 0) {
        err = app_fail(a, err, name != NULL ? name : q.spool.path, queue_fix(&q.spool, err));
    }
    spool_close(&q.spool);
    if (err != 0) {
        return err;
    }
    return conclude(&q);
}

const struct command cmd_queue = {
    .name = "queue",
    .words = "[BATCH]",
    .summary = "show what waits in the spool, what is held, and what can be done about it",
    .help =
        "BATCH is a number, or a file such as quarantine/contact/segment-00000003: all that is\n"
        "known of it. Needs no lock: the daemon goes on. Exit code 9 when something is held.\n",
    .letters = "",
    .most = 1,
    .offline = true,
    .run = run_queue,
};
