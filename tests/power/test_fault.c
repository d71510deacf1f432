/* Fault: the n-th call of flash, network or randomness fails, once or for a long time, for n = 0,
 * 1, 2 … until a life meets no fault; and the clock jumps in its n-th step. Behind it all has to
 * arrive. OCB_FAULT_SCENE: only the scenes with this in their name; OCB_FAULT_STRIDE: each how
 * many-th n. */
/* LIBS: -O2 tests/power/[!t]*.c */
#include "base/err.h"
#include "life.h"
#include "scene.h"
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAID_MAX = 1000, N_MAX = 100000, LONG = 400, JUMPS_MAX = 60 };

struct fault {
    const char *name;
    enum { FLASH, NET, RANDOM, CLOCK } where;
    int err;       /* FLASH */
    bool for_long; /* else once */
    int64_t jump_s;
};

static const struct fault faults[] = {
    {"any call of flash", FLASH, 0, false, 0},
    {"any call of flash for long", FLASH, 0, true, 0},
    {"reading flash", FLASH, ERR_FLASH_READ, false, 0},
    {"reading flash for long", FLASH, ERR_FLASH_READ, true, 0},
    {"writing flash", FLASH, ERR_FLASH_WRITE, false, 0},
    {"writing flash for long", FLASH, ERR_FLASH_WRITE, true, 0},
    {"full flash", FLASH, ERR_FLASH_FULL, false, 0},
    {"full flash for long", FLASH, ERR_FLASH_FULL, true, 0},
    {"read-only flash for long", FLASH, ERR_FLASH_READONLY, true, 0},
    {"network", NET, 0, false, 0},
    {"network for long", NET, 0, true, 0},
    {"randomness", RANDOM, 0, false, 0},
    {"randomness for long", RANDOM, 0, true, 0},
    {"clock ten years ahead", CLOCK, 0, false, 315360000},
    {"clock ten years behind", CLOCK, 0, false, -315360000},
    {"clock an hour behind", CLOCK, 0, false, -3600},
};

static struct world world;
static unsigned runs, failed_runs, said;

/* false: it was not met. */
static bool met(const struct fault *f, uint32_t n)
{
    switch (f->where) {
    case FLASH:
        return world.flash.failed > 0;
    case NET:
        return world.s.net_steps > world.net_fail;
    case RANDOM:
        return world.s.random_calls > world.random_fail;
    default:
        return world.looks > world.jump_at && n < JUMPS_MAX;
    }
}

static void arm(const struct fault *f, uint32_t n)
{
    switch (f->where) {
    case FLASH:
        world.lenient = f->for_long;
        sim_flash_fail_at(&world.flash, n, f->err, f->for_long);
        break;
    case NET:
        world.net_fail = world.s.net_steps + n;
        world.net_fails = f->for_long ? LONG : 1;
        break;
    case RANDOM:
        world.random_fail = world.s.random_calls + n;
        world.random_fails = f->for_long ? LONG / 4 : 1;
        break;
    default:
        world.jump_at = world.looks + n;
        world.jump_s = f->jump_s;
    }
}

/* A program that is started anew, while power stays and flash fails, reads from its cache what is
 * not on flash, and nobody can tell: the journal then has a hole, and is held as a rotten one. */
static bool out_of_reach(const struct scene *scene, const struct fault *f)
{
    for (const struct act *a = scene->act; a->kind != ACT_END; a++) {
        if (a->kind == ACT_STOP && f->where == FLASH && f->for_long) {
            return true;
        }
    }
    return false;
}

static bool has_mark(const struct scene *scene)
{
    const struct act *a = scene->act;

    while (a->kind != ACT_END && a->kind != ACT_MARK) {
        a++;
    }
    return a->kind == ACT_MARK;
}

static bool live(const struct scene *scene, const struct fault *f, uint32_t n)
{
    enum life_end end;

    world_init(&world, scene);
    if (has_mark(scene) && life_run(&world) == LIFE_MARK) {
        sim_flash_cut(&world.flash, SIM_CUT_NOTHING);
        world_power_on(&world);
    }
    arm(f, n);
    end = life_run(&world);
    if (end == LIFE_REST) {
        checker_rest(&world);
    }
    runs++;
    if (world.violations != 0) {
        failed_runs++;
        if (said++ < SAID_MAX) {
            printf("FAIL %s: %s, %u: %s\n", scene->name, f->name, n, world.violation);
        }
    }
    return met(f, n);
}

int main(void)
{
    const char *only = getenv("OCB_FAULT_SCENE"), *text = getenv("OCB_FAULT_STRIDE");
    const char *one = getenv("OCB_FAULT_KIND");
    uint32_t stride = text != NULL ? (uint32_t)strtoul(text, NULL, 10) : 29 * SWEEP_SLOW;
    unsigned passed = 0, failed = 0;

    for (unsigned i = 0; i < scenes_len; i++) {
        const struct scene *s = &scenes[i];
        unsigned runs_before = runs, failed_before = failed_runs;

        if ((only != NULL && strstr(s->name, only) == NULL) || (s->flags & SCENE_DAMAGED) != 0) {
            continue;
        }
        said = 0;
        for (unsigned k = 0; k < sizeof faults / sizeof faults[0]; k++) {
            uint32_t n = (i + k) % stride;

            if (one != NULL && strcmp(faults[k].name, one) == 0) {
                (void)live(s, &faults[k], (uint32_t)strtoul(getenv("OCB_FAULT_N"), NULL, 10));
            }
            if (one != NULL || out_of_reach(s, &faults[k])) {
                continue;
            }

            while (n < N_MAX && live(s, &faults[k], n)) {
                n += stride;
            }
        }
        printf("%s %s: %u faults, %u failed\n", failed_runs == failed_before ? "ok  " : "FAIL",
               s->name, runs - runs_before, failed_runs - failed_before);
        (void)fflush(stdout);
        passed += failed_runs == failed_before;
        failed += failed_runs != failed_before;
    }
    printf("%u faults\n%u passed, %u failed\n", runs, passed, failed);
    return failed != 0;
}
