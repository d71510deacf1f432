#include "linux/columns.h"

#include "base/err.h"
#include "base/text.h"
#include "linux/log.h"
#include "record/csv_field.h"

#include <string.h>

/* Without outer spaces: a header written by hand has them (S10). */
static void put_name(char dst[COLUMN_CAP], const char *src, size_t len)
{
    while (len > 0 && src[0] == ' ') {
        src++;
        len--;
    }
    while (len > 0 && src[len - 1] == ' ') {
        len--;
    }
    len = len < COLUMN_CAP - 1 ? len : COLUMN_CAP - 1;
    memcpy(dst, src, len);
    dst[len] = '\0';
}

/* The next name of a header row: false when none is left. */
static bool next_name(struct csv_field *f, char dst[COLUMN_CAP])
{
    char text[4 * COLUMN_CAP];

    if (csv_field_next(f, text, sizeof text) < 0) {
        return false;
    }
    put_name(dst, text, strlen(text));
    return true;
}

static unsigned split(struct columns *c, const uint8_t *row, size_t len)
{
    struct csv_field f;
    unsigned n = 0;

    csv_field_init(&f, row, len);
    while (n < COLUMNS_MAX && next_name(&f, c->column[n].name)) {
        n++;
    }
    return n;
}

/* The index of the first column that differs from `columns` of the configuration, or -1. */
static int differs(const struct columns *c, const char *want)
{
    struct csv_field f;
    char name[COLUMN_CAP];
    unsigned n = 0;

    csv_field_init(&f, (const uint8_t *)want, strlen(want));
    for (; n < COLUMNS_MAX && next_name(&f, name); n++) {
        if (n >= c->count || strcmp(c->column[n].name, name) != 0) {
            return (int)n;
        }
    }
    return n < c->count ? (int)n : -1;
}

int columns_read(struct app *a, struct columns *c, struct scan *s,
                 const struct config_object *settings)
{
    static uint8_t row[HEADER_CAP];
    uint64_t len = s->file.header_end - s->file.header_at;
    struct line l;

    if (len > sizeof row) {
        log_put(LOG_AT_WARNING, s->path, ": the header row is too long to be compared");
        return 0;
    }
    int n = s->disk.file.read_at(&s->disk, s->file.header_at, row, (size_t)len);

    c->count = n > 0 ? split(c, row, (size_t)n) : 0;
    if (settings->columns[0] == '\0') {
        return 0;
    }
    int at = differs(c, settings->columns);

    if (at < 0) {
        return 0;
    }
    line_set_path(&l, s->path);
    line_put(&l, ":");
    line_u64(&l, s->file.header_line);
    line_put(&l, ": column ");
    line_u64(&l, (uint64_t)at + 1);
    line_put(&l, (unsigned)at < c->count ? " is " : " is missing");
    line_put(&l, (unsigned)at < c->count ? c->column[at].name : "");
    return app_fail(a, ERR_COLUMNS, l.text, NULL);
}

struct wanted {
    const char *name;
    bool found;
    char near[COLUMN_CAP];
    unsigned distance;
};

static void object_item(void *ctx, const struct bulk_item *item)
{
    struct wanted *w = ctx;
    unsigned distance = text_distance(w->name, item->text);

    w->found = w->found || strcmp(w->name, item->text) == 0;
    if (distance < w->distance) {
        w->distance = distance;
        put_name(w->near, item->text, strlen(item->text));
    }
}

int columns_check_object(struct app *a, const char *object)
{
    struct wanted w = {.name = object, .distance = text_slips(object) + 1};
    const struct bulk_receiver to = {object_item, &w};
    struct line fix;
    int err = session_objects(&a->session, &to);

    if (err != 0) {
        return app_fail_session(a, err);
    }
    if (w.found) {
        return 0;
    }
    line_set(&fix, "");
    if (w.near[0] != '\0') {
        line_set(&fix, "did you mean `");
        line_put(&fix, w.near);
        line_put(&fix, "`? `ocbulk objects` lists the names");
    }
    return app_fail(a, ERR_OBJECT_UNKNOWN, object, fix.text);
}

static void take_field(struct column *column, const char *name)
{
    unsigned distance = text_distance(column->name, name);

    if (strcmp(column->name, name) == 0) {
        column->known = true;
    } else if (distance < column->distance) {
        column->distance = (uint8_t)distance;
        put_name(column->near, name, strlen(name));
    }
}

static void field_item(void *ctx, const struct bulk_item *item)
{
    struct columns *c = ctx;
    bool have = false;

    c->fields++;
    for (unsigned i = 0; i < c->count; i++) {
        take_field(&c->column[i], item->text);
        have = have || strcmp(c->column[i].name, item->text) == 0;
    }
    if (item->required && !have) {
        line_put(&c->missing, c->missing.len > 0 ? ", " : "");
        line_put(&c->missing, item->text);
    }
}

static void warn(const struct columns *c, const char *object)
{
    for (unsigned i = 0; i < c->count; i++) {
        const struct column *column = &c->column[i];
        bool near = column->near[0] != '\0';

        if (!column->known) {
            log_put(LOG_AT_WARNING, object, " has no field `", column->name, "`",
                    near ? "; did you mean `" : "", near ? column->near : "", near ? "`?" : "");
        }
    }
    if (c->missing.len > 0) {
        log_put(LOG_AT_WARNING, object,
                " requires fields that the file has no column for: ", c->missing.text);
    }
}

/* Not every service gives metadata: without it the rows themselves will tell. */
int columns_check_metadata(struct app *a, struct columns *c, const char *object)
{
    const struct bulk_receiver to = {field_item, c};

    for (unsigned i = 0; i < c->count; i++) {
        c->column[i].distance = (uint8_t)(text_slips(c->column[i].name) + 1);
    }
    line_set(&c->missing, "");
    int err = session_metadata(&a->session, object, &to);

    if (err_class(err) == CLASS_REJECTED || err == ERR_REPLY_SHAPE || err == ERR_SERVICE) {
        log_put(LOG_AT_INFO, "the service gives no metadata of ", object, ": ",
                a->session.where.text);
        return 0;
    }
    if (err != 0) {
        return app_fail_session(a, err);
    }
    if (c->fields > 0) {
        warn(c, object);
    }
    return 0;
}
