/* piece: the parts that a request is pulled from, one after the other.
 *
 * Memory  Copies nothing but into dst.
 * Errors  As stream.h says; the caller's err keeps the first one. */
#ifndef OCBULK_REQUEST_PIECE_H
#define OCBULK_REQUEST_PIECE_H

#include "base/stream.h"

/* The next bytes of a text from *off on: their count, 0 at its end. */
int piece_text(const char *text, size_t *off, uint8_t *dst, size_t cap);

/* The next bytes of a body that must give *left more and then end: count, 0 at that end,
 * ERR_SOURCE_CHANGED when it is shorter or longer, ERR_WAIT, or the body's own error. */
int piece_body(const struct source *body, uint64_t *left, uint8_t *dst, size_t cap);

/* Pulls until dst is full. Bytes made before an error or ERR_WAIT are given first; the error is
 * kept in *err and told by the next call. */
int piece_fill(const struct source *from, int *err, uint8_t *dst, size_t cap);

#endif
