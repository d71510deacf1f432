/* disk: a file on flash, open for reading, as the firmware's struct file.
 *
 * Memory  The struct must stay in place while `file` is in use.
 * Errors  disk_open: ERR_FILE_OPEN (`sys` is the errno), ERR_FILE_KIND. Reading: ERR_FILE_READ. */
#ifndef OCBULK_PORT_LINUX_DISK_H
#define OCBULK_PORT_LINUX_DISK_H

#include "base/device.h"

struct disk {
    struct file file;
    int fd;      /* -1: closed */
    int sys;     /* errno of the last failure */
    uint64_t id; /* of the file's content as far as stat can tell: another number, another file */
};

int disk_open(struct disk *d, const char *path);
uint64_t disk_written_ns(const struct disk *d); /* when it was last written; 0: unknown */
void disk_close(struct disk *d);

#endif
