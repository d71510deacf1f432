#include "api.h"

#include "list.h"
#include "objects.h"
#include "options.h"
#include "store.h"
#include "upload.h"
#include "view.h"

#include <stdlib.h>
#include <string.h>

static const char BASE[] = "/elements/api-v2/";

enum { PARTS = 4 };

/* Cuts path into at most PARTS names; the count, or PARTS + 1 when there are more. */
static int split(char *path, char *part[PARTS])
{
    int n = 0;

    for (char *s; n <= PARTS && (s = strsep(&path, "/")) != NULL; n++) {
        if (n < PARTS) {
            part[n] = s;
        }
    }
    return n;
}

static void is_call(struct request *req, enum call call, const char *method, const char *name)
{
    req->call = call;
    req->allow = method;
    req->name = text_copy(name);
}

static bool is_verb(const char *name)
{
    return strcmp(name, "query") == 0 || strcmp(name, "download") == 0 ||
           strcmp(name, "workflows") == 0;
}

static void route_bulk(struct request *req, int n, char *const part[PARTS])
{
    if (n == 2 && strcmp(part[1], "jobs") == 0) {
        is_call(req, CALL_JOBS, "GET", NULL);
    } else if (n == 2 && *part[1] != '\0' && !is_verb(part[1])) {
        is_call(req, CALL_UPLOAD, "POST", part[1]);
    } else if (n == 3 && strcmp(part[2], "status") == 0) {
        is_call(req, CALL_STATUS, "GET", part[1]);
    } else if (n == 3 && strcmp(part[2], "errors") == 0) {
        is_call(req, CALL_ERRORS, "GET", part[1]);
    } else if (n == 3 && strcmp(part[2], "cancel") == 0) {
        is_call(req, CALL_CANCEL, "PUT", part[1]);
    }
}

static void route_parts(struct request *req, int n, char *const part[PARTS])
{
    if (n == 1 && strcmp(part[0], "objects") == 0) {
        is_call(req, CALL_OBJECTS, "GET", NULL);
    } else if (n == 3 && strcmp(part[0], "objects") == 0 && strcmp(part[2], "metadata") == 0) {
        is_call(req, CALL_METADATA, "GET", part[1]);
    } else if (n >= 2 && strcmp(part[0], "bulk") == 0) {
        route_bulk(req, n, part);
    }
}

void api_route(struct request *req, const char *path)
{
    char *copy, *at, *part[PARTS];
    int n;

    req->call = CALL_UNKNOWN;
    if (strcmp(path, "/") == 0) {
        is_call(req, CALL_PAGE, "GET", NULL);
        return;
    }
    if (strncmp(path, BASE, sizeof BASE - 1) != 0) {
        return;
    }
    copy = at = text_copy(path + sizeof BASE - 1);
    if (strncmp(at, "hubs/", 5) == 0 && at[5] != '/' && strchr(at + 5, '/') != NULL) {
        at = strchr(at + 5, '/') + 1;
    }
    n = split(at, part);
    if (n <= PARTS) {
        route_parts(req, n, part);
    }
    free(copy);
}

/* Whether the value of `word` in "Word value, Word value" is the one wanted;
 * a missing one is right only when none is wanted. */
static bool has_secret(const char *header, const char *word, const char *want)
{
    size_t len = strlen(word);

    while (header != NULL) {
        header += strspn(header, " ,");
        if (strncasecmp(header, word, len) == 0 && header[len] == ' ') {
            const char *value = header + len + strspn(header + len, " ");
            size_t n = strcspn(value, ", ");
            return want == NULL || (strlen(want) == n && memcmp(value, want, n) == 0);
        }
        header = strchr(header, ',');
    }
    return want == NULL;
}

void api_authorize(struct request *req)
{
    const char *h = MHD_lookup_connection_value(req->con, MHD_HEADER_KIND, "Authorization");

    if (h == NULL) {
        req->auth = "none";
    } else if (has_secret(h, "Element", opt.token) && has_secret(h, "User", opt.user) &&
               has_secret(h, "Organization", opt.org)) {
        req->auth = "ok";
    } else {
        req->auth = "bad";
    }
}

static bool method_fits(const struct request *req)
{
    return strcmp(req->method, req->allow) == 0 ||
           (strcmp(req->allow, "GET") == 0 && strcmp(req->method, "HEAD") == 0);
}

bool api_refuse(const struct request *req, struct reply *r)
{
    if (req->call != CALL_PAGE && strcmp(req->auth, "ok") != 0) {
        reply_error(r, 401, "Invalid element token or user secret");
        return true;
    }
    if (req->allow == NULL) {
        reply_error(r, 404, "No such resource");
        return true;
    }
    if (!method_fits(req)) {
        reply_error(r, 405, "Use %s here", req->allow);
        text_printf(&r->head, "Allow: %s\n", req->allow);
        return true;
    }
    return false;
}

static void answer_objects(const struct request *req, struct reply *r)
{
    const struct verdict *v = &req->fault;
    bool rich = v->has[ACT_ITEMS] && strcmp(v->text[ACT_ITEMS], "objects") == 0;

    text_puts(&r->body, "[");
    for (int i = 0; i < OBJECT_COUNT; i++) {
        text_printf(&r->body,
                    rich ? "%s{\"name\":\"%s\",\"type\":\"vendor\",\"fields\":[]}" : "%s\"%s\"",
                    i == 0 ? "" : ",", objects_name(i));
    }
    for (long i = 1; i <= v->num[ACT_ITEMS]; i++) {
        text_printf(&r->body, ",\"extra%ld\"", i);
    }
    text_puts(&r->body, "]");
}

static void answer_metadata(const struct request *req, struct reply *r)
{
    if (!objects_fields(req->name, req->fault.num[ACT_ITEMS], &r->body)) {
        reply_error(r, 404, "No object %s", req->name);
    }
}

/* The job that the path names, when there is one that may be seen. */
static bool find_job(const struct request *req, struct job *j)
{
    char *end;
    int64_t id = strtoll(req->name, &end, 10);

    if (*req->name == '\0' || *end != '\0' || !store_job(id, j)) {
        return false;
    }
    if (now_ms() < j->visible_ms || view_is_expired(j, &req->fault)) {
        job_free(j);
        return false;
    }
    return true;
}

static void answer_cancel(struct job *j, struct reply *r)
{
    if (view_is_final(j, now_ms())) {
        reply_error(r, 409, "Job %lld is already over", (long long)j->id);
        return;
    }
    if (j->cancel_ms == 0) {
        j->cancel_ms = now_ms() + 100;
        store_cancel(j->id, j->cancel_ms);
    }
    text_printf(&r->body, "{\"id\":\"%lld\",\"status\":\"CANCELLATION_PENDING\"}",
                (long long)j->id);
}

static void answer_job(const struct request *req, struct reply *r)
{
    struct job j = {0};

    if (!find_job(req, &j)) {
        reply_error(r, 404, "No job %s", req->name);
        return;
    }
    if (req->call == CALL_STATUS) {
        view_status(&r->body, &j, &req->fault);
    } else if (req->call == CALL_ERRORS) {
        list_errors(req, &j, r);
    } else {
        answer_cancel(&j, r);
    }
    job_free(&j);
}

void api_answer(struct request *req, struct reply *r)
{
    switch (req->call) {
    case CALL_OBJECTS:
        answer_objects(req, r);
        break;
    case CALL_METADATA:
        answer_metadata(req, r);
        break;
    case CALL_JOBS:
        list_jobs(req, r);
        break;
    default:
        answer_job(req, r);
        break;
    }
}

void api_uploaded(struct request *req, struct reply *r)
{
    const struct verdict *v = &req->fault;
    const char *fault = upload_fault(req->upload);
    struct job last = {0};
    const struct job *j;
    bool same = v->has[ACT_SAME_ID] && store_job(store_last(), &last);

    if (fault != NULL) {
        reply_error(r, 400, "Bad upload: %s", fault);
    } else if (!verdict_answers(v) || v->has[ACT_MADE]) {
        j = upload_commit(req->upload, req);
        view_created(&r->body, same ? &last : j, v);
    }
    job_free(&last);
}
