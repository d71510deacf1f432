#define _GNU_SOURCE /* strcasestr */
#include "store_parts.h"

#include <jansson.h>
#include <string.h>

/* Whether some cell of the JSON array holds the words, in any case. */
static bool cells_hold(const char *row, const char *words)
{
    json_t *cells = json_loads(row, 0, NULL), *cell;
    bool found = false;
    size_t i;

    json_array_foreach(cells, i, cell)
    {
        found |= strcasestr(json_string_value(cell), words) != NULL;
    }
    json_decref(cells);
    return found;
}

/* SQL: holds(row, words). Words that JSON writes as they are, and that are none
 * of its punctuation, need no parser: twenty times faster. */
static void sql_holds(sqlite3_context *ctx, int n, sqlite3_value **arg)
{
    const char *row = (const char *)sqlite3_value_text(arg[0]);
    const char *words = (const char *)sqlite3_value_text(arg[1]);
    bool plain = strpbrk(words, "\",[]\\") == NULL;

    (void)n;
    sqlite3_result_int(ctx, plain ? strcasestr(row, words) != NULL : cells_hold(row, words));
}

void store_list_open(sqlite3 *db)
{
    sqlite3_create_function(db, "holds", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, sql_holds,
                            NULL, NULL);
}

/* Newest first; object "" takes all. */
void store_jobs(const char *object, int64_t before, long max, job_fn *fn, void *ctx)
{
    sqlite3_stmt *s;

    store_lock();
    s = store_prepare("SELECT " JOB_COLUMNS " FROM jobs WHERE id < ?1 AND visible_ms <= ?2"
                      " AND (?3 = '' OR object = ?3) ORDER BY id DESC LIMIT ?4");
    sqlite3_bind_int64(s, 1, before);
    sqlite3_bind_int64(s, 2, now_ms());
    sqlite3_bind_text(s, 3, object, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 4, max);
    while (store_step(s)) {
        struct job j = {0};
        store_read_job(&j, s);
        fn(ctx, &j);
        job_free(&j);
    }
    sqlite3_finalize(s);
    store_unlock();
}

static void each_after(const char *sql, const int64_t key[3], row_fn *fn, void *ctx)
{
    sqlite3_stmt *s;

    store_lock();
    s = store_prepare(sql);
    for (int i = 0; i < 3; i++) {
        sqlite3_bind_int64(s, i + 1, key[i]);
    }
    while (store_step(s)) {
        fn(ctx, sqlite3_column_int64(s, 0), (const char *)sqlite3_column_text(s, 1));
    }
    sqlite3_finalize(s);
    store_unlock();
}

void store_rows(int64_t upload, int64_t from, long max, row_fn *fn, void *ctx)
{
    each_after("SELECT n, data FROM staged WHERE upload = ? AND n >= ? ORDER BY n LIMIT ?",
               (const int64_t[]){upload, from, max}, fn, ctx);
}

void store_errors(int64_t upload, int64_t after, long max, row_fn *fn, void *ctx)
{
    each_after("SELECT n, message FROM errors WHERE upload = ? AND n > ? ORDER BY n LIMIT ?",
               (const int64_t[]){upload, after, max}, fn, ctx);
}

int64_t store_find(const char *object, const char *words, long max, find_fn *fn, void *ctx)
{
    int64_t total = 0;
    sqlite3_stmt *s;

    store_lock();
    s = store_prepare("SELECT j.header, s.data FROM jobs j JOIN staged s USING(upload)"
                      " WHERE j.object = ?1 AND s.bad = 0 AND (?2 = '' OR holds(s.data, ?2))"
                      " AND j.visible_ms <= ?3 AND j.final_ms <= ?3 AND j.cancel_ms = 0"
                      " ORDER BY j.upload DESC, s.n");
    sqlite3_bind_text(s, 1, object, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, words, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, now_ms());
    for (; store_step(s); total++) {
        if (total < max) {
            fn(ctx, (const char *)sqlite3_column_text(s, 0),
               (const char *)sqlite3_column_text(s, 1));
        }
    }
    sqlite3_finalize(s);
    store_unlock();
    return total;
}

void store_all_jobs(int64_t after, long max, job_fn *fn, void *ctx)
{
    sqlite3_stmt *s;

    store_lock();
    s = store_prepare("SELECT " JOB_COLUMNS " FROM jobs WHERE upload > ? ORDER BY upload LIMIT ?");
    sqlite3_bind_int64(s, 1, after);
    sqlite3_bind_int64(s, 2, max);
    while (store_step(s)) {
        struct job j = {0};
        store_read_job(&j, s);
        fn(ctx, &j);
        job_free(&j);
    }
    sqlite3_finalize(s);
    store_unlock();
}

void store_all_rows(struct place *at, long max, all_fn *fn, void *ctx)
{
    struct job j = {0};
    sqlite3_stmt *s;

    store_lock();
    s = store_prepare("SELECT " JOB_COLUMNS ", n, data, bad FROM staged CROSS JOIN jobs"
                      " USING(upload) WHERE (staged.upload, n) > (?, ?)"
                      " ORDER BY staged.upload, n LIMIT ?");
    sqlite3_bind_int64(s, 1, at->upload);
    sqlite3_bind_int64(s, 2, at->n);
    sqlite3_bind_int64(s, 3, max);
    while (store_step(s)) {
        if (sqlite3_column_int64(s, 0) != j.upload) {
            job_free(&j);
            store_read_job(&j, s);
        }
        at->upload = j.upload;
        at->n = sqlite3_column_int64(s, JOB_COLUMN_N);
        fn(ctx, &j, at->n, (const char *)sqlite3_column_text(s, JOB_COLUMN_N + 1),
           sqlite3_column_int(s, JOB_COLUMN_N + 2) != 0);
    }
    sqlite3_finalize(s);
    job_free(&j);
    store_unlock();
}
