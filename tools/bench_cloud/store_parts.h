/* store_parts: what the files of the store share; not for others. */
#ifndef BENCH_STORE_PARTS_H
#define BENCH_STORE_PARTS_H

#include "store.h"

#include <sqlite3.h>

#define JOB_COLUMNS                                                                                \
    "upload, id, rows, errors, bytes, created_ms, final_ms, visible_ms, cancel_ms,"                \
    " object, path, file, metadata, callback, header, sha256"

enum { JOB_COLUMN_N = 9 + JOB_TEXTS }; /* how many they are */

void store_lock(void);
void store_unlock(void);
/* Under the lock only; a failure ends the program. */
sqlite3_stmt *store_prepare(const char *sql);
bool store_step(sqlite3_stmt *s);                    /* whether there is a row */
void store_read_job(struct job *j, sqlite3_stmt *s); /* a row of JOB_COLUMNS */
void store_list_open(sqlite3 *db);                   /* what the lists' SQL needs */

#endif
