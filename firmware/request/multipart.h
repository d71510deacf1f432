/* multipart: one CSV batch as a multipart/form-data body (RFC 7578, RFC 2046).
 *
 * Optional part `metaData` (JSON text), then part `file`. The closing delimiter is a piece of its
 * own behind a gate: pull says ERR_WAIT there until multipart_open_gate, so that a request cut
 * before it has not met its Content-Length and can make no job.
 *
 * Memory  Copies nothing. `form`, its strings and its source are borrowed until pull returns 0
 *         or an error. File and field names are percent-escaped as HTML forms do (" CR LF only).
 * Calls   init, pull until ERR_WAIT, open_gate, pull until 0. No I/O, no clock; may be dropped.
 * Errors  init: ERR_VALUE (boundary not 16..70 letters or digits, control characters in a name or
 *         content type other than the escaped ones). pull: ERR_SOURCE_CHANGED when the body is
 *         shorter or longer than file_len, else what the body's source says. The first one sticks. */
#ifndef OCBULK_REQUEST_MULTIPART_H
#define OCBULK_REQUEST_MULTIPART_H

#include "base/stream.h"

#include <stdbool.h>

struct multipart_form {
    const char *boundary;  /* 16..70 letters or digits (C01) */
    const char *metadata;  /* JSON text of part metaData, or NULL */
    const char *file_name; /* not empty */
    struct source file;
    uint64_t file_len; /* bytes; file must give exactly this many */
};

struct multipart {
    const struct multipart_form *form;
    const char *piece[24]; /* the text in order; NULL stands for the file */
    uint64_t off;          /* bytes into this piece */
    uint64_t name_len;     /* bytes of the escaped file name */
    uint8_t at, count;     /* which piece, of how many */
    uint8_t gate_at;       /* the first piece behind the gate */
    uint8_t escape_at;     /* the piece that is escaped on the way out */
    bool open;
    int err;
};

/* Fills dst with BOUNDARY_LEN letters and digits and a final 0 from as many random bytes. */
void multipart_boundary(char *dst, const uint8_t *random);

int multipart_init(struct multipart *m, const struct multipart_form *form);
uint64_t multipart_len(const struct multipart *m); /* total bytes pull will give */
uint64_t multipart_gate_len(const struct multipart *m); /* bytes of it behind the gate */
void multipart_open_gate(struct multipart *m);
int multipart_pull(void *ctx, uint8_t *dst, size_t cap); /* see stream.h */

#endif
