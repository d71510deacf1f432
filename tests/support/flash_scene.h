/* flash_scene: the flash of the Linux port on a folder of its own, for one test at a time. */
#ifndef OCBULK_TESTS_FLASH_SCENE_H
#define OCBULK_TESTS_FLASH_SCENE_H

#include "base/flash.h"
#include "linux/flash.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct flash_scene {
    char path[128];
    struct flash_dir dir;
    struct flash f;
};

static inline int flash_scene_drop(const char *path, const struct stat *st, int kind,
                                   struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline int flash_scene_open(struct flash_scene *s)
{
    const char *tmp = getenv("TMPDIR");

    (void)snprintf(s->path, sizeof s->path, "%s/ocbulk-flash-XXXXXX", tmp != NULL ? tmp : P_tmpdir);
    if (mkdtemp(s->path) == NULL || flash_open(&s->dir, s->path) != 0) {
        return -1;
    }
    s->f = flash_of(&s->dir);
    return 0;
}

static inline void flash_scene_close(struct flash_scene *s)
{
    flash_close(&s->dir);
    (void)nftw(s->path, flash_scene_drop, 8, FTW_DEPTH | FTW_PHYS);
}

static inline const char *flash_scene_path(const struct flash_scene *s, const char *name)
{
    static char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", s->path, name);
    return path;
}

/* What others do: a whole file, at once. */
static inline void flash_scene_put(const struct flash_scene *s, const char *name, const char *text)
{
    FILE *to = fopen(flash_scene_path(s, name), "w");

    if (to == NULL || fputs(text, to) < 0 || fclose(to) != 0) {
        abort();
    }
}

/* The content as others see it; NULL: no such file, or one of 64 KiB and more. */
static inline const char *flash_scene_get(const struct flash_scene *s, const char *name,
                                          size_t *len)
{
    static char text[65536];
    FILE *from = fopen(flash_scene_path(s, name), "r");

    if (from == NULL) {
        return NULL;
    }
    *len = fread(text, 1, sizeof text, from);
    (void)fclose(from);
    return *len < sizeof text ? text : NULL;
}

#endif
