/* spool_view: what stands in the spool, counted: files and bytes of each folder, and since when the
 * oldest waits. One pass over the names; no file is opened.
 *
 * In outbox/ what producers have not handed in yet (dot names, *.tmp, *.part) does not count, but
 * for .open when it has bytes. In held/, failed/ and quarantine/ rows count, not their reasons. */
#ifndef OCBULK_PORT_LINUX_SPOOL_VIEW_H
#define OCBULK_PORT_LINUX_SPOOL_VIEW_H

#include "linux/spool_dir.h"

enum spool_folder {
    SPOOL_OUTBOX,
    SPOOL_QUEUE,
    SPOOL_HELD,
    SPOOL_FAILED,
    SPOOL_QUARANTINE,
    SPOOL_FOLDERS
};

struct spool_part {
    uint64_t files, bytes;
};

struct spool_view {
    struct spool_part part[SPOOL_FOLDERS];
    int64_t oldest_s; /* when the oldest in outbox/ and queue/ was written; -1: nothing waits */
};

void spool_view(struct spool_view *v, const struct spool_dir *s);
const char *spool_folder_name(enum spool_folder folder);

#endif
