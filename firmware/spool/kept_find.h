/* kept_find: what is set apart in held/, failed/ and quarantine/, found by its batch or by its
 * name.
 *
 * Memory  One struct, which points into itself: do not copy it.
 * Errors  Those of flash. */
#ifndef OCBULK_SPOOL_KEPT_FIND_H
#define OCBULK_SPOOL_KEPT_FIND_H

#include "spool/kept.h"

struct kept_found {
    struct kept_place place;
    char object[FLASH_FILE_CAP];
    char name[FLASH_FILE_CAP]; /* without ending */
};

/* 1; 0: nowhere; or an error. */
int kept_find(struct kept_found *f, const struct flash *flash, uint32_t batch);
/* "failed/contact/00000007", with or without ".csv": 0, or ERR_BATCH_NONE (no such name can be). */
int kept_named(struct kept_found *f, const char *name);
/* 2: its rows are there; 1: its reason alone; 0: neither; or an error. */
int kept_there(const struct flash *flash, const struct kept_place *p);
int kept_remove(const struct flash *flash, const struct kept_place *p); /* rows, then reason */

#endif
