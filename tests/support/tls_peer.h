/* tls_peer: a TLS server behind a fake net, made of GnuTLS: another implementation than ours, in
 * the same process, so that a test says what it does to the byte. Link with -lgnutls. */
#ifndef OCBULK_TESTS_TLS_PEER_H
#define OCBULK_TESTS_TLS_PEER_H

#include "fake_net.h"

#include <errno.h>
#include <gnutls/gnutls.h>

/* What it does when its reply is out. */
enum tls_after { AFTER_KEEP, AFTER_NOTIFY, AFTER_END, AFTER_RESET };

struct tls_peer {
    /* the script */
    const char *priority;
    const char *reply; /* NULL: none */
    size_t reply_len;
    size_t reply_after; /* bytes of a request before it replies */
    size_t reply_piece; /* bytes of it in a record; 0: as many as fit */
    size_t reply_every; /* 0: at once; else a byte every so many ms */
    size_t read_max;    /* bytes of requests read; 0: all. Then it reads no more */
    size_t read_every;  /* 0: at once; else a byte every so many ms behind read_max */
    enum tls_after after;
    bool no_tickets, ask_cert, need_cert;
    bool big;                 /* an oversized record in place of the reply */
    bool again;               /* the reply again and again */
    bool warn;                /* warnings without end when it is shaken */
    void (*shaken_now)(void); /* called behind each handshake */
    /* the record */
    gnutls_session_t s;
    gnutls_certificate_credentials_t cred;
    gnutls_datum_t key; /* of the tickets */
    struct fake_net *f;
    bool on, shaken, replied, finished, notified;
    unsigned opens, sessions, resumed, replies;
    char name[64]; /* the server name asked for last */
    int alert;     /* the last from the client; -1: none */
    uint8_t *got;
    size_t got_len, request_at, reply_at; /* request_at: where the request began */
};

static inline ssize_t tls_peer_pull(gnutls_transport_ptr_t ctx, void *dst, size_t cap)
{
    struct tls_peer *p = ctx;
    bool slow = p->read_every > 0 && p->got_len >= p->read_max;
    size_t n = 0;

    if (!slow || p->f->now_ms >= p->f->next_ms) {
        n = fake_pipe_get(&p->f->out, dst, slow ? 1 : cap);
    }
    if (slow && n > 0) {
        p->f->next_ms = p->f->now_ms + p->read_every;
    }

    if (n == 0 && p->f->at >= 0) {
        gnutls_transport_set_errno(p->s, EAGAIN);
        return -1;
    }
    return (ssize_t)n;
}

static inline ssize_t tls_peer_push(gnutls_transport_ptr_t ctx, const void *src, size_t len)
{
    struct tls_peer *p = ctx;

    fake_pipe_put(&p->f->in, src, len);
    return (ssize_t)len;
}

static inline void tls_peer_drop(struct tls_peer *p)
{
    if (p->on) {
        gnutls_deinit(p->s);
    }
    p->on = false;
}

static inline void tls_peer_accept(struct tls_peer *p)
{
    tls_peer_drop(p);
    if (gnutls_init(&p->s, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) != 0 ||
        gnutls_priority_set_direct(p->s, p->priority, NULL) != 0 ||
        gnutls_credentials_set(p->s, GNUTLS_CRD_CERTIFICATE, p->cred) != 0) {
        abort();
    }
    if (!p->no_tickets) {
        gnutls_session_ticket_enable_server(p->s, &p->key);
    }
    gnutls_certificate_server_set_request(p->s, p->need_cert  ? GNUTLS_CERT_REQUIRE
                                                : p->ask_cert ? GNUTLS_CERT_REQUEST
                                                              : GNUTLS_CERT_IGNORE);
    gnutls_transport_set_ptr(p->s, p);
    gnutls_transport_set_pull_function(p->s, tls_peer_pull);
    gnutls_transport_set_push_function(p->s, tls_peer_push);
    gnutls_handshake_set_timeout(p->s, 0);
    p->on = true;
    p->shaken = p->replied = p->finished = false;
    p->request_at = p->got_len;
    p->reply_at = 0;
    p->sessions++;
}

static inline void tls_peer_read(struct tls_peer *p)
{
    for (;;) {
        size_t cap = 4096;

        if (p->read_max > 0 && p->read_every == 0) {
            cap = p->read_max - p->got_len < cap ? p->read_max - p->got_len : cap;
        }
        if (cap == 0) {
            return;
        }
        ssize_t n = gnutls_record_recv(p->s, p->got + p->got_len, cap);

        if (n == GNUTLS_E_WARNING_ALERT_RECEIVED || n == GNUTLS_E_FATAL_ALERT_RECEIVED) {
            p->alert = (int)gnutls_alert_get(p->s);
        }
        p->notified = p->notified || n == 0;
        if (n <= 0) {
            return;
        }
        p->got_len += (size_t)n;
    }
}

static inline void tls_peer_end_reply(struct tls_peer *p)
{
    struct fake_net *f = p->f;

    p->replied = true;
    p->replies++;
    p->request_at += p->reply_after;
    if (p->after == AFTER_NOTIFY) {
        (void)gnutls_bye(p->s, GNUTLS_SHUT_WR);
    }
    p->finished = p->after != AFTER_KEEP;
    f->end = p->after == AFTER_NOTIFY || p->after == AFTER_END;
    f->reset = p->after == AFTER_RESET;
    p->replied = p->finished;
    p->reply_at = 0;
}

static inline void tls_peer_say(struct tls_peer *p)
{
    size_t n = p->reply_len - p->reply_at;

    if (p->big) {
        fake_pipe_put(&p->f->in, "\x17\x03\x03\x48\x01", 5);
        for (int i = 0; i < 0x4801; i++) {
            fake_pipe_put(&p->f->in, "x", 1);
        }
        p->finished = true;
        return;
    }
    if (p->reply_every > 0) {
        if (p->f->now_ms < p->f->next_ms) {
            return;
        }
        p->f->next_ms = p->f->now_ms + p->reply_every;
        n = 1;
    }
    n = p->reply_piece > 0 && p->reply_piece < n ? p->reply_piece : n;
    ssize_t sent = gnutls_record_send(p->s, p->reply + p->reply_at, n);

    p->reply_at += sent > 0 ? (size_t)sent : 0;
    if (p->reply_at == p->reply_len) {
        if (p->again) {
            p->reply_at = p->reply_len / 2; /* the second half without end */
            return;
        }
        tls_peer_end_reply(p);
    }
}

static inline void tls_peer_pump(void *ctx, struct fake_net *f)
{
    struct tls_peer *p = ctx;

    p->f = f;
    if (f->at >= 0 && p->opens != f->opens && f->was_open) {
        p->opens = f->opens;
        tls_peer_accept(p);
    }
    if (!p->on || p->finished) {
        return;
    }
    if (!p->shaken) {
        int ret = gnutls_handshake(p->s);

        if (ret == GNUTLS_E_WARNING_ALERT_RECEIVED || ret == GNUTLS_E_FATAL_ALERT_RECEIVED) {
            p->alert = (int)gnutls_alert_get(p->s);
        } else if (ret != 0 && gnutls_error_is_fatal(ret)) {
            (void)gnutls_alert_send_appropriate(p->s, ret);
        }
        if (ret != 0) {
            p->finished = gnutls_error_is_fatal(ret) != 0;
            return;
        }
        p->shaken = true;
        p->resumed += gnutls_session_is_resumed(p->s) != 0;
        size_t name_cap = sizeof p->name;
        unsigned type = 0;

        if (gnutls_server_name_get(p->s, p->name, &name_cap, &type, 0) != 0) {
            p->name[0] = '\0';
        }
        if (p->shaken_now != NULL) {
            p->shaken_now();
        }
    }
    tls_peer_read(p);
    while (p->warn && f->at >= 0 && f->in.len - f->in.at < 4096) {
        fake_pipe_shrink(&f->in);
        (void)gnutls_alert_send(p->s, GNUTLS_AL_WARNING, GNUTLS_A_USER_CANCELED);
    }
    while (p->reply != NULL && !p->replied && p->got_len - p->request_at >= p->reply_after &&
           f->at >= 0 && f->in.len - f->in.at < 65536) {
        size_t before = p->reply_at;
        unsigned replies = p->replies;

        tls_peer_say(p);
        if (p->again) {
            fake_pipe_shrink(&f->in);
        }
        if (p->finished || (p->reply_at == before && p->replies == replies)) {
            break;
        }
    }
}

static inline void tls_peer_open(struct tls_peer *p, struct fake_net *f, const char *name)
{
    char cert[128], key[128];

    snprintf(cert, sizeof cert, "build/certs/%s.pem", name);
    snprintf(key, sizeof key, "build/certs/%s.key", name);
    p->got = malloc(FAKE_PIPE);
    p->alert = -1;
    if (p->priority == NULL) {
        p->priority = "NORMAL";
    }
    if (p->reply != NULL && p->reply_len == 0) {
        p->reply_len = strlen(p->reply);
    }
    if (p->got == NULL || gnutls_certificate_allocate_credentials(&p->cred) != 0 ||
        gnutls_certificate_set_x509_key_file(p->cred, cert, key, GNUTLS_X509_FMT_PEM) != 0 ||
        gnutls_session_ticket_key_generate(&p->key) != 0) {
        abort();
    }
    f->peer = tls_peer_pump;
    f->peer_ctx = p;
}

static inline void tls_peer_close(struct tls_peer *p)
{
    tls_peer_drop(p);
    gnutls_certificate_free_credentials(p->cred);
    gnutls_free(p->key.data);
    free(p->got);
}

#endif
