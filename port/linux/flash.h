/* flash: one folder of the file system, with all below it, as the firmware's struct flash.
 *
 * Links are never followed and no file but a regular one is read or listed: who may write to
 * outbox/ must not send us elsewhere. Folders made in outbox/ are 2770 and their files 0660, all
 * others 0700 and 0600, whatever the umask is.
 *
 * Three descriptors stay open behind the last names used, one to read and two to append, so that a
 * buffer read is one call and an entry written is two. In outbox/, where others rename, a name is
 * looked at again before its descriptor is used; elsewhere names are changed by the holder of a
 * lock alone, and lock closes all three.
 *
 * Memory  The struct must stay in place while the struct flash is in use.
 * Calls   flash_open or flash_open_own, flash_of, flash_close. One thread: the umask is another one
 *         for a moment.
 * Errors  Of both: ERR_SPOOL_DIR. `sys` is the errno of the last failure. */
#ifndef OCBULK_PORT_LINUX_FLASH_H
#define OCBULK_PORT_LINUX_FLASH_H

#include "base/flash.h"

enum { FLASH_SLOTS = 3, FLASH_LOCKS = 2 };

/* A descriptor that stays open, and the file that it is of. */
struct flash_slot {
    int fd; /* -1: none */
    uint64_t dev, ino;
    char name[FLASH_NAME_CAP];
};

struct flash_counts {
    uint64_t bytes; /* appended */
    uint32_t opens, reads, writes, syncs, renames, removes;
};

struct flash_dir {
    int fd;                              /* of the folder; -1: closed */
    int sys;                             /* errno of the last failure */
    uint64_t boot, host;                 /* as in struct flash */
    uint8_t recent;                      /* which of the two slots to append was used last */
    struct flash_slot slot[FLASH_SLOTS]; /* to read, to append, to append */
    struct flash_slot lock[FLASH_LOCKS];
    struct flash_counts counts;
};

int flash_open(struct flash_dir *d, const char *path); /* path must be there */
/* A folder that is ours alone in one where others may write: no link. boot and host stay 0. */
int flash_open_own(struct flash_dir *d, const char *path);
struct flash flash_of(struct flash_dir *d);
void flash_close(struct flash_dir *d); /* gives up the locks too */
/* What a power cut may cost on this file system, in words; NULL: nothing that was synced. */
const char *flash_weakness(const struct flash_dir *d);

#endif
