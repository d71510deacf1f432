/* utf8: well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF). */
#ifndef OCBULK_PORT_UTF8_H
#define OCBULK_PORT_UTF8_H

#include <stddef.h>

size_t utf8_len(const char *text, size_t len); /* bytes of its first character, 0: malformed */

#endif
