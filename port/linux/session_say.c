#include "linux/session_say.h"

#include "base/err.h"
#include "linux/log.h"

#include <string.h>

static void put_quoted(struct line *l, const char *lead, const char *text)
{
    if (text[0] != '\0') {
        line_put(l, lead);
        line_put(l, text);
    }
}

static void put_hex(struct line *l, unsigned v)
{
    char digits[9] = {0};
    size_t at = sizeof digits - 1;

    do {
        digits[--at] = "0123456789ABCDEF"[v % 16];
        v /= 16;
    } while (v > 0 && at > 0);
    line_put(l, &digits[at]);
}

/* Each only with its own error: they stay from one call to the next. */
void session_say_cause(const struct session *s, int err, struct line *out)
{
    const struct tls *tls = &s->bulk.x.tls;

    if (err == ERR_CA_FILE) {
        put_quoted(out, ": ", s->config->service.ca_file);
    }
    if ((err_class(err) == CLASS_TLS && err != ERR_TLS_HANDSHAKE) || err == ERR_CA_FILE) {
        put_quoted(out, ": ", tls->report.detail);
    }
    if (err == ERR_CONNECT && s->sockets.sys != 0) {
        put_quoted(out, ": ", strerror(s->sockets.sys));
    }
    if ((err == ERR_TLS_HANDSHAKE || err == ERR_TLS_RECORD) && tls->code != 0) {
        line_put(out, ": mbedTLS error -0x");
        put_hex(out, (unsigned)-tls->code);
    }
    if (err == ERR_PROXY && s->bulk.x.tunnel.status != 0) {
        line_put(out, ": HTTP ");
        line_u64(out, s->bulk.x.tunnel.status);
    }
}

/* "host:port, HTTP 413, the service says …, request id …" */
void session_say_where(struct session *s, int err)
{
    const struct bulk *b = &s->bulk;

    line_set(&s->where, s->exchange.proxy_host != NULL ? "through the proxy to " : "");
    line_put(&s->where, s->exchange.authority);
    session_say_cause(s, err == ERR_OUTCOME_UNKNOWN ? b->cause : err, &s->where);
    if (b->status != 0) {
        line_put(&s->where, ", HTTP ");
        line_u64(&s->where, b->status);
    }
    if (err == ERR_REDIRECTED) {
        put_quoted(&s->where, ", to ", b->location);
    }
    if (err == ERR_OUTCOME_UNKNOWN && b->cause != 0) {
        put_quoted(&s->where, ", because ", err_what(b->cause));
    }
    put_quoted(&s->where, ", it says: ", b->job.message);
    put_quoted(&s->where, ", request id ", bulk_request_id(b));
    if (b->retry_after_ms > 0) {
        line_put(&s->where, ", it asks for ");
        line_u64(&s->where, b->retry_after_ms / 1000);
        line_put(&s->where, " s of rest");
    }
}

void session_say_call(const struct session *s, int err)
{
    static const char *const name[] = {
        [BULK_OBJECTS] = "objects", [BULK_METADATA] = "metadata", [BULK_UPLOAD] = "upload",
        [BULK_STATUS] = "status",   [BULK_ERRORS] = "errors",     [BULK_JOBS] = "jobs",
        [BULK_CANCEL] = "cancel"};
    const struct bulk *b = &s->bulk;
    struct line l;

    if (!log_wants(LOG_AT_INFO)) {
        return;
    }
    line_set(&l, name[b->call]);
    line_put(&l, ": HTTP ");
    line_u64(&l, b->status);
    put_quoted(&l, ", ", err != 0 ? err_name(err) : "");
    put_quoted(&l, ", request id ", bulk_request_id(b));
    put_quoted(&l, ", ", tls_version(&b->x.tls));
    put_quoted(&l, " ", tls_cipher(&b->x.tls));
    line_put(&l, b->x.reused ? ", kept connection" : b->x.tls.resumed ? ", resumed" : "");
    log_put(LOG_AT_INFO, l.text);
}
