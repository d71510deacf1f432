/* certs: the certificates that tools/certs makes, for tests in C. They are made once, in
 * build/certs, whatever build runs the tests; tests run in the repository's folder. */
#ifndef OCBULK_TESTS_CERTS_H
#define OCBULK_TESTS_CERTS_H

#include "base/device.h"
#include "base/err.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file of the firmware in memory; at most `step` bytes a read, 0: as many as are asked for. */
struct memory_file {
    const uint8_t *bytes;
    size_t len, step;
    int fail_at; /* this read fails, counted from 0; -1: none */
    int reads;
};

static inline int64_t memory_size(void *ctx)
{
    const struct memory_file *m = ctx;

    return (int64_t)m->len;
}

static inline int memory_read_at(void *ctx, uint64_t at, uint8_t *dst, size_t cap)
{
    struct memory_file *m = ctx;
    size_t n = at < m->len ? m->len - (size_t)at : 0;

    if (m->reads++ == m->fail_at) {
        return ERR_FILE_READ;
    }
    n = n < cap ? n : cap;
    n = m->step > 0 && n > m->step ? m->step : n;
    memcpy(dst, m->bytes + (n > 0 ? at : 0), n);
    return (int)n;
}

static inline struct file memory_as_file(struct memory_file *m)
{
    return (struct file){.ctx = m, .size = memory_size, .read_at = memory_read_at};
}

/* Also root_sha1.pem: root.pem's name and key, but self-signed with SHA-1 as many real roots; and
 * what nobody may believe: sha1_int.pem, its intermediate signed with SHA-1, and sha1_pss.pem, the
 * leaf signed with RSA-PSS and SHA-1. */
static inline void certs_make(void)
{
    int status = system(
        "mkdir -p build && exec 9>build/.certs.lock && flock 9 && tools/certs build/certs && "
        "cd build/certs && if ! [ sha1_pss.pem -nt stamp ]; then "
        "sha1() { openssl req -x509 -new -sha1 -days 6000 \"$@\"; } && "
        "sha1 -key root.key -subj '/CN=Bench Root/O=Bench' -out root_sha1.pem && "
        "sha1 -key intermediate.key -subj '/CN=Bench Intermediate/O=Bench' "
        "-CA root.pem -CAkey root.key -out sha1_int.crt && "
        "openssl x509 -in good.pem | cat - sha1_int.crt >sha1_int.pem && "
        "sed '1,/END/d' good_rsa.pem >rsa_int.crt && "
        "sha1 -key good_rsa.key -subj /CN=localhost -CA rsa_int.crt -CAkey rsa_int.key "
        "-sigopt rsa_padding_mode:pss -out sha1_pss.crt && "
        "cat sha1_pss.crt rsa_int.crt >sha1_pss.pem; fi");

    if (status != 0) {
        fprintf(stderr, "tools/certs failed: %d\n", status);
        abort();
    }
}

/* The text of build/certs/NAME with a final 0; the caller frees it. */
static inline char *certs_text(const char *name)
{
    char path[128];
    FILE *f;
    char *text = malloc(1u << 20);
    size_t len;

    snprintf(path, sizeof path, "build/certs/%s", name);
    f = fopen(path, "rb");
    if (f == NULL || text == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        abort();
    }
    len = fread(text, 1, (1u << 20) - 1, f);
    text[len] = '\0';
    fclose(f);
    return text;
}

#endif
