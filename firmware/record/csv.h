/* csv: finds records in RFC 4180 text as it streams by; the one scanner for request, spool, check.
 *
 * It copies nothing and changes nothing: it tells where each record begins and ends, counts its
 * fields and says what is wrong with it. Records end with LF or CRLF outside quotes. A UTF-8 BOM
 * at byte 0 belongs to no record. A blank line is no record: it comes back as a row with blank set.
 * Text must be UTF-8 (RFC 3629, no surrogates, no overlong forms) without NUL.
 *
 * Memory  Keeps no reference to the input between calls.
 * Calls   init, push until the input is used up, finish. push stops right behind the end of each
 *         row; rows may be cut across calls at any byte. No I/O; may be dropped anywhere.
 * Errors  A fault belongs to its row (row.err, first one wins, with its place) and ends with it:
 *         ERR_CSV_UTF8, _NUL, _QUOTE, _CR, _FIELDS, _TOO_LONG, and from finish _UNCLOSED. After
 *         _QUOTE the row ends at the next line end whatever the quotes say. When the file ends
 *         inside quotes the row is given back as what was meant to be one: it ends with the line
 *         that has the opening quote, and the owner goes on at c->byte and c->line. ERR_CSV_UTF16
 *         (at byte 0) sticks: every further push returns it, row.err and row.fault tell it too. */
#ifndef OCBULK_RECORD_CSV_H
#define OCBULK_RECORD_CSV_H

#include "record/csv_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct csv_place {
    uint64_t byte;   /* offset in the file, from 0 */
    uint64_t line;   /* physical line, from 1 */
    uint64_t column; /* byte in that line, from 1; a BOM is not counted */
};

struct csv_row {
    uint64_t at, end;       /* bytes [at, end), line end included; BOM excluded */
    uint64_t line;          /* physical line where it starts, from 1 */
    uint32_t fields;        /* 0 for a blank line; behind a stray quote they are not counted */
    int err;                /* 0 or the first fault */
    struct csv_place fault; /* where, when err != 0; _FIELDS: the row's start; _UTF8: the first
                               byte of the character; _QUOTE: a quote; _TOO_LONG: the first byte
                               too many; _UNCLOSED, and _TOO_LONG inside quotes: the opening
                               quote */
    bool blank;             /* only a line end */
    bool ended;             /* by a line end; false: the file's last row without one */
    bool crlf;              /* its line end was CRLF */
};

struct csv {
    struct csv_row row;   /* the row just completed; valid after push or finish said so */
    uint32_t want_fields; /* 0: any; set from the header row by the owner */
    uint64_t record_max;  /* bytes, >= 4; CSV_RECORD_MAX unless the owner says otherwise */
    /* the scanner's own */
    uint64_t byte, line, line_at;
    uint64_t quote_line_end; /* behind the first line feed inside the quotes; 0: none yet */
    struct csv_place quote_at;
    uint32_t fields;
    struct csv_utf8 utf8;
    uint8_t state, bom, first;
    int err;
};

void csv_init(struct csv *c);
void csv_init_at(struct csv *c, uint64_t byte, uint64_t line); /* at a row's start behind byte 0 */

/* Bytes used (1..len), or a sticking error. *row_done tells whether a row ends with them. */
int csv_push(struct csv *c, const uint8_t *src, size_t len, bool *row_done);

/* End of input: 1 when it completes a last row (see row.err, row.ended), 0 when there is none, or
 * the sticking error. */
int csv_finish(struct csv *c);

#endif
