#include "linux/credentials.h"

#include "base/err.h"
#include "linux/base64.h"
#include "linux/harden.h"
#include "linux/out.h"
#include "linux/secret.h"

#include <stdint.h>
#include <string.h>

#define BASIC     "Basic "
#define BASIC_LEN (sizeof(BASIC) - 1)

/* RFC 7617: a user without colon, a colon, a password; no control characters in either. */
static const char *wrong(const char *pair, size_t len)
{
    size_t at;

    if (len >= SECRET_CAP) {
        return ": longer than SECRET_CAP allows";
    }
    for (at = 0; at < len; at++) {
        if ((unsigned char)pair[at] < ' ' || pair[at] == 0x7f) {
            return ": a control character, or more than one line";
        }
    }
    return len == 0 || pair[0] == ':' || memchr(pair, ':', len) == NULL ? ": not user:password"
                                                                        : NULL;
}

static int take(struct proxy_credentials *p, const char *pair, size_t len, const char *file,
                char *where)
{
    const char *fault = wrong(pair, len);

    if (fault != NULL) {
        return secret_fail(where, ERR_CREDENTIALS_FORM, file, fault);
    }
    memcpy(p->pair, pair, len);
    p->pair[len] = 0;
    memcpy(p->basic, BASIC, BASIC_LEN);
    base64_encode(p->basic + BASIC_LEN, (const uint8_t *)pair, len);
    return 0;
}

int proxy_credentials_load(struct proxy_credentials *p, const char *file,
                           char where[CONFIG_ERROR_CAP])
{
    char buf[SECRET_FILE_CAP];
    int len, err;

    memset(p, 0, sizeof(*p));
    harden_secrets(p, sizeof(*p));
    where[0] = 0;
    len = secret_file(buf, file, true, where);
    err = len < 0 ? len : take(p, buf, secret_trim(buf, (size_t)len), file, where);
    explicit_bzero(buf, sizeof(buf));
    if (err == 0) {
        proxy_credentials_mask(p);
    }
    return err;
}

void proxy_credentials_mask(const struct proxy_credentials *p)
{
    if (p->pair[0] != 0) {
        out_add_secret(p->pair);
        out_add_secret(strchr(p->pair, ':') + 1);
        out_add_secret(p->basic + BASIC_LEN);
    }
}

void proxy_credentials_wipe(struct proxy_credentials *p)
{
    explicit_bzero(p, sizeof(*p));
}
