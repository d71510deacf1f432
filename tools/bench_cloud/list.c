#include "list.h"

#include "tag.h"
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_DEFAULT = 200, PAGE_MAX = 5000, LOOKALIKE_ID = 900000 };

/* One page: where it starts, how long it is, and what stands in it so far. */
struct page {
    const struct request *req;
    struct text *out;
    int64_t from; /* the token of this page, 0 on the first */
    long max, n;
    int64_t last; /* the key of the last item shown */
    int64_t next; /* that of the one behind it, when there is more */
    bool more;
    bool falling; /* keys become smaller */
    bool hidden;  /* an empty page before the first */
};

static const char *argument(const struct request *req, const char *name)
{
    return MHD_lookup_connection_value(req->con, MHD_GET_ARGUMENT_KIND, name);
}

static bool wants(const struct request *req, const char *how)
{
    return req->fault.has[ACT_PAGES] && strcmp(req->fault.text[ACT_PAGES], how) == 0;
}

/* A token is "p" and the key after which the page begins. */
static bool start_page(struct page *p, const struct request *req, struct reply *r)
{
    const char *size = argument(req, "pageSize"), *token = argument(req, "nextPage");
    char *end = NULL;

    *p = (struct page){.req = req, .out = &r->body, .max = PAGE_DEFAULT};
    if (size != NULL) {
        p->max = strtol(size, &end, 10);
        if (*size == '\0' || *end != '\0' || p->max < 1 || p->max > PAGE_MAX) {
            reply_error(r, 400, "pageSize must be 1 to %d", PAGE_MAX);
            return false;
        }
    }
    if (token != NULL && *token != '\0') {
        p->from = strtoll(token + 1, &end, 10);
        if (token[0] != 'p' || end == token + 1 || *end != '\0') {
            reply_error(r, 400, "nextPage is no token of this service");
            return false;
        }
    }
    p->hidden = wants(req, "empty") && token == NULL;
    text_puts(p->out, "[");
    return true;
}

/* The key after which the next page begins: overlapping by one item, or leaving one out, when the
 * script wants that. */
static int64_t page_end(const struct page *p)
{
    if (wants(p->req, "twice") && p->n > 1) {
        return p->falling ? p->last + 1 : p->last - 1;
    }
    return wants(p->req, "skip") ? p->next : p->last;
}

static void end_page(struct page *p, struct reply *r)
{
    text_puts(p->out, "]");
    if (wants(p->req, "long")) {
        text_printf(&r->head, "Elements-Next-Page-Token: p%02000d\n", 0);
    } else if (p->hidden) {
        text_puts(&r->head, "Elements-Next-Page-Token: p0\n");
    } else if (wants(p->req, "loop")) {
        text_printf(&r->head, "Elements-Next-Page-Token: p%" PRId64 "\n", p->from);
    } else if (p->more && wants(p->req, "bad")) {
        text_puts(&r->head, "Elements-Next-Page-Token: a b/../%00?&x=1\n");
    } else if (p->more && !wants(p->req, "lost")) {
        text_printf(&r->head, "Elements-Next-Page-Token: p%" PRId64 "\n", page_end(p));
    }
}

/* Whether one more item fits; says the comma. */
static bool next_item(struct page *p, int64_t key)
{
    if (p->n == p->max) {
        p->next = key;
        p->more = true;
        return false;
    }
    p->last = key;
    text_puts(p->out, p->n++ == 0 ? "" : ",");
    return true;
}

static bool items_are(const struct verdict *v, const char *how)
{
    return v->has[ACT_ITEMS] && strcmp(v->text[ACT_ITEMS], how) == 0;
}

static void put_error(void *ctx, int64_t n, const char *message)
{
    struct page *p = ctx;
    const struct verdict *v = &p->req->fault;

    if (!next_item(p, n)) {
        return;
    }
    if (items_are(v, "strings")) {
        text_jsons(p->out, message);
    } else {
        text_puts(p->out, "{");
        if (items_are(v, "long")) {
            text_printf(p->out, "\"response\":\"%010000d\",", 0);
        }
        text_puts(p->out, "\"status\":");
        text_jsons(p->out, message);
        text_puts(p->out, "}");
    }
}

void list_errors(const struct request *req, const struct job *j, struct reply *r)
{
    long extra = req->fault.num[ACT_ITEMS];
    struct page p;

    if (!start_page(&p, req, r)) {
        return;
    }
    if (view_is_final(j, now_ms()) && !p.hidden) {
        store_errors(j->upload, p.from, p.max + 1, put_error, &p);
        /* Invented ones stand behind the true ones, numbered on from the last row. */
        for (int64_t n = p.from > j->rows ? p.from + 1 : j->rows + 1;
             n <= j->rows + extra && !p.more; n++) {
            put_error(&p, n, "invented error");
        }
    }
    end_page(&p, r);
}

/* "key='value'" joined by "and"; the value of key goes to out, "" when it is not named. */
static bool read_where(const char *where, struct text *object, bool *none)
{
    while (where != NULL && *where != '\0') {
        size_t key = strcspn(where, "='"), len;
        const char *value = where + key + 2;

        if (strncmp(where + key, "='", 2) != 0) {
            return false;
        }
        len = strcspn(value, "'");
        if (value[len] != '\'') {
            return false;
        }
        if (key == 13 && memcmp(where, "job_direction", key) == 0) {
            *none |= len != 6 || strncasecmp(value, "UPLOAD", 6) != 0;
        } else if (key == 11 && memcmp(where, "object_name", key) == 0) {
            text_put(object, value, len);
        } else {
            return false;
        }
        where = value + len + 1;
        where += strncasecmp(where, " and ", 5) == 0 ? 5 : 0;
    }
    return true;
}

static void put_lookalike(struct page *p, const struct job *j, long k)
{
    struct job twin = tag_lookalike(j, k);

    twin.id = LOOKALIKE_ID + k;
    text_puts(p->out, ",");
    view_item(p->out, &twin, &p->req->fault);
    job_free(&twin);
}

static void put_job(void *ctx, const struct job *j)
{
    struct page *p = ctx;

    if (view_is_expired(j, &p->req->fault) || !next_item(p, j->id)) {
        return;
    }
    view_item(p->out, j, &p->req->fault);
    if (p->n == 1 && p->from == 0) {
        for (long k = 1; k <= p->req->fault.num[ACT_LOOKALIKE]; k++) {
            put_lookalike(p, j, k);
        }
    }
}

void list_jobs(const struct request *req, struct reply *r)
{
    struct text object = {0};
    bool none = false;
    struct page p;

    if (!read_where(argument(req, "where"), &object, &none)) {
        reply_error(r, 400, "where knows job_direction='...' and object_name='...' only");
    } else if (start_page(&p, req, r)) {
        p.falling = true;
        if (!none && !p.hidden) {
            store_jobs(object.len > 0 ? object.at : "", p.from > 0 ? p.from : INT64_MAX, p.max + 1,
                       put_job, &p);
        }
        end_page(&p, r);
    }
    text_free(&object);
}
