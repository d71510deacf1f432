#include "link/tls_parts.h"

#include "base/err.h"
#include "mbedtls/net_sockets.h" /* only for its error numbers */

enum { READS_MAX = 64 }; /* reads of the socket in one call; a whole handshake takes some 20 */

static int bio_send(void *ctx, const unsigned char *src, size_t len)
{
    struct tls *t = ctx;
    int n = t->net->send(t->net->ctx, src, len);

    t->out_left = n > 0 ? len - (size_t)n : len; /* mbedTLS gives all that it still has */
    if (n == NET_AGAIN) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    t->moved = t->moved || n > 0;
    return n > 0 ? n : MBEDTLS_ERR_NET_SEND_FAILED;
}

/* mbedTLS reads on for as long as there is something: warnings and the like without end would hold
 * it for ever, deadlines unseen. After some reads it is told to come again; poll ends at once when
 * there is more. */
static int bio_recv(void *ctx, unsigned char *dst, size_t cap)
{
    struct tls *t = ctx;

    if (t->reads_left == 0) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    t->reads_left--;
    int n = t->net->recv(t->net->ctx, dst, cap);

    if (n == NET_AGAIN) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    if (n == NET_END) {
        return 0;
    }
    return n > 0 ? n : MBEDTLS_ERR_NET_RECV_FAILED;
}

/* mbedTLS adds the number of a low-level cause to that of the module it surfaced in. */
static bool is_memory(int ret)
{
    int low = -ret & 0x7F, high = -(-ret & ~0x7F);

    return low == -MBEDTLS_ERR_MPI_ALLOC_FAILED || low == -MBEDTLS_ERR_ASN1_ALLOC_FAILED ||
           high == MBEDTLS_ERR_SSL_ALLOC_FAILED || high == MBEDTLS_ERR_X509_ALLOC_FAILED ||
           high == MBEDTLS_ERR_PK_ALLOC_FAILED || high == MBEDTLS_ERR_ECP_ALLOC_FAILED ||
           high == MBEDTLS_ERR_MD_ALLOC_FAILED || high == MBEDTLS_ERR_CIPHER_ALLOC_FAILED;
}

/* mbedTLS' number as ours; `other` is what is not named here. */
int tls_map(struct tls *t, int ret, int other)
{
    t->code = ret;
    switch (ret) {
    case MBEDTLS_ERR_SSL_WANT_READ: /* also with a ticket in hand: then no socket need wake us */
        t->want = mbedtls_ssl_check_pending(&t->ssl) != 0 ? WANT_STEP : WANT_READ;
        return ERR_WAIT;
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        t->want = WANT_WRITE;
        return ERR_WAIT;
    case MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET: /* no error at all (C17) */
        t->want = WANT_STEP;
        return ERR_WAIT;
    case MBEDTLS_ERR_NET_SEND_FAILED:
    case MBEDTLS_ERR_NET_RECV_FAILED:
        return ERR_NETWORK;
    case MBEDTLS_ERR_SSL_CONN_EOF:
        return ERR_CLOSED;
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: /* in TLS 1.3 our certificate is refused only here */
        return t->heard ? other : ERR_TLS_HANDSHAKE;
    default:
        return is_memory(ret) ? ERR_TLS_MEMORY : other;
    }
}

static void forget_session(struct tls *t)
{
    mbedtls_ssl_session_free(&t->session);
    mbedtls_ssl_session_init(&t->session);
    t->kept = false;
}

/* A session that would not be believed is not offered: its chain is gone, so a refusal is all that
 * could come of it. */
static bool offer(struct tls *t, const char *host, int64_t wall_s)
{
    if (t->kept && !trust_still(&t->verdict, &t->options->anchor, NULL, host, wall_s)) {
        forget_session(t);
    }
    return t->kept && mbedtls_ssl_set_session(&t->ssl, &t->session) == 0;
}

int tls_start(struct tls *t, const char *host, int64_t wall_s)
{
    uint8_t ip[16], probe;

    if (device_random(&probe, sizeof probe) != 0) {
        return ERR_ENTROPY;
    }
    int ret = mbedtls_ssl_setup(&t->ssl, &t->conf);

    /* An IP literal is never sent as server name (RFC 6066 3). */
    if (ret == 0) {
        ret = mbedtls_ssl_set_hostname(&t->ssl, trust_ip(host, ip) > 0 ? NULL : host);
    }
    t->offered = ret == 0 && offer(t, host, wall_s);
    t->resumed = t->heard = t->again = false;
    t->frozen = t->out_left = 0;
    t->report = (struct trust_report){0};
    if (ret != 0) {
        mbedtls_ssl_free(&t->ssl);
        mbedtls_ssl_init(&t->ssl);
        return tls_map(t, ret, ERR_TLS_MEMORY);
    }
    mbedtls_ssl_set_bio(&t->ssl, t, bio_send, bio_recv, NULL);
    t->state = TLS_SHAKING;
    return 0;
}

/* What may have been the reason is left out from now on: a session, or RSA-PSS. True when there was
 * such a thing and the same address is worth another try. */
static bool leave_out(struct tls *t)
{
    bool pss = !t->no_pss && t->code == MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER &&
               mbedtls_ssl_get_version_number(&t->ssl) == MBEDTLS_SSL_VERSION_TLS1_2;
    bool again = pss || t->offered;

    if (t->offered) {
        forget_session(t);
    }
    tls_offer_pss(t, !pss);
    return again;
}

/* A peer that refuses our certificate sends an alert and closes while we still write: what it has
 * said is there to be read, in the clear before TLS 1.2 has its keys. */
static bool was_alerted(const struct tls *t)
{
    uint8_t head[1];

    return t->net->recv(t->net->ctx, head, sizeof head) == 1 && head[0] == MBEDTLS_SSL_MSG_ALERT;
}

int tls_handshake(struct tls *t)
{
    if (t->state != TLS_SHAKING) {
        return ERR_INTERNAL;
    }
    t->reads_left = READS_MAX;
    int ret = mbedtls_ssl_handshake(&t->ssl);

    if (ret == 0) {
        t->state = TLS_SHAKEN;
        return 0;
    }
    int err = tls_map(t, ret, ERR_TLS_HANDSHAKE);

    if (ret == MBEDTLS_ERR_NET_SEND_FAILED && was_alerted(t)) {
        err = ERR_TLS_HANDSHAKE;
    }
    if (err != ERR_WAIT) {
        t->again = leave_out(t) && err == ERR_TLS_HANDSHAKE;
        t->state = TLS_IDLE;
    }
    return err;
}

static unsigned char alert_for(int err)
{
    switch (err) {
    case ERR_TLS_UNKNOWN_CA:
    case ERR_TLS_CHAIN_INCOMPLETE:
        return MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA;
    case ERR_TLS_EXPIRED:
        return MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED;
    case ERR_TLS_USAGE:
        return MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT;
    default:
        return MBEDTLS_SSL_ALERT_MSG_BAD_CERT;
    }
}

int tls_verify(struct tls *t, const char *host, int64_t wall_s, uint8_t *scratch)
{
    const mbedtls_x509_crt *chain = mbedtls_ssl_get_peer_cert(&t->ssl);
    int err = ERR_TLS_INVALID;

    if (t->state != TLS_SHAKEN) {
        return ERR_INTERNAL;
    }
    if (chain != NULL && t->offered && chain->next == NULL &&
        trust_still(&t->verdict, &t->options->anchor, chain, host, wall_s)) {
        t->resumed = true;
        err = 0;
    } else if (chain != NULL) {
        forget_session(t);
        err =
            trust_check(&t->options->anchor, chain, host, wall_s, scratch, &t->verdict, &t->report);
    }
    if (err == 0) {
        t->state = TLS_VERIFIED;
    } else {
        (void)mbedtls_ssl_send_alert_message(&t->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                             alert_for(err));
        t->state = TLS_IDLE;
    }
    return err;
}

size_t tls_record_max(const struct tls *t)
{
    int n = mbedtls_ssl_get_max_out_record_payload(&t->ssl);

    return n > 0 ? (size_t)n : 1;
}

/* A record that the socket took only in part is finished by whatever mbedTLS does next, a read
 * included (it flushes when a ticket arrives). Writing it again then would send it twice. */
int tls_send(struct tls *t, const uint8_t *src, size_t len)
{
    if (t->state != TLS_VERIFIED) {
        return ERR_INTERNAL;
    }
    int ret = (int)t->frozen;

    if (ret == 0 || t->out_left > 0) {
        t->reads_left = READS_MAX;
        ret = mbedtls_ssl_write(&t->ssl, src, len);
    }
    if (ret == MBEDTLS_ERR_SSL_WANT_WRITE && t->frozen == 0) {
        t->frozen = len < tls_record_max(t) ? len : tls_record_max(t);
    }
    if (ret <= 0) {
        return tls_map(t, ret, ERR_TLS_RECORD);
    }
    t->frozen = 0;
    return ret;
}

int tls_recv(struct tls *t, uint8_t *dst, size_t cap)
{
    if (t->state != TLS_VERIFIED) {
        return ERR_INTERNAL;
    }
    t->reads_left = READS_MAX;
    int ret = mbedtls_ssl_read(&t->ssl, dst, cap);

    t->heard = t->heard || ret > 0;
    if (ret == 0) { /* mbedTLS: the transport ended */
        ret = MBEDTLS_ERR_SSL_CONN_EOF;
    }
    if (ret == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        return 0;
    }
    return ret > 0 ? ret : tls_map(t, ret, ERR_TLS_RECORD);
}

void tls_close(struct tls *t, bool keep)
{
    if (t->state == TLS_VERIFIED && keep) {
        mbedtls_ssl_session_free(&t->session);
        mbedtls_ssl_session_init(&t->session);
        t->kept = mbedtls_ssl_get_session(&t->ssl, &t->session) == 0;
        if (!t->kept) {
            forget_session(t);
        }
    }
    if (t->state == TLS_VERIFIED) {
        (void)mbedtls_ssl_close_notify(&t->ssl);
    }
    mbedtls_ssl_free(&t->ssl);
    mbedtls_ssl_init(&t->ssl);
    t->state = TLS_IDLE;
}

const char *tls_version(const struct tls *t)
{
    return t->state >= TLS_SHAKEN ? mbedtls_ssl_get_version(&t->ssl) : "";
}

const char *tls_cipher(const struct tls *t)
{
    return t->state >= TLS_SHAKEN ? mbedtls_ssl_get_ciphersuite(&t->ssl) : "";
}
