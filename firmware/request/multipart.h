/* multipart: one CSV batch as a multipart/form-data body (RFC 7578, RFC 2046).
 *
 * Optional part `metaData` (a plain field with a JSON text), then part `file`. The closing
 * delimiter stands behind a gate: pull says ERR_WAIT there until multipart_open_gate, so that a
 * request cut before it has not met its Content-Length and can make no job.
 *
 * Memory  Copies nothing. `form`, its strings and its source are borrowed until pull returns 0
 *         or an error. In the file name " CR LF are percent-escaped as HTML forms do, and the
 *         backslash too: unescaped at a name's end it makes servers lose the whole part.
 * Calls   init, pull until ERR_WAIT, open_gate, pull until 0. No I/O, no clock; may be dropped.
 *         The gate comes after the file's end was seen, so its source can still say no.
 * Errors  init: ERR_VALUE (boundary not 16..70 letters or digits, file name empty or with control
 *         characters other than CR LF). pull: ERR_SOURCE_CHANGED when the file is shorter or
 *         longer than file_len, else what its source says. The first one sticks. */
#ifndef OCBULK_REQUEST_MULTIPART_H
#define OCBULK_REQUEST_MULTIPART_H

#include "base/stream.h"

#include <stdbool.h>

struct multipart_form {
    const char *boundary;  /* 16..70 letters or digits (C01); must not occur in the parts */
    const char *metadata;  /* JSON text of part metaData, or NULL */
    const char *file_name; /* not empty */
    struct source file;
    uint64_t file_len; /* bytes; file must give exactly this many */
};

enum { MULTIPART_PIECES = 14 };

struct multipart {
    const struct multipart_form *form;
    const char *piece[MULTIPART_PIECES]; /* the text in order; NULL stands for the file */
    size_t off;                          /* bytes into this piece */
    const char *escape;                  /* what is left of an escape within the file name */
    uint64_t file_left;                  /* bytes of the file still due */
    uint8_t at, count;                   /* which piece, of how many */
    uint8_t name_at;                     /* the piece that is escaped on the way out */
    uint8_t gate_at;                     /* the first piece behind the gate */
    bool open;
    int err;
};

/* Fills dst with BOUNDARY_LEN letters and digits and a final 0 from as many random bytes. */
void multipart_boundary(char *dst, const uint8_t *random);

int multipart_init(struct multipart *m, const struct multipart_form *form); /* 0 or ERR_VALUE */
uint64_t multipart_len(const struct multipart *m);      /* total bytes pull will give */
uint64_t multipart_gate_len(const struct multipart *m); /* bytes of it behind the gate */
void multipart_open_gate(struct multipart *m);
int multipart_pull(void *ctx, uint8_t *dst, size_t cap); /* see stream.h */

#endif
