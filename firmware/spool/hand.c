#include "spool/hand.h"

#include "base/err.h"
#include "base/fingerprint.h"
#include "base/num.h"
#include "base/stream.h"
#include "base/text.h"

#include <string.h>

static const char FOLDER[] = "ctl";
static const char DONE[] = ".done";
static const char TMP[] = ".tmp";

/* All of a request or an answer; the longest line is that of a name. */
enum { TEXT_CAP = FLASH_NAME_CAP + JOB_ID_CAP + 160 };

const char *hand_verb_name(enum hand_verb verb)
{
    static const char *const name[HAND_VERBS] = {
        [HAND_RETRY] = "retry", [HAND_DROP] = "drop", [HAND_ACCEPT] = "accept"};

    return name[verb];
}

static void put_digits(char *dst, uint64_t v, unsigned base, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        dst[i] = "0123456789abcdef"[v % base];
        v /= base;
    }
    dst[digits] = '\0';
}

static uint64_t print_of(const char *text)
{
    struct fingerprint f;

    fingerprint_init(&f);
    fingerprint_push(&f, (const uint8_t *)text, strlen(text));
    return fingerprint_finish(&f);
}

static int join(char *dst, size_t cap, const char *const *part, size_t parts)
{
    size_t len = 0;

    for (size_t i = 0; i < parts; i++) {
        int n = text_copy(dst + len, cap - len, part[i]);

        if (n < 0) {
            return n;
        }
        len += (size_t)n;
    }
    return (int)len;
}

/* ctl/00000007-drop; what has no number: ctl/ and 16 digits of its name's fingerprint. */
static void path_of(char dst[FLASH_NAME_CAP], const struct hand *h, const char *ending)
{
    char who[17];
    const char *const part[] = {FOLDER, "/", who, "-", hand_verb_name((enum hand_verb)h->verb),
                                ending};

    if (h->batch != 0) {
        put_digits(who, h->batch, 10, h->batch > 99999999 ? 10 : 8);
    } else {
        put_digits(who, print_of(h->name), 16, 16);
    }
    (void)join(dst, FLASH_NAME_CAP, part, COUNT(part));
}

static size_t put_line(char *dst, size_t at, const char *key, const char *value)
{
    const char *const part[] = {key, " = ", value, "\n"};
    int n = join(dst + at, TEXT_CAP - at, part, COUNT(part));

    return at + (n > 0 ? (size_t)n : 0); /* TEXT_CAP has room for all of them */
}

static size_t put_number(char *dst, size_t at, const char *key, uint64_t value)
{
    char text[NUM_U64_CAP];

    (void)num_print_u64(text, value);
    return put_line(dst, at, key, text);
}

/* Whole under its name, or not at all. */
static int write_file(const struct flash *f, const struct hand *h, const char *ending,
                      const char *text, size_t len)
{
    char tmp[FLASH_NAME_CAP], name[FLASH_NAME_CAP];
    int err = f->folder(f->ctx, FOLDER);

    path_of(tmp, h, TMP);
    path_of(name, h, ending);
    err = err == 0 ? f->remove(f->ctx, tmp) : err;
    err = err == 0 ? f->append(f->ctx, tmp, (const uint8_t *)text, len) : err;
    err = err == 0 ? f->sync(f->ctx, tmp) : err;
    return err == 0 ? f->rename(f->ctx, tmp, name, true) : err;
}

int hand_put(const struct flash *flash, const struct hand *h)
{
    char text[TEXT_CAP], old[FLASH_NAME_CAP];
    size_t n = put_line(text, 0, "verb", hand_verb_name((enum hand_verb)h->verb));

    n = put_number(text, n, "batch", h->batch);
    n = put_number(text, n, "seq", h->seq);
    n = put_number(text, n, "forget", h->forget);
    n = put_number(text, n, "all", h->all);
    n = put_line(text, n, "job", h->job);
    n = put_line(text, n, "name", h->name);
    path_of(old, h, DONE);
    int err = flash->remove(flash->ctx, old);

    err = err == 0 ? write_file(flash, h, "", text, n) : err;
    /* Whoever has just taken the lock may clean up while it is being written. */
    return err == ERR_FLASH_NONE ? write_file(flash, h, "", text, n) : err;
}

static bool ends_in(const char *name, const char *ending)
{
    size_t len = strlen(name), n = strlen(ending);

    return len >= n && strcmp(name + len - n, ending) == 0;
}

static int read_text(const struct flash *f, const char *name, char dst[TEXT_CAP])
{
    size_t len = 0;
    int n;

    while ((n = f->read_at(f->ctx, name, len, (uint8_t *)dst + len, TEXT_CAP - 1 - len)) > 0) {
        len += (size_t)n;
        if (len == TEXT_CAP - 1) {
            return ERR_VALUE;
        }
    }
    dst[len] = '\0';
    return n < 0 ? n : strlen(dst) == len ? 0 : ERR_VALUE;
}

/* Cuts the next line off *text, into key and value: false at the end, or where it has no such form
 * (*text is then not empty). */
static bool next_line(char **text, const char **key, const char **value)
{
    char *end = strchr(*text, '\n'), *equals = strstr(*text, " = ");

    if (end == NULL || equals == NULL || equals > end) {
        return false;
    }
    *end = *equals = '\0';
    *key = *text;
    *value = equals + 3;
    *text = end + 1;
    return true;
}

static int take_number(const char *value, uint32_t *out)
{
    uint64_t v = 0;
    int err = num_u64_max(value, strlen(value), UINT32_MAX, &v);

    *out = (uint32_t)v;
    return err;
}

static int take_verb(struct hand *h, const char *value)
{
    for (unsigned i = 0; i < HAND_VERBS; i++) {
        if (strcmp(value, hand_verb_name((enum hand_verb)i)) == 0) {
            h->verb = (uint8_t)i;
            return 0;
        }
    }
    return ERR_VALUE;
}

static int take_flag(const char *value, bool *out)
{
    *out = strcmp(value, "1") == 0;
    return *out || strcmp(value, "0") == 0 ? 0 : ERR_VALUE;
}

static int take_text(char *dst, size_t cap, const char *value)
{
    return text_copy(dst, cap, value) < 0 ? ERR_VALUE : 0;
}

static int take(struct hand *h, const char *key, const char *value)
{
    if (strcmp(key, "verb") == 0) {
        return take_verb(h, value);
    }
    if (strcmp(key, "batch") == 0) {
        return take_number(value, &h->batch);
    }
    if (strcmp(key, "seq") == 0) {
        return take_number(value, &h->seq);
    }
    if (strcmp(key, "forget") == 0) {
        return take_flag(value, &h->forget);
    }
    if (strcmp(key, "all") == 0) {
        return take_flag(value, &h->all);
    }
    if (strcmp(key, "job") == 0) {
        return take_text(h->job, sizeof h->job, value);
    }
    return strcmp(key, "name") == 0 ? take_text(h->name, sizeof h->name, value) : ERR_VALUE;
}

/* 0, ERR_VALUE (it is no request of ours), or an error of flash. */
static int read_request(const struct flash *f, const char *path, struct hand *h)
{
    char text[TEXT_CAP], *at = text, own[FLASH_NAME_CAP];
    const char *key, *value;
    int err = read_text(f, path, text);

    *h = (struct hand){.verb = HAND_VERBS};
    while (err == 0 && next_line(&at, &key, &value)) {
        err = take(h, key, value);
    }
    if (err != 0) {
        return err;
    }
    if (*at != '\0' || h->verb == HAND_VERBS || (h->batch == 0) == (h->name[0] == '\0')) {
        return ERR_VALUE;
    }
    path_of(own, h, ""); /* or the answer would go to another */
    return strcmp(own, path) == 0 ? 0 : ERR_VALUE;
}

static int path_in(char dst[FLASH_NAME_CAP], const struct flash_file *file)
{
    const char *const part[] = {FOLDER, "/", file->name};
    int n = join(dst, FLASH_NAME_CAP, part, COUNT(part));

    return n < 0 ? n : 0;
}

int hand_next(const struct flash *flash, struct hand *h)
{
    struct flash_file file = {""};
    char path[FLASH_NAME_CAP];
    int n;

    while ((n = flash->list(flash->ctx, FOLDER, FLASH_FILES, file.name, &file, 1)) == 1) {
        if (ends_in(file.name, DONE) || ends_in(file.name, TMP)) {
            continue;
        }
        n = path_in(path, &file);
        n = n == 0 ? read_request(flash, path, h) : n;
        if (n == 0) {
            return 1;
        }
        n = n == ERR_VALUE || n == ERR_NO_ROOM ? flash->remove(flash->ctx, path) : n;
        if (n != 0) {
            return n;
        }
    }
    return n;
}

int hand_done(const struct flash *flash, const struct hand *h, int err)
{
    char text[TEXT_CAP], path[FLASH_NAME_CAP];
    size_t n = put_line(text, 0, "answer", err_name(err));
    int failed = write_file(flash, h, DONE, text, n);

    path_of(path, h, "");
    return failed == 0 ? flash->remove(flash->ctx, path) : failed;
}

static int code_of(const char *name)
{
    for (int err = 0; err > -1 - ERR_COUNT; err--) {
        if (strcmp(err_name(err), name) == 0) {
            return err;
        }
    }
    return ERR_INTERNAL;
}

int hand_answer(const struct flash *flash, const struct hand *h, int *err)
{
    char text[TEXT_CAP], path[FLASH_NAME_CAP], *at = text;
    const char *key, *value;

    path_of(path, h, DONE);
    int n = read_text(flash, path, text);

    if (n == ERR_FLASH_NONE) {
        return 0;
    }
    if (n != 0 && n != ERR_VALUE) {
        return n;
    }
    bool whole = n == 0 && next_line(&at, &key, &value) && strcmp(key, "answer") == 0;

    *err = whole ? code_of(value) : ERR_INTERNAL;
    n = flash->remove(flash->ctx, path);
    return n == 0 ? 1 : n;
}

int hand_clean(const struct flash *flash)
{
    struct flash_file file = {""};
    char path[FLASH_NAME_CAP];
    int n;

    while ((n = flash->list(flash->ctx, FOLDER, FLASH_FILES, file.name, &file, 1)) == 1) {
        if (ends_in(file.name, DONE) || ends_in(file.name, TMP)) {
            n = path_in(path, &file);
            n = n == 0 ? flash->remove(flash->ctx, path) : n;
            if (n != 0) {
                return n;
            }
        }
    }
    return n;
}
