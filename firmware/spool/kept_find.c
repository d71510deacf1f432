#include "spool/kept_find.h"

#include "base/err.h"
#include "base/text.h"
#include "spool/queue.h"

#include <string.h>

static const enum kept_folder SEEN[] = {KEPT_HELD, KEPT_FAILED, KEPT_QUARANTINE};

static int exists(const struct flash *flash, const struct kept_place *p, const char *ending)
{
    char name[FLASH_NAME_CAP];
    int err = kept_path(name, p, ending);
    int64_t size = err == 0 ? flash->size(flash->ctx, name) : err;

    if (size >= 0) {
        return 1;
    }
    return size == ERR_FLASH_NONE ? 0 : (int)size;
}

int kept_there(const struct flash *flash, const struct kept_place *p)
{
    int n = exists(flash, p, ".csv");

    return n == 0 ? exists(flash, p, ".reason") : n == 1 ? 2 : n;
}

static void set_place(struct kept_found *f, enum kept_folder folder)
{
    f->place = (struct kept_place){folder, f->object, f->name};
}

int kept_find(struct kept_found *f, const struct flash *flash, uint32_t batch)
{
    int n = 0;

    kept_batch_name(f->name, batch);
    for (unsigned i = 0; i < sizeof SEEN / sizeof SEEN[0] && n == 0; i++) {
        struct flash_file object = {""};

        while (n == 0 &&
               (n = queue_object(flash, kept_folder_name(SEEN[i]), object.name, &object)) == 1) {
            (void)text_copy(f->object, sizeof f->object, object.name);
            set_place(f, SEEN[i]);
            n = kept_there(flash, &f->place);
        }
    }
    return n > 0 ? 1 : n;
}

/* One part of a name, up to a slash or the end: what is behind it, or NULL. */
static const char *take_part(char dst[FLASH_FILE_CAP], const char *name)
{
    size_t len = strcspn(name, "/");

    if (len == 0 || len >= FLASH_FILE_CAP || name[0] == '.') {
        return NULL;
    }
    memcpy(dst, name, len);
    dst[len] = '\0';
    return name + len + (name[len] == '/' ? 1 : 0);
}

int kept_named(struct kept_found *f, const char *name)
{
    char folder[FLASH_FILE_CAP];
    const char *at = take_part(folder, name);

    at = at != NULL ? take_part(f->object, at) : NULL;
    at = at != NULL ? take_part(f->name, at) : NULL;
    if (at == NULL || *at != '\0' || at[-1] == '/') {
        return ERR_BATCH_NONE;
    }
    size_t len = strlen(f->name);

    if (len > 4 && strcmp(f->name + len - 4, ".csv") == 0) {
        f->name[len - 4] = '\0';
    }
    for (unsigned i = 0; i < sizeof SEEN / sizeof SEEN[0]; i++) {
        if (strcmp(folder, kept_folder_name(SEEN[i])) == 0) {
            set_place(f, SEEN[i]);
            return 0;
        }
    }
    return ERR_BATCH_NONE;
}

int kept_remove(const struct flash *flash, const struct kept_place *p)
{
    char name[FLASH_NAME_CAP];
    int err = kept_path(name, p, ".csv");

    err = err == 0 ? flash->remove(flash->ctx, name) : err;
    err = err == 0 ? kept_path(name, p, ".reason") : err;
    return err == 0 ? flash->remove(flash->ctx, name) : err;
}
