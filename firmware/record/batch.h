/* batch: a run of whole records of one file that becomes one upload.
 *
 * batch_plan walks the file once from a byte offset and cuts the next batch by records and bytes;
 * batch_source then gives it as a source: header row, records, byte for byte as stored. Blank
 * lines stay at home; a last record without a line end gets the header's kind, so that nothing
 * runs into what follows.
 * The fingerprint of exactly the bytes that source gives is taken in both passes; when they
 * differ, or the file got shorter, pull says ERR_SOURCE_CHANGED instead of the end, before the
 * owner opens the gate of the request. Bytes that were added behind the planned size are left
 * alone.
 *
 * Memory  plan and source use the caller's scratch buffer; `file` is borrowed.
 * Errors  of csv (a row's fault, with its place), ERR_CSV_EMPTY (no header row),
 *         ERR_FILE_READ, ERR_SOURCE_CHANGED. */
#ifndef OCBULK_RECORD_BATCH_H
#define OCBULK_RECORD_BATCH_H

#include "base/device.h"
#include "base/fingerprint.h"
#include "base/stream.h"
#include "record/csv.h"

struct batch_limits {
    uint64_t records; /* most records of a batch, >= 1 */
    uint64_t bytes;   /* most bytes of header and records; a single longer record goes alone */
};

/* What is the same for all batches of a file. */
struct batch_file {
    const struct file *file;
    uint64_t size;                  /* bytes, taken once; reading stops there */
    uint64_t header_at, header_end; /* bytes [at, end), line end included */
    uint64_t header_line;           /* its physical line */
    uint64_t body_at;               /* first byte behind the header row */
    uint64_t body_line;             /* its physical line */
    uint32_t fields;
    bool crlf; /* the header row's line end */
};

struct batch {
    uint64_t at, end;   /* records: file bytes [at, end); end is where the next batch starts */
    uint64_t line;      /* physical line of at */
    uint64_t next_line; /* physical line of end */
    uint64_t records;
    uint64_t len;   /* bytes the source gives, header included */
    uint64_t print; /* fingerprint of those bytes */
    bool has_blank; /* blank lines inside: the slow path */
    bool last_open; /* the last record has no line end */
};

/* Reads the header row: 0, or an error with the place in *fault (when it is not NULL). */
int batch_file_open(struct batch_file *bf, const struct file *file, uint8_t *buf, size_t cap,
                    struct csv_row *fault);

/* A walk that plans batch after batch, as many bytes a step as the buffer holds. */
struct batch_plan {
    const struct batch_file *bf;
    struct batch_limits limits;
    struct csv csv;
    struct batch batch;  /* being built; complete when step returned 1 */
    uint64_t header_len; /* bytes the source gives for the header */
    uint64_t print_at;   /* file byte that print goes up to, blank lines left out */
    struct fingerprint header_print;
    struct fingerprint print; /* a row that is not complete yet may be in it */
    struct fingerprint kept;  /* of header and accepted records, as far as print goes */
    bool blank;               /* blank lines stand behind the last record */
    bool full;                /* the next step begins another batch */
};

/* Starts behind `after` (NULL: at the first record). 0 or error. */
int batch_plan_init(struct batch_plan *p, const struct batch_file *bf,
                    const struct batch_limits *limits, const struct batch *after, uint8_t *buf,
                    size_t cap);

/* 1: p->batch is complete; 0: no records left; ERR_WAIT: call again (one buffer was read);
 * a row's fault: p->csv.row tells where, p->batch holds the good records before it; to go on, init
 * behind the row, at p->csv.byte and p->csv.line. ERR_FILE_READ: nothing was used, may be tried
 * again. */
int batch_plan_step(struct batch_plan *p, uint8_t *buf, size_t cap);

struct batch_source {
    const struct batch_file *bf;
    struct batch batch;
    struct csv csv; /* only for has_blank */
    uint64_t pos;   /* file offset to read next */
    uint64_t given; /* bytes given so far, header included */
    struct fingerprint print;
    uint8_t state;
    uint8_t end_at; /* bytes given of an added line end */
    bool row_start; /* only for has_blank */
    int err;
};

void batch_source_init(struct batch_source *s, const struct batch_file *bf, const struct batch *b);
int batch_source_pull(void *ctx, uint8_t *dst, size_t cap); /* see stream.h; never ERR_WAIT */

#endif
