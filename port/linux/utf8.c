#include "linux/utf8.h"

#include <stdbool.h>
#include <string.h>

/* Lowest and highest second byte by first byte: where RFC 3629 narrows them, else 80..BF. */
static unsigned char lowest(unsigned char first)
{
    return first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
}

static unsigned char highest(unsigned char first)
{
    return first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
}

size_t utf8_len(const char *text, size_t len)
{
    const unsigned char *byte = (const unsigned char *)text;
    size_t want, at;

    if (len == 0) {
        return 0;
    }
    want = byte[0] < 0x80   ? 1
           : byte[0] < 0xc2 ? 0
           : byte[0] < 0xe0 ? 2
           : byte[0] < 0xf0 ? 3
           : byte[0] < 0xf5 ? 4
                            : 0;
    if (want > len || (want > 1 && (byte[1] < lowest(byte[0]) || byte[1] > highest(byte[0])))) {
        return 0;
    }
    for (at = 2; at < want; at++) {
        if ((byte[at] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return want;
}

/* Of a character of n bytes. */
static bool is_control(const unsigned char *byte, size_t n)
{
    return byte[0] < ' ' || byte[0] == 0x7f || (n == 2 && byte[0] == 0xc2 && byte[1] < 0xa0);
}

size_t utf8_show(char dst[4], const char *text, size_t len, size_t *used)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *byte = (const unsigned char *)text;
    size_t n = utf8_len(text, len);

    if (n > 0 && !is_control(byte, n)) {
        memcpy(dst, text, n);
        *used = n;
        return n;
    }
    dst[0] = '\\';
    dst[1] = 'x';
    dst[2] = hex[byte[0] >> 4];
    dst[3] = hex[byte[0] & 15];
    *used = 1;
    return 4;
}
