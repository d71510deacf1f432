/* roots: finds in a PEM bundle on flash the few roots a chain needs, and parses only those.
 *
 * One scan decodes each certificate only as far as its subject and compares it, as bytes, with
 * the issuers of the chain. When nothing matched, a second pass parses whole certificates and
 * compares names as RFC 5280 7.1 allows (letters without case). Several roots may have one name
 * (cross-signing): all are taken, up to TRUST_ROOTS_MAX and as far as the scratch holds them.
 *
 * Memory  `scratch` (EXCHANGE_TX_CAP bytes) holds a chunk of the bundle and the roots' DER; the
 *         parsed roots point into it, so it must live until roots_free.
 * Errors  ERR_CA_FILE (no readable certificate in it), ERR_FILE_READ, ERR_TLS_MEMORY. Broken or
 *         overlong entries are skipped and counted. */
#ifndef OCBULK_LINK_ROOTS_H
#define OCBULK_LINK_ROOTS_H

#include "base/device.h"
#include "mbedtls/x509_crt.h"

struct roots {
    mbedtls_x509_crt list; /* the candidates; meaningless when found is 0 */
    uint16_t seen, broken; /* certificates in the bundle; entries skipped */
    uint8_t found;         /* candidates parsed */
};

int roots_find(struct roots *r, const struct file *bundle, const mbedtls_x509_crt *chain,
               uint8_t *scratch); /* 0 or error; r->found may be 0 */
void roots_free(struct roots *r);

#endif
