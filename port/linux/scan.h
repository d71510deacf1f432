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
    struct batch first;       /* the first batch to be sent */
    uint64_t from;            /* the record that it begins with, from 1 */
    uint64_t records;         /* of the whole file */
    uint64_t before, batches; /* in front of it; to be sent */
    uint64_t bytes;           /* to be sent in all, headers included */
    struct fingerprint print; /* over the batches' own */
    uint64_t written_ns;      /* when the file was, before it was read */
    struct line where;
    uint8_t buf[SCAN_CAP];
};

int scan_open(struct scan *s, const char *path, const struct batch_limits *limits);
/* Counts; sending is to begin with record `from`. 0, or the first fault. */
int scan_all(struct scan *s, uint64_t from);
/* Plans the batch behind `after`: 1, 0 when no record is left, or an error. */
int scan_next(struct scan *s, const struct batch *after, struct batch *out);
/* Whether the file still is what scan_all read, apart from bytes added behind: 0, or
 * ERR_SOURCE_CHANGED. Reads it again when it has been written to; the counts are not to be used
 * behind it. */
int scan_same(struct scan *s);
uint64_t scan_added(struct scan *s); /* bytes that grew behind what was planned */
void scan_close(struct scan *s);

#endif
