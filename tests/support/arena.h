/* arena: what mbedTLS needs in a test: memory, clocks, and random bytes that are the same in each
 * run. To be included once in a test. */
#ifndef OCBULK_TESTS_ARENA_H
#define OCBULK_TESTS_ARENA_H

#include "base/err.h"
#include "link/tls_platform.h"

#include <stdbool.h>
#include <stdlib.h>

#define ARENA_NOW_S 1795651200 /* 2026-11-26 */

static uint8_t arena_bytes[512u * 1024];
static uint32_t arena_seed = 20261126;
static bool arena_no_entropy;

int device_random(uint8_t *dst, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        arena_seed = arena_seed * 1664525u + 1013904223u;
        dst[i] = (uint8_t)(arena_seed >> 24);
    }
    return arena_no_entropy ? ERR_ENTROPY : 0;
}

static inline void arena_begin(void)
{
    const struct now now = {.mono_ms = 1000, .wall_s = ARENA_NOW_S};

    if (tls_platform_begin(arena_bytes, sizeof arena_bytes) != 0) {
        abort();
    }
    tls_platform_set_time(&now);
}

#endif
