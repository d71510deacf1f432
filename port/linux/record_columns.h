/* record_columns: the columns of an object, and a record put in their order.
 *
 * Names are compared without outer spaces, letter by letter; one that differs in case only is told
 * (S10). A column without a value is empty; a name that is no column is an error. A row that has
 * its fields in this order goes over byte for byte.
 *
 * Memory  One struct, which points into itself: do not copy it.
 * Calls   read or take, then put.
 * Errors  ERR_COLUMNS (the header row itself cannot be used), ERR_FIELD, ERR_RECORD,
 *         ERR_CSV_TOO_LONG; `where` and `fix` in words, fix may be empty. */
#ifndef OCBULK_PORT_LINUX_RECORD_COLUMNS_H
#define OCBULK_PORT_LINUX_RECORD_COLUMNS_H

#include "linux/line.h"
#include "linux/record.h"

#include <stdint.h>

struct record_columns {
    unsigned count;
    const char *name[COLUMNS_MAX]; /* with a final 0 */
    size_t header_len, text_len;
    uint8_t header[HEADER_CAP]; /* the row, LF behind it */
    char text[HEADER_CAP];      /* the names */
    struct line where, fix;
};

int record_columns_read(struct record_columns *c, const uint8_t *row, size_t len);
int record_columns_take(struct record_columns *c, const struct record *r); /* the record's names */
int record_columns_put(struct record_columns *c, const struct record *r, uint8_t *dst, size_t cap);

#endif
