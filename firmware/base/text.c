#include "base/text.h"

#include "base/err.h"

#include <string.h>

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

int text_copy(char *dst, size_t cap, const char *src)
{
    size_t len = strlen(src);

    if (len >= cap) {
        dst[0] = 0;
        return ERR_NO_ROOM;
    }
    memcpy(dst, src, len + 1);
    return (int)len;
}

bool text_equal_nocase(const char *a, const char *b)
{
    while (*a != 0 && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Cost of a[..i] to b[..j] from the rows of i-2, i-1 and i (optimal string alignment). */
static unsigned cost(const char *a, const char *b, size_t i, size_t j, unsigned char *const row[3])
{
    unsigned best = row[1][j - 1] + (lower(a[i - 1]) != lower(b[j - 1]) ? 1u : 0u);

    best = least(best, row[1][j] + 1u);
    best = least(best, row[2][j - 1] + 1u);
    if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
        lower(a[i - 2]) == lower(b[j - 1])) {
        best = least(best, row[0][j - 2] + 1u);
    }
    return best;
}

unsigned text_distance(const char *a, const char *b)
{
    unsigned char rows[3][TEXT_WORD_MAX + 1];
    unsigned char *row[3] = {rows[0], rows[1], rows[2]};
    size_t a_len = strlen(a), b_len = strlen(b), i, j;

    if (a_len > TEXT_WORD_MAX || b_len > TEXT_WORD_MAX) {
        return TEXT_WORD_MAX + 1;
    }
    for (j = 0; j <= b_len; j++) {
        row[2][j] = (unsigned char)j;
    }
    for (i = 1; i <= a_len; i++) {
        unsigned char *oldest = row[0];
        row[0] = row[1];
        row[1] = row[2];
        row[2] = oldest;
        row[2][0] = (unsigned char)i;
        for (j = 1; j <= b_len; j++) {
            row[2][j] = (unsigned char)cost(a, b, i, j, row);
        }
    }
    return row[2][b_len];
}

unsigned text_slips(const char *word)
{
    size_t len = strlen(word);

    return len <= 3 ? 1u : (unsigned)((len > TEXT_WORD_MAX ? TEXT_WORD_MAX : len) / 3);
}

int text_nearest(const char *word, const char *const *known, size_t count)
{
    unsigned best = text_slips(word) + 1;
    int found = -1;
    size_t at;

    for (at = 0; at < count; at++) {
        unsigned edits = text_distance(word, known[at]);
        if (edits < best) {
            best = edits;
            found = (int)at;
        }
    }
    return found;
}
