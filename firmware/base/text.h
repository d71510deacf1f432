/* text: short C strings in fixed buffers.
 *
 * Letters are compared in ASCII only, whatever the locale says. */
#ifndef OCBULK_BASE_TEXT_H
#define OCBULK_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_WORD_MAX 64 /* bytes of a word that text_distance compares; stack: three times */

/* Length without the final 0, or ERR_NO_ROOM: dst is then empty. cap is 1..INT_MAX. */
int text_copy(char *dst, size_t cap, const char *src);
bool text_equal_nocase(const char *a, const char *b);

/* Edits (a character in, out or changed, two neighbours swapped; case is none) from one word to
 * the other; TEXT_WORD_MAX + 1 when one of them is longer than TEXT_WORD_MAX. */
unsigned text_distance(const char *a, const char *b);
unsigned
text_slips(const char *word); /* edits that a slip of the pen explains: 1 in 3 characters */
/* Index of the known word nearest to word (the first of equals), or -1 when none is near. */
int text_nearest(const char *word, const char *const *known, size_t count);

#endif
