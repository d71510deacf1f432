#include "bulk/bulk_parts.h"

#include "base/err.h"
#include "base/text.h"

#include <string.h>

static bool is_list(const struct bulk *b)
{
    return b->call == BULK_OBJECTS || b->call == BULK_METADATA || b->call == BULK_ERRORS ||
           b->call == BULK_JOBS;
}

static void item_begin(struct bulk *b)
{
    b->text[0] = b->type[0] = '\0';
    b->required = b->read_only = b->named = false;
    if (b->call == BULK_JOBS) {
        job_init(&b->job);
        tag_finder_clear(&b->tags);
    }
}

static void take_text(struct bulk *b, const struct json_value *value)
{
    if (!b->named) {
        b->named = json_text(b->text, sizeof b->text, value) > 0;
    }
}

static void take_field(struct bulk *b, const struct json_value *key, const struct json_value *value)
{
    if (json_is(key, "vendorPath")) {
        take_text(b, value);
    } else if (json_is(key, "type")) {
        (void)json_text(b->type, sizeof b->type, value);
    } else if (json_is(key, "vendorRequired")) {
        b->required = value->kind == JSON_TRUE;
    } else if (json_is(key, "vendorReadOnly")) {
        b->read_only = value->kind == JSON_TRUE;
    }
}

static void take_member(struct bulk *b, const struct json_value *key,
                        const struct json_value *value)
{
    switch (b->call) {
    case BULK_OBJECTS:
        if (json_is(key, "name")) {
            take_text(b, value);
        }
        break;
    case BULK_METADATA:
        take_field(b, key, value);
        break;
    case BULK_ERRORS: /* in the order of the reply, for want of a documented one */
        if (json_is(key, "status") || json_is(key, "message") || json_is(key, "error")) {
            take_text(b, value);
        }
        break;
    default:
        (void)job_take(&b->job, key, value);
    }
}

static int item_end(struct bulk *b)
{
    const struct bulk_item item = {.text = b->text,
                                   .type = b->type,
                                   .required = b->required,
                                   .read_only = b->read_only,
                                   .job = &b->job,
                                   .tags = &b->tags};
    bool nameless = (b->call == BULK_OBJECTS || b->call == BULK_METADATA) && !b->named;
    bool no_job = b->call == BULK_JOBS && b->job.id[0] == '\0' && b->job.word[0] == '\0';

    if (nameless || no_job) {
        return ERR_REPLY_SHAPE;
    }
    b->page_items++;
    if (is_list(b) && b->page_items > b->skip) {
        b->items++;
        b->to.item(b->to.ctx, &item);
    }
    item_begin(b);
    return is_list(b) || b->page_items == 1 ? 0 : ERR_REPLY_SHAPE;
}

static int take_event(struct bulk *b)
{
    switch (b->json.event) {
    case JSON_MEMBER:
        take_member(b, &b->json.key, &b->json.value);
        return 0;
    case JSON_ELEMENT:
        if (b->json.value.kind == JSON_STRING) {
            take_text(b, &b->json.value);
        }
        return 0;
    case JSON_ITEM_END:
        return item_end(b);
    default:
        return 0;
    }
}

/* A service may show a tag anywhere in what it says of a job, so the bytes are searched, not the
 * members. */
static void look_for_tags(struct bulk *b, const char *src, size_t len)
{
    bool job = b->call == BULK_UPLOAD || b->call == BULK_STATUS || b->call == BULK_JOBS;

    if (job && b->service->spool_id != 0) {
        tag_finder_push(&b->tags, src, len);
    }
}

static int take_answer(struct bulk *b, const char *src, size_t len)
{
    while (len > 0) {
        int n = json_items_push(&b->json, src, len);

        if (n < 0) {
            return n;
        }
        look_for_tags(b, src, (size_t)n);
        int err = take_event(b);

        if (err != 0) {
            return err;
        }
        src += n;
        len -= (size_t)n;
    }
    return 0;
}

/* What a failed call says is worth reading when it is JSON, and no fault when it is not. */
static void take_words(struct bulk *b, const char *src, size_t len)
{
    while (len > 0 && b->json.err == 0) {
        int n = json_items_push(&b->json, src, len);

        if (n < 0) {
            return;
        }
        if (b->json.event == JSON_MEMBER) {
            (void)job_take(&b->job, &b->json.key, &b->json.value);
        }
        src += n;
        len -= (size_t)n;
    }
}

static int take_body(void *ctx, const uint8_t *src, size_t len)
{
    struct bulk *b = ctx;

    if (bulk_status_err(b->reply.status) == 0) {
        return take_answer(b, (const char *)src, len);
    }
    if (b->reply.body_bytes == 0) {
        json_items_init(&b->json, NULL); /* an error has no list, whatever was asked for */
    }
    take_words(b, (const char *)src, len);
    return b->reply.body_bytes > REPLY_SKIM_MAX ? ERR_HTTP_LIMIT : 0;
}

void bulk_reply_begin(struct bulk *b)
{
    const struct http_field want[] = {
        [FIELD_DATE] = {"Date", b->date, sizeof b->date, false, false},
        [FIELD_RETRY_AFTER] = {"Retry-After", b->retry_after, sizeof b->retry_after, false, false},
        [FIELD_REQUEST_ID] = {"Elements-Request-Id", b->request_id, sizeof b->request_id, false,
                              false},
        [FIELD_PAGE_TOKEN] = {"Elements-Next-Page-Token", b->page_token, sizeof b->page_token,
                              false, false},
        [FIELD_LOCATION] = {"Location", b->location, sizeof b->location, false, false},
    };
    const struct sink body = {take_body, b};

    memcpy(b->field, want, sizeof want);
    http_response_init(&b->reply, b->field, BULK_FIELDS, &body);
    json_items_init(&b->json, b->call == BULK_METADATA ? "fields" : NULL);
    job_init(&b->job);
    tag_finder_init(&b->tags, b->service->spool_id);
    item_begin(b);
    b->page_items = 0;
    b->status = 0;
    b->retry_after_ms = 0;
}

/* An answer to another question says nothing about this one. */
static int refuse(struct bulk *b)
{
    job_init(&b->job);
    tag_finder_clear(&b->tags);
    return ERR_REPLY_SHAPE;
}

int bulk_reply_end(struct bulk *b)
{
    /* The last byte's event is its own, and a cancel may be answered with nothing. */
    if (b->call == BULK_CANCEL && b->reply.body_bytes == 0) {
        return 0;
    }
    int err = json_items_finish(&b->json);

    if (err != 0) {
        return err;
    }
    if (b->call == BULK_UPLOAD && b->job.id[0] == '\0') {
        return ERR_JOB_ID;
    }
    if (b->call == BULK_STATUS && !job_may_be(&b->job, b->id)) {
        return refuse(b);
    }
    return is_list(b) ? 0 : b->job.err;
}

int bulk_status_err(uint16_t status)
{
    static const struct {
        uint16_t status;
        int err;
    } table[] = {
        {401, ERR_UNAUTHORIZED}, {403, ERR_FORBIDDEN},   {404, ERR_NOT_FOUND},
        {405, ERR_NOT_ALLOWED},  {406, ERR_NOT_ALLOWED}, {408, ERR_SERVICE},
        {409, ERR_CONFLICT},     {413, ERR_TOO_LARGE},   {415, ERR_NOT_ALLOWED},
        {429, ERR_RATE_LIMITED},
    };
    static const int hundred[] = {
        [2] = 0, [3] = ERR_REDIRECTED, [4] = ERR_BAD_REQUEST, [5] = ERR_SERVICE};

    for (size_t i = 0; i < COUNT(table); i++) {
        if (table[i].status == status) {
            return table[i].err;
        }
    }
    return status >= 200 && status < 600 ? hundred[status / 100] : ERR_STATUS;
}

/* "https://host[:port]" in front of the path, or a path alone (C40). */
int bulk_same_origin(struct bulk *b)
{
    static const char scheme[] = "https://";
    const char *at = b->location;
    size_t host = strlen(b->service->host);

    if (strncmp(at, scheme, sizeof scheme - 1) == 0) {
        at += sizeof scheme - 1;
        if (strncmp(at, b->service->host, host) != 0) {
            return ERR_REDIRECTED;
        }
        at += host;
    }
    if (at[0] != '/' || at[1] == '/') { /* "//host" is another origin */
        return ERR_REDIRECTED;
    }
    return text_copy(b->redirect, sizeof b->redirect, at) < 0 ? ERR_REDIRECTED : 0;
}
