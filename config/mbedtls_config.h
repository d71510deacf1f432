/* mbedtls_config: mbedTLS 3.6 as a TLS client and nothing else, on one static arena.
 *
 * default  TLS 1.2 and 1.3, output records of 16 KiB
 * tiny     TLS 1.2, output records of 4 KiB
 * Each option stands with the reason when it is not obvious; what is absent is off. */
#ifndef OCBULK_CONFIG_MBEDTLS_CONFIG_H
#define OCBULK_CONFIG_MBEDTLS_CONFIG_H

#include <stddef.h>

#if !defined(OCBULK_PROFILE_DEFAULT) && !defined(OCBULK_PROFILE_TINY)
#error "say -DOCBULK_PROFILE_DEFAULT=1 or -DOCBULK_PROFILE_TINY=1"
#endif

/* Platform: memory from one static arena, time and randomness through the port. */
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_MEMORY_BUFFER_ALLOC_C
#define MBEDTLS_MEMORY_ALIGN_MULTIPLE 8
#define MBEDTLS_MEMORY_DEBUG          /* the high-water mark that footprint prints */
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE
long long tls_wall_time(long long *out); /* link/tls_platform.c */
#define MBEDTLS_PLATFORM_TIME_MACRO      tls_wall_time
#define MBEDTLS_PLATFORM_TIME_TYPE_MACRO long long
#define MBEDTLS_PLATFORM_MS_TIME_ALT
/* It prints names and numbers of a chain's fault, that is all: the C library's printf is 12 KB. */
int tls_snprintf(char *dst, size_t cap, const char *format, ...); /* link/tls_platform.c */
int tls_fprintf(void *stream, const char *format, ...);           /* prints nothing */
#define MBEDTLS_PLATFORM_SNPRINTF_MACRO tls_snprintf
#define MBEDTLS_PLATFORM_FPRINTF_MACRO  tls_fprintf
#define MBEDTLS_PLATFORM_GMTIME_R_ALT

/* Ciphers: AES-GCM and ChaCha20-Poly1305, nothing else. */
#define MBEDTLS_CIPHER_C
#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_FEWER_TABLES
#if defined(__x86_64__) || defined(__i386__)
#define MBEDTLS_AESNI_C
#define MBEDTLS_HAVE_ASM
#elif defined(__aarch64__)
#define MBEDTLS_AESCE_C
#define MBEDTLS_HAVE_ASM
#else
#define MBEDTLS_HAVE_ASM
#endif
#define MBEDTLS_GCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT

/* Hashes: SHA-256 and SHA-384 for the suites; SHA-512 for certificates. SHA-1 only by name, because
 * a certificate that names it cannot even be parsed without: one root in five of today's bundles is
 * self-signed with it. No chain may use it (mbedTLS' default profile), nor a handshake; so nothing
 * computes it, and who asks gets an error: 5 KB less. */
#define MBEDTLS_MD_C
#define MBEDTLS_SHA1_C
#define MBEDTLS_SHA1_ALT /* config/sha1_alt.h, link/tls_platform.c */
#define MBEDTLS_SHA224_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_SHA256_SMALLER
#define MBEDTLS_SHA512_SMALLER
#define MBEDTLS_HKDF_C

/* Public key: ECDHE with X25519, P-256 and P-384; RSA (PKCS#1 1.5 and PSS) and ECDSA to verify. */
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECP_WINDOW_SIZE       4
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 0 /* saves the tables of 16 points */
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECDSA_DETERMINISTIC
#define MBEDTLS_HMAC_DRBG_C
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_MPI_MAX_SIZE    512 /* bytes: RSA-4096 */
#define MBEDTLS_MPI_WINDOW_SIZE 2

/* Certificates. */
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_BASE64_C
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#define MBEDTLS_X509_MAX_INTERMEDIATE_CA 8

/* TLS. */
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_SESSION_TICKETS
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_SSL_IN_CONTENT_LEN 16384 /* servers ignore smaller wishes (C16) */
#if defined(OCBULK_PROFILE_DEFAULT)
#define MBEDTLS_SSL_PROTO_TLS1_3
/* TLS 1.3 needs PSA: lean, keys in few static slots, randomness from the port. */
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_CRYPTO_CLIENT
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
#define MBEDTLS_PSA_ASSUME_EXCLUSIVE_BUFFERS /* else it copies: 16 KiB to hold one public key */
#define MBEDTLS_PSA_STATIC_KEY_SLOTS
#define MBEDTLS_PSA_KEY_SLOT_COUNT              8
#define MBEDTLS_PSA_STATIC_KEY_SLOT_BUFFER_SIZE 136 /* bytes: a P-384 pair, any TLS secret */
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_OUT_CONTENT_LEN 16384
#else
#define MBEDTLS_SSL_OUT_CONTENT_LEN 4096
#endif

#endif
