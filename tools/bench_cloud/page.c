#include "page.h"

#include "objects.h"
#include "store.h"
#include "view.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SHOWN_ROWS = 100, SHOWN_JOBS = 50, SHOWN_ERRORS = 3 };

static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>bench_cloud: what arrived</title>\n<style>\n"
    "body{font:16px/1.5 system-ui,sans-serif;margin:1.5rem;color:#1b1b1b;background:#fff}\n"
    "h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem}\n"
    ".wide{overflow-x:auto}table{border-collapse:collapse}\n"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;"
    "border-bottom:1px solid #ccc}\n"
    "th{font-weight:600;background:#f3f3f3}td:first-child,th:first-child{padding-left:.4rem}\n"
    "input,button{font:inherit;padding:.3rem .5rem}p.note{color:#555}\n"
    "</style></head><body>\n<h1>bench_cloud: what arrived</h1>\n";

struct table {
    struct text *out;
    char *header; /* of the rows last shown */
};

static void put_cells(struct text *out, const char *row, const char *tag)
{
    json_t *cells = json_loads(row, 0, NULL), *cell;
    size_t i;

    text_puts(out, "<tr>");
    json_array_foreach(cells, i, cell)
    {
        text_printf(out, "<%s>", tag);
        text_html(out, json_string_value(cell) == NULL ? "" : json_string_value(cell));
        text_printf(out, "</%s>", tag);
    }
    text_puts(out, "</tr>\n");
    json_decref(cells);
}

static void put_row(void *ctx, const char *header, const char *data)
{
    struct table *t = ctx;

    if (t->header == NULL || strcmp(t->header, header) != 0) {
        text_puts(t->out, t->header == NULL ? "" : "</table></div>\n");
        text_puts(t->out, "<div class=\"wide\"><table>\n");
        put_cells(t->out, header, "th");
        free(t->header);
        t->header = text_copy(header);
    }
    put_cells(t->out, data, "td");
}

static void put_object(struct text *out, const char *object, const char *words)
{
    struct text rows = {0};
    struct table t = {&rows, NULL};
    int64_t n = store_find(object, words, SHOWN_ROWS, put_row, &t);

    text_printf(out, "<h2 id=\"%s\">%s: %" PRId64 "</h2>\n", object, object, n);
    if (n > 0) {
        text_put(out, rows.at, rows.len);
        text_puts(out, "</table></div>\n");
    }
    if (n > SHOWN_ROWS) {
        text_printf(out, "<p class=\"note\">The newest %d are shown; search for others.</p>\n",
                    SHOWN_ROWS);
    }
    free(t.header);
    text_free(&rows);
}

struct jobs {
    struct job list[SHOWN_JOBS];
    size_t n;
};

/* Keeps the job for later: the store is locked while it tells. */
static void keep_job(void *ctx, const struct job *j)
{
    struct jobs *jobs = ctx;
    struct job *copy = &jobs->list[jobs->n++];

    *copy = *j;
    for (int i = 0; i < JOB_TEXTS; i++) {
        copy->text[i] = text_copy(j->text[i]);
    }
}

static void put_error(void *ctx, int64_t n, const char *message)
{
    struct text *out = ctx;

    text_printf(out, "<div>row %" PRId64 ": ", n);
    text_html(out, message);
    text_puts(out, "</div>");
}

static void put_job(struct text *out, const struct job *j)
{
    time_t made = (time_t)(j->created_ms / 1000);
    char date[32];
    struct tm tm;

    gmtime_r(&made, &tm);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &tm);
    text_printf(out, "<tr><td>%" PRId64 "</td><td>", j->id);
    text_html(out, j->text[JOB_OBJECT]);
    text_printf(out, "</td><td>%s</td><td>%" PRId64 "</td><td>%" PRId64 "</td><td>%s</td><td>",
                view_state(j, now_ms()), j->rows, j->errors, date);
    text_html(out, j->text[JOB_FILE]);
    text_puts(out, "</td><td>");
    store_errors(j->upload, 0, SHOWN_ERRORS, put_error, out);
    text_puts(out, "</td></tr>\n");
}

static void put_jobs(struct text *out)
{
    struct jobs *jobs = must(calloc(1, sizeof *jobs));

    store_jobs("", INT64_MAX, SHOWN_JOBS, keep_job, jobs);
    text_puts(out, "<h2 id=\"jobs\">Jobs, newest first</h2>\n<div class=\"wide\"><table>\n"
                   "<tr><th>Job</th><th>Object</th><th>State</th><th>Rows</th><th>Failed</th>"
                   "<th>Made (UTC)</th><th>File</th><th>First errors</th></tr>\n");
    for (size_t i = 0; i < jobs->n; i++) {
        put_job(out, &jobs->list[i]);
        job_free(&jobs->list[i]);
    }
    text_puts(out, "</table></div>\n");
    free(jobs);
}

void page_show(struct text *out, const char *words)
{
    text_puts(out, HEAD);
    text_puts(out, "<form method=\"get\" action=\"/\" role=\"search\">\n<label for=\"q\">Search "
                   "all cells</label> <input id=\"q\" name=\"q\" type=\"search\" value=\"");
    text_html(out, words);
    text_puts(out, "\"> <button>Search</button></form>\n");
    for (int i = 0; i < OBJECT_COUNT; i++) {
        /* The contact is what people look for. */
        put_object(out, objects_name(i == 0 ? 1 : i == 1 ? 0 : i), words);
    }
    put_jobs(out);
    text_puts(out, "</body></html>\n");
}
