/* flash_read: one file of flash, by its name, as a struct file.
 *
 * Memory  The struct must stay in place while its struct file is in use. Opens and holds nothing.
 * Calls   Fill in flash and name, then flash_read_file; the name may change between two reads (a
 *         file that was renamed on the way goes on where it was).
 * Errors  ERR_FILE_READ for all that flash can say, a missing file too; `err` is what it said. */
#ifndef OCBULK_BASE_FLASH_READ_H
#define OCBULK_BASE_FLASH_READ_H

#include "base/device.h"
#include "base/flash.h"

struct flash_read {
    const struct flash *flash;
    char name[FLASH_NAME_CAP];
    int err; /* of the last call that failed: ERR_FLASH_NONE, ERR_FLASH_READ; 0: none has */
};

struct file flash_read_file(struct flash_read *r);

#endif
