#include "spool/queue.h"

#include "base/err.h"
#include "base/num.h"
#include "base/stream.h"
#include "base/text.h"

#include <string.h>

static int join(char dst[FLASH_NAME_CAP], const char *folder, const char *object, const char *file)
{
    const char *const part[] = {folder, "/", object, "/", file};
    size_t len = 0;

    for (size_t i = 0; i < COUNT(part); i++) {
        int n = text_copy(dst + len, FLASH_NAME_CAP - len, part[i]);

        if (n < 0) {
            return n;
        }
        len += (size_t)n;
    }
    dst[file[0] == '\0' ? len - 1 : len] = '\0';
    return 0;
}

static void file_name(char dst[13], uint32_t segment)
{
    for (int i = 7; i >= 0; i--) {
        dst[i] = (char)('0' + segment % 10);
        segment /= 10;
    }
    memcpy(dst + 8, ".csv", 5);
}

/* 0: no segment's name. */
static uint32_t number_of(const char *name)
{
    uint64_t n = 0;

    if (strlen(name) != 12 || strcmp(name + 8, ".csv") != 0 || num_u64(name, 8, &n) != 0) {
        return 0;
    }
    return (uint32_t)n;
}

int queue_path(char dst[FLASH_NAME_CAP], const char *object, uint32_t segment)
{
    char name[13];

    file_name(name, segment);
    return join(dst, "queue", object, name);
}

int queue_outbox_path(char dst[FLASH_NAME_CAP], const char *object, const char *file)
{
    return join(dst, "outbox", object, file);
}

static int there(const struct flash *flash, const char *object, uint32_t segment)
{
    char name[FLASH_NAME_CAP];
    int err = queue_path(name, object, segment);

    if (err != 0) {
        return err;
    }
    int64_t size = flash->size(flash->ctx, name);

    if (size >= 0) {
        return 1;
    }
    return size == ERR_FLASH_NONE ? 0 : (int)size;
}

static int first_listed(const struct flash *flash, const char *object, uint32_t after,
                        uint32_t *segment)
{
    struct flash_file file = {""};
    char folder[FLASH_NAME_CAP];
    int n = join(folder, "queue", object, "");

    if (n != 0) {
        return n;
    }
    if (after > 0) {
        file_name(file.name, after);
    }
    while ((n = flash->list(flash->ctx, folder, FLASH_FILES, file.name, &file, 1)) == 1) {
        *segment = number_of(file.name);
        if (*segment > 0) {
            return 1;
        }
    }
    return n;
}

int queue_next(const struct flash *flash, const char *object, uint32_t after, uint32_t *segment)
{
    int n = there(flash, object, after + 1); /* nearly always: no look at the whole folder */

    if (n == 1) {
        *segment = after + 1;
    }
    return n == 0 ? first_listed(flash, object, after, segment) : n;
}

/* The last of a row that begins with low: by doubling steps, then by halves. */
static int end_of_row(const struct flash *flash, const char *object, uint32_t low,
                      uint32_t *segment)
{
    uint32_t step = 1;
    int n = 1;

    while (n == 1 && low + step <= QUEUE_NUMBER_MAX) {
        n = there(flash, object, low + step);
        low += n == 1 ? step : 0;
        step *= n == 1 ? 2 : 1;
    }
    for (; n >= 0 && step > 0; step /= 2) {
        n = low + step <= QUEUE_NUMBER_MAX ? there(flash, object, low + step) : 0;
        low += n == 1 ? step : 0;
    }
    *segment = low;
    return n < 0 ? n : 0;
}

int queue_last(const struct flash *flash, const char *object, uint32_t from, uint32_t *segment)
{
    uint32_t low = from;
    int n = queue_next(flash, object, from, &low);

    *segment = from;
    if (n != 1) {
        return n;
    }
    return end_of_row(flash, object, low, segment);
}

int queue_adopt(const struct flash *flash, const char *object, const char *file, uint32_t segment)
{
    char from[FLASH_NAME_CAP], to[FLASH_NAME_CAP];
    int err = queue_outbox_path(from, object, file);

    err = err == 0 ? queue_path(to, object, segment) : err;
    err = err == 0 ? flash->sync(flash->ctx, from) : err;
    return err == 0 ? flash->rename(flash->ctx, from, to, false) : err;
}

static bool ends_in(const char *name, const char *ending)
{
    size_t len = strlen(name), n = strlen(ending);

    return len > n && strcmp(name + len - n, ending) == 0;
}

int queue_handed_in(const struct flash *flash, const char *object, const char *after,
                    struct flash_file *out, size_t most)
{
    struct flash_file file;
    char folder[FLASH_NAME_CAP];
    size_t found = 0;
    int n = join(folder, "outbox", object, "");

    (void)text_copy(file.name, sizeof file.name, after);
    n = n == 0 ? 1 : n;
    while (n > 0 && found < most) {
        n = flash->list(flash->ctx, folder, FLASH_FILES, file.name, out + found, most - found);
        size_t listed = n > 0 ? (size_t)n : 0, kept = 0;

        if (listed > 0) {
            file = out[found + listed - 1];
        }
        for (size_t i = 0; i < listed; i++) {
            if (out[found + i].name[0] != '.' && ends_in(out[found + i].name, ".csv")) {
                out[found + kept++] = out[found + i];
            }
        }
        found += kept;
    }
    return n < 0 ? n : (int)found;
}

int queue_object(const struct flash *flash, const char *top, const char *after,
                 struct flash_file *out)
{
    struct flash_file file;
    int n;

    (void)text_copy(file.name, sizeof file.name, after);
    while ((n = flash->list(flash->ctx, top, FLASH_FOLDERS, file.name, &file, 1)) == 1) {
        if (file.name[0] != '.') {
            *out = file;
            return 1;
        }
    }
    return n;
}
