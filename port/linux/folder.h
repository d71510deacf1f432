/* folder: the names in a folder, one after the other, in no order, without a heap.
 *
 * Memory  One struct; a name lives until the next call.
 * Errors  A folder that cannot be opened or read has no (more) names. */
#ifndef OCBULK_PORT_LINUX_FOLDER_H
#define OCBULK_PORT_LINUX_FOLDER_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct folder {
    int fd; /* -1: closed */
    size_t at, len;
    uint64_t buf[FLASH_LIST_CAP / sizeof(uint64_t)]; /* as the kernel writes it */
};

bool folder_open(struct folder *f, int parent, const char *name); /* links are not followed */
const char *folder_next(struct folder *f);                        /* NULL: no more */
void folder_close(struct folder *f);

#endif
