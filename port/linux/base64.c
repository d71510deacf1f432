#include "linux/base64.h"

#include "base/err.h"

#include <string.h>

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encode(char *dst, const uint8_t *src, size_t len)
{
    size_t at, out = 0, i;

    for (at = 0; at < len; at += 3) {
        size_t left = len - at;
        uint32_t group = (uint32_t)src[at] << 16;
        group |= left > 1 ? (uint32_t)src[at + 1] << 8 : 0;
        group |= left > 2 ? src[at + 2] : 0;
        for (i = 0; i < 4; i++) {
            dst[out++] = (char)(i <= left ? DIGITS[group >> (18 - 6 * i) & 63] : '=');
        }
    }
    dst[out] = 0;
    return out;
}

static int value(char c)
{
    const char *at = c == 0 ? NULL : strchr(DIGITS, c);

    return at == NULL ? ERR_VALUE : (int)(at - DIGITS);
}

int base64_decode(uint8_t *dst, size_t want, const char *text, size_t len)
{
    size_t digits = (want * 8 + 5) / 6, at, out = 0;
    uint32_t bits = 0;
    unsigned count = 0;

    if (len != BASE64_LEN(want)) {
        return ERR_VALUE;
    }
    for (at = 0; at < digits; at++) {
        int v = value(text[at]);
        if (v < 0) {
            return v;
        }
        bits = bits << 6 | (uint32_t)v;
        count += 6;
        if (count >= 8) {
            count -= 8;
            dst[out++] = (uint8_t)(bits >> count);
        }
    }
    for (; at < len; at++) {
        if (text[at] != '=') {
            return ERR_VALUE;
        }
    }
    return (bits & ((1u << count) - 1)) == 0 ? 0 : ERR_VALUE; /* spare bits are zero */
}
