/* failed_rows: brings home the rows of a batch that the service did not store, into failed/.
 *
 * The service tells errors in words, and no row numbers. An error names a row when the row's
 * identifier stands in its words as a whole word. Rows are told apart only when each error names
 * one row, no two rows the same, and the rows named are as many as failed; then failed/ gets just
 * these, and the reason a line `row N = words` for each error (N: the batch's record, from 1). Else
 * it gets all of them, and the reason a line `rows = …` that begins with FAILED_ROWS_ALL, and with
 * FAILED_ROWS_SOME when a part of them may be stored.
 *
 * Memory  The caller's buffer: error texts that do not fit, and a row longer than FAILED_ROW_CAP,
 *         cannot be told apart. All else is borrowed for the call.
 * Calls   kept_reason, the owner's own lines, `error = words` for each error of the whole list,
 *         then keep, which closes the reason and then writes the rows. Blocking: it reads the range
 *         two or three times.
 * Errors  Those of flash, ERR_FILE_READ, ERR_SOURCE_CHANGED (the segment is shorter). Doing it
 * again gives the same. */
#ifndef OCBULK_SYNC_FAILED_ROWS_H
#define OCBULK_SYNC_FAILED_ROWS_H

#include "limits.h"
#include "record/batch.h"
#include "spool/kept.h"

#define FAILED_ROWS_ALL  "all "
#define FAILED_ROWS_SOME "the service does not tell which"

struct failed_rows_job {
    const struct flash *flash;
    const struct batch_file *bf;
    struct kept_place place; /* in failed/: where the reason is open */
    const char *identifier;  /* a column; NULL or "": none, so all rows */
    uint64_t at, end;        /* the batch's bytes */
    uint32_t records;
    uint32_t errors; /* that were listed; as many lines as the reason must have */
    int64_t failed;  /* told by the service; -1: untold */
};

/* 1: just those that failed; 0: all of them; or an error. cap: at least FAILED_ROW_CAP + 1024. */
int failed_rows_keep(const struct failed_rows_job *job, struct kept *k, uint8_t *buf, size_t cap);
/* Whether rows that are stored may be among those that were kept: 1, 0, or an error. */
int failed_rows_repeat(const struct flash *flash, const struct kept_place *p);

#endif
