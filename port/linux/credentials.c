#include "linux/credentials.h"

#include "base/err.h"
#include "base/num.h"
#include "linux/harden.h"
#include "linux/out.h"
#include "linux/secret.h"
#include "linux/words.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEYS = 3 };

static const char *const KEY[KEYS] = {"element_token", "user_secret", "organization_secret"};
static const char *const ENV[KEYS] = {"OCBULK_ELEMENT_TOKEN", "OCBULK_USER_SECRET",
                                      "OCBULK_ORGANIZATION_SECRET"};

static char *secret(struct credentials *c, size_t key)
{
    return key == 0 ? c->element_token : key == 1 ? c->user_secret : c->organization_secret;
}

/* Whether any key was there, or an error. The variables are overwritten in any case. */
static int from_environment(struct credentials *c, char *where)
{
    int found = 0, err = 0;
    size_t key;

    for (key = 0; key < KEYS; key++) {
        const char *value = getenv(ENV[key]);
        if (value != NULL && err == 0) {
            err = secret_put(secret(c, key), value, secret_trim(value, strlen(value)), ENV[key],
                             where);
            found = 1;
        }
        harden_forget_env(ENV[key]);
    }
    return err < 0 ? err : found;
}

/* Whether the key's file was there, or an error. Its rights are the service manager's business:
 * ACLs make them look wider than they are. */
static int from_directory_file(struct credentials *c, const char *dir, size_t key, char *where)
{
    char path[CONFIG_ERROR_CAP], buf[SECRET_FILE_CAP];
    int len, err;

    if (words(path, sizeof(path), dir, "/", KEY[key]) + 1 == sizeof(path)) {
        return secret_fail(where, ERR_CREDENTIALS_MISSING, "CREDENTIALS_DIRECTORY is too long");
    }
    if (access(path, F_OK) != 0) {
        return 0;
    }
    len = secret_file(buf, path, false, where);
    err =
        len < 0 ? len : secret_put(secret(c, key), buf, secret_trim(buf, (size_t)len), path, where);
    explicit_bzero(buf, sizeof(buf));
    return err < 0 ? err : 1;
}

static int from_directory(struct credentials *c, char *where)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    int found = 0, got = 0;
    size_t key;

    for (key = 0; key < KEYS && dir != NULL && got >= 0; key++) {
        got = from_directory_file(c, dir, key, where);
        found |= got;
    }
    return got < 0 ? got : found;
}

static size_t skip_blank(const char *line, size_t len, size_t at)
{
    while (at < len && (line[at] == ' ' || line[at] == '\t')) {
        at++;
    }
    return at;
}

static size_t trim_blank(const char *line, size_t len)
{
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t')) {
        len--;
    }
    return len;
}

static int key_of(const char *name, size_t len)
{
    int key;

    for (key = 0; key < KEYS; key++) {
        if (strlen(KEY[key]) == len && memcmp(KEY[key], name, len) == 0) {
            return key;
        }
    }
    return -1;
}

/* One line without its end. */
static int take_line(struct credentials *c, const char *line, size_t len, const char *place,
                     char *where)
{
    size_t at = skip_blank(line, len, 0), value;
    const char *equals = memchr(line, '=', len);
    int key;

    len = trim_blank(line, len);
    if (at >= len || line[at] == '#' || line[at] == ';') {
        return 0;
    }
    if (equals == NULL) {
        return secret_fail(where, ERR_CREDENTIALS_FORM, place, ": no `key = value`");
    }
    key = key_of(line + at, trim_blank(line + at, (size_t)(equals - line) - at));
    if (key < 0) {
        return secret_fail(where, ERR_CREDENTIALS_FORM, place, ": unknown key");
    }
    if (secret(c, (size_t)key)[0] != 0) {
        return secret_fail(where, ERR_CREDENTIALS_FORM, place, ": `", KEY[key], "` is given twice");
    }
    value = skip_blank(line, len, (size_t)(equals - line) + 1);
    return secret_put(secret(c, (size_t)key), line + value, len - value, place, where);
}

static int take_lines(struct credentials *c, const char *text, size_t len, const char *path,
                      char *where)
{
    char place[CONFIG_ERROR_CAP], digits[NUM_U64_CAP];
    unsigned line = 0;
    size_t at = 0;
    int err = 0;

    while (at < len && err == 0) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line_len = end != NULL ? (size_t)(end - text) + 1 - at : len - at;
        num_print_u64(digits, ++line);
        words(place, sizeof(place), path, ":", digits);
        err = take_line(c, text + at, secret_trim(text + at, line_len), place, where);
        at += line_len;
    }
    return err;
}

static int from_file(struct credentials *c, const char *path, char *where)
{
    char buf[SECRET_FILE_CAP];
    int len, err;

    if (path[0] == 0) {
        return secret_fail(where, ERR_CREDENTIALS_MISSING, "`credentials_file` is not set");
    }
    len = secret_file(buf, path, true, where);
    err = len < 0 ? len : take_lines(c, buf, (size_t)len, path, where);
    explicit_bzero(buf, sizeof(buf));
    return err;
}

static int check_all_there(const struct credentials *c, const char *place, char *where)
{
    if (c->element_token[0] == 0) {
        return secret_fail(where, ERR_CREDENTIALS_MISSING, "no `element_token` in ", place);
    }
    if (c->user_secret[0] == 0) {
        return secret_fail(where, ERR_CREDENTIALS_MISSING, "no `user_secret` in ", place);
    }
    return 0;
}

static int find(struct credentials *c, const char *file, char *where)
{
    int got = from_environment(c, where);
    const char *place = "the environment (OCBULK_ELEMENT_TOKEN, OCBULK_USER_SECRET)";

    c->from_environment = got > 0;
    if (got == 0) {
        place = "$CREDENTIALS_DIRECTORY";
        got = from_directory(c, where);
    }
    if (got == 0) {
        place = file;
        got = from_file(c, file, where);
    }
    return got < 0 ? got : check_all_there(c, place, where);
}

int credentials_load(struct credentials *c, const char *file, char where[CONFIG_ERROR_CAP])
{
    int err;

    memset(c, 0, sizeof(*c));
    harden_secrets(c, sizeof(*c));
    where[0] = 0;
    err = find(c, file, where);
    if (err < 0) {
        credentials_wipe(c);
        return err;
    }
    credentials_mask(c);
    return 0;
}

void credentials_mask(const struct credentials *c)
{
    out_add_secret(c->element_token);
    out_add_secret(c->user_secret);
    out_add_secret(c->organization_secret);
}

void credentials_wipe(struct credentials *c)
{
    explicit_bzero(c, sizeof(*c));
}
