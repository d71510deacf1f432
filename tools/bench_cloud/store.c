#include "store_parts.h"

#include <pthread.h>
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

void store_lock(void)
{
    pthread_mutex_lock(&lock);
}

void store_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

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

sqlite3_stmt *store_prepare(const char *sql)
{
    sqlite3_stmt *s = NULL;

    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK) {
        fail(sql);
    }
    return s;
}

bool store_step(sqlite3_stmt *s)
{
    int got = sqlite3_step(s);

    if (got != SQLITE_ROW && got != SQLITE_DONE) {
        fail("step");
    }
    return got == SQLITE_ROW;
}

static int64_t one_number(const char *sql)
{
    sqlite3_stmt *s = store_prepare(sql);
    int64_t n = store_step(s) ? sqlite3_column_int64(s, 0) : 0;

    sqlite3_finalize(s);
    return n;
}

void store_open(const char *path)
{
    if (sqlite3_open(path, &db) != SQLITE_OK) {
        fail(path);
    }
    store_list_open(db);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;");
    run(SCHEMA);
    for (int i = 0; i < SQL_COUNT; i++) {
        stmts[i] = store_prepare(SQL[i]);
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
    store_lock();
    run("DELETE FROM jobs; DELETE FROM staged; DELETE FROM errors;");
    store_unlock();
}

int64_t store_begin(void)
{
    int64_t upload;

    store_lock();
    upload = ++last_upload;
    store_unlock();
    return upload;
}

static void put_row(int64_t upload, const char *block, const struct row *row)
{
    sqlite3_stmt *s = stmts[SQL_ROW];

    sqlite3_bind_int64(s, 1, upload);
    sqlite3_bind_int64(s, 2, row->n);
    sqlite3_bind_text(s, 3, block + row->data_at, (int)row->data_len, SQLITE_STATIC);
    sqlite3_bind_int(s, 4, row->error_len > 0);
    store_step(s);
    sqlite3_reset(s);
    if (row->error_len > 0) {
        s = stmts[SQL_ERROR];
        sqlite3_bind_int64(s, 1, upload);
        sqlite3_bind_int64(s, 2, row->n);
        sqlite3_bind_text(s, 3, block + row->error_at, (int)row->error_len, SQLITE_STATIC);
        store_step(s);
        sqlite3_reset(s);
    }
}

void store_put(int64_t upload, const char *block, const struct row *row, size_t n)
{
    store_lock();
    run("BEGIN");
    for (size_t i = 0; i < n; i++) {
        put_row(upload, block, &row[i]);
    }
    run("COMMIT");
    store_unlock();
}

void store_drop(int64_t upload)
{
    char sql[160];

    snprintf(sql, sizeof sql,
             "BEGIN; DELETE FROM staged WHERE upload = %lld;"
             " DELETE FROM errors WHERE upload = %lld; COMMIT",
             (long long)upload, (long long)upload);
    store_lock();
    run(sql);
    store_unlock();
}

void store_copy(int64_t upload, int64_t to)
{
    char sql[256];

    snprintf(sql, sizeof sql,
             "BEGIN; INSERT INTO staged SELECT %lld, n, data, bad FROM staged WHERE upload = %lld;"
             " INSERT INTO errors SELECT %lld, n, message FROM errors WHERE upload = %lld; COMMIT",
             (long long)to, (long long)upload, (long long)to, (long long)upload);
    store_lock();
    run(sql);
    store_unlock();
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

void store_read_job(struct job *j, sqlite3_stmt *s)
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
    found = store_step(stmts[SQL_GET]);
    sqlite3_reset(stmts[SQL_GET]);
    return found;
}

int64_t store_last(void)
{
    int64_t id;

    store_lock();
    id = one_number("SELECT id FROM jobs ORDER BY upload DESC LIMIT 1");
    store_unlock();
    return id;
}

int64_t store_commit(struct job *job)
{
    sqlite3_stmt *s = stmts[SQL_NEXT];

    store_lock();
    if (job->id <= 0 || is_taken(job->id)) {
        sqlite3_bind_int64(s, 1, FIRST_ID - 1);
        job->id = store_step(s) ? sqlite3_column_int64(s, 0) : FIRST_ID;
        sqlite3_reset(s);
    }
    bind_job(stmts[SQL_JOB], job);
    store_step(stmts[SQL_JOB]);
    sqlite3_reset(stmts[SQL_JOB]);
    store_unlock();
    return job->id;
}

/* Runs under the lock; true when s gave a job. */
static bool take_job(sqlite3_stmt *s, int64_t key, struct job *out)
{
    bool found;

    sqlite3_bind_int64(s, 1, key);
    found = store_step(s);
    if (found) {
        store_read_job(out, s);
    }
    sqlite3_reset(s);
    return found;
}

bool store_job(int64_t id, struct job *out)
{
    bool found;

    store_lock();
    found = take_job(stmts[SQL_GET], id, out);
    store_unlock();
    return found;
}

static void set_called(int64_t upload)
{
    sqlite3_bind_int64(stmts[SQL_CALLED], 1, upload);
    store_step(stmts[SQL_CALLED]);
    sqlite3_reset(stmts[SQL_CALLED]);
}

void store_called(int64_t upload)
{
    store_lock();
    set_called(upload);
    store_unlock();
}

bool store_callback_due(struct job *out)
{
    bool found;

    store_lock();
    found = take_job(stmts[SQL_DUE], now_ms(), out);
    if (found) {
        set_called(out->upload);
    }
    store_unlock();
    return found;
}

void store_cancel(int64_t id, int64_t at_ms)
{
    char sql[128];

    snprintf(sql, sizeof sql, "UPDATE jobs SET cancel_ms = %lld WHERE id = %lld", (long long)at_ms,
             (long long)id);
    store_lock();
    run(sql);
    store_unlock();
}

void job_free(struct job *job)
{
    for (int i = 0; i < JOB_TEXTS; i++) {
        free(job->text[i]);
        job->text[i] = NULL;
    }
}
