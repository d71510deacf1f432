/* trust: decides whether a peer's certificate chain may be believed; the only place that does.
 *
 * Checks, on a chain that the handshake has kept: the path to a root of the CA bundle (found on
 * demand, see roots), signatures, algorithms and key sizes (mbedTLS' default profile), validity
 * against the wall clock, the host name (subjectAltName only: a DNS entry for a name, an IP entry
 * for an address, see trust_name), key usage digitalSignature, extended key usage serverAuth, and
 * the pins. RFC 5280, RFC 9525.
 *
 * Verdict  What a resumed session is believed on: everything it was decided from, compared again.
 * Memory   `scratch` is EXCHANGE_TX_CAP bytes, for the call. Nothing is kept of the chain.
 * Errors   ERR_CLOCK, ERR_TLS_UNKNOWN_CA, _CHAIN_INCOMPLETE, _EXPIRED, _FUTURE, _NAME, _WEAK,
 *          _USAGE, _PIN, _INVALID, _MEMORY; ERR_CA_FILE, ERR_FILE_READ. `detail` says it in words.
 */
#ifndef OCBULK_LINK_TRUST_H
#define OCBULK_LINK_TRUST_H

#include "base/device.h"
#include "limits.h"
#include "link/trust_name.h"
#include "mbedtls/x509_crt.h"

struct trust_anchor {
    struct file ca;                /* PEM bundle */
    uint64_t ca_id;                /* another number when the file is another; the port makes it */
    uint8_t pin[TLS_PINS_MAX][32]; /* SHA-256 of a SubjectPublicKeyInfo of the path */
    uint8_t pins;                  /* 0: no pinning */
};

struct trust_verdict {
    bool valid;
    uint8_t leaf[32], host[32], pins[32]; /* SHA-256 */
    uint64_t ca_id;
    int64_t from_s, until_s; /* the whole path's validity */
    int64_t made_s;
};

struct trust_report {
    uint32_t flags;                /* mbedTLS' MBEDTLS_X509_BADCERT_* */
    uint16_t seen, broken;         /* of the bundle */
    uint8_t found;                 /* candidate roots */
    char detail[TRUST_DETAIL_CAP]; /* printable ASCII; empty when all is well */
};

/* 0 and a valid verdict, or an error and what is wrong in *report. */
int trust_check(const struct trust_anchor *a, const mbedtls_x509_crt *chain, const char *host,
                int64_t wall_s, uint8_t *scratch, struct trust_verdict *verdict,
                struct trust_report *report);

/* Whether the verdict still holds for this leaf, host, anchor and time; leaf NULL: whether it may
 * for the right leaf. */
bool trust_still(const struct trust_verdict *v, const struct trust_anchor *a,
                 const mbedtls_x509_crt *leaf, const char *host, int64_t wall_s);

#endif
