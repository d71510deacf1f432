/* rows: an upload's CSV, streamed through libcsv into the store.
 *
 * The first record is the header row. A row is bad when its object is unknown,
 * it has another number of cells than the header, an e-mail column holds
 * something without '@', or the identifier's cell is empty. The digest is
 * SHA-256 over each cell + 0x1F and each row + 0x1E, header row first.
 *
 * Memory  rows_new gives, rows_free takes. Rows go to the store in blocks, so
 *         the size of the file does not matter.
 * Calls   push in any pieces, finish once. Without a store rows are counted
 *         and nothing else: no cells, no rules, no digest.
 * Errors  None: every sequence of bytes is some CSV. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "store.h"

struct rows;

struct rows *rows_new(int64_t upload, const char *object, const char *identifier);
void rows_push(struct rows *r, const char *src, size_t len);
void rows_finish(struct rows *r, struct job *out); /* rows, errors, header, sha256 */
void rows_free(struct rows *r);

#endif
