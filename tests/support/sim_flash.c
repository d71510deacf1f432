#include "sim_flash.h"

#include "base/err.h"
#include "sim_flash_parts.h"

#include <string.h>

int sim_other(enum sim_op op)
{
    return op >= SIM_SIZE ? ERR_FLASH_READ : ERR_FLASH_WRITE;
}

int sim_reach(const struct sim_flash *s, const struct sim_name *n, enum sim_op op)
{
    bool missing = false;

    for (uint16_t at = n->parent; at != 0; at = s->names[at].parent) {
        if (s->names[at].live >= 0) {
            return sim_other(op);
        }
        missing = missing || !s->names[at].folder;
    }
    return missing ? ERR_FLASH_NONE : 0;
}

int sim_finish(struct sim_flash *s, const struct sim_call *c, int err, uint64_t at, uint64_t len)
{
    struct sim_entry e = {.op = (uint8_t)c->op, .err = err, .at = at, .len = len};

    if (c->fate == SIM_IN_FLIGHT) {
        return sim_dark(s);
    }
    if (!s->off) {
        e.name = (uint16_t)(c->name - s->names);
        sim_log(s, &e, NULL);
    }
    return err;
}

int sim_begin(struct sim_flash *s, struct sim_call *c, enum sim_op op, const char *name)
{
    int err;

    c->op = op;
    c->name = sim_name(s, name);
    c->fate = sim_fate(s, op, &c->err);
    if (c->fate == SIM_REFUSED) {
        err = c->err;
    } else {
        err = sim_reach(s, c->name, op);
        if (err == 0 && c->name->folder) {
            err = sim_other(op);
        }
    }
    return err;
}

static int begin_look(struct sim_flash *s, struct sim_call *c, enum sim_op op, const char *name)
{
    int err = sim_begin(s, c, op, name);

    return err == 0 && sim_live(s, c->name) == NULL ? ERR_FLASH_NONE : err;
}

static int64_t sim_size(void *ctx, const char *name)
{
    struct sim_call c;
    int err = begin_look(ctx, &c, SIM_SIZE, name);

    return err != 0 ? err : (int64_t)sim_live(ctx, c.name)->live.len;
}

static int sim_read_at(void *ctx, const char *name, uint64_t at, uint8_t *dst, size_t cap)
{
    struct sim_call c;
    int err = begin_look(ctx, &c, SIM_READ, name);
    const struct sim_bytes *b;
    size_t n;

    if (err != 0) {
        return err;
    }
    b = &sim_live(ctx, c.name)->live;
    if (at >= b->len || cap == 0) {
        return 0;
    }
    n = b->len - (size_t)at < cap ? b->len - (size_t)at : cap;
    memcpy(dst, b->at + at, n);
    return (int)n;
}

static uint64_t used(const struct sim_flash *s)
{
    uint64_t sum = 0;

    for (size_t i = 1; i < s->names_len; i++) {
        const struct sim_file *f = sim_live(s, &s->names[i]);

        sum += f != NULL ? f->live.len : 0;
    }
    return sum;
}

static int64_t sim_room(void *ctx)
{
    struct sim_flash *s = ctx;
    uint64_t full = used(s);
    int err;

    if (sim_fate(s, SIM_ROOM, &err) != SIM_GOES) {
        return err;
    }
    if (s->capacity == 0) {
        return (int64_t)1 << 40;
    }
    return full < s->capacity ? (int64_t)(s->capacity - full) : 0;
}

/* How much of it is written; *err: why not all. */
static size_t part_of(struct sim_flash *s, const struct sim_call *c, size_t len, int *err)
{
    uint64_t full = s->capacity != 0 ? used(s) : 0;

    if (c->fate == SIM_FAILS) {
        len = (size_t)sim_below(s, len + 1);
        *err = c->err;
    }
    if (s->capacity != 0 && full + len > s->capacity) {
        len = full < s->capacity ? (size_t)(s->capacity - full) : 0;
        *err = ERR_FLASH_FULL;
    }
    return len;
}

static int sim_append(void *ctx, const char *name, const uint8_t *src, size_t len)
{
    struct sim_flash *s = ctx;
    struct sim_call c;
    struct sim_file *f;
    size_t at;
    int err = sim_begin(s, &c, SIM_APPEND, name);

    if (err != 0) {
        return sim_finish(s, &c, err, 0, 0);
    }
    if (c.name->live < 0) {
        sim_make(s, c.name);
    }
    f = sim_live(s, c.name);
    at = f->live.len;
    len = part_of(s, &c, len, &err);
    sim_write(&f->live, at, src, len);
    s->counts.bytes += len;
    if (c.fate == SIM_IN_FLIGHT) {
        return sim_dark(s);
    }
    sim_log(s,
            &(struct sim_entry){
                .op = SIM_APPEND, .name = f->live_name, .err = err, .at = at, .len = len},
            src);
    return err;
}

static int sim_truncate(void *ctx, const char *name, uint64_t len)
{
    struct sim_flash *s = ctx;
    struct sim_call c;
    int err = begin_look(s, &c, SIM_TRUNCATE, name);
    struct sim_file *f = sim_live(s, c.name);
    size_t before;

    if (err != 0) {
        return sim_finish(s, &c, err, 0, 0);
    }
    before = f->live.len;
    if (len < before && sim_happens(s, c.fate, c.err)) {
        f->live.len = (size_t)len;
        f->stable = f->stable < len ? f->stable : (size_t)len;
        f->lost_to = f->lost_to < len ? f->lost_to : (size_t)len;
    }
    return sim_finish(s, &c, c.err, f->live.len, before);
}

/* By chance the bytes are taken for written from now on, and are not. */
static void fail_sync(struct sim_flash *s, struct sim_file *f)
{
    if (sim_below(s, 2) == 1 && f->stable < f->live.len) {
        f->lost_at = f->stable;
        f->lost_to = f->live.len;
    }
}

static int sim_sync(void *ctx, const char *name)
{
    struct sim_flash *s = ctx;
    struct sim_call c;
    int err = begin_look(s, &c, SIM_SYNC, name);
    struct sim_file *f = sim_live(s, c.name);
    size_t before;

    if (err != 0) {
        return sim_finish(s, &c, err, 0, 0);
    }
    before = f->stable;
    if (c.fate == SIM_FAILS) {
        fail_sync(s, f);
    } else if (c.fate == SIM_GOES) {
        sim_commit(s, f);
        s->counts.syncs++;
    }
    return sim_finish(s, &c, c.err, before, f->stable);
}

static int sim_still(void *ctx, const char *name)
{
    struct sim_call c;
    int err = begin_look(ctx, &c, SIM_STILL, name);

    return err != 0 ? err : !c.name->busy;
}

static int sim_lock(void *ctx, const char *name, bool wait)
{
    struct sim_flash *s = ctx;
    struct sim_call c;
    int err = sim_begin(s, &c, SIM_LOCK, name);

    (void)wait;
    if (err == 0 && (c.name->locked || s->locks == 2)) {
        sim_misuse(s, c.name->locked ? "locked twice" : "a third lock", name);
        err = ERR_LOCKED;
    }
    if (err == 0) {
        c.name->locked = true;
        s->locks++;
        if (c.name->live < 0) {
            sim_make(s, c.name);
        }
    }
    return sim_finish(s, &c, err, 0, 0);
}

static void sim_unlock(void *ctx, const char *name)
{
    struct sim_flash *s = ctx;
    struct sim_call c = {.op = SIM_UNLOCK, .name = sim_name(s, name)};

    if (s->off) {
        return;
    }
    if (!c.name->locked) {
        sim_misuse(s, "unlocked, and was not locked", name);
        return;
    }
    c.name->locked = false;
    s->locks--;
    (void)sim_finish(s, &c, 0, 0, 0);
}

struct flash sim_flash_of(struct sim_flash *s)
{
    return (struct flash){
        .ctx = s,
        .boot = s->boot,
        .host = s->host,
        .size = sim_size,
        .read_at = sim_read_at,
        .append = sim_append,
        .truncate = sim_truncate,
        .sync = sim_sync,
        .rename = sim_rename,
        .remove = sim_remove,
        .folder = sim_folder,
        .list = sim_list,
        .still = sim_still,
        .room = sim_room,
        .lock = sim_lock,
        .unlock = sim_unlock,
    };
}
