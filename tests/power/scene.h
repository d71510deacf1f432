/* scene: what happens in a life, and what must have become of its records when all is at rest. */
#ifndef OCBULK_TESTS_POWER_SCENE_H
#define OCBULK_TESTS_POWER_SCENE_H

#include "checker.h"
#include "cloud.h"
#include "world.h"

/* What happens, in order. An act that a cut strikes is not done again, but for those that run the
 * uploader. */
enum act_kind {
    ACT_END,
    ACT_ADD,    /* n records by `add`, one after the other */
    ACT_FILE,   /* a file of n records is handed in; arg: 1 with CRLF-free last line cut off */
    ACT_BAD,    /* the same, with arg bad rows in the middle */
    ACT_BROKEN, /* a file that is no CSV, with n records in it */
    ACT_REST,   /* the uploader runs until nothing waits */
    ACT_STEPS,  /* n steps of it */
    ACT_HOURS,  /* it runs for n hours */
    ACT_HAND,   /* n: enum hand_verb, for every batch that is held; arg: 1: all, 2: with its job */
    ACT_AGAIN,  /* what is in failed/ is handed in again, by hand */
    ACT_STOP,   /* told to stop, until it has; then started anew */
    ACT_FULL,   /* the flash has n bytes left; 0: enough again */
    ACT_READONLY,   /* n: 1 it is, 0 it is not */
    ACT_OFF,        /* the power is off for n hours */
    ACT_HOST,       /* the image runs on another machine */
    ACT_ROT,        /* a byte of the journal's n-th entry rots, while the power is off */
    ACT_NO_JOURNAL, /* the journal is gone, while the power is off */
    ACT_MARK, /* here the cuts begin: what is before is lived once, then power goes and comes */
    ACT_CLOCK /* the wall clock is wrong by n hours, and not synchronised if arg */
};

struct act {
    uint8_t kind, object;
    int16_t n;
    int16_t arg;
};

/* Of the uploader's rules, where they are not the usual ones. */
struct scene_rules {
    uint32_t open_max, batch_records; /* 0: 4 */
    uint8_t on_unknown;
    bool drop_oldest, no_tag, no_identifier, small_spool;
    uint16_t retention_days;
};

enum scene_flag {
    SCENE_REPEATS = 1,   /* a row may be stored again, with a written reason */
    SCENE_DAMAGED = 2,   /* the journal is damaged on purpose */
    SCENE_DROPS = 4,     /* records may be dropped, counted */
    SCENE_LONG = 8,      /* too long for every cut in a pair */
    SCENE_ACCEPTS = 64,  /* the policy takes for done what was never sent */
    SCENE_NO_HAND = 32,  /* nobody sees to what is held in the end */
    SCENE_UNSETTLED = 16 /* it need not come to rest by itself */
};

struct scene {
    const char *name;
    struct act act[16];
    struct cloud_rules cloud;
    struct scene_rules rules;
    uint16_t
        rest_may; /* enum place: where a good row may be in the end instead of at the service */
    uint8_t flags;
};

extern const struct scene scenes[];
extern const unsigned scenes_len;

#endif
