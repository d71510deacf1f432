/* utf8: well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF), and
 * what of it may be shown. */
#ifndef OCBULK_PORT_UTF8_H
#define OCBULK_PORT_UTF8_H

#include <stddef.h>

size_t utf8_len(const char *text, size_t len); /* bytes of its first character, 0: malformed */
/* Text's first character as a terminal may get it: itself, or the first byte of what is malformed
 * or a control (C0, C1, DEL) as \xHH. Bytes in dst; *used: those of text. len is at least 1. */
size_t utf8_show(char dst[4], const char *text, size_t len, size_t *used);

#endif
