/* csv_text: how far text goes that means nothing but itself to the scanner of records.
 *
 * No state but struct csv_utf8, which holds a character that is cut by the end of the input. */
#ifndef OCBULK_RECORD_CSV_TEXT_H
#define OCBULK_RECORD_CSV_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CSV_WORD 8 /* csv_plain needs as many bytes to begin */

/* How many bytes from src on are ASCII from the space up and no quote; commas: those among them.
 * May stop earlier, but not before the first CSV_WORD bytes. */
size_t csv_plain(const uint8_t *src, size_t len, uint32_t *commas);

static inline bool csv_is_plain(uint8_t b)
{
    return b >= 0x20 && b < 0x80 && b != '"';
}

/* A character of UTF-8 (RFC 3629): what must follow, the next byte within [low, high]. All 0 at
 * first. */
struct csv_utf8 {
    unsigned left, low, high;
    unsigned seen; /* bytes of the character so far, the first bad one too if it begins none */
};

/* How many bytes from src on are characters beyond ASCII, or go on with one; *bad when the last
 * byte begins none, or when the next one breaks a character off (it is left to its own meaning). */
size_t csv_utf8_take(struct csv_utf8 *state, const uint8_t *src, size_t len, bool *bad);

#endif
