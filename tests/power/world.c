#include "world.h"

#include "base/err.h"
#include "scene.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FAULT_MS = 20 * 60000, CLOCK_MS = 2 * 3600000 };

struct world *the_world;
const char *const world_object[2] = {"contact", "lead"};

void world_breach(struct world *w, const char *form, ...)
{
    va_list args;

    if (w->violations++ == 0) {
        va_start(args, form);
        (void)vsnprintf(w->violation, sizeof w->violation, form, args);
        va_end(args);
    }
}

static void on_flash(void *arg, const struct sim_entry *e, const uint8_t *bytes)
{
    struct world *w = arg;

    (void)bytes;
    checker_flash(w, e);
    if (w->flash.ops > w->kill_at) {
        w->kill_at = UINT32_MAX;
        longjmp(w->power, 1);
    }
}

void world_rewire(struct world *w)
{
    w->flash.watch = on_flash;
    w->flash.watch_arg = w;
    w->flash.jump = &w->power;
    the_world = w;
}

void world_init(struct world *w, const struct scene *scene)
{
    sim_flash_reset(&w->flash, 1);
    memset(&w->s, 0, sizeof w->s);
    cloud_init(&w->s.cloud, &scene->cloud);
    w->scene = scene;
    w->s.random = 7;
    w->s.rows = 1;
    w->s.host = w->flash.host = 77;
    w->s.bad_rows = ROWS_BAD;
    w->net_cut = w->kill_at = UINT32_MAX;
    w->net_fails = w->random_fails = w->looks = 0;
    w->jump_at = UINT32_MAX;
    w->mend_ms = w->set_ms = 0;
    w->lenient = false;
    w->violations = 0;
    w->ops_before = w->steps_before = 0;
    world_rewire(w);
}

static void count_on(uint32_t *at, uint32_t done)
{
    *at -= *at != UINT32_MAX ? done : 0;
}

void world_off_and_on(struct world *w)
{
    struct sim_flash *f = &w->flash;
    uint32_t ops = f->ops, steps = w->s.net_steps, net_cut = w->net_cut, at = f->cut.at;
    bool armed = f->cut.armed;

    world_power_on(w);
    w->ops_before += ops;
    w->steps_before += steps;
    f->cut.armed = armed;
    f->cut.at = at - ops;
    w->net_cut = net_cut;
    count_on(&w->net_cut, steps);
    count_on(&w->kill_at, ops);
}

void world_restart(struct world *w)
{
    for (size_t i = 0; i < w->flash.names_len; i++) { /* as the kernel does */
        w->flash.names[i].locked = false;
    }
    w->flash.locks = 0;
    w->s.true_ms += 1000;
    model_start(w);
}

void world_power_on(struct world *w)
{
    sim_flash_power_on(&w->flash);
    world_rewire(w);
    w->net_cut = UINT32_MAX;
    w->s.net_steps = 0;
    w->s.true_ms += 20000; /* it takes a while to start */
    w->s.boot_ms = w->s.true_ms;
    w->s.model.boot++;
    model_start(w);
}

struct now world_now(const struct world *w)
{
    return (struct now){.mono_ms = 1000 + w->s.true_ms - w->s.boot_ms,
                        .wall_s = world_service_ms(w) / 1000 + w->s.skew_s};
}

int64_t world_service_ms(const struct world *w)
{
    return CLOUD_EPOCH_MS + (int64_t)w->s.true_ms;
}

void world_sleep_until(struct world *w, uint64_t mono_ms)
{
    uint64_t now_ms = world_now(w).mono_ms;

    w->s.true_ms += mono_ms > now_ms ? mono_ms - now_ms : 1;
}

void world_mend(struct world *w)
{
    if (w->flash.failed > 0 && w->mend_ms == 0) {
        w->mend_ms = w->s.true_ms + FAULT_MS;
    }
    if (w->mend_ms != 0 && w->s.true_ms >= w->mend_ms) {
        w->flash.fail.armed = false;
    }
    if (w->looks++ == w->jump_at) {
        w->s.skew_s += w->jump_s;
        w->s.unsynced = true;
        w->set_ms = w->s.true_ms + CLOCK_MS;
    } else if (w->set_ms != 0 && w->s.true_ms >= w->set_ms) {
        w->s.skew_s -= w->jump_s;
        w->s.unsynced = false;
        w->set_ms = 0;
    }
}

int device_random(uint8_t *dst, size_t len)
{
    struct world *w = the_world;
    uint32_t n = w->s.random_calls++;

    if (w->random_fails > 0 && n >= w->random_fail && n - w->random_fail < w->random_fails) {
        return ERR_ENTROPY;
    }
    for (size_t i = 0; i < len; i++) {
        uint64_t z = (w->s.random += UINT64_C(0x9E3779B97F4A7C15));

        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        dst[i] = (uint8_t)(z >> 24);
    }
    return 0;
}
