#define _GNU_SOURCE /* strcasestr */
#include "rows.h"

#include "objects.h"
#include "options.h"

#include <csv.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BLOCK_ROWS = 2000, BLOCK_BYTES = 1 << 20, WHY_CELL = 80 };
enum column { COLUMN_EMAIL = 1, COLUMN_IDENTIFIER = 2 };

struct rows {
    struct csv_parser csv;
    gnutls_hash_hd_t hash;
    struct text digest; /* this row's cells as they are hashed */
    struct text block;  /* JSON of the rows not yet stored, and their errors */
    struct text why, who, header;
    struct row row[BLOCK_ROWS];
    size_t row_n;
    int64_t upload, count, errors; /* count: header row included */
    size_t cell, columns, cell_max;
    unsigned char *kind; /* of each column, bits of enum column */
    char *object, *identifier;
    bool known, identified;
    /* Counting without a store. */
    bool in_quotes, line_started;
};

static int never_space(unsigned char c)
{
    (void)c;
    return 0; /* libcsv would strip what others keep */
}

struct rows *rows_new(int64_t upload, const char *object, const char *identifier)
{
    struct rows *r = must(calloc(1, sizeof *r));

    csv_init(&r->csv, 0);
    csv_set_space_func(&r->csv, never_space);
    gnutls_hash_init(&r->hash, GNUTLS_DIG_SHA256);
    r->upload = upload;
    r->object = text_copy(object);
    r->identifier = text_copy(identifier);
    r->known = objects_know(object);
    return r;
}

static void flush(struct rows *r)
{
    if (r->row_n > 0) {
        store_put(r->upload, r->block.at, r->row, r->row_n);
    }
    r->row_n = 0;
    r->block.len = 0;
}

static void header_cell(struct rows *r, const char *cell, size_t len)
{
    char name[64];

    snprintf(name, sizeof name, "%.*s", (int)(len < 63 ? len : 63), cell);
    if (r->columns == r->cell_max) {
        r->cell_max = 2 * r->cell_max + 16;
        r->kind = must(realloc(r->kind, r->cell_max));
    }
    r->kind[r->columns] = strcasestr(name, "email") != NULL ? COLUMN_EMAIL : 0;
    if (r->identifier != NULL && strcmp(name, r->identifier) == 0) {
        r->kind[r->columns] |= COLUMN_IDENTIFIER;
        r->identified = true;
    }
    r->columns++;
}

/* The first fault of a row is its error; who names the row, as no number would. */
static void check_cell(struct rows *r, const char *cell, size_t len)
{
    unsigned char kind = r->cell < r->columns ? r->kind[r->cell] : 0;
    int shown = (int)(len < WHY_CELL ? len : WHY_CELL);

    if (kind == 0) {
        return;
    }
    if (len > 0 && ((kind & COLUMN_IDENTIFIER) != 0 || r->who.len == 0)) {
        r->who.len = 0;
        text_printf(&r->who, "%.*s", shown, cell);
    }
    if (r->why.len > 0) {
        return;
    }
    if ((kind & COLUMN_EMAIL) != 0 && len > 0 && memchr(cell, '@', len) == NULL) {
        text_printf(&r->why, "invalid e-mail address '%.*s'", shown, cell);
    } else if ((kind & COLUMN_IDENTIFIER) != 0 && len == 0) {
        text_printf(&r->why, "missing value of %s", r->identifier);
    }
}

static void on_cell(void *cell, size_t len, void *ctx)
{
    struct rows *r = ctx;
    const char *s = cell == NULL ? "" : cell;

    text_put(&r->digest, s, len);
    text_put(&r->digest, "\x1f", 1);
    if (r->count == 0) {
        text_put(&r->header, r->cell == 0 ? "[" : ",", 1);
        text_json(&r->header, s, len);
        header_cell(r, s, len);
    } else {
        if (r->cell == 0) {
            r->row[r->row_n].data_at = r->block.len;
        }
        text_put(&r->block, r->cell == 0 ? "[" : ",", 1);
        text_json(&r->block, s, len);
        check_cell(r, s, len);
    }
    r->cell++;
}

static void judge_row(struct rows *r)
{
    if (!r->known) {
        r->why.len = 0;
        text_printf(&r->why, "'%s' is no object of this service", r->object);
    } else if (r->cell != r->columns) {
        r->why.len = 0;
        text_printf(&r->why, "%zu cells under a header of %zu", r->cell, r->columns);
    } else if (r->identifier != NULL && !r->identified) {
        r->why.len = 0;
        text_printf(&r->why, "no column %s", r->identifier);
    }
}

static void put_row(struct rows *r)
{
    struct row *row = &r->row[r->row_n++];

    text_put(&r->block, "]", 1);
    row->n = r->count;
    row->data_len = r->block.len - row->data_at;
    row->error_at = r->block.len;
    judge_row(r);
    if (r->why.len > 0) {
        text_printf(&r->block, "%s%s%s", r->who.len > 0 ? r->who.at : "",
                    r->who.len > 0 ? ": " : "", r->why.at);
        r->errors++;
    }
    row->error_len = r->block.len - row->error_at;
    r->why.len = 0;
    r->who.len = 0;
    if (r->row_n == BLOCK_ROWS || r->block.len > BLOCK_BYTES) {
        flush(r);
    }
}

static void on_row(int end, void *ctx)
{
    struct rows *r = ctx;

    (void)end;
    text_put(&r->digest, "\x1e", 1);
    gnutls_hash(r->hash, r->digest.at, r->digest.len);
    r->digest.len = 0;
    if (r->count == 0) {
        text_put(&r->header, "]", 1);
    } else {
        put_row(r);
    }
    r->cell = 0;
    r->count++;
}

/* Line ends outside quotes, at the speed of memchr; blank lines are no rows. */
static void count_lines(struct rows *r, const char *src, size_t len)
{
    const char *end = src + len;

    while (src < end) {
        const char *nl = r->in_quotes ? NULL : memchr(src, '\n', (size_t)(end - src));
        const char *stop = nl == NULL ? end : nl;
        const char *quote = memchr(src, '"', (size_t)(stop - src));

        if (quote != NULL) {
            r->in_quotes = !r->in_quotes;
            r->line_started = true;
            src = quote + 1;
        } else {
            r->line_started |= stop - src > 1 || (stop > src && *src != '\r');
            r->count += nl != NULL && r->line_started;
            r->line_started &= nl == NULL;
            src = nl == NULL ? end : nl + 1;
        }
    }
}

void rows_push(struct rows *r, const char *src, size_t len)
{
    if (opt.no_store) {
        count_lines(r, src, len);
    } else {
        csv_parse(&r->csv, src, len, on_cell, on_row, r);
    }
}

static void put_sha256(struct rows *r, struct job *out)
{
    unsigned char sum[32];
    char hex[65];

    gnutls_hash_output(r->hash, sum);
    for (size_t i = 0; i < sizeof sum; i++) {
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    }
    out->text[JOB_SHA256] = text_copy(hex);
}

void rows_finish(struct rows *r, struct job *out)
{
    if (opt.no_store) {
        r->count += r->line_started;
    } else {
        csv_fini(&r->csv, on_cell, on_row, r);
        flush(r);
        put_sha256(r, out);
    }
    out->rows = r->count > 0 ? r->count - 1 : 0;
    out->errors = r->errors;
    out->text[JOB_HEADER] = text_copy(r->header.len > 0 ? r->header.at : "[]");
}

void rows_free(struct rows *r)
{
    csv_free(&r->csv);
    gnutls_hash_deinit(r->hash, NULL);
    text_free(&r->digest);
    text_free(&r->block);
    text_free(&r->why);
    text_free(&r->who);
    text_free(&r->header);
    free(r->kind);
    free(r->object);
    free(r->identifier);
    free(r);
}
