#include "http.h"

#include "api.h"
#include "outage.h"
#include "page.h"
#include "pause.h"
#include "stats.h"
#include "upload.h"

#include <stdlib.h>
#include <string.h>

/* What a connection is known by, from its first byte to its last. */
struct link {
    int number;
    bool handshaken;
};

static gnutls_datum_t ticket_key;

void http_tickets(void)
{
    gnutls_session_ticket_key_generate(&ticket_key);
}

void http_connection(void *cls, struct MHD_Connection *con, void **socket_ctx,
                     enum MHD_ConnectionNotificationCode code)
{
    static int numbers;
    struct wire w;
    struct link *l;

    (void)cls;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        free(*socket_ctx);
        return;
    }
    l = must(calloc(1, sizeof *l));
    l->number = __atomic_add_fetch(&numbers, 1, __ATOMIC_RELAXED);
    *socket_ctx = l;
    stats_add(STAT_CONNECTIONS, 1);
    stats_arrival(ARRIVAL_CONNECTION);
    w = wire_of(con);
    if (outage_left() > 0) {
        stats_add(STAT_TURNED_AWAY, 1);
        wire_reset(&w);
    } else if (w.tls != NULL) {
        gnutls_session_ticket_enable_server(w.tls, &ticket_key);
    }
}

void *http_begin(void *cls, const char *target, struct MHD_Connection *con)
{
    struct request *req = must(calloc(1, sizeof *req));

    (void)cls;
    req->con = con;
    req->target = text_copy(target);
    return req;
}

static void count_handshake(struct request *req)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(req->con, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct link *l = info == NULL ? NULL : info->socket_context;

    if (l == NULL) {
        return;
    }
    req->connection = l->number;
    if (req->wire.tls != NULL && !l->handshaken) {
        l->handshaken = true;
        stats_add(STAT_HANDSHAKES, 1);
        stats_add(STAT_RESUMED, gnutls_session_is_resumed(req->wire.tls) != 0);
    }
}

/* A fault's answer before the body was read to its end. */
static enum MHD_Result answer_early(struct request *req)
{
    const struct verdict *v = &req->fault;
    struct reply r = reply_new();

    if (verdict_answers(v)) {
        reply_replace(&r, v);
    } else {
        reply_error(&r, 413, "The file is too large");
    }
    return reply_early(req, &r);
}

static bool is_early(const struct request *req, long at)
{
    return req->fault.has[ACT_EARLY] && req->fault.num[ACT_EARLY] <= at;
}

static enum MHD_Result begin_upload(struct request *req)
{
    struct reply r = reply_new();

    if (is_early(req, 0)) {
        return answer_early(req);
    }
    if (api_refuse(req, &r)) {
        return reply_early(req, &r);
    }
    req->upload = upload_new(req);
    if (req->upload == NULL) {
        reply_error(&r, 415, "An upload is multipart/form-data");
        return reply_early(req, &r);
    }
    return MHD_YES;
}

static enum MHD_Result begin(struct request *req, const char *url, const char *method)
{
    req->begun = true;
    req->method = method;
    req->wire = wire_of(req->con);
    api_route(req, url);
    api_authorize(req);
    count_handshake(req);
    stats_call(req->call);
    fault_take(&req->fault, req->call);
    if (req->fault.has[ACT_OUTAGE]) {
        outage_begin(req->fault.num[ACT_OUTAGE]);
        return reply_none(req);
    }
    if (req->fault.has[ACT_CUT] || req->fault.has[ACT_EARLY] || req->fault.has[ACT_READ_DELAY]) {
        /* Else the kernel takes megabytes, and a peer has sent all before it hears of the fault. */
        wire_narrow(&req->wire);
    }
    if (req->fault.has[ACT_CONTINUE]) {
        reply_interim(req, req->fault.num[ACT_CONTINUE]);
    }
    return req->call == CALL_UPLOAD ? begin_upload(req) : MHD_YES;
}

static enum MHD_Result cut(struct request *req)
{
    if (req->fault.has[ACT_HALF]) {
        upload_commit(req->upload, req);
    }
    stats_add(STAT_CUT, 1);
    return reply_none(req);
}

static enum MHD_Result take_body(struct request *req, const char *src, size_t *len)
{
    const struct verdict *v = &req->fault;
    size_t n = *len;

    if (v->has[ACT_READ_DELAY]) {
        pause_ms(v->num[ACT_READ_DELAY]);
    }
    if (v->has[ACT_CUT] && req->body_len + n >= (uint64_t)v->num[ACT_CUT]) {
        n = (size_t)((uint64_t)v->num[ACT_CUT] - req->body_len);
    }
    *len = 0;
    req->body_len += n;
    stats_add(STAT_BODY_BYTES, (int64_t)n);
    if (req->upload != NULL) {
        upload_push(req->upload, src, n);
    }
    if (v->has[ACT_CUT] && req->body_len >= (uint64_t)v->num[ACT_CUT]) {
        return cut(req);
    }
    return is_early(req, (long)req->body_len) ? answer_early(req) : MHD_YES;
}

static void answer_page(struct request *req, struct reply *r)
{
    const char *q = MHD_lookup_connection_value(req->con, MHD_GET_ARGUMENT_KIND, "q");

    r->type = "text/html; charset=utf-8";
    page_show(&r->body, q == NULL ? "" : q);
}

static enum MHD_Result answer(struct request *req)
{
    const struct verdict *v = &req->fault;
    struct reply r = reply_new();

    if (req->call == CALL_UPLOAD) {
        api_uploaded(req, &r);
    } else if (!verdict_answers(v) && !api_refuse(req, &r)) {
        req->call == CALL_PAGE ? answer_page(req, &r) : api_answer(req, &r);
    }
    if (v->has[ACT_DELAY]) {
        pause_ms(v->num[ACT_DELAY]);
    }
    if (v->has[ACT_LOST] || outage_left() > 0) {
        text_free(&r.head);
        text_free(&r.body);
        return reply_none(req);
    }
    reply_replace(&r, v);
    return reply_send(req, &r);
}

static enum MHD_Result turn_away(struct request *req)
{
    struct wire w = wire_of(req->con);

    stats_add(STAT_TURNED_AWAY, 1);
    wire_reset(&w);
    return MHD_NO;
}

enum MHD_Result http_handle(void *cls, struct MHD_Connection *con, const char *url,
                            const char *method, const char *version, const char *src, size_t *len,
                            void **ctx)
{
    struct request *req = *ctx;

    (void)cls;
    (void)con;
    (void)version;
    if (outage_left() > 0) {
        return turn_away(req);
    }
    if (!req->begun) {
        return begin(req, url, method);
    }
    if (*len > 0) {
        return take_body(req, src, len);
    }
    return answer(req);
}

void http_done(void *cls, struct MHD_Connection *con, void **ctx,
               enum MHD_RequestTerminationCode why)
{
    struct request *req = *ctx;

    (void)cls;
    (void)con;
    if (req == NULL) {
        return;
    }
    if (req->upload != NULL && req->fault.has[ACT_HALF] && !upload_committed(req->upload) &&
        why != MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        upload_commit(req->upload, req); /* the client has cut it */
    }
    if (req->begun && !req->logged) {
        stats_add(STAT_CUT, req->call == CALL_UPLOAD);
        stats_log(req, 0);
    }
    upload_free(req->upload);
    verdict_free(&req->fault);
    free(req->name);
    free(req->target);
    free(req);
    *ctx = NULL;
}
