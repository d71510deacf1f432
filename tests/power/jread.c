#include "jread.h"

#include <string.h>

/* IEEE 802.3, a bit at a time; seed: of what came before. */
static uint32_t crc(uint32_t seed, const uint8_t *src, size_t len)
{
    uint32_t v = ~seed;

    for (size_t i = 0; i < 8 * len; i++) {
        uint32_t bit = (v ^ (uint32_t)src[i / 8] >> i % 8) & 1;

        v = v >> 1 ^ (bit != 0 ? 0xEDB88320u : 0);
    }
    return ~v;
}

static uint64_t get(const uint8_t *src, unsigned bytes)
{
    uint64_t v = 0;

    while (bytes > 0) {
        v = v << 8 | src[--bytes];
    }
    return v;
}

static void read_head(struct jentry *e, const uint8_t *p)
{
    e->version = (uint32_t)get(p + 8, 4);
    e->epoch = (uint32_t)get(p + 12, 4);
    e->spool = get(p + 16, 8);
    e->next_batch = (uint32_t)get(p + 32, 4);
}

static void read_object(struct jentry *e, const uint8_t *p)
{
    memcpy(e->name, p, 64);
    e->freed = (uint32_t)get(p + 76, 4);
    e->dropped = (uint32_t)get(p + 80, 4);
    e->hold = p[86];
}

static void read_range(struct jentry *e, const uint8_t *p)
{
    e->at = get(p, 8);
    e->end = get(p + 8, 8);
    e->records = (uint32_t)get(p + 24, 4);
    e->http = (uint16_t)get(p + 28, 2);
    e->attempt = p[30];
    e->how = p[31] & 0x7F;
    e->whole = (p[31] & 0x80) != 0;
    if (e->type == J_CREATED || e->type == J_HELD) {
        memcpy(e->id, p + 32, 64);
    } else {
        e->told = (int64_t)get(p + 40, 8);
        e->failed = (int64_t)get(p + 48, 8);
    }
}

bool jread_entry(struct jentry *e, const uint8_t raw[JREAD_LEN], uint32_t epoch)
{
    uint8_t type = raw[4];
    uint32_t seed = type == J_HEAD ? 0 : epoch;

    if (type == J_NONE || type >= J_TYPES || crc(seed, raw, 124) != get(raw + 124, 4) ||
        (type == J_HEAD && memcmp(raw + 28, "OCBULKJ", 8) != 0)) {
        return false;
    }
    memset(e, 0, sizeof *e);
    e->seq = (uint32_t)get(raw, 4);
    e->type = type;
    e->reason = raw[5];
    e->object = (uint16_t)get(raw + 6, 2);
    e->batch = (uint32_t)get(raw + 8, 4);
    e->segment = (uint32_t)get(raw + 12, 4);
    if (type == J_HEAD) {
        read_head(e, raw + 28);
    } else if (type == J_OBJECT) {
        read_object(e, raw + 28);
    } else if (type == J_PAUSE) {
        e->until_ms = (int64_t)get(raw + 28, 8);
    } else {
        read_range(e, raw + 28);
    }
    return true;
}

bool jread_epoch(const uint8_t *src, size_t len, uint32_t *epoch)
{
    for (size_t at = 0; at <= JREAD_LEN && at + JREAD_LEN <= len; at += JREAD_LEN) {
        struct jentry e;

        if (jread_entry(&e, src + at, 0) && e.type == J_HEAD) {
            *epoch = e.epoch;
            return true;
        }
    }
    return false;
}

const char *jread_name(uint8_t type)
{
    static const char *const name[J_TYPES] = {"nothing", "HEAD",    "OBJECT", "LOW",
                                              "INTENT",  "COMMIT",  "VOID",   "HELD",
                                              "MOVED",   "CREATED", "FINAL",  "PAUSE"};

    return type < J_TYPES ? name[type] : "?";
}
