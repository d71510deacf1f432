/* replaced_file: a file that others read at any time, written anew as a whole: they find the old
 * one or the new one. Not synced: it is worth nothing after a power cut.
 *
 * Memory  One struct; `out` takes the content between begin and end.
 * Errors  ERR_FILE_WRITE, with errno in `sys`; the old file stays then. */
#ifndef OCBULK_PORT_LINUX_REPLACED_FILE_H
#define OCBULK_PORT_LINUX_REPLACED_FILE_H

#include "linux/line.h"
#include "linux/out.h"

struct replaced_file {
    struct out out;
    struct line path, fresh;
    int sys;
};

int replaced_begin(struct replaced_file *f, const char *path); /* fresh stands beside: PATH.tmp */
int replaced_end(struct replaced_file *f);                     /* readable by all */

#endif
