/* jread: reads an entry of the journal by the spool page alone, with a CRC of its own: it judges
 * what the firmware wrote, so nothing of the firmware is used. */
#ifndef OCBULK_TESTS_POWER_JREAD_H
#define OCBULK_TESTS_POWER_JREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JREAD_LEN = 128 };

enum jread_type {
    J_NONE,
    J_HEAD,
    J_OBJECT,
    J_LOW,
    J_INTENT,
    J_COMMIT,
    J_VOID,
    J_HELD,
    J_MOVED,
    J_CREATED,
    J_FINAL,
    J_PAUSE,
    J_TYPES
};

enum jread_how { J_DONE, J_PARTIAL, J_FAILED, J_QUARANTINED, J_DROPPED }; /* FINAL */
enum jread_by { J_ANSWERED, J_ADOPTED, J_BY_HAND };                       /* CREATED */

struct jentry {
    uint32_t seq, batch, segment;
    uint16_t object;
    uint8_t type, reason;
    /* HEAD */
    uint32_t version, epoch, next_batch;
    uint64_t spool;
    /* OBJECT */
    char name[65];
    uint32_t freed, dropped;
    uint8_t hold;
    int64_t until_ms; /* PAUSE */
    /* of a batch */
    uint64_t at, end;
    uint32_t records;
    uint16_t http;
    uint8_t attempt, how;
    bool whole;
    int64_t told, failed;
    char id[65];
};

bool jread_entry(struct jentry *e, const uint8_t raw[JREAD_LEN], uint32_t epoch);
/* The epoch of the first HEAD that can be read; false: none. */
bool jread_epoch(const uint8_t *src, size_t len, uint32_t *epoch);
const char *jread_name(uint8_t type);

#endif
