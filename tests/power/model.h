/* model: what the journal on flash has said so far, entry by entry, compactions and cuts included.
 *
 * It reads durable bytes only, with a reader of its own, each time the journal was synced or
 * replaced and after each start; so it knows of a batch what the firmware has forgotten, and holds
 * each entry against the rules at the moment at which it came.
 *
 * Memory  One struct without pointers, to be copied at will. */
#ifndef OCBULK_TESTS_POWER_MODEL_H
#define OCBULK_TESTS_POWER_MODEL_H

#include "jread.h"

enum { MODEL_BATCHES = 200, MODEL_OBJECTS = 4 };

struct model_batch {
    uint8_t type, before; /* the last entry, and the one before it */
    uint8_t reason, attempt, how;
    bool whole;
    bool doubt; /* it was in COMMIT, and what became of that is not known */
    bool half;  /* the service took it for whole before it was */
    uint16_t object;
    uint32_t segment, seq, records;
    uint64_t at, end;
    uint64_t intents, commits; /* a bit for each attempt that has one */
    uint16_t lists;            /* that the service had given when the last entry came */
    uint8_t resends;           /* attempts behind a COMMIT, with their reason */
    uint8_t hand;              /* of these, those that a person or the policy wanted */
    char id[65];
};

struct model_object {
    char name[24];
    uint32_t freed, dropped;
    uint8_t hold;
};

struct model_low {
    uint16_t object;
    uint32_t segment;
    uint64_t end;
};

struct model {
    struct model_batch batch[MODEL_BATCHES];
    struct model_object object[MODEL_OBJECTS];
    struct model_low low[16];
    uint16_t objects, lows;
    uint64_t spool;
    int64_t pause_ms; /* service time until which nothing is sent */
    uint32_t epoch, seq, boot, last_batch;
    uint32_t entries, compactions;
    size_t seen; /* bytes of this journal that are in here */
    bool begun;
    bool new_id;  /* the spool may get another id */
    bool lenient; /* the journal was damaged on purpose: what is missing in it is no fault */
};

struct world;
void model_look(struct world *w);  /* takes what is new in the journal on flash */
void model_start(struct world *w); /* the same, behind a start */
/* The batch whose range has all of [at, end), the one that is not void first; NULL: none. */
const struct model_batch *model_find(const struct model *m, const char *object, uint32_t segment,
                                     uint64_t at, uint64_t end);
/* All of [at, end) is in ranges that are final. */
bool model_settled(const struct model *m, const char *object, uint32_t segment, uint64_t at,
                   uint64_t end);
const struct model_batch *model_newest(const struct model *m); /* with the newest INTENT, COMMIT */
int model_object(const struct model *m, const char *name);     /* index, or -1 */
bool model_is_range(uint8_t type);                             /* of a batch */

#endif
