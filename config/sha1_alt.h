/* sha1_alt: what mbedTLS' own sha1.h includes in place of its context, see mbedtls_config.h. The
 * functions stand in link/tls_platform.c: none computes anything, each says so. */
#ifndef OCBULK_CONFIG_SHA1_ALT_H
#define OCBULK_CONFIG_SHA1_ALT_H

typedef struct mbedtls_sha1_context { /* the names are mbedTLS' */
    unsigned char nothing;
} mbedtls_sha1_context;

#endif
