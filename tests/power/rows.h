/* rows: the records of the power tests. Each is known by the number in its first field, and its
 * bytes by that number alone, so that a record is found, and found whole, in any file.
 *
 * Numbers from ROWS_BAD on are rows that are no records (too many fields). */
#ifndef OCBULK_TESTS_POWER_ROWS_H
#define OCBULK_TESTS_POWER_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROWS_HEADER "id,name,note\n"

enum { ROWS_MAX = 512, ROWS_BAD = 480, ROWS_TEXT_CAP = 96, ROWS_ID_LEN = 6 };

size_t rows_text(char dst[ROWS_TEXT_CAP], unsigned row); /* bytes, the line end included */

/* Each whole row in src; at, end: its bytes. The last one may do without a line end. */
void rows_scan(const uint8_t *src, size_t len,
               void (*fn)(void *arg, unsigned row, size_t at, size_t end), void *arg);

/* Bytes of the row at the start of src; 0: there is none, or its bytes are not what they were. */
size_t rows_match(const uint8_t *src, size_t len, unsigned *row);

#endif
