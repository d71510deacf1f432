#include "linux/session.h"

#include "base/err.h"
#include "link/tls_platform.h"
#include "linux/clock.h"
#include "linux/cpu.h"
#include "linux/log.h"
#include "linux/session_say.h"
#include "linux/stop.h"
#include "sync/backoff.h"

#include <errno.h>
#include <string.h>

/* mbedTLS' memory, all of it; 64-bit cells for its alignment. */
static uint64_t arena[TLS_ARENA_CAP / sizeof(uint64_t)];

static const char *set_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static int fail_at(struct session *s, int err, const char *where)
{
    line_set(&s->where, where);
    return err;
}

static int open_ca(struct session *s)
{
    static const char *const bundle[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem",
                                         "/etc/pki/tls/certs/ca-bundle.crt"};
    const char *file = s->config->service.ca_file;

    if (file[0] != '\0') {
        return disk_open(&s->ca, file) == 0 ? 0 : fail_at(s, ERR_CA_FILE, file);
    }
    for (size_t i = 0; i < COUNT(bundle); i++) {
        if (disk_open(&s->ca, bundle[i]) == 0) {
            return 0;
        }
    }
    return fail_at(s, ERR_CA_FILE, "the system has no bundle in the usual places");
}

static int read_pem(struct session *s, const char *path, char dst[CLIENT_PEM_CAP])
{
    struct disk d;
    int n = -1;

    if (disk_open(&d, path) == 0) {
        n = d.file.read_at(&d, 0, (uint8_t *)dst, CLIENT_PEM_CAP);
        disk_close(&d);
    }
    if (n < 0 || n == CLIENT_PEM_CAP) {
        return fail_at(s, ERR_CLIENT_CERT, path);
    }
    dst[n] = '\0';
    return 0;
}

static int read_client(struct session *s)
{
    const struct config_service *c = &s->config->service;

    if (c->client_cert[0] == '\0' && c->client_key[0] == '\0') {
        return 0;
    }
    if (c->client_cert[0] == '\0' || c->client_key[0] == '\0') {
        return fail_at(s, ERR_CLIENT_CERT, "client_cert and client_key belong together");
    }
    int err = read_pem(s, c->client_cert, s->client_cert);

    err = err == 0 ? read_pem(s, c->client_key, s->client_key) : err;
    s->tls.client_cert = s->client_cert;
    s->tls.client_key = s->client_key;
    return err;
}

static void set_exchange(struct session *s)
{
    const struct config *c = s->config;
    bool proxy = c->proxy.host[0] != '\0' && !config_no_proxy(c);

    s->exchange = (struct exchange_options){
        .host = c->url.host,
        .port = c->url.port,
        .authority = c->url.authority,
        .proxy_host = proxy ? c->proxy.host : NULL,
        .proxy_port = c->proxy.port,
        .proxy_credentials = set_or_null(s->proxy.basic),
        .lookup_ms = c->link.connect_ms,
        .connect_ms = c->link.connect_ms,
        .handshake_ms = c->link.handshake_ms,
        .idle_ms = c->link.idle_ms,
        .answer_ms = c->link.answer_ms,
        .attempt_ms = c->link.attempt_ms,
    };
    s->sockets_options = (struct sockets_options){(enum sockets_family)c->link.family,
                                                  set_or_null(c->link.interface)};
    s->net = sockets_net(&s->sockets, &s->sockets_options);
}

static void set_service(struct session *s)
{
    const struct config_service *c = &s->config->service;

    s->service = (struct bulk_service){
        .host = s->config->url.host_field,
        .base = s->config->url.path,
        .hub = set_or_null(c->hub),
        .elements_version = set_or_null(c->elements_version),
        .callback_url = set_or_null(c->callback_url),
        .user_agent = "ocbulk/" OCBULK_VERSION,
        .element_token = s->credentials.element_token,
        .user_secret = s->credentials.user_secret,
        .organization_secret = set_or_null(s->credentials.organization_secret),
    };
}

static int load_credentials(struct session *s)
{
    char where[CONFIG_ERROR_CAP];
    int err = credentials_load(&s->credentials, s->config->service.credentials_file, where);

    if (err == 0 && s->config->link.proxy_credentials_file[0] != '\0') {
        err = proxy_credentials_load(&s->proxy, s->config->link.proxy_credentials_file, where);
    }
    return err == 0 ? 0 : fail_at(s, err, where);
}

int session_begin(struct session *s, const struct config *config, bool quiet)
{
    memset(s, 0, offsetof(struct session, client_cert)); /* the rest costs RAM once touched */
    s->config = config;
    s->quiet = quiet;
    s->ca.fd = s->sockets.fd = -1;
    if (config->url.host[0] == '\0') {
        return fail_at(s, ERR_URL, "base_url is not set");
    }
    int err = load_credentials(s);

    err = err == 0 ? open_ca(s) : err;
    err = err == 0 ? read_client(s) : err;
    if (err != 0) {
        return err;
    }
    if (clock_now().wall_s < CLOCK_EARLIEST_S) {
        return fail_at(s, ERR_CLOCK, "it shows a time before this program was built");
    }
    s->tls.anchor = (struct trust_anchor){.ca = s->ca.file, .ca_id = s->ca.id};
    memcpy(s->tls.anchor.pin, config->service.pin, sizeof s->tls.anchor.pin);
    s->tls.anchor.pins = config->service.pins;
    s->tls.aes_fast = cpu_has_aes();
    set_exchange(s);
    set_service(s);
    stop_begin();
    err = tls_platform_begin((uint8_t *)arena, sizeof arena);
    if (err == 0) {
        s->begun = true;
        err = bulk_init(&s->bulk, &s->service, &s->exchange, &s->tls, &s->net);
    }
    return err == 0 ? 0
                    : fail_at(s, err, err == ERR_CLIENT_CERT ? config->service.client_cert : "");
}

void session_end(struct session *s)
{
    if (s->config == NULL) { /* no command wanted one */
        return;
    }
    if (s->begun) {
        if (log_wants(LOG_AT_DEBUG)) {
            struct line l;

            line_set(&l, "TLS arena: ");
            line_u64(&l, tls_platform_peak());
            line_put(&l, " bytes at the most");
            log_put(LOG_AT_DEBUG, l.text);
        }
        bulk_free(&s->bulk);
        tls_platform_end();
        s->begun = false;
    }
    disk_close(&s->ca);
    out_forget_secrets();
    credentials_wipe(&s->credentials);
    proxy_credentials_wipe(&s->proxy);
}

uint32_t session_random(void)
{
    uint32_t r = 0;

    (void)device_random((uint8_t *)&r, sizeof r); /* without any, the pause is the shortest */
    return r;
}

static uint32_t until(uint64_t deadline_ms, uint64_t now_ms, uint32_t most_ms)
{
    uint64_t left = deadline_ms > now_ms ? deadline_ms - now_ms : 0;

    return left < most_ms ? (uint32_t)left : most_ms;
}

int session_sleep(struct session *s, uint32_t ms)
{
    uint64_t end = clock_now().mono_ms + ms;

    for (;;) {
        uint64_t now_ms = clock_now().mono_ms;

        if (stop_asked() > 0) {
            return ERR_CANCELLED;
        }
        if (now_ms >= end) {
            return 0;
        }
        s->net.wait(s->net.ctx, WANT_TIME, until(end, now_ms, SESSION_WAIT_MAX_MS));
    }
}

/* A stop before the gate ends the call at once; behind it the answer is worth waiting for. */
static int stopped(const struct session *s, uint64_t since_ms, uint64_t now_ms)
{
    bool patient = s->bulk.call == BULK_UPLOAD && s->bulk.x.gate_open && stop_asked() < 2 &&
                   now_ms - since_ms < SESSION_STOP_MS;

    if (patient) {
        return 0;
    }
    return s->bulk.call == BULK_UPLOAD && s->bulk.x.gate_open ? ERR_OUTCOME_UNKNOWN : ERR_CANCELLED;
}

/* The head is counted in what went out, and is no part of the batch. */
static void show_progress(struct session *s, uint64_t records, uint64_t now_ms)
{
    uint64_t total = s->progress.total, out = s->bulk.x.bytes_out;

    out = out < total ? out : total;
    progress_step(&s->progress, out, total > 0 ? records * out / total : 0, now_ms);
}

static int drive(struct session *s, uint64_t records)
{
    struct bulk *b = &s->bulk;
    uint64_t since_ms = 0;

    for (;;) {
        struct now now = clock_now();
        enum want want = bulk_step(b, &now);

        if (want == WANT_NOTHING) {
            return b->err;
        }
        if (want == WANT_GATE && stop_asked() == 0) {
            bulk_commit(b, &now);
            continue;
        }
        if (b->call == BULK_UPLOAD) {
            show_progress(s, records, now.mono_ms);
        }
        if (stop_asked() > 0) {
            since_ms = since_ms == 0 ? now.mono_ms : since_ms;
            int err = stopped(s, since_ms, now.mono_ms);

            if (err != 0) {
                bulk_drop(b);
                b->cause = ERR_CANCELLED;
                return err;
            }
        }
        if (want != WANT_STEP) {
            s->net.wait(s->net.ctx, want,
                        until(exchange_deadline_ms(&b->x), now.mono_ms, SESSION_WAIT_MAX_MS));
        }
    }
}

/* err: of the start; when that failed nothing was sent, and it concerns no host. */
static int run(struct session *s, int err, uint64_t records)
{
    if (err != 0) {
        return fail_at(s, err, "");
    }
    err = drive(s, records);
    session_say_call(s, err);
    if (err != 0) {
        session_say_where(s, err);
    }
    return err;
}

static bool passing(const struct session *s, int err)
{
    return err_class(err) == CLASS_TEMPORARY && err != ERR_CANCELLED &&
           s->bulk.retry_after_ms <= SESSION_PAUSE_MAX_MS;
}

/* Whatever was asked and may be asked again without harm is. */
static int get(struct session *s, int err)
{
    unsigned most = err == 0 ? SESSION_TRIES - 1 : 0;

    err = run(s, err, 0);
    for (unsigned tries = 0; tries < most && passing(s, err); tries++) {
        struct now now;
        uint32_t pause = s->bulk.retry_after_ms;

        pause += backoff_ms(tries, SESSION_BACKOFF_MS, SESSION_PAUSE_MAX_MS, session_random());
        log_put(LOG_AT_INFO, "trying again: ", err_what(err), ": ", s->where.text);
        if (session_sleep(s, pause) != 0) {
            return err;
        }
        now = clock_now();
        err = run(s, bulk_again(&s->bulk, &now), 0);
    }
    return err;
}

int session_objects(struct session *s, const struct bulk_receiver *to)
{
    struct now now = clock_now();

    return get(s, bulk_objects(&s->bulk, to, &now));
}

int session_metadata(struct session *s, const char *object, const struct bulk_receiver *to)
{
    struct now now = clock_now();

    return get(s, bulk_metadata(&s->bulk, object, to, &now));
}

int session_status(struct session *s, const char *id)
{
    struct now now = clock_now();

    return get(s, bulk_status(&s->bulk, id, &now));
}

int session_errors(struct session *s, const char *id, const struct bulk_receiver *to)
{
    struct now now = clock_now();

    return get(s, bulk_errors(&s->bulk, id, to, &now));
}

int session_jobs(struct session *s, const struct bulk_receiver *to)
{
    struct now now = clock_now();

    return get(s, bulk_jobs(&s->bulk, to, &now));
}

int session_cancel(struct session *s, const char *id)
{
    struct now now = clock_now();

    return get(s, bulk_cancel(&s->bulk, id, &now));
}

int session_upload(struct session *s, const struct bulk_upload *upload, uint64_t records)
{
    struct now now = clock_now();
    int err = bulk_upload(&s->bulk, upload, &now);

    progress_begin(&s->progress, err == 0 ? bulk_length(&s->bulk) : 0, s->quiet, now.mono_ms);
    bool sent = err == 0;

    err = run(s, err, records);
    progress_end(&s->progress);
    if (!sent) {
        line_set(&s->where, "file name ");
        line_put(&s->where, upload->name);
    }
    return err;
}
