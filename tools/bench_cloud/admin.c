#include "admin.h"

#include "dump.h"
#include "fault.h"
#include "outage.h"
#include "page.h"
#include "stats.h"
#include "store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SCRIPT_MAX = 1 << 20, ROWS_AT_ONCE = 1000, OUTAGE_MAX_MS = 86400000 };

static const char *argument(struct MHD_Connection *con, const char *name)
{
    const char *value = MHD_lookup_connection_value(con, MHD_GET_ARGUMENT_KIND, name);

    return value == NULL ? "" : value;
}

static enum MHD_Result send_response(struct MHD_Connection *con, int status, const char *type,
                                     struct MHD_Response *m)
{
    enum MHD_Result ok;

    MHD_add_response_header(m, "Content-Type", type);
    ok = MHD_queue_response(con, (unsigned)status, m);
    MHD_destroy_response(m);
    return ok;
}

static enum MHD_Result send_text(struct MHD_Connection *con, int status, const char *type,
                                 struct text *t)
{
    struct MHD_Response *m =
        must(MHD_create_response_from_buffer(t->len, t->at, MHD_RESPMEM_MUST_COPY));

    text_free(t);
    return send_response(con, status, type, m);
}

static enum MHD_Result send_plain(struct MHD_Connection *con, int status, const char *line)
{
    struct text t = {0};

    text_puts(&t, line);
    return send_text(con, status, "text/plain; charset=utf-8", &t);
}

/* A job's rows, told block by block, so that a million of them need no memory. */
struct telling {
    int64_t upload, next, left;
    struct text block;
    size_t told; /* of block */
};

static void tell_row(void *ctx, int64_t n, const char *data)
{
    struct telling *t = ctx;

    text_printf(&t->block, ",\n%s", data);
    t->next = n + 1;
    t->left--;
}

static ssize_t tell(void *ctx, uint64_t pos, char *dst, size_t cap)
{
    struct telling *t = ctx;
    size_t n;

    (void)pos;
    if (t->told == t->block.len) {
        if (t->left < 0) {
            return MHD_CONTENT_READER_END_OF_STREAM;
        }
        t->told = t->block.len = 0;
        store_rows(t->upload, t->next, t->left < ROWS_AT_ONCE ? (long)t->left : ROWS_AT_ONCE,
                   tell_row, t);
        if (t->block.len == 0) {
            text_puts(&t->block, "]\n");
            t->left = -1;
        }
    }
    n = t->block.len - t->told < cap ? t->block.len - t->told : cap;
    memcpy(dst, t->block.at + t->told, n);
    t->told += n;
    return (ssize_t)n;
}

static void end_telling(void *ctx)
{
    struct telling *t = ctx;

    text_free(&t->block);
    free(t);
}

static bool find_job(struct MHD_Connection *con, struct job *j)
{
    return store_job(strtoll(argument(con, "job"), NULL, 10), j);
}

static enum MHD_Result send_rows(struct MHD_Connection *con)
{
    int64_t max = strtoll(argument(con, "max"), NULL, 10);
    struct job j = {0};
    struct telling *t;

    if (!find_job(con, &j)) {
        return send_plain(con, 404, "no such job\n");
    }
    t = must(calloc(1, sizeof *t));
    t->upload = j.upload;
    t->next = strtoll(argument(con, "from"), NULL, 10);
    t->left = max > 0 ? max : INT64_MAX;
    text_printf(&t->block, "[%s", j.text[JOB_HEADER]);
    job_free(&j);
    return send_response(
        con, 200, "application/json",
        must(MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 65536, tell, t, end_telling)));
}

static enum MHD_Result send_digest(struct MHD_Connection *con)
{
    struct job j = {0};
    struct text t = {0};

    if (!find_job(con, &j)) {
        return send_plain(con, 404, "no such job\n");
    }
    text_printf(&t,
                "{\"job\":%" PRId64 ",\"rows\":%" PRId64 ",\"errors\":%" PRId64
                ",\"bytes\":%" PRId64 ",\"sha256\":\"%s\",\"file\":",
                j.id, j.rows, j.errors, j.bytes, j.text[JOB_SHA256]);
    text_jsons(&t, j.text[JOB_FILE]);
    text_puts(&t, ",\"path\":");
    text_jsons(&t, j.text[JOB_PATH]);
    text_puts(&t, "}\n");
    job_free(&j);
    return send_text(con, 200, "application/json", &t);
}

static enum MHD_Result set_faults(struct MHD_Connection *con, bool add, const struct text *script)
{
    struct text why = {0};

    if (!add) {
        fault_clear();
    }
    if (!fault_add(script->len > 0 ? script->at : "", &why)) {
        return send_text(con, 400, "text/plain; charset=utf-8", &why);
    }
    return send_plain(con, 200, "ok\n");
}

static void show_outage(struct text *out)
{
    text_printf(out, "%" PRId64 "\n", outage_left());
}

static enum MHD_Result get(struct MHD_Connection *con, const char *url)
{
    static const struct {
        const char *url, *type;
        void (*show)(struct text *out);
    } shows[] = {
        {"/stats", "application/json", stats_show},
        {"/requests", "application/json", stats_requests},
        {"/faults", "text/plain; charset=utf-8", fault_show},
        {"/outage", "text/plain; charset=utf-8", show_outage},
    };
    struct text t = {0};

    for (size_t i = 0; i < sizeof shows / sizeof shows[0]; i++) {
        if (strcmp(url, shows[i].url) == 0) {
            shows[i].show(&t);
            return send_text(con, 200, shows[i].type, &t);
        }
    }
    if (strcmp(url, "/") == 0) {
        page_show(&t, argument(con, "q"));
        return send_text(con, 200, "text/html; charset=utf-8", &t);
    }
    if (strcmp(url, "/rows") == 0) {
        return send_rows(con);
    }
    if (strcmp(url, "/digest") == 0) {
        return send_digest(con);
    }
    if (strcmp(url, "/jobs") == 0) {
        return send_response(con, 200, "application/x-ndjson", dump_jobs());
    }
    if (strcmp(url, "/all-rows") == 0) {
        return send_response(con, 200, "application/x-ndjson", dump_rows());
    }
    return send_plain(con, 404, "see bench_cloud --help\n");
}

static enum MHD_Result set_outage(struct MHD_Connection *con)
{
    const char *ms = argument(con, "ms");
    char *end;
    int64_t n = strtoll(ms, &end, 10);

    if (*ms == '\0' || *end != '\0' || n < 0 || n > OUTAGE_MAX_MS) {
        return send_plain(con, 400, "POST /outage?ms=N, 0 ends it\n");
    }
    outage_begin(n);
    return send_plain(con, 200, "ok\n");
}

static enum MHD_Result answer(struct MHD_Connection *con, const char *url, const char *method,
                              const struct text *body)
{
    bool post = strcmp(method, "POST") == 0, put = strcmp(method, "PUT") == 0;

    if (strcmp(method, "GET") == 0) {
        return get(con, url);
    }
    if ((post || put) && strcmp(url, "/faults") == 0) {
        return set_faults(con, put, body);
    }
    if (post && strcmp(url, "/outage") == 0) {
        return set_outage(con);
    }
    if (post && strcmp(url, "/reset") == 0) {
        outage_begin(0);
        fault_clear();
        store_reset();
        stats_reset();
        return send_plain(con, 200, "ok\n");
    }
    return send_plain(con, 405, "see bench_cloud --help\n");
}

enum MHD_Result admin_handle(void *cls, struct MHD_Connection *con, const char *url,
                             const char *method, const char *version, const char *src, size_t *len,
                             void **ctx)
{
    struct text *body = *ctx;

    (void)cls;
    (void)version;
    if (body == NULL) {
        *ctx = must(calloc(1, sizeof *body));
        return MHD_YES;
    }
    if (*len > 0) {
        if (body->len + *len > SCRIPT_MAX) {
            return MHD_NO;
        }
        text_put(body, src, *len);
        *len = 0;
        return MHD_YES;
    }
    return answer(con, url, method, body);
}

void admin_done(void *cls, struct MHD_Connection *con, void **ctx,
                enum MHD_RequestTerminationCode why)
{
    (void)cls;
    (void)con;
    (void)why;
    if (*ctx != NULL) {
        text_free(*ctx);
        free(*ctx);
        *ctx = NULL;
    }
}
