#include "spool/kept_line.h"

#include "base/err.h"

#include <string.h>

/* Behind the line feed at or behind `at`: 1, 0 at the file's end, or an error. */
static int skip(const struct flash *flash, const char *name, uint64_t *at)
{
    uint8_t buf[64];
    int n;

    while ((n = flash->read_at(flash->ctx, name, *at, buf, sizeof buf)) > 0) {
        const uint8_t *feed = memchr(buf, '\n', (size_t)n);

        if (feed != NULL) {
            *at += (uint64_t)(feed - buf) + 1;
            return 1;
        }
        *at += (uint64_t)n;
    }
    return n;
}

static bool split(struct kept_line *l)
{
    char *equals = strstr(l->text, " = ");

    if (equals == NULL) {
        return false;
    }
    *equals = '\0';
    l->key = l->text;
    l->value = equals + 3;
    return true;
}

int kept_line_next(struct kept_line *l, const struct flash *flash, const char *name, uint64_t *at)
{
    int n;

    while ((n = flash->read_at(flash->ctx, name, *at, (uint8_t *)l->text, sizeof l->text - 1)) >
           0) {
        char *feed = memchr(l->text, '\n', (size_t)n);

        l->text[n] = '\0';
        if (feed != NULL) {
            *feed = '\0';
            *at += (uint64_t)(feed - l->text) + 1;
        } else {
            *at += (uint64_t)n;
            n = skip(flash, name, at);
        }
        if (n < 0 || split(l)) {
            return n < 0 ? n : 1;
        }
    }
    return n;
}

int kept_line_find(struct kept_line *l, const struct flash *flash, const char *name,
                   const char *key)
{
    uint64_t at = 0;
    int n;

    while ((n = kept_line_next(l, flash, name, &at)) == 1) {
        if (strcmp(l->key, key) == 0) {
            return 1;
        }
    }
    return n == ERR_FLASH_NONE ? 0 : n;
}
