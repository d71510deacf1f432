#include "upload.h"

#include "rows.h"
#include "stats.h"
#include "tag.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { META_MAX = 65536, POST_BUFFER = 65536, JOB_MS = 200 };

struct upload {
    struct MHD_PostProcessor *post;
    struct rows *rows;
    struct text meta;
    struct job job;
    const char *bad;
    uint64_t file_len;
    bool file_seen, is_committed;
};

/* Validates metaData; the identifier it names, or NULL. */
static char *read_meta(struct upload *u)
{
    json_t *meta;
    char *name;

    if (u->meta.len == 0) {
        return NULL;
    }
    meta = json_loadb(u->meta.at, u->meta.len, 0, NULL);
    if (!json_is_object(meta)) {
        u->bad = "metaData is no JSON object";
    }
    name = text_copy(json_string_value(json_object_get(meta, "identifierFieldName")));
    json_decref(meta);
    return name;
}

static void start_file(struct upload *u, const char *name)
{
    char *identifier = read_meta(u);

    u->file_seen = true;
    u->job.text[JOB_FILE] = text_copy(name == NULL ? "" : name);
    u->rows = rows_new(u->job.upload, u->job.text[JOB_OBJECT], identifier);
    free(identifier);
}

static void take_file(struct upload *u, const char *name, const char *src, size_t len)
{
    if (u->file_seen && u->rows == NULL) {
        return;
    }
    if (!u->file_seen) {
        start_file(u, name);
    }
    u->file_len += len;
    rows_push(u->rows, src, len);
}

static enum MHD_Result on_part(void *ctx, enum MHD_ValueKind kind, const char *key,
                               const char *name, const char *type, const char *encoding,
                               const char *src, uint64_t off, size_t len)
{
    struct upload *u = ctx;

    (void)kind;
    (void)type;
    (void)encoding;
    if (key == NULL) {
        u->bad = "a part without a name";
    } else if (strcmp(key, "file") == 0) {
        if (off == 0 && u->file_len > 0) {
            u->bad = "more than one part file";
        }
        take_file(u, name, src, len);
    } else if (strcmp(key, "metaData") == 0) {
        u->bad = u->file_seen ? "metaData must come before file" : u->bad;
        u->bad = u->meta.len + len > META_MAX ? "metaData is too long" : u->bad;
        text_put(&u->meta, src, len);
    }
    return u->bad == NULL ? MHD_YES : MHD_NO;
}

static char *header(const struct request *req, enum MHD_ValueKind kind, const char *name)
{
    const char *value = MHD_lookup_connection_value(req->con, kind, name);

    return text_copy(value == NULL ? "" : value);
}

struct upload *upload_new(const struct request *req)
{
    char *type = header(req, MHD_HEADER_KIND, "Content-Type");
    bool is_form = strncasecmp(type, "multipart/form-data", 19) == 0;
    struct upload *u;

    free(type);
    if (!is_form) {
        return NULL;
    }
    u = must(calloc(1, sizeof *u));
    u->post = MHD_create_post_processor(req->con, POST_BUFFER, on_part, u);
    if (u->post == NULL) {
        free(u);
        return NULL;
    }
    u->job.upload = store_begin();
    u->job.text[JOB_OBJECT] = text_copy(req->name);
    u->job.text[JOB_PATH] = header(req, MHD_GET_ARGUMENT_KIND, "path");
    u->job.text[JOB_CALLBACK] = header(req, MHD_HEADER_KIND, "Elements-Async-Callback-Url");
    return u;
}

void upload_push(struct upload *u, const char *src, size_t len)
{
    u->job.bytes += (int64_t)len;
    if (u->post != NULL && MHD_post_process(u->post, src, len) != MHD_YES) {
        u->bad = u->bad == NULL ? "the body is no multipart/form-data" : u->bad;
        MHD_destroy_post_processor(u->post);
        u->post = NULL;
    }
}

const char *upload_fault(struct upload *u)
{
    bool whole = u->post != NULL && MHD_destroy_post_processor(u->post) == MHD_YES;

    u->post = NULL;
    if (u->bad == NULL && !whole) {
        u->bad = "the closing delimiter is missing";
    }
    if (u->bad == NULL && !u->file_seen) {
        u->bad = "no part file";
    }
    if (u->bad == NULL && u->file_len == 0) {
        u->bad = "the file is empty";
    }
    return u->bad;
}

/* Half a body may end within its metaData. */
static char *whole_meta(const struct upload *u)
{
    json_t *meta = u->meta.len > 0 ? json_loadb(u->meta.at, u->meta.len, 0, NULL) : NULL;
    char *text = text_copy(json_is_object(meta) ? u->meta.at : "");

    json_decref(meta);
    return text;
}

/* Jobs of other devices: they have no rows here, and tell nobody. */
static void make_lookalikes(const struct job *j, long from, long to)
{
    for (long k = from; k <= to; k++) {
        struct job twin = tag_lookalike(j, k);

        twin.upload = store_begin();
        store_commit(&twin);
        store_called(twin.upload);
        job_free(&twin);
    }
}

static void count_job(const struct job *j)
{
    stats_add(STAT_JOBS, 1);
    stats_add(STAT_ROWS, j->rows);
    stats_add(STAT_ERRORS, j->errors);
}

/* The same again: rows, errors and tag. */
static void make_twin(const struct job *j)
{
    struct job twin = *j; /* its texts stay those of j */

    twin.upload = store_begin();
    twin.id = 0;
    store_copy(j->upload, twin.upload);
    store_commit(&twin);
    count_job(&twin);
}

static void set_times(struct job *j, const struct verdict *v)
{
    j->created_ms = j->visible_ms = now_ms() + v->num[ACT_LATE];
    j->final_ms = j->created_ms + (v->has[ACT_SLOW] ? v->num[ACT_SLOW] : JOB_MS);
}

const struct job *upload_commit(struct upload *u, const struct request *req)
{
    const struct verdict *v = &req->fault;
    long alike = v->num[ACT_LOOKALIKE];
    struct job *j = &u->job;

    if (u->rows == NULL) {
        start_file(u, NULL);
    }
    rows_finish(u->rows, j);
    j->text[JOB_META] = whole_meta(u);
    set_times(j, v);
    make_lookalikes(j, 1, alike / 2);
    j->id = v->num[ACT_ID];
    store_commit(j);
    u->is_committed = true;
    count_job(j);
    if (v->num[ACT_TWICE] > 0) {
        make_twin(j);
    }
    make_lookalikes(j, alike / 2 + 1, alike);
    return j;
}

bool upload_committed(const struct upload *u)
{
    return u->is_committed;
}

void upload_free(struct upload *u)
{
    if (u == NULL) {
        return;
    }
    if (u->post != NULL) {
        MHD_destroy_post_processor(u->post);
    }
    if (u->rows != NULL) {
        rows_free(u->rows);
    }
    if (!u->is_committed) {
        store_drop(u->job.upload);
    }
    text_free(&u->meta);
    job_free(&u->job);
    free(u);
}
