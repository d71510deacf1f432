#include "sweep.h"

#include "life.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SAID_MAX = 3,
    SEEN_MAX = 1 << 17,
    LONG_STRIDE = 31,
    OPS_MORE = 200,
    STEPS_CUT_MAX = 200 /* one poll is as another */
};

/* Ways to cut a life: those of flash, and the program alone. */
enum { KILLED = SIM_CUTS, MODES };

static const char *const mode_name[MODES] = {"nothing", "torn",    "garbage",
                                             "luck",    "sectors", "killed"};

/* One way to cut a life: in the n-th operation of flash, or step of a call. */
struct cut {
    bool net;
    uint32_t n;
    unsigned mode;
};

static struct world world;
/* Where the cuts begin, and behind a first one. */
static struct kept {
    struct sim_flash flash;
    struct world_state s;
} begin, between;
static uint64_t seen[SEEN_MAX]; /* states behind a cut, of one scene */
static unsigned said;
static uint32_t ops_max; /* of a recovery */

static void tell(struct sweep *s, const struct cut *first, const struct cut *second)
{
    if (world.violations == 0) {
        return;
    }
    s->failed++;
    if (said++ >= SAID_MAX) {
        return;
    }
    printf("FAIL %s", world.scene->name);
    for (int i = 0; i < 2; i++) {
        const struct cut *c = i == 0 ? first : second;

        if (c != NULL) {
            printf("%s%s %u (%s)", i == 0 ? ": cut in " : ", then in ",
                   c->net ? "step" : "operation", c->n, mode_name[c->mode]);
        }
    }
    printf(": %s\n", world.violation);
}

static void arm(const struct cut *c)
{
    world.mode = (enum sim_cut)c->mode;
    if (c->mode == KILLED) {
        world.kill_at = world.flash.ops + c->n;
    } else if (c->net) {
        world.net_cut = c->n;
    } else {
        sim_flash_cut_at(&world.flash, c->n, (enum sim_cut)c->mode);
    }
}

static void mix(uint64_t *h, const void *src, size_t len)
{
    const uint8_t *at = src;

    for (size_t i = 0; i < len; i++) {
        *h = (*h ^ at[i]) * UINT64_C(0x100000001B3);
    }
}

static void mix_file(void *arg, const char *name, const uint8_t *bytes, size_t len)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325), *sum = arg;

    mix(&h, name, strlen(name));
    mix(&h, bytes, len);
    *sum += h * (h | 1); /* in no order */
}

/* Two lives that are the same here go on in the same way. */
static bool lived_before(void)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);

    sim_flash_each(&world.flash, true, mix_file, &h);
    mix(&h, world.s.cloud.calls, sizeof world.s.cloud.calls);
    mix(&h, world.s.cloud.job, world.s.cloud.jobs * sizeof world.s.cloud.job[0]);
    mix(&h, world.s.model.batch, (world.s.model.last_batch + 1) * sizeof world.s.model.batch[0]);
    mix(&h, world.s.row, sizeof world.s.row);
    mix(&h, &world.s.act, sizeof world.s.act);
    mix(&h, &world.s.true_ms, sizeof world.s.true_ms);
    h |= 1;
    for (unsigned i = (unsigned)(h >> 20) % SEEN_MAX, n = 0; n < SEEN_MAX; n++) {
        if (seen[i] == h) {
            return true;
        }
        if (seen[i] == 0) {
            seen[i] = h;
            return false;
        }
        i = (i + 1) % SEEN_MAX;
    }
    return false;
}

static void keep(struct kept *k)
{
    sim_flash_copy(&k->flash, &world.flash);
    k->s = world.s;
}

static void restore(const struct kept *k)
{
    sim_flash_copy(&world.flash, &k->flash);
    world.s = k->s;
    world_rewire(&world);
    world.net_cut = world.kill_at = UINT32_MAX;
    world.violations = 0;
    world.ops_before = world.steps_before = 0;
}

static void come_back(const struct cut *c)
{
    world.ops_before = world.steps_before = 0;
    if (c->mode == KILLED) {
        world_restart(&world); /* what is not synced is still to be seen, so nothing is checked */
    } else {
        world_power_on(&world);
        checker_start(&world);
    }
}

static void finish(void)
{
    if (life_run(&world) == LIFE_REST) {
        checker_rest(&world);
    }
    if (world.flash.ops > ops_max) {
        world_breach(&world, "invariant 9: %u operations to come to rest", world.flash.ops);
    }
}

/* From a cut on: to rest. Counts what there is to be cut. */
static void recover(uint32_t *ops, uint32_t *steps)
{
    finish();
    *ops = world.flash.ops + world.ops_before;
    *steps = world.s.net_steps + world.steps_before;
}

static void second_cut(struct sweep *s, const struct cut *first, const struct cut *c)
{
    restore(&between);
    arm(c);
    if (life_run(&world) != LIFE_CUT) {
        tell(s, first, c); /* it ended before: as it did without the cut */
        return;
    }
    s->pairs++;
    come_back(c);
    if (lived_before()) {
        s->same++;
    } else {
        finish();
    }
    tell(s, first, c);
}

static uint32_t step_stride(uint32_t steps, unsigned stride)
{
    uint32_t least = steps / STEPS_CUT_MAX + 1;

    return stride > least ? stride : least;
}

static void pairs(struct sweep *s, const struct cut *first, uint32_t ops, uint32_t steps)
{
    static unsigned turn; /* so that a stride meets them all in time */
    bool too_long = (world.scene->flags & SCENE_LONG) != 0;
    unsigned stride = s->pair_stride * (too_long ? LONG_STRIDE : 1);

    for (uint32_t n = turn++ % stride; n < ops; n += stride) {
        for (unsigned mode = 0; mode < MODES; mode++) {
            const struct cut c = {false, n, mode};

            second_cut(s, first, &c);
        }
    }
    stride = step_stride(steps, stride);
    for (uint32_t n = turn++ % stride; n < steps; n += stride) {
        const struct cut c = {true, n, SIM_CUT_NOTHING};

        second_cut(s, first, &c);
    }
}

/* false: the life ends before. */
static bool first_cut(struct sweep *s, const struct cut *c)
{
    uint32_t ops = 0, steps = 0;

    restore(&begin);
    arm(c);
    if (life_run(&world) != LIFE_CUT) {
        return false;
    }
    s->cuts++;
    come_back(c);
    if (lived_before()) {
        s->same++;
        tell(s, c, NULL);
        return true;
    }
    keep(&between);
    recover(&ops, &steps);
    tell(s, c, NULL);
    if (s->pair_stride != 0 && world.violations == 0) {
        pairs(s, c, ops, steps);
    }
    return true;
}

/* The life up to where its cuts begin. */
static bool start(const struct scene *scene)
{
    bool mark = false;

    world_init(&world, scene);
    for (const struct act *a = scene->act; a->kind != ACT_END; a++) {
        mark = mark || a->kind == ACT_MARK;
    }
    if (mark) {
        if (life_run(&world) != LIFE_MARK) {
            world_breach(&world, "it does not get to its mark");
            return false;
        }
        sim_flash_cut(&world.flash, SIM_CUT_NOTHING);
        world_power_on(&world);
    }
    keep(&begin);
    return true;
}

void sweep_scene(struct sweep *s, const struct scene *scene)
{
    static unsigned turn;

    memset(seen, 0, sizeof seen);
    said = 0;
    ops_max = UINT32_MAX;
    if (start(scene)) {
        recover(&s->ops, &s->steps);
    }
    ops_max = 2 * s->ops + OPS_MORE;
    s->compactions = world.s.model.compactions;
    tell(s, NULL, NULL);
    if (world.violations != 0) {
        return;
    }
    for (uint32_t n = turn++ % s->stride; n < s->ops; n += s->stride) {
        for (unsigned mode = 0; mode < MODES; mode++) {
            const struct cut c = {false, n, mode};

            (void)first_cut(s, &c);
        }
    }
    uint32_t stride = step_stride(s->steps, s->stride);

    for (uint32_t n = turn++ % stride; n < s->steps; n += stride) {
        const struct cut c = {true, n, SIM_CUT_NOTHING};

        (void)first_cut(s, &c);
    }
}
