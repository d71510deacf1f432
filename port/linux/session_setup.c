#include "linux/session.h"

#include "base/err.h"
#include "link/tls_platform.h"
#include "linux/cpu.h"
#include "linux/log.h"
#include "linux/stop.h"

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

static int open_ca(struct session *s, struct disk *ca)
{
    static const char *const bundle[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem",
                                         "/etc/pki/tls/certs/ca-bundle.crt"};
    const char *file = s->config->service.ca_file;

    if (file[0] != '\0') {
        return disk_open(ca, file) == 0 ? 0 : fail_at(s, ERR_CA_FILE, file);
    }
    for (size_t i = 0; i < COUNT(bundle); i++) {
        if (disk_open(ca, bundle[i]) == 0) {
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

    s->tls.client_cert = s->tls.client_key = NULL;
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
        .limit_rate = (uint32_t)c->link.limit_rate,
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

static int load_credentials(struct session *s, struct credentials *c, struct proxy_credentials *p)
{
    char where[CONFIG_ERROR_CAP];
    int err = credentials_load(c, s->config->service.credentials_file, where);

    if (err == 0 && s->config->link.proxy_credentials_file[0] != '\0') {
        err = proxy_credentials_load(p, s->config->link.proxy_credentials_file, where);
    }
    return err == 0 ? 0 : fail_at(s, err, where);
}

/* What the configuration and the files that it names say goes into force. */
static int start_bulk(struct session *s)
{
    const struct config_service *c = &s->config->service;
    int err;

    s->tls.anchor = (struct trust_anchor){.ca = s->ca.file, .ca_id = s->ca.id};
    memcpy(s->tls.anchor.pin, c->pin, sizeof s->tls.anchor.pin);
    s->tls.anchor.pins = c->pins;
    s->tls.aes_fast = cpu_has_aes();
    set_exchange(s);
    set_service(s);
    err = bulk_init(&s->bulk, &s->service, &s->exchange, &s->tls, &s->net);
    s->ready = err == 0;
    return err == 0 ? 0 : fail_at(s, err, err == ERR_CLIENT_CERT ? c->client_cert : "");
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
    int err = load_credentials(s, &s->credentials, &s->proxy);

    err = err == 0 ? open_ca(s, &s->ca) : err;
    err = err == 0 ? read_client(s) : err;
    if (err != 0) {
        return err;
    }
    stop_begin();
    err = tls_platform_begin((uint8_t *)arena, sizeof arena);
    if (err != 0) {
        return fail_at(s, err, "");
    }
    s->begun = true;
    return start_bulk(s);
}

static void mask(const struct session *s)
{
    out_forget_secrets();
    credentials_mask(&s->credentials);
    proxy_credentials_mask(&s->proxy);
}

/* Those of the environment were overwritten there and cannot have changed. */
static int renew_credentials(struct session *s)
{
    static struct credentials c;
    static struct proxy_credentials p;
    int err;

    if (s->credentials.from_environment) {
        return 0;
    }
    out_forget_secrets(); /* there is no room for both; nothing is written in between */
    err = load_credentials(s, &c, &p);
    if (err == 0) {
        s->credentials = c;
        s->proxy = p;
    }
    mask(s);
    credentials_wipe(&c);
    proxy_credentials_wipe(&p);
    return err;
}

int session_again(struct session *s, const struct config *config)
{
    const struct config *old = s->config;
    uint64_t spool_id = s->service.spool_id;
    struct disk ca = {.fd = -1};
    int err = config->url.host[0] == '\0' ? fail_at(s, ERR_URL, "base_url is not set") : 0;

    s->config = config;
    err = err == 0 ? open_ca(s, &ca) : err;
    err = err == 0 ? read_client(s) : err;
    err = err == 0 ? renew_credentials(s) : err;
    if (err != 0) {
        s->config = old;
        disk_close(&ca);
        return err;
    }
    bulk_free(&s->bulk);
    disk_close(&s->ca);
    s->ca = ca;
    s->ca.file.ctx = &s->ca;
    err = start_bulk(s);
    s->service.spool_id = spool_id;
    return err;
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
        s->begun = s->ready = false;
    }
    disk_close(&s->ca);
    out_forget_secrets();
    credentials_wipe(&s->credentials);
    proxy_credentials_wipe(&s->proxy);
}
