/* scan: reads a whole CSV file as it would be sent and plans its batches; nothing leaves.
 *
 * Memory  The disk must stay open while the scan is in use; one buffer of SCAN_CAP in it.
 * Errors  Those of batch; `where` says file, line, column and byte. */
#ifndef OCBULK_PORT_SCAN_H
#define OCBULK_PORT_SCAN_H

#include "limits.h"
#include "linux/disk.h"
#include "linux/line.h"
#include "record/batch.h"

struct scan {
    const char *path;
    struct disk disk;
    struct batch_file file;
    struct batch_limits limits;
    struct batch_plan plan;
    struct batch first;        /* the first batch */
    uint64_t records, batches; /* of the whole file */
    uint64_t bytes;            /* sent in all, headers included */
    struct line where;
    uint8_t buf[SCAN_CAP];
};

int scan_open(struct scan *s, const char *path, const struct batch_limits *limits);
int scan_all(struct scan *s); /* counts; 0, or the first fault */
/* Plans the batch behind `after` (NULL: the first): 1, 0 when no record is left, or an error. */
int scan_next(struct scan *s, const struct batch *after, struct batch *out);
/* Where record number n (from 1) begins, as the batch before it. 1, 0: no such record, or error. */
int scan_skip(struct scan *s, uint64_t records, struct batch *out);
uint64_t scan_added(struct scan *s); /* bytes that grew behind what was planned */
void scan_close(struct scan *s);

#endif
