/* tag: the name that an uploader gives its attempt, "oc-SPOOL-BATCH-CRC-ATTEMPT" in lower-case
 * hexadecimal of 16, 8, 8 and 2 digits, and jobs that look as if another uploader had made them.
 *
 * Memory  What is returned is the caller's: free, and job_free.
 * Errors  None. */
#ifndef BENCH_TAG_H
#define BENCH_TAG_H

#include "store.h"

/* The first one in metaData, callback URL, path and file name, or "". */
char *tag_find(const char *metadata, const char *callback, const char *path, const char *file);
char *tag_of(const struct job *j);
/* The k-th look-alike: all the same but for whose spool it is, and it is not yet in the store. */
struct job tag_lookalike(const struct job *j, long k);

#endif
