#include "spool/kept.h"

#include "base/err.h"
#include "base/num.h"
#include "base/text.h"

#include <string.h>

const char *kept_folder_name(enum kept_folder folder)
{
    static const char *const name[KEPT_FOLDERS] = {[KEPT_HELD] = "held",
                                                   [KEPT_FAILED] = "failed",
                                                   [KEPT_QUARANTINE] = "quarantine",
                                                   [KEPT_SENT] = "sent"};

    return name[folder];
}

void kept_batch_name(char dst[9], uint32_t batch)
{
    for (int i = 7; i >= 0; i--) {
        dst[i] = (char)('0' + batch % 10);
        batch /= 10;
    }
    dst[8] = '\0';
}

static int join(char dst[FLASH_NAME_CAP], const char *const *part, size_t parts)
{
    size_t len = 0;

    for (size_t i = 0; i < parts; i++) {
        int n = text_copy(dst + len, FLASH_NAME_CAP - len, part[i]);

        if (n < 0) {
            return n;
        }
        len += (size_t)n;
    }
    return 0;
}

int kept_path(char dst[FLASH_NAME_CAP], const struct kept_place *p, const char *ending)
{
    const char *const part[] = {kept_folder_name(p->folder), "/", p->object, "/", p->name, ending};

    return join(dst, part, COUNT(part));
}

static int with_ending(const struct kept *k, char dst[FLASH_NAME_CAP], const char *ending)
{
    const char *const part[] = {k->base, ending};

    return join(dst, part, COUNT(part));
}

static void begin(struct kept *k, const struct flash *flash, const struct kept_place *p)
{
    char name[FLASH_NAME_CAP];
    const char *const part[] = {kept_folder_name(p->folder), "/", p->object};

    k->flash = flash;
    k->len = 0;
    k->err = kept_path(k->base, p, "");
    k->err = k->err == 0 ? join(name, part, COUNT(part)) : k->err;
    k->err = k->err == 0 ? flash->folder(flash->ctx, name) : k->err;
    k->err = k->err == 0 ? with_ending(k, name, k->rows ? ".tmp" : ".reason") : k->err;
    k->err = k->err == 0 ? flash->remove(flash->ctx, name) : k->err;
}

void kept_reason(struct kept *k, const struct flash *flash, const struct kept_place *p)
{
    k->rows = false;
    begin(k, flash, p);
}

void kept_rows(struct kept *k, const struct flash *flash, const struct kept_place *p)
{
    k->rows = true;
    begin(k, flash, p);
}

int kept_flush(struct kept *k)
{
    char name[FLASH_NAME_CAP];

    k->err = k->err == 0 ? with_ending(k, name, k->rows ? ".tmp" : ".reason") : k->err;
    if (k->err == 0 && k->len > 0) {
        k->err = k->flash->append(k->flash->ctx, name, k->buf, k->len);
    }
    k->len = 0;
    return k->err;
}

void kept_bytes(struct kept *k, const uint8_t *src, size_t len)
{
    while (len > 0 && k->err == 0) {
        size_t room = sizeof k->buf - k->len;
        size_t n = len < room ? len : room;

        memcpy(k->buf + k->len, src, n);
        k->len += n;
        src += n;
        len -= n;
        if (k->len == sizeof k->buf) {
            (void)kept_flush(k);
        }
    }
}

static void put_text(struct kept *k, const char *text)
{
    kept_bytes(k, (const uint8_t *)text, strlen(text));
}

void kept_put(struct kept *k, const char *key, const char *value)
{
    put_text(k, key);
    put_text(k, " = ");
    for (; *value != '\0'; value++) {
        uint8_t c = (uint8_t)*value;

        c = c < 0x20 || c == 0x7F ? ' ' : c;
        kept_bytes(k, &c, 1);
    }
    put_text(k, "\n");
}

void kept_put_u64(struct kept *k, const char *key, uint64_t value)
{
    char text[NUM_U64_CAP];

    (void)num_print_u64(text, value);
    kept_put(k, key, text);
}

int kept_close(struct kept *k)
{
    const struct flash *f = k->flash;
    char from[FLASH_NAME_CAP], to[FLASH_NAME_CAP];

    (void)kept_flush(k);
    k->err = k->err == 0 ? with_ending(k, from, k->rows ? ".tmp" : ".reason") : k->err;
    k->err = k->err == 0 ? f->sync(f->ctx, from) : k->err;
    if (k->err == 0 && k->rows) {
        k->err = with_ending(k, to, ".csv");
        k->err = k->err == 0 ? f->rename(f->ctx, from, to, true) : k->err;
    }
    return k->err;
}

int kept_range(struct kept *k, const struct batch_file *bf, uint64_t at, uint64_t end)
{
    while (at < end && k->err == 0) {
        uint8_t buf[KEPT_BUF_CAP];
        size_t cap = end - at < sizeof buf ? (size_t)(end - at) : sizeof buf;
        int n = bf->file->read_at(bf->file->ctx, at, buf, cap);

        if (n <= 0) {
            return n == 0 ? ERR_SOURCE_CHANGED : n;
        }
        kept_bytes(k, buf, (size_t)n);
        at += (uint64_t)n;
    }
    return 0;
}

int kept_copy(struct kept *k, const struct flash *flash, const struct kept_place *p,
              const struct batch_file *bf, uint64_t at, uint64_t end)
{
    kept_rows(k, flash, p);
    int err = kept_range(k, bf, bf->header_at, bf->header_end);

    err = err == 0 ? kept_range(k, bf, at, end) : err;
    if (err != 0) {
        return err;
    }
    return kept_close(k);
}

int kept_move(const struct flash *flash, const char *from, const struct kept_place *p)
{
    char to[FLASH_NAME_CAP];
    int err = kept_path(to, p, ".csv");

    return err == 0 ? flash->rename(flash->ctx, from, to, true) : err;
}

static bool ends_in(const char *name, const char *ending)
{
    size_t len = strlen(name), n = strlen(ending);

    return len >= n && strcmp(name + len - n, ending) == 0;
}

static int clean_folder(const struct flash *flash, const char *folder, uint32_t *number)
{
    struct flash_file file = {""};
    char name[FLASH_NAME_CAP];
    int n;

    (void)number;
    while ((n = flash->list(flash->ctx, folder, FLASH_FILES, file.name, &file, 1)) == 1) {
        const char *const part[] = {folder, "/", file.name};

        if (ends_in(file.name, ".tmp")) {
            n = join(name, part, COUNT(part));
            n = n == 0 ? flash->remove(flash->ctx, name) : n;
        }
        if (n < 0) {
            return n;
        }
    }
    return n;
}

static int highest_of(const struct flash *flash, const char *folder, uint32_t *number)
{
    struct flash_file file = {""};
    uint64_t v;
    int n;

    while ((n = flash->list(flash->ctx, folder, FLASH_FILES, file.name, &file, 1)) == 1) {
        if (strlen(file.name) > 8 && num_u64(file.name, 8, &v) == 0 && v > *number) {
            *number = (uint32_t)v;
        }
    }
    return n;
}

/* Does something to each folder of an object. */
static int each_folder(const struct flash *flash,
                       int (*todo)(const struct flash *flash, const char *folder, uint32_t *number),
                       uint32_t *number)
{
    struct flash_file object;
    char name[FLASH_NAME_CAP];
    int n = 0;

    for (unsigned i = 0; i < KEPT_FOLDERS && n == 0; i++) {
        const char *folder = kept_folder_name((enum kept_folder)i);

        object.name[0] = '\0';
        while ((n = flash->list(flash->ctx, folder, FLASH_FOLDERS, object.name, &object, 1)) == 1) {
            const char *const part[] = {folder, "/", object.name};

            n = join(name, part, COUNT(part));
            n = n == 0 ? todo(flash, name, number) : n;
            if (n < 0) {
                return n;
            }
        }
    }
    return n;
}

int kept_highest(const struct flash *flash, uint32_t *number)
{
    *number = 0;
    return each_folder(flash, highest_of, number);
}

int kept_clean(const struct flash *flash)
{
    return each_folder(flash, clean_folder, NULL);
}
