#include "bulk/bulk_parts.h"

#include "base/err.h"
#include "base/text.h"

#include <string.h>

#define PAGE_QUERY "pageSize=200"

/* A list of text pieces with a named end; the caller's array is large enough by construction. */
struct pieces {
    const char **at;
};

static void put(struct pieces *p, const char *text)
{
    *p->at++ = text;
}

static void put_page(struct pieces *p, const struct bulk *b, const char *separator)
{
    put(p, separator);
    put(p, PAGE_QUERY);
    if (b->page[0] != '\0') {
        put(p, "&nextPage=");
        put(p, b->page);
    }
}

static void put_job(struct pieces *p, const struct bulk *b, const char *what)
{
    put(p, "/bulk/");
    put(p, b->id);
    put(p, what);
}

static void put_call(struct pieces *p, const struct bulk *b)
{
    switch (b->call) {
    case BULK_OBJECTS:
        put(p, "/objects");
        break;
    case BULK_METADATA:
        put(p, "/objects/");
        put(p, b->id);
        put(p, "/metadata");
        break;
    case BULK_UPLOAD:
        put_job(p, b, "");
        if (b->name[0] != '\0') {
            put(p, "?path=/");
            put(p, b->name);
        }
        break;
    case BULK_STATUS:
        put_job(p, b, "/status");
        break;
    case BULK_ERRORS:
        put_job(p, b, "/errors");
        put_page(p, b, "?");
        break;
    case BULK_JOBS:
        put(p, "/bulk/jobs?where=job_direction%3D%27UPLOAD%27");
        put_page(p, b, "&");
        break;
    case BULK_CANCEL:
        put_job(p, b, "/cancel");
        break;
    }
}

static void put_target(struct http_request_spec *spec, const struct bulk *b)
{
    struct pieces p = {spec->target};

    if (b->redirect[0] != '\0') {
        put(&p, b->redirect);
        return;
    }
    put(&p, b->service->base);
    if (b->service->hub != NULL) {
        put(&p, "/hubs/");
        put(&p, b->service->hub);
    }
    put_call(&p, b);
}

static struct http_header authorization(const struct bulk_service *s)
{
    struct http_header h = {.name = "Authorization"};
    struct pieces p = {h.part};

    put(&p, "Element ");
    put(&p, s->element_token);
    put(&p, ", User ");
    put(&p, s->user_secret);
    if (s->organization_secret != NULL) {
        put(&p, ", Organization ");
        put(&p, s->organization_secret);
    }
    return h;
}

/* The callback itself then tells whose it is. */
static struct http_header callback(const struct bulk *b)
{
    struct http_header h = {.name = "Elements-Async-Callback-Url"};
    const char *url = b->call == BULK_UPLOAD ? b->service->callback_url : NULL;
    struct pieces p = {h.part};

    put(&p, url);
    if (url != NULL && b->tag[0] != '\0') {
        put(&p, strchr(url, '?') != NULL ? "&ocb=" : "?ocb=");
        put(&p, b->tag);
    }
    return h;
}

static size_t put_headers(struct bulk *b)
{
    const struct bulk_service *s = b->service;
    bool upload = b->call == BULK_UPLOAD;
    struct http_header all[] = {
        authorization(s),
        {.name = "Accept", .part = {"application/json"}},
        {.name = "User-Agent", .part = {s->user_agent}},
        {.name = "Elements-Version", .part = {s->elements_version}},
        callback(b),
        {.name = "Content-Type",
         .part = {upload ? "multipart/form-data; boundary=" : NULL, b->boundary}},
    };
    size_t n = 0;

    for (size_t i = 0; i < COUNT(all); i++) {
        if (all[i].part[0] != NULL) {
            b->header[n++] = all[i];
        }
    }
    return n;
}

int bulk_send(struct bulk *b, const struct now *now)
{
    static const char *const method[] = {
        [BULK_OBJECTS] = "GET", [BULK_METADATA] = "GET", [BULK_UPLOAD] = "POST",
        [BULK_STATUS] = "GET",  [BULK_ERRORS] = "GET",   [BULK_JOBS] = "GET",
        [BULK_CANCEL] = "PUT"};
    struct http_request_spec spec = {
        .method = method[b->call], .host = b->service->host, .header = b->header};

    bulk_reply_begin(b);
    put_target(&spec, b);
    spec.headers = put_headers(b);
    if (b->call == BULK_UPLOAD) {
        b->body = (struct source){multipart_pull, &b->multipart};
        spec.body = &b->body;
        spec.body_len = multipart_len(&b->multipart);
    }
    int err = http_request_init(&b->request, &spec);

    if (err != 0) {
        return err;
    }
    exchange_start(&b->x, &(struct source){http_request_pull, &b->request}, &b->reply, now);
    return 0;
}

int bulk_object_ok(const char *object)
{
    static const char *const verb[] = {"query", "download", "jobs", "workflows"};
    size_t len = strlen(object);

    if (len == 0 || len >= OBJECT_NAME_CAP || strcmp(object, ".") == 0 ||
        strcmp(object, "..") == 0) {
        return ERR_OBJECT_NAME;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)object[i];

        if (c < 0x20 || c == 0x7F || c == '/' || c == '\\') {
            return ERR_OBJECT_NAME;
        }
    }
    for (size_t i = 0; i < COUNT(verb); i++) {
        if (text_equal_nocase(object, verb[i])) {
            return ERR_OBJECT_VERB;
        }
    }
    return 0;
}
