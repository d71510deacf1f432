/* csv_put: one row of fields as RFC 4180 text with LF behind it, in fixed memory.
 *
 * A field is quoted only when it has a comma, a quote, CR or LF inside, or when it is empty and
 * alone: such a row would be a blank line. Nothing else is changed; what a spreadsheet might take
 * for a formula is a phone number to others (C32).
 *
 * Memory  dst is borrowed until end.
 * Calls   init, then field or raw for each, then end. The text is UTF-8 without NUL.
 * Errors  end: ERR_CSV_TOO_LONG, the row does not fit. */
#ifndef OCBULK_RECORD_CSV_PUT_H
#define OCBULK_RECORD_CSV_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct csv_put {
    uint8_t *dst;
    size_t cap, len;
    uint32_t fields;
    bool over;
};

void csv_put_init(struct csv_put *p, uint8_t *dst, size_t cap);
void csv_put_field(struct csv_put *p, const char *text, size_t len);
/* A field as it stands in a row without fault, its quotes included. */
void csv_put_raw(struct csv_put *p, const uint8_t *src, size_t len);
int csv_put_end(struct csv_put *p); /* bytes of the row, its line end included */

#endif
