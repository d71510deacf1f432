/* store: jobs, rows and row errors in SQLite.
 *
 * Rows are staged under an upload's number that no job knows yet; the row in
 * table jobs is the commit. So a request that is cut leaves no job, and two
 * uploads at once do not wait for each other's transaction.
 *
 * Memory  struct job owns its texts; free with job_free. What a callback gets
 *         is borrowed until it returns.
 * Calls   From any thread; one lock inside. Callbacks must not call store_*.
 * Errors  A failing database ends the program: there is nothing to test then. */
#ifndef BENCH_STORE_H
#define BENCH_STORE_H

#include "text.h"

enum job_text {
    JOB_OBJECT,
    JOB_PATH,
    JOB_FILE,
    JOB_META,
    JOB_CALLBACK,
    JOB_HEADER,
    JOB_SHA256,
    JOB_TEXTS
};

struct job {
    int64_t upload, id, rows, errors, bytes;
    int64_t created_ms, final_ms, visible_ms, cancel_ms; /* cancel_ms 0: never */
    char *text[JOB_TEXTS];                               /* JOB_HEADER is a JSON array */
};

struct row {
    int64_t n;                  /* 1 is the first data row */
    size_t data_at, data_len;   /* a JSON array of strings, in the block's text */
    size_t error_at, error_len; /* length 0: a good row */
};

/* Where a walk through the whole store is: what comes next stands behind it. */
struct place {
    int64_t upload, n;
};

typedef void job_fn(void *ctx, const struct job *job);
typedef void row_fn(void *ctx, int64_t n, const char *data); /* data: row or error text */
typedef void all_fn(void *ctx, const struct job *job, int64_t n, const char *data, bool bad);
typedef void find_fn(void *ctx, const char *header, const char *data); /* JSON arrays */

void store_open(const char *path);
void store_close(void);
void store_reset(void);
int64_t store_begin(void); /* a fresh upload number */
void store_put(int64_t upload, const char *block, const struct row *row, size_t n);
void store_drop(int64_t upload);
void store_copy(int64_t upload, int64_t to); /* rows and errors; to is fresh */
int64_t store_commit(struct job *job);       /* the id: job's own when set and free, else next */
int64_t store_last(void);                    /* the newest id, 0 when there is none */
bool store_job(int64_t id, struct job *out); /* seen or not yet visible */
void store_jobs(const char *object, int64_t before, long max, job_fn *fn, void *ctx);
void store_called(int64_t upload); /* its callback is not to be sent */
void store_rows(int64_t upload, int64_t from, long max, row_fn *fn, void *ctx);
void store_errors(int64_t upload, int64_t after, long max, row_fn *fn, void *ctx);
/* Every job, every row of every job in the order they came, also those not yet visible. */
void store_all_jobs(int64_t after, long max, job_fn *fn, void *ctx); /* after: an upload number */
void store_all_rows(struct place *at, long max, all_fn *fn, void *ctx);
void store_cancel(int64_t id, int64_t at_ms);
bool store_callback_due(struct job *out); /* marks it as sent */
int64_t store_find(const char *object, const char *words, long max, find_fn *fn, void *ctx);
void job_free(struct job *job);

#endif
