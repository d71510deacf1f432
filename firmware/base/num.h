/* num: decimal numbers as the wire writes them, strictly, without the C library's leniency.
 *
 * Reading takes digits only: no sign, white space, point or exponent; leading zeros are digits.
 * Errors  ERR_VALUE: no digit at all, another character, or more than the type or max holds. */
#ifndef OCBULK_BASE_NUM_H
#define OCBULK_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

#define NUM_U64_CAP 21 /* bytes of the longest uint64_t with its final 0 */

int num_u64(const char *text, size_t len, uint64_t *out); /* 0, or ERR_VALUE: *out stays */
int num_u64_max(const char *text, size_t len, uint64_t max, uint64_t *out); /* 0 or ERR_VALUE */
size_t num_print_u64(char *dst, uint64_t v); /* dst: NUM_U64_CAP bytes; length without the 0 */

#endif
