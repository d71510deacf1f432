/* world: one life of a device and its service: flash, clock, randomness, what was acknowledged.
 *
 * There is one world at a time, as device_random has no other way to find it. Power may go in any
 * change of flash (sim_flash) or any step of a call; then all that is not in here is gone. */
#ifndef OCBULK_TESTS_POWER_WORLD_H
#define OCBULK_TESTS_POWER_WORLD_H

#include "base/device.h"
#include "cloud.h"
#include "model.h"
#include "sim_flash.h"

#include <setjmp.h>

enum row_state { ROW_NONE, ROW_MAYBE /* add was cut */, ROW_ACKED, ROW_REFUSED /* add failed */ };

/* Where a row is; a set. */
enum place {
    AT_OUTBOX = 1,
    AT_QUEUE = 2, /* unsettled */
    AT_HELD = 4,
    AT_FAILED = 8,
    AT_QUARANTINE = 16,
    AT_SENT = 32,     /* kept for retention_days */
    AT_SETTLED = 64,  /* in queue/, and its range is final */
    AT_SERVICE = 128, /* stored */
    AT_TWICE = 256,
    AT_REFUSED = 512 /* in a job, not stored */
};

struct scene;

/* Where a row stands, or stood, in queue/. */
struct row_where {
    uint32_t segment, at, end;
};

/* All that a snapshot needs beside the flash. */
struct world_state {
    struct cloud cloud;
    struct model model;
    uint8_t row[ROWS_MAX];    /* enum row_state */
    uint8_t owner[ROWS_MAX];  /* object */
    uint16_t place[ROWS_MAX]; /* enum place, as checker_look saw it */
    struct row_where where[ROWS_MAX];
    uint16_t rows; /* numbers used up: good ones */
    uint16_t bad_rows;
    uint16_t files;   /* handed in */
    uint16_t act;     /* acts done */
    uint64_t true_ms; /* since the life began; never stops */
    uint64_t boot_ms; /* true_ms at the last start */
    int64_t skew_s;   /* of the wall clock */
    bool unsynced;
    uint64_t random;
    uint32_t random_calls;
    uint32_t net_steps;    /* of this start */
    uint32_t sends_before; /* POSTs that must not become more: flash is full or read-only */
    bool must_not_send;
    uint64_t host;
};

struct world {
    struct sim_flash flash;
    struct world_state s;
    const struct scene *scene;
    jmp_buf power;
    uint32_t ops_before, steps_before; /* of starts before this one */
    /* faults */
    uint32_t kill_at; /* the program is killed behind this change of flash; UINT32_MAX: never */
    uint32_t net_cut; /* power goes in this step of a call; UINT32_MAX: never */
    enum sim_cut mode;
    uint32_t net_fail, net_fails; /* steps from .. fail; 0 fails: none */
    uint32_t random_fail, random_fails;
    uint64_t mend_ms; /* true_ms from which on flash works again; 0: see world_mend */
    uint32_t jump_at; /* the wall clock jumps in this step of the uploader; UINT32_MAX: never */
    int64_t jump_s;
    uint64_t set_ms; /* true_ms from which on it is right again; 0: see jump_at */
    bool lenient;    /* flash fails for so long that nobody can say what a failed add has left */
    uint32_t looks;  /* steps so far */
    /* what was found */
    unsigned violations;
    char violation[400]; /* the first */
};

extern struct world *the_world;
extern const char *const world_object[2]; /* by its number in scenes */

void world_init(struct world *w, const struct scene *scene);
void world_power_on(struct world *w);
/* The same as part of a scene: a cut that is due stays so, and operations are counted on. */
void world_off_and_on(struct world *w);
void world_restart(struct world *w); /* the program was killed, and is started again */
void world_rewire(struct world *w);  /* behind a copy of its flash */
struct now world_now(const struct world *w);
int64_t world_service_ms(const struct world *w);
void world_sleep_until(struct world *w, uint64_t mono_ms);
/* Before each step: flash that began to fail works again after a while, and the clock jumps. */
void world_mend(struct world *w);
/* Says that a rule is broken. */
void world_breach(struct world *w, const char *form, ...) __attribute__((format(printf, 2, 3)));

#endif
