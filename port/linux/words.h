/* words: a sentence joined from its parts in a fixed buffer.
 *
 * The parts are strings, the last one followed by NULL; what does not fit is cut. */
#ifndef OCBULK_PORT_WORDS_H
#define OCBULK_PORT_WORDS_H

#include <stddef.h>

size_t words_join(char *dst, size_t cap, const char *const *part); /* its length; cap at least 1 */

#define words(dst, cap, ...) words_join((dst), (cap), (const char *const[]){__VA_ARGS__, NULL})

#endif
