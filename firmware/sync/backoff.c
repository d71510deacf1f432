#include "sync/backoff.h"

static uint32_t part(uint32_t whole, uint32_t random)
{
    return (uint32_t)(((uint64_t)whole * random) >> 32);
}

uint32_t backoff_ms(unsigned tries, uint32_t first_ms, uint32_t cap_ms, uint32_t random)
{
    uint32_t span = first_ms < cap_ms ? first_ms : cap_ms;

    while (tries > 0 && span < cap_ms) {
        span = span > cap_ms / 2 ? cap_ms : span * 2;
        tries--;
    }
    return part(span, random);
}

uint32_t backoff_near_ms(uint32_t pause_ms, uint32_t random)
{
    return pause_ms - pause_ms / 4 + part(pause_ms / 2, random);
}
