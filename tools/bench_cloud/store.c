#define _GNU_SOURCE /* strcasestr */
#include "store.h"

#include <jansson.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ID = 1234 }; /* the id of the documentation's walk-through */

static const char SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS jobs(upload INTEGER PRIMARY KEY, id INTEGER UNIQUE,"
    " rows INTEGER, errors INTEGER, bytes INTEGER, created_ms INTEGER, final_ms INTEGER,"
    " visible_ms INTEGER, cancel_ms INTEGER, object TEXT, path TEXT, file TEXT,"
    " metadata TEXT, callback TEXT, header TEXT, sha256 TEXT, called INTEGER DEFAULT 0);"
    "CREATE TABLE IF NOT EXISTS staged(upload INTEGER, n INTEGER, data TEXT, bad INTEGER,"
    " PRIMARY KEY(upload, n)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS errors(upload INTEGER, n INTEGER, message TEXT,"
    " PRIMARY KEY(upload, n)) WITHOUT ROWID;"
    "CREATE VIEW IF NOT EXISTS rows AS SELECT id AS job, n, data, bad"
    " FROM staged JOIN jobs USING(upload);"
    "DELETE FROM staged WHERE upload NOT IN (SELECT upload FROM jobs);"
    "DELETE FROM errors WHERE upload NOT IN (SELECT upload FROM jobs);";

#define JOB_COLUMNS                                                                                \
    "upload, id, rows, errors, bytes, created_ms, final_ms, visible_ms, cancel_ms,"                \
    " object, path, file, metadata, callback, header, sha256"

enum sql { SQL_ROW, SQL_ERROR, SQL_JOB, SQL_NEXT, SQL_GET, SQL_DUE, SQL_CALLED, SQL_COUNT };
static const char *const SQL[SQL_COUNT] = {
    [SQL_ROW] = "INSERT INTO staged VALUES(?,?,?,?)",
    [SQL_ERROR] = "INSERT INTO errors VALUES(?,?,?)",
    [SQL_JOB] = "INSERT INTO jobs(" JOB_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [SQL_NEXT] = "SELECT coalesce(max(id), ?) + 1 FROM jobs",
    [SQL_GET] = "SELECT " JOB_COLUMNS " FROM jobs WHERE id = ?",
    [SQL_DUE] = "SELECT " JOB_COLUMNS " FROM jobs WHERE called = 0 AND callback <> ''"
                " AND final_ms <= ? ORDER BY id LIMIT 1",
    [SQL_CALLED] = "UPDATE jobs SET called = 1 WHERE upload = ?",
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sqlite3 *db;
static sqlite3_stmt *stmts[SQL_COUNT];
static int64_t last_upload;

static void fail(const char *what)
{
    fprintf(stderr, "bench_cloud: %s: %s\n", what, sqlite3_errmsg(db));
    exit(1);
}

static void run(const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fail(sql);
    }
}

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *s = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK) {
        fail(sql);
    }
    return s;
}

static bool step(sqlite3_stmt *s)
{
    int got = sqlite3_step(s);

    if (got != SQLITE_ROW && got != SQLITE_DONE) {
        fail("step");
    }
    return got == SQLITE_ROW;
}

static int64_t one_number(const char *sql)
{
    sqlite3_stmt *s = prepare(sql);
    int64_t n = step(s) ? sqlite3_column_int64(s, 0) : 0;

    sqlite3_finalize(s);
    return n;
}

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

void store_open(const char *path)
{
    if (sqlite3_open(path, &db) != SQLITE_OK) {
        fail(path);
    }
    sqlite3_create_function(db, "holds", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, sql_holds,
                            NULL, NULL);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;");
    run(SCHEMA);
    for (int i = 0; i < SQL_COUNT; i++) {
        stmts[i] = prepare(SQL[i]);
    }
    last_upload = one_number("SELECT coalesce(max(upload), 0) FROM jobs");
}

void store_close(void)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        sqlite3_finalize(stmts[i]);
    }
    sqlite3_close(db);
}

void store_reset(void)
{
    pthread_mutex_lock(&lock);
    run("DELETE FROM jobs; DELETE FROM staged; DELETE FROM errors;");
    pthread_mutex_unlock(&lock);
}

int64_t store_begin(void)
{
    int64_t upload;

    pthread_mutex_lock(&lock);
    upload = ++last_upload;
    pthread_mutex_unlock(&lock);
    return upload;
}

static void put_row(int64_t upload, const char *block, const struct row *row)
{
    sqlite3_stmt *s = stmts[SQL_ROW];

    sqlite3_bind_int64(s, 1, upload);
    sqlite3_bind_int64(s, 2, row->n);
    sqlite3_bind_text(s, 3, block + row->data_at, (int)row->data_len, SQLITE_STATIC);
    sqlite3_bind_int(s, 4, row->error_len > 0);
    step(s);
    sqlite3_reset(s);
    if (row->error_len > 0) {
        s = stmts[SQL_ERROR];
        sqlite3_bind_int64(s, 1, upload);
        sqlite3_bind_int64(s, 2, row->n);
        sqlite3_bind_text(s, 3, block + row->error_at, (int)row->error_len, SQLITE_STATIC);
        step(s);
        sqlite3_reset(s);
    }
}

void store_put(int64_t upload, const char *block, const struct row *row, size_t n)
{
    pthread_mutex_lock(&lock);
    run("BEGIN");
    for (size_t i = 0; i < n; i++) {
        put_row(upload, block, &row[i]);
    }
    run("COMMIT");
    pthread_mutex_unlock(&lock);
}

void store_drop(int64_t upload)
{
    char sql[160];

    snprintf(sql, sizeof sql,
             "BEGIN; DELETE FROM staged WHERE upload = %lld;"
             " DELETE FROM errors WHERE upload = %lld; COMMIT",
             (long long)upload, (long long)upload);
    pthread_mutex_lock(&lock);
    run(sql);
    pthread_mutex_unlock(&lock);
}

static void bind_job(sqlite3_stmt *s, const struct job *j)
{
    const int64_t num[] = {j->upload,     j->id,       j->rows,       j->errors,   j->bytes,
                           j->created_ms, j->final_ms, j->visible_ms, j->cancel_ms};
    int at = 1;

    for (size_t i = 0; i < sizeof num / sizeof num[0]; i++) {
        sqlite3_bind_int64(s, at++, num[i]);
    }
    for (int i = 0; i < JOB_TEXTS; i++) {
        sqlite3_bind_text(s, at++, j->text[i] == NULL ? "" : j->text[i], -1, SQLITE_STATIC);
    }
}

static void read_job(struct job *j, sqlite3_stmt *s)
{
    int64_t *num[] = {&j->upload,     &j->id,       &j->rows,       &j->errors,   &j->bytes,
                      &j->created_ms, &j->final_ms, &j->visible_ms, &j->cancel_ms};
    int at = 0;

    for (size_t i = 0; i < sizeof num / sizeof num[0]; i++) {
        *num[i] = sqlite3_column_int64(s, at++);
    }
    for (int i = 0; i < JOB_TEXTS; i++) {
        j->text[i] = text_copy((const char *)sqlite3_column_text(s, at++));
    }
}

static bool is_taken(int64_t id)
{
    bool found;

    sqlite3_bind_int64(stmts[SQL_GET], 1, id);
    found = step(stmts[SQL_GET]);
    sqlite3_reset(stmts[SQL_GET]);
    return found;
}

int64_t store_last(void)
{
    int64_t id;

    pthread_mutex_lock(&lock);
    id = one_number("SELECT id FROM jobs ORDER BY upload DESC LIMIT 1");
    pthread_mutex_unlock(&lock);
    return id;
}

int64_t store_commit(struct job *job)
{
    sqlite3_stmt *s = stmts[SQL_NEXT];

    pthread_mutex_lock(&lock);
    if (job->id <= 0 || is_taken(job->id)) {
        sqlite3_bind_int64(s, 1, FIRST_ID - 1);
        job->id = step(s) ? sqlite3_column_int64(s, 0) : FIRST_ID;
        sqlite3_reset(s);
    }
    bind_job(stmts[SQL_JOB], job);
    step(stmts[SQL_JOB]);
    sqlite3_reset(stmts[SQL_JOB]);
    pthread_mutex_unlock(&lock);
    return job->id;
}

/* Runs under the lock; true when s gave a job. */
static bool take_job(sqlite3_stmt *s, int64_t key, struct job *out)
{
    bool found;

    sqlite3_bind_int64(s, 1, key);
    found = step(s);
    if (found) {
        read_job(out, s);
    }
    sqlite3_reset(s);
    return found;
}

bool store_job(int64_t id, struct job *out)
{
    bool found;

    pthread_mutex_lock(&lock);
    found = take_job(stmts[SQL_GET], id, out);
    pthread_mutex_unlock(&lock);
    return found;
}

bool store_callback_due(struct job *out)
{
    bool found;

    pthread_mutex_lock(&lock);
    found = take_job(stmts[SQL_DUE], now_ms(), out);
    if (found) {
        sqlite3_bind_int64(stmts[SQL_CALLED], 1, out->upload);
        step(stmts[SQL_CALLED]);
        sqlite3_reset(stmts[SQL_CALLED]);
    }
    pthread_mutex_unlock(&lock);
    return found;
}

void store_cancel(int64_t id, int64_t at_ms)
{
    char sql[128];

    snprintf(sql, sizeof sql, "UPDATE jobs SET cancel_ms = %lld WHERE id = %lld", (long long)at_ms,
             (long long)id);
    pthread_mutex_lock(&lock);
    run(sql);
    pthread_mutex_unlock(&lock);
}

/* Newest first; object "" takes all. */
void store_jobs(const char *object, int64_t before, long max, job_fn *fn, void *ctx)
{
    sqlite3_stmt *s;

    pthread_mutex_lock(&lock);
    s = prepare("SELECT " JOB_COLUMNS " FROM jobs WHERE id < ?1 AND visible_ms <= ?2"
                " AND (?3 = '' OR object = ?3) ORDER BY id DESC LIMIT ?4");
    sqlite3_bind_int64(s, 1, before);
    sqlite3_bind_int64(s, 2, now_ms());
    sqlite3_bind_text(s, 3, object, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 4, max);
    while (step(s)) {
        struct job j = {0};
        read_job(&j, s);
        fn(ctx, &j);
        job_free(&j);
    }
    sqlite3_finalize(s);
    pthread_mutex_unlock(&lock);
}

static void each_after(const char *sql, const int64_t key[3], row_fn *fn, void *ctx)
{
    sqlite3_stmt *s;

    pthread_mutex_lock(&lock);
    s = prepare(sql);
    for (int i = 0; i < 3; i++) {
        sqlite3_bind_int64(s, i + 1, key[i]);
    }
    while (step(s)) {
        fn(ctx, sqlite3_column_int64(s, 0), (const char *)sqlite3_column_text(s, 1));
    }
    sqlite3_finalize(s);
    pthread_mutex_unlock(&lock);
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

    pthread_mutex_lock(&lock);
    s = prepare("SELECT j.header, s.data FROM jobs j JOIN staged s USING(upload)"
                " WHERE j.object = ?1 AND s.bad = 0 AND (?2 = '' OR holds(s.data, ?2))"
                " AND j.visible_ms <= ?3 AND j.final_ms <= ?3 AND j.cancel_ms = 0"
                " ORDER BY j.upload DESC, s.n");
    sqlite3_bind_text(s, 1, object, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, words, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 3, now_ms());
    for (; step(s); total++) {
        if (total < max) {
            fn(ctx, (const char *)sqlite3_column_text(s, 0),
               (const char *)sqlite3_column_text(s, 1));
        }
    }
    sqlite3_finalize(s);
    pthread_mutex_unlock(&lock);
    return total;
}

void job_free(struct job *job)
{
    for (int i = 0; i < JOB_TEXTS; i++) {
        free(job->text[i]);
        job->text[i] = NULL;
    }
}
