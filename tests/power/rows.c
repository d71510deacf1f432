#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t rows_text(char dst[ROWS_TEXT_CAP], unsigned row)
{
    static const char *const form[] = {
        "R%05u,Ada %u,plain\n",
        "R%05u,\"Bob, %u\",\"says \"\"hi\"\"\"\n",
        "R%05u,Cy %u,\"two\nlines\"\n",
        "R%05u,\xC3\x89va %u,\n",
    };
    static const char bad[] = "R%05u,%u,too,many,fields\n";

    return (size_t)snprintf(dst, ROWS_TEXT_CAP, row >= ROWS_BAD ? bad : form[row % 4], row, row);
}

static bool number_at(const uint8_t *src, size_t len, unsigned *row)
{
    unsigned n = 0;

    if (len <= ROWS_ID_LEN || src[0] != 'R' || src[ROWS_ID_LEN] != ',') {
        return false;
    }
    for (size_t i = 1; i < ROWS_ID_LEN; i++) {
        if (src[i] < '0' || src[i] > '9') {
            return false;
        }
        n = n * 10 + (unsigned)(src[i] - '0');
    }
    *row = n;
    return n < ROWS_MAX;
}

size_t rows_match(const uint8_t *src, size_t len, unsigned *row)
{
    char text[ROWS_TEXT_CAP];
    size_t n;

    if (!number_at(src, len, row)) {
        return 0;
    }
    n = rows_text(text, *row);
    if (len + 1 == n) { /* the end of a file is as good as a line end */
        n = len;
    }
    return n <= len && memcmp(src, text, n) == 0 ? n : 0;
}

void rows_scan(const uint8_t *src, size_t len,
               void (*fn)(void *arg, unsigned row, size_t at, size_t end), void *arg)
{
    size_t at = 0;

    while (at < len) {
        unsigned row;
        size_t n = rows_match(src + at, len - at, &row);

        if (n > 0) {
            fn(arg, row, at, at + n);
        }
        at += n > 0 ? n : 1;
    }
}
