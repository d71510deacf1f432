/* base64: RFC 4648 section 4, as pins and Basic credentials use it: padded, without line ends.
 * Not in constant time: a pin is public, and credentials are encoded once, at start. */
#ifndef OCBULK_PORT_BASE64_H
#define OCBULK_PORT_BASE64_H

#include <stddef.h>
#include <stdint.h>

#define BASE64_LEN(bytes) (((bytes) + 2) / 3 * 4)

/* dst: BASE64_LEN(len) + 1 bytes, with a final 0. Length without it. */
size_t base64_encode(char *dst, const uint8_t *src, size_t len);
/* 0 when text is the one canonical form of exactly want bytes, else ERR_VALUE. */
int base64_decode(uint8_t *dst, size_t want, const char *text, size_t len);

#endif
