/* sim_flash: a flash in RAM that loses power where it is told to.
 *
 * It keeps base/flash.h's contract and promises nothing beyond it. There are two of everything:
 * what the running program sees (live) and what stands on flash (durable). Appended bytes, a
 * truncation and a new file are durable only behind sync of that file (a new file's name also
 * behind a rename of it); rename, remove and folder are when they return.
 *
 * A sync that fails loses, by chance, what it should have written: later reads still show it, later
 * syncs of the same file succeed without it, and after the next start it is zeros. A rename, remove
 * or truncate that fails with ERR_FLASH_WRITE has happened or not, by chance; a rename or remove
 * that has may be undone by a cut before the next one that succeeds.
 *
 * Memory  Its own, from the heap; reset keeps it for the next run.
 * Calls   A struct of zeros, sim_flash_reset, then faults, then the program under test. The same
 *         seed and the same calls give the same bytes. Misuse (a lock taken twice, a third lock, an
 *         unlock of none, an impossible name) aborts with a word on stderr, unless `bears` is set:
 *         it is then counted in `misuses`.
 * Errors  As base/flash.h. With the power off: ERR_FLASH_WRITE, or a longjmp to *jump. */
#ifndef OCBULK_TESTS_SIM_FLASH_H
#define OCBULK_TESTS_SIM_FLASH_H

#include "base/flash.h"

#include <setjmp.h>

enum { SIM_NAMES_MAX = 4096, SIM_FILES_MAX = 2048, SIM_SECTOR = 512 };

/* Up to SIM_FOLDER they change flash, and are numbered in `ops`. */
enum sim_op {
    SIM_APPEND,   /* at: the size before; len: bytes */
    SIM_TRUNCATE, /* at: the size now; len: the size before */
    SIM_SYNC,     /* at: bytes that were safe before; len: bytes that are now */
    SIM_RENAME,   /* len: the size */
    SIM_REMOVE,   /* len: the size; at: 1 when there was such a file */
    SIM_FOLDER,
    SIM_LOCK,
    SIM_UNLOCK,
    SIM_POWER_OFF, /* at: the mode */
    SIM_POWER_ON,
    /* Not in the log: */
    SIM_SIZE,
    SIM_READ,
    SIM_LIST,
    SIM_STILL,
    SIM_ROOM,
    SIM_OPS
};

/* What becomes of the call in flight, and of all that is not synced. A rename, remove or folder in
 * flight has happened with LUCK, has not with NOTHING, and by chance with the others; so it is with
 * the name of a file that was never synced. */
enum sim_cut {
    SIM_CUT_NOTHING, /* as if never called */
    SIM_CUT_TORN,    /* a prefix of the bytes */
    SIM_CUT_GARBAGE, /* the right length, wrong bytes */
    SIM_CUT_LUCK,    /* all of it */
    SIM_CUT_SECTORS, /* some sectors of it; the others are zeros, or what was there before */
    SIM_CUTS
};

struct sim_entry {
    uint8_t op;
    uint16_t name, to; /* see sim_flash_name */
    int err;           /* what was returned */
    uint64_t at, len;
};

struct sim_counts {
    uint64_t bytes; /* appended */
    uint32_t calls; /* of all kinds */
    uint32_t syncs; /* of files and folders, as a port has to make them */
    uint32_t of[SIM_OPS];
};

struct sim_bytes {
    uint8_t *at;
    size_t len, cap;
};

struct sim_file {
    struct sim_bytes live, durable;
    size_t stable;                    /* bytes at the start that are safe */
    size_t lost_at, lost_to;          /* a sync that failed has lost these */
    uint16_t live_name, durable_name; /* 0: none */
};

struct sim_name {
    char text[FLASH_NAME_CAP];
    int16_t live, durable; /* which file; -1: none */
    uint16_t parent, next; /* next: of those with the same hash; 0: none */
    bool folder, locked, busy;
    bool late; /* durable follows live at the next rename or remove */
};

struct sim_flash {
    /* For the owner to set at any time; reset clears them. */
    uint64_t host;
    uint64_t capacity; /* bytes of all files together; 0: without end */
    bool read_only, bears;
    jmp_buf *jump;
    /* Called behind each call that is logged and went well; bytes: what was appended, or NULL. */
    void (*watch)(void *arg, const struct sim_entry *e, const uint8_t *bytes);
    void *watch_arg;

    /* To look at. */
    uint64_t boot;
    bool off;        /* the power has gone */
    uint32_t ops;    /* changing calls since the last start */
    uint32_t failed; /* calls that sim_flash_fail_at has failed */
    uint32_t misuses;
    struct sim_counts counts;
    struct sim_entry *log;
    size_t log_len;

    /* Its own. */
    uint64_t random;
    struct {
        bool armed;
        uint32_t at;
        enum sim_cut mode;
    } cut;
    struct {
        bool armed, for_ever;
        uint32_t left;
        int err;
    } fail;
    size_t log_cap, names_len, files_len, spare_len, locks;
    struct sim_name *names;
    struct sim_file *files;
    int16_t *spare;  /* files that are free */
    uint16_t *chain; /* by hash: the first name */
};

void sim_flash_reset(struct sim_flash *s, uint64_t seed); /* empty flash, no faults */
void sim_flash_copy(struct sim_flash *to, const struct sim_flash *from); /* all of it */
void sim_flash_free(struct sim_flash *s);
struct flash sim_flash_of(struct sim_flash *s); /* again after each sim_flash_power_on */

/* The power goes in the n-th changing call (0: the next one). */
void sim_flash_cut_at(struct sim_flash *s, uint32_t n, enum sim_cut mode);
void sim_flash_cut(struct sim_flash *s, enum sim_cut mode); /* now, between two calls */
void sim_flash_power_on(struct sim_flash *s); /* live is what was durable; no cut, no fault */
/* The n-th call (0: the next one) that err can happen to fails with it, or all from there on.
 * err 0: any call, with ERR_FLASH_READ or ERR_FLASH_WRITE. ERR_FLASH_READ: those that only look.
 * ERR_FLASH_WRITE, ERR_FLASH_READONLY: all others. ERR_FLASH_FULL: append (a part stays), rename,
 * folder. ERR_LOCKED: lock. */
void sim_flash_fail_at(struct sim_flash *s, uint32_t n, int err, bool for_ever);

/* What others do to the folder; no call of ours, always durable, folders are made. */
void sim_flash_put(struct sim_flash *s, const char *name, const void *bytes, size_t len);
void sim_flash_busy(struct sim_flash *s, const char *name, bool busy); /* open for writing */
void sim_flash_rot(struct sim_flash *s, const char *name, size_t at, uint8_t flip); /* bits */

/* Bytes of a file; NULL: none. For as long as nothing is called. */
const uint8_t *sim_flash_bytes(const struct sim_flash *s, const char *name, bool durable,
                               size_t *len);
const char *sim_flash_name(const struct sim_flash *s, uint16_t name);
/* Each file, in no order. */
void sim_flash_each(const struct sim_flash *s, bool durable,
                    void (*fn)(void *arg, const char *name, const uint8_t *bytes, size_t len),
                    void *arg);

#endif
