/* queue: the segments of queue/OBJECT/, which only the holder of the spool's lock touches.
 *
 * A segment is NUMBER.csv, eight digits; it is known by that name and nothing else. Numbers grow
 * and are never used twice: the owner knows the highest one.
 *
 * Errors  Those of flash, ERR_NO_ROOM (an object's name is too long for a path). */
#ifndef OCBULK_SPOOL_QUEUE_H
#define OCBULK_SPOOL_QUEUE_H

#include "base/flash.h"

enum { QUEUE_NUMBER_MAX = 99999999 };

int queue_path(char dst[FLASH_NAME_CAP], const char *object, uint32_t segment);
int queue_outbox_path(char dst[FLASH_NAME_CAP], const char *object, const char *file);
/* The highest number of all, `from` when there is no higher one: numbers behind it are in a row. */
int queue_last(const struct flash *flash, const char *object, uint32_t from, uint32_t *segment);
/* The smallest number behind `after`: 1, 0 when there is none, or an error. */
int queue_next(const struct flash *flash, const char *object, uint32_t after, uint32_t *segment);
/* A file of outbox/OBJECT/ that nobody writes to any more becomes the segment: syncs it, renames
 * it, syncs both folders. */
int queue_adopt(const struct flash *flash, const char *object, const char *file, uint32_t segment);
/* Files behind `after` (a name, "" first) that producers have handed in, in order: their count
 * (0..most), or an error. Dot names, *.tmp and *.part are theirs. */
int queue_handed_in(const struct flash *flash, const char *object, const char *after,
                    struct flash_file *out, size_t most);
/* The next object behind `after` that has a folder in outbox/ (or queue/): 1, 0, or an error. */
int queue_object(const struct flash *flash, const char *top, const char *after,
                 struct flash_file *out);

#endif
