#include "cert.h"

#include "text.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DAYS = 3650 };

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_cloud: %s: %s\n", what, why);
    exit(2);
}

static void check(int got, const char *what)
{
    if (got < 0) {
        die(what, gnutls_strerror(got));
    }
}

static char *read_file(const char *name)
{
    struct text t = {0};
    char part[4096];
    FILE *f = fopen(name, "r");
    size_t n;

    if (f == NULL) {
        die(name, "cannot be read");
    }
    while ((n = fread(part, 1, sizeof part, f)) > 0) {
        text_put(&t, part, n);
    }
    fclose(f);
    return t.at;
}

static void write_file(const char *name, const char *s)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);

    if (fd < 0 || write(fd, s, strlen(s)) != (ssize_t)strlen(s) || close(fd) != 0) {
        die(name, "cannot be written");
    }
}

/* For localhost in all its forms, its own issuer, good for ten years. */
static void fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
    unsigned char serial[8], v4[4] = {127, 0, 0, 1}, v6[16] = {[15] = 1};
    time_t now = time(NULL);

    gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);
    serial[0] &= 0x7f;
    check(gnutls_x509_crt_set_version(crt, 3), "certificate");
    check(gnutls_x509_crt_set_serial(crt, serial, sizeof serial), "certificate");
    check(gnutls_x509_crt_set_dn(crt, "CN=localhost,O=bench_cloud", NULL), "certificate");
    check(gnutls_x509_crt_set_activation_time(crt, now - 86400), "certificate");
    check(gnutls_x509_crt_set_expiration_time(crt, now + DAYS * 86400L), "certificate");
    check(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, "localhost", 9,
                                               GNUTLS_FSAN_SET),
          "certificate");
    check(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, v4, sizeof v4,
                                               GNUTLS_FSAN_APPEND),
          "certificate");
    check(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, v6, sizeof v6,
                                               GNUTLS_FSAN_APPEND),
          "certificate");
    check(gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE), "certificate");
    check(gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0), "certificate");
    check(gnutls_x509_crt_set_key(crt, key), "certificate");
}

static char *to_text(const gnutls_datum_t *d)
{
    struct text t = {0};

    text_put(&t, d->data, d->size);
    return t.at;
}

static struct cert make(void)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
    gnutls_datum_t pem = {NULL, 0};
    struct cert c;

    check(gnutls_x509_privkey_init(&key), "key");
    check(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                       GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
          "key");
    check(gnutls_x509_crt_init(&crt), "certificate");
    fill(crt, key);
    check(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), "certificate");
    check(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), "certificate");
    c.chain = to_text(&pem);
    gnutls_free(pem.data);
    check(
        gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem),
        "key");
    c.key = to_text(&pem);
    gnutls_free(pem.data);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
    return c;
}

struct cert cert_get(const char *chain_file, const char *key_file)
{
    struct cert c;

    if (chain_file != NULL && access(chain_file, F_OK) == 0) {
        c.chain = read_file(chain_file);
        c.key = read_file(key_file);
        return c;
    }
    c = make();
    if (chain_file != NULL) {
        write_file(key_file, c.key);
        write_file(chain_file, c.chain);
    }
    return c;
}
