/* csv_field: walks the fields of one row that stands in memory, such as a header row (RFC 4180).
 *
 * The row is one that csv has found to be without fault; what is malformed is read as it comes.
 * Memory  Borrows the row. */
#ifndef OCBULK_RECORD_CSV_FIELD_H
#define OCBULK_RECORD_CSV_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct csv_field {
    const uint8_t *at, *end;
    bool more; /* a field follows */
};

void csv_field_init(struct csv_field *f, const uint8_t *row, size_t len);
/* The next field without its quotes, cut to cap (at least 1) with a final 0: bytes in dst, or
 * ERR_CSV_EMPTY when none is left. */
int csv_field_next(struct csv_field *f, char *dst, size_t cap);

#endif
