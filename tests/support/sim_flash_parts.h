/* sim_flash_parts: what the files of sim_flash share. */
#ifndef OCBULK_TESTS_SIM_FLASH_PARTS_H
#define OCBULK_TESTS_SIM_FLASH_PARTS_H

#include "sim_flash.h"

enum { SIM_CHAINS = 1024 }; /* of names by their hash */

enum sim_fate { SIM_GOES, SIM_REFUSED, SIM_FAILS, SIM_IN_FLIGHT };

/* REFUSED: nothing happens. FAILS: a part may. Both: *err is to be returned. IN_FLIGHT: a part may,
 * then sim_dark. */
enum sim_fate sim_fate(struct sim_flash *s, enum sim_op op, int *err);
/* Whether a call that cannot happen in part happens; err: of FAILS. */
bool sim_happens(struct sim_flash *s, enum sim_fate fate, int err);
int sim_dark(struct sim_flash *s); /* the power goes; returns ERR_FLASH_WRITE if it does */
uint64_t sim_below(struct sim_flash *s, uint64_t bound); /* by chance 0..bound-1 */

struct sim_name *sim_name(struct sim_flash *s, const char *text); /* made when it is new */
const struct sim_name *sim_find(const struct sim_flash *s, const char *text);   /* NULL: unknown */
struct sim_file *sim_live(const struct sim_flash *s, const struct sim_name *n); /* NULL: none */
void sim_make(struct sim_flash *s, struct sim_name *n); /* an empty file, live */
void sim_put(struct sim_flash *s, struct sim_name *n, bool durable, int16_t file); /* -1: none */
void sim_write(struct sim_bytes *b, size_t at, const uint8_t *src, size_t len); /* b ends there */
/* durable is live from here on, but for what is lost */
void sim_commit(struct sim_flash *s, struct sim_file *f);
void sim_lose(struct sim_file *f); /* zeros what is lost of durable */
void sim_misuse(struct sim_flash *s, const char *what, const char *name);
void sim_log(struct sim_flash *s, const struct sim_entry *e, const uint8_t *bytes);

/* One call on one name. */
struct sim_call {
    enum sim_op op;
    enum sim_fate fate;
    int err; /* of a fate that fails */
    struct sim_name *name;
};

int sim_other(enum sim_op op); /* the error that has no name of its own */
/* Whether a name can be reached: 0, NONE, or another error when a file stands in the way. */
int sim_reach(const struct sim_flash *s, const struct sim_name *n, enum sim_op op);
/* 0, or what is to be returned because the call is refused or impossible. */
int sim_begin(struct sim_flash *s, struct sim_call *c, enum sim_op op, const char *name);
int sim_finish(struct sim_flash *s, const struct sim_call *c, int err, uint64_t at, uint64_t len);

int sim_rename(void *ctx, const char *from, const char *to, bool replace);
int sim_remove(void *ctx, const char *name);
int sim_folder(void *ctx, const char *name);
int sim_list(void *ctx, const char *folder, enum flash_kind kind, const char *after,
             struct flash_file *out, size_t most);

#endif
