#include "reply.h"

#include "stats.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char JSON[] = "application/json";

struct reply reply_new(void)
{
    static unsigned int ids;

    return (struct reply){
        .id = __atomic_add_fetch(&ids, 1, __ATOMIC_RELAXED), .status = 200, .type = JSON};
}

void reply_error(struct reply *r, int status, const char *fmt, ...)
{
    char message[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    r->status = status;
    r->type = JSON;
    r->body.len = 0;
    text_printf(&r->body, "{\"requestId\":\"bench-%08x\",\"message\":", r->id);
    text_jsons(&r->body, message);
    text_puts(&r->body, "}");
}

static void replace_html(struct reply *r, int status)
{
    const char *reason = MHD_get_reason_phrase_for((unsigned)status);

    r->status = status;
    r->type = "text/html";
    r->body.len = 0;
    text_printf(&r->body,
                "<html><head><title>%d %s</title></head><body><h1>%d %s</h1>"
                "<hr>gateway</body></html>\n",
                status, reason, status, reason);
}

void reply_replace(struct reply *r, const struct verdict *v)
{
    if (v->has[ACT_HTML]) {
        replace_html(r, (int)v->num[ACT_HTML]);
    } else if (v->has[ACT_REDIRECT]) {
        reply_error(r, v->has[ACT_STATUS] ? (int)v->num[ACT_STATUS] : 302, "moved");
        text_printf(&r->head, "Location: %s\n", v->text[ACT_REDIRECT]);
    } else if (v->has[ACT_STATUS] && !verdict_answers(v)) {
        r->status = r->status == 200 ? (int)v->num[ACT_STATUS] : r->status;
    } else if (v->has[ACT_STATUS]) {
        int status = (int)v->num[ACT_STATUS];
        reply_error(r, status, "%s, as the fault script wants",
                    MHD_get_reason_phrase_for((unsigned)status));
        r->body.len = status == 304 ? 0 : r->body.len;
    }
}

static void put_date(struct text *out, time_t t)
{
    char date[64];
    struct tm tm;

    gmtime_r(&t, &tm);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    text_puts(out, date);
}

/* What the script adds to any answer. */
static void decorate(struct reply *r, const struct verdict *v)
{
    const char *after = v->text[ACT_RETRY_AFTER];

    text_printf(&r->head, "Elements-Request-Id: bench-%08x\n", r->id);
    if (v->has[ACT_BODY]) {
        r->body.len = 0;
        text_puts(&r->body, v->text[ACT_BODY]);
    }
    if (v->has[ACT_HEADER]) {
        text_printf(&r->head, "%s\n", v->text[ACT_HEADER]);
    }
    if (v->has[ACT_DATE]) {
        text_puts(&r->head, "Date: ");
        put_date(&r->head, time(NULL) + v->num[ACT_DATE]);
        text_puts(&r->head, "\n");
    }
    if (v->has[ACT_RETRY_AFTER]) {
        text_puts(&r->head, "Retry-After: ");
        if (strncmp(after, "date:", 5) == 0) {
            put_date(&r->head, time(NULL) + strtol(after + 5, NULL, 10));
        } else {
            text_puts(&r->head, after);
        }
        text_puts(&r->head, "\n");
    }
}

static bool closes(const struct verdict *v, const char *how)
{
    return v->has[ACT_CLOSE] && strcmp(v->text[ACT_CLOSE], how) == 0;
}

/* Length by the end of the connection, as HTTP/1.0 servers do it. */
static bool is_endless(const struct verdict *v)
{
    return closes(v, "end") || closes(v, "torn");
}

static void put_chunks(struct text *out, const struct text *body, size_t size)
{
    for (size_t at = 0; at < body->len; at += size) {
        size_t n = body->len - at < size ? body->len - at : size;
        text_printf(out, "%zx\r\n", n);
        text_put(out, body->at + at, n);
        text_puts(out, "\r\n");
    }
    text_puts(out, "0\r\n\r\n");
}

static void put_head(struct text *out, struct reply *r, const struct verdict *v)
{
    text_printf(out, "HTTP/1.%d %d %s\r\nContent-Type: %s\r\n", is_endless(v) ? 0 : 1, r->status,
                MHD_get_reason_phrase_for((unsigned)r->status), r->type);
    if (!v->has[ACT_DATE]) {
        text_puts(out, "Date: ");
        put_date(out, time(NULL));
        text_puts(out, "\r\n");
    }
    for (char *rest = r->head.at, *line; (line = strsep(&rest, "\n")) != NULL;) {
        text_printf(out, "%s%s", line, *line == '\0' ? "" : "\r\n");
    }
    if (!closes(v, "silent") && !is_endless(v)) {
        text_puts(out, "Connection: close\r\n");
    }
    if (v->has[ACT_CHUNKED]) {
        text_puts(out, "Transfer-Encoding: chunked\r\n");
    } else if (!is_endless(v)) {
        text_printf(out, "Content-Length: %zu\r\n", r->body.len);
    }
    text_puts(out, "\r\n");
}

static struct text render(struct reply *r, const struct verdict *v)
{
    struct text out = {0};
    size_t head;

    put_head(&out, r, v);
    head = out.len;
    if (v->has[ACT_CHUNKED]) {
        put_chunks(&out, &r->body, v->num[ACT_CHUNKED] > 0 ? (size_t)v->num[ACT_CHUNKED] : 1);
    } else if (r->body.len > 0) {
        text_put(&out, r->body.at, r->body.len);
    }
    if (v->has[ACT_REPLY_CUT]) {
        size_t keep = head + (size_t)v->num[ACT_REPLY_CUT];
        out.len = keep < out.len ? keep : out.len;
    }
    return out;
}

static void end(const struct request *req)
{
    const struct verdict *v = &req->fault;

    if (closes(v, "rst")) {
        wire_reset(&req->wire);
    } else if (closes(v, "torn") || v->has[ACT_REPLY_CUT]) {
        wire_tear(&req->wire);
    } else {
        wire_linger(&req->wire);
    }
}

static void log_once(struct request *req, int status)
{
    if (!req->logged) {
        stats_log(req, status);
        req->logged = true;
    }
}

static void reply_free(struct reply *r)
{
    text_free(&r->head);
    text_free(&r->body);
}

/* Past libmicrohttpd, then the end of the connection. */
static enum MHD_Result send_bytes(struct request *req, const struct text *out)
{
    const struct verdict *v = &req->fault;

    if (v->has[ACT_DRIP]) {
        wire_drip(&req->wire, out->at, out->len, v->num[ACT_DRIP]);
    } else {
        wire_put(&req->wire, out->at, out->len);
    }
    end(req);
    return MHD_NO;
}

static enum MHD_Result send_rendered(struct request *req, struct reply *r)
{
    struct text out = render(r, &req->fault);

    log_once(req, r->status);
    send_bytes(req, &out);
    text_free(&out);
    reply_free(r);
    return MHD_NO;
}

static void put_garbage(struct text *out, long n)
{
    uint32_t x = 2463534242U; /* the same bytes each time */

    for (long i = 0; i < n; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        text_put(out, &x, 1);
    }
}

static enum MHD_Result send_raw(struct request *req)
{
    const struct verdict *v = &req->fault;
    struct text out = {0};

    if (v->has[ACT_RAW]) {
        text_puts(&out, v->text[ACT_RAW]);
    } else {
        put_garbage(&out, v->num[ACT_GARBAGE]);
    }
    log_once(req, 0);
    send_bytes(req, &out);
    text_free(&out);
    return MHD_NO;
}

static void add_headers(struct MHD_Response *m, struct reply *r)
{
    MHD_add_response_header(m, "Content-Type", r->type);
    for (char *rest = r->head.at, *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *colon = strchr(line, ':');
        if (colon != NULL) {
            *colon = '\0';
            MHD_add_response_header(m, line, colon + 1 + strspn(colon + 1, " "));
        }
    }
}

static enum MHD_Result send_normal(struct request *req, struct reply *r)
{
    struct MHD_Response *m;
    enum MHD_Result ok;

    m = must(MHD_create_response_from_buffer(r->body.len, r->body.at, MHD_RESPMEM_MUST_COPY));
    add_headers(m, r);
    if (closes(&req->fault, "said")) {
        MHD_add_response_header(m, "Connection", "close");
    }
    log_once(req, r->status);
    ok = MHD_queue_response(req->con, (unsigned)r->status, m);
    MHD_destroy_response(m);
    reply_free(r);
    return ok;
}

static bool is_bent(const struct verdict *v)
{
    return v->has[ACT_DRIP] || v->has[ACT_CHUNKED] || v->has[ACT_REPLY_CUT] ||
           (v->has[ACT_CLOSE] && !closes(v, "said"));
}

enum MHD_Result reply_send(struct request *req, struct reply *r)
{
    const struct verdict *v = &req->fault;

    if (v->has[ACT_RAW] || v->has[ACT_GARBAGE]) {
        reply_free(r);
        return send_raw(req);
    }
    decorate(r, v);
    return is_bent(v) ? send_rendered(req, r) : send_normal(req, r);
}

enum MHD_Result reply_early(struct request *req, struct reply *r)
{
    decorate(r, &req->fault);
    return send_rendered(req, r);
}

void reply_interim(struct request *req, long n)
{
    static const char *const INTERIM[] = {
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 5\r\n\r\n",
    };

    for (long i = 0; i < n; i++) {
        wire_put(&req->wire, INTERIM[i % 2], strlen(INTERIM[i % 2]));
    }
}

enum MHD_Result reply_none(struct request *req)
{
    log_once(req, 0);
    if (closes(&req->fault, "torn")) {
        wire_tear(&req->wire);
    } else {
        wire_reset(&req->wire);
    }
    return MHD_NO;
}
