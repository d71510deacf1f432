#include "record/csv_text.h"

#include <string.h>

#define ONES    UINT64_C(0x0101010101010101)
#define HIGH    UINT64_C(0x8080808080808080)
#define RUN_MAX 248 /* few enough for the commas' count to fit one byte of a word */

/* Bit 7 of each byte that is not ASCII, below the space, or a quote: what the one term misses from
 * 0x80 on the other finds. A borrow may set it wrongly, but only above a byte that has it rightly.
 */
static uint64_t special(uint64_t word)
{
    return ((word - ONES * 0x20) | ((word ^ ONES * '"') - ONES)) & HIGH;
}

/* 1 in each byte that is no comma; as long as all are ASCII no carry leaves its byte. */
static uint64_t no_comma(uint64_t word)
{
    return ((word ^ ONES * ',') + (HIGH - ONES)) >> 7 & ONES;
}

/* The sum of the bytes of a word, up to 255. */
static size_t sum(uint64_t word)
{
    return (size_t)(word * ONES >> 56);
}

static uint64_t little_endian(const uint8_t *b)
{
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
           (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
           (uint64_t)b[7] << 56;
}

/* Words are read as they stand in memory; only the one that has a special byte is put in order, to
 * find it. */
size_t csv_plain(const uint8_t *src, size_t len, uint32_t *commas)
{
    const uint8_t *at = src, *end = src + (len < RUN_MAX ? len : RUN_MAX) / CSV_WORD * CSV_WORD;
    uint64_t word, others = 0;
    size_t n;

    for (; at != end; at += CSV_WORD) {
        memcpy(&word, at, CSV_WORD);
        if (special(word) != 0) {
            break;
        }
        others += no_comma(word);
    }
    n = (size_t)(at - src);
    if (at != end) {
        uint64_t first, before;
        word = little_endian(at);
        first = special(word);
        before = (first - 1) & ~first & HIGH; /* of the bytes before the first special one */
        n += sum(before >> 7);
        others += no_comma(word) & before >> 7;
    }
    *commas = (uint32_t)(n - sum(others));
    return n;
}

/* left is 0 when no character begins so. */
static struct csv_utf8 first_byte(unsigned b)
{
    struct csv_utf8 u = {1, 0x80, 0xBF, 1};

    if (b < 0xC2 || b > 0xF4) {
        u.left = 0;
    } else if (b >= 0xF0) {
        u.left = 3;
        u.low = b == 0xF0 ? 0x90 : 0x80;
        u.high = b == 0xF4 ? 0x8F : 0xBF;
    } else if (b >= 0xE0) {
        u.left = 2;
        u.low = b == 0xE0 ? 0xA0 : 0x80;
        u.high = b == 0xED ? 0x9F : 0xBF;
    }
    return u;
}

/* Up to the end of the character or the input: bytes used; fewer when the next one is wrong. */
static size_t go_on(struct csv_utf8 *u, const uint8_t *src, size_t len)
{
    size_t n, want = u->left < len ? u->left : len;

    for (n = 0; n < want && src[n] >= u->low && src[n] <= u->high; n++) {
        u->low = 0x80;
        u->high = 0xBF;
    }
    u->left -= (unsigned)n;
    u->seen += (unsigned)n;
    return n;
}

/* The same rule for whole characters of two and three bytes, nearly all that there are, at a third
 * of the price: the length, or 0 where the rule itself is to judge. */
static size_t usual(const uint8_t *b)
{
    uint32_t c = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16;

    if ((c & 0xC0E0) == 0x80C0) {
        return (c & 0x1E) != 0 ? 2 : 0;
    }
    if ((c & 0xC0C0F0) == 0x8080E0) {
        return (c & 0x200F) != 0 && (c & 0x200F) != 0x200D ? 3 : 0;
    }
    return 0;
}

size_t csv_utf8_take(struct csv_utf8 *state, const uint8_t *src, size_t len, bool *bad)
{
    struct csv_utf8 u = *state;
    size_t n = 0;

    *bad = false;
    while (n < len && !*bad && (u.left > 0 || src[n] >= 0x80)) {
        size_t whole = u.left == 0 && len - n >= 3 ? usual(src + n) : 0;
        if (whole > 0) {
            n += whole;
            continue;
        }
        if (u.left == 0) {
            u = first_byte(src[n]);
            *bad = u.left == 0;
            n++;
        }
        n += go_on(&u, src + n, len - n);
        if (u.left > 0 && n < len) {
            u.left = 0;
            *bad = true;
        }
    }
    *state = u;
    return n;
}
