/* Hidden state: the registered secrets, process-wide because whatever is written passes here. */
#include "linux/out.h"

#include "base/err.h"
#include "base/num.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { SECRET_MIN = 4 };

static struct {
    const char *text[OUT_SECRETS_MAX];
    size_t count;
} secrets;

void out_add_secret(const char *secret)
{
    size_t at = 0;

    while (at < secrets.count && secrets.text[at] != secret) {
        at++;
    }
    if (at == secrets.count && strlen(secret) >= SECRET_MIN) {
        assert(secrets.count < OUT_SECRETS_MAX);
        secrets.text[secrets.count++] = secret;
    }
}

void out_forget_secrets(void)
{
    memset(&secrets, 0, sizeof(secrets));
}

/* Bytes of secret at the start of text: all of it, or as far as the text goes. */
static size_t match(const char *secret, const char *text, size_t len)
{
    size_t at = 0;

    while (at < len && secret[at] != 0 && secret[at] == text[at]) {
        at++;
    }
    return secret[at] == 0 || (at == len && at >= SECRET_MIN) ? at : 0;
}

size_t out_secret_len(const char *text, size_t len)
{
    size_t at, longest = 0;

    for (at = 0; at < secrets.count; at++) {
        size_t n = match(secrets.text[at], text, len);
        longest = n > longest ? n : longest;
    }
    return longest;
}

void out_init(struct out *o, int fd)
{
    o->fd = fd;
    o->err = 0;
    o->len = 0;
}

static void write_all(struct out *o)
{
    size_t at = 0;

    while (at < o->len && o->err == 0) {
        ssize_t n = write(o->fd, o->buf + at, o->len - at);
        if (n > 0) {
            at += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            o->err = ERR_FILE_WRITE;
        }
    }
    o->len = 0;
}

int out_flush(struct out *o)
{
    if (o->fd >= 0) {
        write_all(o);
    }
    return o->err;
}

void out_raw(struct out *o, const char *bytes, size_t len)
{
    while (len > 0 && o->err == 0) {
        size_t n = sizeof(o->buf) - o->len;
        n = n < len ? n : len;
        memcpy(o->buf + o->len, bytes, n);
        o->len += n;
        bytes += n;
        len -= n;
        if (o->len == sizeof(o->buf)) {
            if (o->fd < 0) {
                return; /* full: the rest is dropped */
            }
            write_all(o);
        }
    }
}

void out_bytes(struct out *o, const char *bytes, size_t len)
{
    size_t from = 0, at = 0;

    while (at < len) {
        size_t hide = out_secret_len(bytes + at, len - at);
        if (hide > 0) {
            out_raw(o, bytes + from, at - from);
            out_raw(o, "***", 3);
            from = at + hide;
        }
        at += hide > 0 ? hide : 1;
    }
    out_raw(o, bytes + from, len - from);
}

void out_text(struct out *o, const char *text)
{
    out_bytes(o, text, strlen(text));
}

void out_u64(struct out *o, uint64_t v)
{
    char digits[NUM_U64_CAP];

    out_raw(o, digits, num_print_u64(digits, v));
}
