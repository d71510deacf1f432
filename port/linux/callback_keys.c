#include "linux/callback_keys.h"

#include "base/err.h"
#include "base/num.h"
#include "linux/harden.h"
#include "linux/out.h"
#include "linux/secret.h"

#include <string.h>

/* What is wrong with a key, or NULL. A blank at an end is a slip of the pen that nobody sees. */
static const char *wrong(const char *key, size_t len)
{
    if (len >= SECRET_CAP) {
        return ": longer than SECRET_CAP allows";
    }
    for (size_t at = 0; at < len; at++) {
        if ((unsigned char)key[at] < ' ' || key[at] == 0x7F) {
            return ": a control character";
        }
    }
    return key[0] == ' ' || key[len - 1] == ' ' ? ": a blank at an end of the key" : NULL;
}

/* One line without its end. */
static int take_line(struct callback_keys *k, const char *line, size_t len, const char *place,
                     char *where)
{
    const char *fault;

    if (len == 0) {
        return 0;
    }
    fault = k->keys == SIGNATURE_KEYS_MAX ? ": a key too many" : wrong(line, len);
    if (fault != NULL) {
        return secret_fail(where, ERR_CREDENTIALS_FORM, place, fault);
    }
    memcpy(k->text[k->keys], line, len);
    k->text[k->keys][len] = '\0';
    k->key[k->keys].bytes = (const uint8_t *)k->text[k->keys];
    k->key[k->keys].len = len;
    k->keys++;
    return 0;
}

static int take_lines(struct callback_keys *k, const char *text, size_t len, const char *file,
                      char *where)
{
    char place[CONFIG_ERROR_CAP], digits[NUM_U64_CAP];
    unsigned line = 0;
    size_t at = 0;
    int err = 0;

    while (at < len && err == 0) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end != NULL ? (size_t)(end - text) + 1 - at : len - at;

        (void)num_print_u64(digits, ++line);
        words(place, sizeof place, file, ":", digits);
        err = take_line(k, text + at, secret_trim(text + at, n), place, where);
        at += n;
    }
    if (err == 0 && k->keys == 0) {
        return secret_fail(where, ERR_CREDENTIALS_MISSING, "no key in ", file);
    }
    return err;
}

int callback_keys_load(struct callback_keys *k, const char *file, char where[CONFIG_ERROR_CAP])
{
    char buf[SECRET_FILE_CAP];
    int len, err;

    memset(k, 0, sizeof *k);
    harden_secrets(k, sizeof *k);
    where[0] = '\0';
    if (file[0] == '\0') {
        return secret_fail(where, ERR_CREDENTIALS_MISSING, "`callback_key_file` is not set");
    }
    len = secret_file(buf, file, true, where);
    err = len < 0 ? len : take_lines(k, buf, (size_t)len, file, where);
    explicit_bzero(buf, sizeof buf);
    if (err < 0) {
        callback_keys_wipe(k);
    }
    for (size_t i = 0; i < k->keys; i++) {
        out_add_secret(k->text[i]);
    }
    return err;
}

void callback_keys_wipe(struct callback_keys *k)
{
    explicit_bzero(k, sizeof *k);
}
