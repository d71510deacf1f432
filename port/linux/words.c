#include "linux/words.h"

size_t words_join(char *dst, size_t cap, const char *const *part)
{
    size_t len = 0;

    for (; *part != NULL; part++) {
        const char *c;
        for (c = *part; *c != 0 && len + 1 < cap; c++) {
            dst[len++] = *c;
        }
    }
    dst[len] = 0;
    return len;
}
