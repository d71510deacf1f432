/* What goes wrong on a sim_flash: which call it strikes, and what is left behind a cut. */
#include "sim_flash_parts.h"

#include "base/err.h"

#include <string.h>

/* splitmix64 (Steele, Lea, Flood 2014) */
uint64_t sim_below(struct sim_flash *s, uint64_t bound)
{
    uint64_t z = (s->random += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (z ^ (z >> 31)) % bound;
}

static bool changes(enum sim_op op)
{
    return op <= SIM_FOLDER;
}

static bool applies(int err, enum sim_op op)
{
    switch (err) {
    case 0:
        return true;
    case ERR_FLASH_READ:
        return op >= SIM_SIZE;
    case ERR_FLASH_FULL:
        return op == SIM_APPEND || op == SIM_RENAME || op == SIM_FOLDER;
    case ERR_LOCKED:
        return op == SIM_LOCK;
    default:
        return changes(op) || op == SIM_LOCK;
    }
}

static bool fails(struct sim_flash *s, enum sim_op op, int *err)
{
    if (!s->fail.armed || !applies(s->fail.err, op)) {
        return false;
    }
    if (s->fail.left > 0) {
        s->fail.left--;
        return false;
    }
    s->fail.armed = s->fail.for_ever;
    s->failed++;
    *err = s->fail.err;
    if (*err == 0) {
        *err = op >= SIM_SIZE ? ERR_FLASH_READ : ERR_FLASH_WRITE;
    }
    return true;
}

enum sim_fate sim_fate(struct sim_flash *s, enum sim_op op, int *err)
{
    *err = ERR_FLASH_WRITE;
    if (s->off) {
        (void)sim_dark(s);
        return SIM_REFUSED;
    }
    s->counts.calls++;
    s->counts.of[op]++;
    if (changes(op) && s->cut.armed && s->ops == s->cut.at) {
        if (!s->read_only) {
            return SIM_IN_FLIGHT;
        }
        (void)sim_dark(s);
        return SIM_REFUSED;
    }
    s->ops += changes(op);
    if (s->read_only && (changes(op) || op == SIM_LOCK)) {
        *err = ERR_FLASH_READONLY;
        return SIM_REFUSED;
    }
    if (!fails(s, op, err)) {
        *err = 0;
        return SIM_GOES;
    }
    return changes(op) && *err != ERR_FLASH_READONLY ? SIM_FAILS : SIM_REFUSED;
}

bool sim_happens(struct sim_flash *s, enum sim_fate fate, int err)
{
    switch (fate) {
    case SIM_GOES:
        return true;
    case SIM_FAILS:
        return err == ERR_FLASH_WRITE && sim_below(s, 2) == 1;
    case SIM_IN_FLIGHT:
        return s->cut.mode == SIM_CUT_LUCK ||
               (s->cut.mode != SIM_CUT_NOTHING && sim_below(s, 2) == 1);
    default:
        return false;
    }
}

/* The ends are where mistakes are. */
static size_t torn_len(struct sim_flash *s, size_t len)
{
    switch (sim_below(s, 4)) {
    case 0:
        return 0;
    case 1:
        return len - (len > 0);
    default:
        return (size_t)sim_below(s, len + 1);
    }
}

static void keep_torn(struct sim_flash *s, struct sim_file *f)
{
    bool cut_back = f->durable.len > f->stable;

    if (!cut_back || sim_below(s, 2) == 1) {
        sim_write(&f->durable, f->stable, f->live.at + f->stable,
                  torn_len(s, f->live.len - f->stable));
    }
}

static void keep_garbage(struct sim_flash *s, struct sim_file *f)
{
    sim_write(&f->durable, f->stable, f->live.at + f->stable, f->live.len - f->stable);
    for (size_t i = f->stable; i < f->durable.len; i++) {
        f->durable.at[i] = (uint8_t)sim_below(s, 256);
    }
}

/* What a sector has that was not written: what was there, or zeros behind that. */
static void keep_old(struct sim_file *f, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        f->live.at[i] = i < f->durable.len ? f->durable.at[i] : 0;
    }
}

/* Changes live: nobody looks at it any more. */
static void keep_sectors(struct sim_flash *s, struct sim_file *f)
{
    bool whole = sim_below(s, 2) == 1; /* the length went ahead of the bytes */
    size_t end = whole ? f->live.len : f->stable;
    size_t to;

    for (size_t from = f->stable; from < f->live.len; from = to) {
        to = (from / SIM_SECTOR + 1) * SIM_SECTOR;
        to = to < f->live.len ? to : f->live.len;
        if (sim_below(s, 2) == 0) {
            keep_old(f, from, to);
        } else if (!whole) {
            end = to;
        }
    }
    sim_write(&f->durable, f->stable, f->live.at + f->stable, end - f->stable);
}

static void survive(struct sim_flash *s, struct sim_file *f)
{
    if (f->stable == f->live.len && f->stable == f->durable.len) {
        return;
    }
    switch (s->cut.mode) {
    case SIM_CUT_TORN:
        keep_torn(s, f);
        break;
    case SIM_CUT_GARBAGE:
        keep_garbage(s, f);
        break;
    case SIM_CUT_SECTORS:
        keep_sectors(s, f);
        break;
    case SIM_CUT_LUCK:
        sim_write(&f->durable, f->stable, f->live.at + f->stable, f->live.len - f->stable);
        break;
    default:
        break;
    }
    sim_lose(f);
}

static void go_dark(struct sim_flash *s)
{
    s->off = true;
    for (size_t i = 1; i < s->names_len; i++) {
        struct sim_name *n = &s->names[i];
        struct sim_file *f = sim_live(s, n);

        if (f == NULL) {
            continue;
        }
        survive(s, f);
        if (f->durable_name == 0 && sim_happens(s, SIM_IN_FLIGHT, 0)) {
            sim_put(s, n, true, n->live);
        }
    }
    sim_log(s, &(struct sim_entry){.op = SIM_POWER_OFF, .at = s->cut.mode}, NULL);
}

int sim_dark(struct sim_flash *s)
{
    if (!s->off) {
        go_dark(s);
    }
    if (s->jump != NULL) {
        longjmp(*s->jump, 1);
    }
    return ERR_FLASH_WRITE;
}

void sim_flash_cut_at(struct sim_flash *s, uint32_t n, enum sim_cut mode)
{
    s->cut.armed = true;
    s->cut.at = s->ops + n;
    s->cut.mode = mode;
}

void sim_flash_cut(struct sim_flash *s, enum sim_cut mode)
{
    s->cut.mode = mode;
    if (!s->off) {
        go_dark(s);
    }
}

void sim_flash_fail_at(struct sim_flash *s, uint32_t n, int err, bool for_ever)
{
    s->fail.armed = true;
    s->fail.left = n;
    s->fail.err = err;
    s->fail.for_ever = for_ever;
}

/* What was only live goes with the RAM. */
static void start_from(struct sim_file *f)
{
    sim_write(&f->live, 0, f->durable.at, f->durable.len);
    f->stable = f->durable.len;
    f->lost_at = f->lost_to = 0;
}

void sim_flash_power_on(struct sim_flash *s)
{
    for (size_t i = 1; i < s->names_len; i++) {
        struct sim_name *n = &s->names[i];

        n->locked = n->busy = n->late = false;
        sim_put(s, n, false, n->durable);
        if (n->live >= 0) {
            start_from(sim_live(s, n));
        }
    }
    s->locks = 0;
    s->off = false;
    s->ops = 0;
    s->boot++;
    s->cut.armed = s->fail.armed = false;
    sim_log(s, &(struct sim_entry){.op = SIM_POWER_ON}, NULL);
}
