/* tls: one TLS 1.2 or 1.3 connection over a port's socket, on mbedTLS.
 *
 * The handshake proves possession of the peer's key but believes nobody; tls_verify (trust) does,
 * between handshake and first byte. tls_send and tls_recv exist only behind that: before, they
 * are ERR_INTERNAL. A verified session is kept in RAM and offered again on the next connect to
 * the same host; it is believed only while its verdict holds.
 *
 * Memory  Options and net are borrowed for the struct's life; it must stay in place. mbedTLS takes
 *         the rest from the arena (tls_platform). Session and tickets never reach flash.
 * Calls   init once; then start, handshake until 0, verify, send and recv, close; start again.
 *         A send that said ERR_WAIT is repeated with the same arguments (C18).
 * Errors  ERR_WAIT with `want` set; ERR_TLS_HANDSHAKE, _RECORD, _MEMORY, those of trust,
 *         ERR_CLIENT_CERT, ERR_ENTROPY, ERR_NETWORK, ERR_CLOSED (end without close_notify). An
 *         alert before the first data is ERR_TLS_HANDSHAKE, later ERR_TLS_RECORD. `code` is
 *         mbedTLS' own number, for the log. Behind a failed handshake `again` says that the next
 *         start on the same address leaves out what may have been the reason. */
#ifndef OCBULK_LINK_TLS_H
#define OCBULK_LINK_TLS_H

#include "base/device.h"
#include "link/trust.h"
#include "mbedtls/pk.h"
#include "mbedtls/ssl.h"

struct tls_options {
    struct trust_anchor anchor;
    const char *client_cert, *client_key; /* PEM text, or NULL: none */
    bool aes_fast;                        /* the CPU has AES instructions: AES-GCM first */
};

enum tls_state { TLS_IDLE, TLS_SHAKING, TLS_SHAKEN, TLS_VERIFIED };

struct tls {
    const struct tls_options *options;
    const struct net *net;
    mbedtls_ssl_config conf;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_session session; /* the one to offer; empty when no verdict is valid */
    mbedtls_x509_crt client_cert;
    mbedtls_pk_context client_key;
    struct trust_verdict verdict; /* of the connection, and of the session kept */
    struct trust_report report;   /* why verify failed */
    uint8_t state;
    uint8_t want; /* enum want, with ERR_WAIT */
    bool offered; /* a session was offered on this connection */
    bool kept;    /* session holds one */
    bool resumed; /* verified by verdict */
    bool heard;   /* the peer has sent data on this connection */
    bool again;   /* see Errors */
    bool no_pss;  /* RSA-PSS is not offered */
    bool moved;   /* bytes have gone out; the owner clears it */
    uint8_t reads_left;
    size_t out_left; /* bytes of a record that the socket has not taken yet */
    size_t frozen;   /* bytes of the send that record was made of; 0: none waits */
    int code;        /* mbedTLS' last error */
};

int tls_init(struct tls *t, const struct tls_options *options, const struct net *net);
int tls_start(struct tls *t, const char *host, int64_t wall_s);
int tls_handshake(struct tls *t); /* 0 when shaken, ERR_WAIT, or an error */
int tls_verify(struct tls *t, const char *host, int64_t wall_s, uint8_t *scratch); /* 0 or error */
size_t tls_record_max(const struct tls *t); /* bytes that one record takes at most */
int tls_send(struct tls *t, const uint8_t *src, size_t len); /* bytes (1..len), ERR_WAIT, error */
/* Bytes (1..cap), 0 at the peer's close_notify, ERR_WAIT, ERR_CLOSED, or an error. */
int tls_recv(struct tls *t, uint8_t *dst, size_t cap);
/* Ends the connection: says close_notify when the last send was whole, keeps the session for the
 * next start if `keep`. The socket is the owner's to close. */
void tls_close(struct tls *t, bool keep);
void tls_free(struct tls *t);
const char *tls_version(const struct tls *t); /* "TLSv1.3"; "" before the handshake */
const char *tls_cipher(const struct tls *t);
const char *tls_library(void); /* name and version */

#endif
