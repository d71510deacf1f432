/* edge: bytes for a test that end flush against an unreadable page, so that one read too far dies
 * in every build, not only under a sanitizer. One copy at a time; at most EDGE_MAX bytes. */
#ifndef OCBULK_TESTS_EDGE_H
#define OCBULK_TESTS_EDGE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define EDGE_MAX (1u << 20)

static inline const char *edge_copy(const void *src, size_t len)
{
    static char *base;
    char *at;

    if (base == NULL) {
        base = mmap(NULL, EDGE_MAX + 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                    0);
        if (base == MAP_FAILED || mprotect(base + EDGE_MAX, 65536, PROT_NONE) != 0) {
            abort();
        }
    }
    if (len > EDGE_MAX) {
        abort();
    }
    at = base + EDGE_MAX - len;
    memcpy(at, src, len);
    return at;
}

#endif
