#include "base/num.h"

#include "base/err.h"

int num_u64_max(const char *text, size_t len, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    size_t at;

    if (len == 0) {
        return ERR_VALUE;
    }
    for (at = 0; at < len; at++) {
        uint64_t digit = (uint64_t)((unsigned char)text[at]) - '0';
        if (digit > 9 || digit > max || v > (max - digit) / 10) {
            return ERR_VALUE;
        }
        v = v * 10 + digit;
    }
    *out = v;
    return 0;
}

int num_u64(const char *text, size_t len, uint64_t *out)
{
    return num_u64_max(text, len, UINT64_MAX, out);
}

size_t num_print_u64(char *dst, uint64_t v)
{
    char reversed[NUM_U64_CAP];
    size_t len = 0, at;

    do {
        reversed[len++] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    for (at = 0; at < len; at++) {
        dst[at] = reversed[len - 1 - at];
    }
    dst[len] = 0;
    return len;
}
