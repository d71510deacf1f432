#include "dump.h"

#include "tag.h"
#include "view.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 1000, BLOCK = 65536 };

struct dump {
    struct place at;
    struct text block;
    size_t told; /* of block */
    void (*fill)(struct dump *d);
    int64_t job; /* whose rows are told, and its tag */
    char *tag;
};

static void put_payload(struct text *out, const char *metadata)
{
    json_t *meta = json_loads(metadata, 0, NULL);

    text_jsons(out, json_string_value(json_object_get(meta, "callback-payload")));
    json_decref(meta);
}

static void put_text(struct text *out, const char *key, const char *value)
{
    text_printf(out, ",\"%s\":", key);
    text_jsons(out, value);
}

static void put_job(void *ctx, const struct job *j)
{
    struct dump *d = ctx;
    struct text *out = &d->block;
    char *tag = tag_of(j);

    d->at.upload = j->upload;
    text_printf(out, "{\"id\":%" PRId64, j->id);
    put_text(out, "object", j->text[JOB_OBJECT]);
    put_text(out, "tag", tag);
    text_puts(out, ",\"payload\":");
    put_payload(out, j->text[JOB_META]);
    put_text(out, "path", j->text[JOB_PATH]);
    put_text(out, "file", j->text[JOB_FILE]);
    put_text(out, "callback", j->text[JOB_CALLBACK]);
    put_text(out, "state", view_state(j, now_ms()));
    text_printf(out,
                ",\"rows\":%" PRId64 ",\"errors\":%" PRId64 ",\"bytes\":%" PRId64
                ",\"created\":%" PRId64 ",\"final\":%" PRId64 ",\"visible\":%" PRId64 "}\n",
                j->rows, j->errors, j->bytes, j->created_ms, j->final_ms, j->visible_ms);
    free(tag);
}

static void put_row(void *ctx, const struct job *j, int64_t n, const char *data, bool bad)
{
    struct dump *d = ctx;
    struct text *out = &d->block;

    if (d->tag == NULL || d->job != j->id) {
        free(d->tag);
        d->tag = tag_of(j);
        d->job = j->id;
    }
    text_printf(out, "{\"job\":%" PRId64, j->id);
    put_text(out, "object", j->text[JOB_OBJECT]);
    put_text(out, "tag", d->tag);
    text_printf(out, ",\"n\":%" PRId64 ",\"row\":%s%s}\n", n, data, bad ? ",\"bad\":true" : "");
}

static void fill_jobs(struct dump *d)
{
    store_all_jobs(d->at.upload, AT_ONCE, put_job, d);
}

static void fill_rows(struct dump *d)
{
    store_all_rows(&d->at, AT_ONCE, put_row, d);
}

static ssize_t tell(void *ctx, uint64_t pos, char *dst, size_t cap)
{
    struct dump *d = ctx;
    size_t n;

    (void)pos;
    if (d->told == d->block.len) {
        d->told = d->block.len = 0;
        d->fill(d);
    }
    n = d->block.len - d->told;
    n = n < cap ? n : cap;
    if (n == 0) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    memcpy(dst, d->block.at + d->told, n);
    d->told += n;
    return (ssize_t)n;
}

static void end(void *ctx)
{
    struct dump *d = ctx;

    text_free(&d->block);
    free(d->tag);
    free(d);
}

static struct MHD_Response *begin(void (*fill)(struct dump *d))
{
    struct dump *d = must(calloc(1, sizeof *d));

    d->fill = fill;
    return must(MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, tell, d, end));
}

struct MHD_Response *dump_jobs(void)
{
    return begin(fill_jobs);
}

struct MHD_Response *dump_rows(void)
{
    return begin(fill_rows);
}
