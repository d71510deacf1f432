/* flash_parts: what the files of flash share. Functions return -1 with errno unless they say so. */
#ifndef OCBULK_PORT_LINUX_FLASH_PARTS_H
#define OCBULK_PORT_LINUX_FLASH_PARTS_H

#include "linux/flash.h"

#include <sys/types.h>

enum flash_use { FLASH_USE_READ, FLASH_USE_WRITE, FLASH_USE_MAKE };

/* The enum err of errno, which goes to d->sys; other: what has no code of its own. */
int flash_fail(struct flash_dir *d, int other);
/* The folder that name is in, opened; *leaf: the last part of name. For flash_leave. */
int flash_enter(struct flash_dir *d, const char *name, const char **leaf);
int flash_enter_folder(struct flash_dir *d, const char *name); /* name itself; "": the top */
void flash_leave(const struct flash_dir *d, int folder);       /* errno stays */
int flash_open_at(struct flash_dir *d, int folder, const char *leaf, int flags, mode_t mode);
int flash_sync_folder(struct flash_dir *d, int folder);
bool flash_shared(const char *name);      /* in outbox/ */
mode_t flash_file_mode(const char *name); /* of a file to be made */

/* A descriptor of the file called name, kept open. */
int flash_slot_fd(struct flash_dir *d, const char *name, enum flash_use use);
void flash_slot_drop(struct flash_dir *d, const char *name);
void flash_slot_drop_all(struct flash_dir *d);
bool flash_slot_is(const struct flash_dir *d,
                   const struct flash_slot *slot); /* still of its name */

/* Those of struct flash that have files of their own. */
int flash_rename(void *ctx, const char *from, const char *to, bool replace);
int flash_remove(void *ctx, const char *name);
int flash_folder(void *ctx, const char *name);
int flash_list(void *ctx, const char *folder, enum flash_kind kind, const char *after,
               struct flash_file *out, size_t most);
int flash_still(void *ctx, const char *name);
int flash_lock(void *ctx, const char *name, bool wait);
void flash_unlock(void *ctx, const char *name);

uint64_t flash_boot(void);
uint64_t flash_host(void);

#endif
