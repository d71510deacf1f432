#include "link/tls_parts.h"

#include "base/err.h"
#include "link/tls_platform.h"
#include "mbedtls/version.h"

#include <string.h>

/* TLS 1.3 suites first, then 1.2, AES or ChaCha20 in front as the CPU is better at. */
static const int AES_FIRST[] = {
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    0,
};
static const int CHACHA_FIRST[] = {
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    0,
};
static const uint16_t GROUPS[] = {
    MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_NONE,
};

/* RSA-PSS last: some servers take the first they know, and mbedTLS 3.6.6 offers PSS but refuses it
 * in TLS 1.2. Such a server is asked again without; TLS 1.3 with an RSA key needs it. */
static const uint16_t SIG_ALGS[] = {
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,
    MBEDTLS_TLS1_3_SIG_NONE,
};
static const uint16_t SIG_ALGS_NO_PSS[] = {
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,       MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,       MBEDTLS_TLS1_3_SIG_NONE,
};

static int load_client(struct tls *t)
{
    const struct tls_options *o = t->options;

    if (o->client_cert == NULL || o->client_key == NULL) {
        return o->client_cert == o->client_key ? 0 : ERR_CLIENT_CERT;
    }
    t->code = mbedtls_x509_crt_parse(&t->client_cert, (const uint8_t *)o->client_cert,
                                     strlen(o->client_cert) + 1);
    if (t->code == 0) {
        t->code = mbedtls_pk_parse_key(&t->client_key, (const uint8_t *)o->client_key,
                                       strlen(o->client_key) + 1, NULL, 0, tls_random, NULL);
    }
    if (t->code == 0) {
        t->code = mbedtls_pk_check_pair(&t->client_cert.pk, &t->client_key, tls_random, NULL);
    }
    if (t->code == 0) {
        t->code = mbedtls_ssl_conf_own_cert(&t->conf, &t->client_cert, &t->client_key);
    }
    return t->code == 0 ? 0 : ERR_CLIENT_CERT;
}

void tls_offer_pss(struct tls *t, bool offer)
{
    t->no_pss = !offer;
    mbedtls_ssl_conf_sig_algs(&t->conf, offer ? SIG_ALGS : SIG_ALGS_NO_PSS);
}

int tls_init(struct tls *t, const struct tls_options *options, const struct net *net)
{
    *t = (struct tls){.options = options, .net = net};
    mbedtls_ssl_config_init(&t->conf);
    mbedtls_ssl_init(&t->ssl);
    mbedtls_ssl_session_init(&t->session);
    mbedtls_x509_crt_init(&t->client_cert);
    mbedtls_pk_init(&t->client_key);
    int ret = mbedtls_ssl_config_defaults(&t->conf, MBEDTLS_SSL_IS_CLIENT,
                                          MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);

    if (ret != 0) {
        return tls_map(t, ret, ERR_TLS_MEMORY);
    }
    /* NONE, because tls_verify is the one judge; nothing is sent before it has spoken. */
    mbedtls_ssl_conf_authmode(&t->conf, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_rng(&t->conf, tls_random, NULL);
    mbedtls_ssl_conf_ciphersuites(&t->conf, options->aes_fast ? AES_FIRST : CHACHA_FIRST);
    mbedtls_ssl_conf_groups(&t->conf, GROUPS);
    tls_offer_pss(t, true);
    mbedtls_ssl_conf_min_tls_version(&t->conf, MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_session_tickets(&t->conf, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        &t->conf, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
    return load_client(t);
}

void tls_free(struct tls *t)
{
    tls_close(t, false);
    mbedtls_ssl_session_free(&t->session);
    mbedtls_ssl_config_free(&t->conf);
    mbedtls_x509_crt_free(&t->client_cert);
    mbedtls_pk_free(&t->client_key);
}

const char *tls_library(void)
{
    return MBEDTLS_VERSION_STRING_FULL;
}
