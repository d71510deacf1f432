/* The life of an outbox with the power cut, a call failed, or a writer killed at each call, alone
 * and in pairs: every acknowledged record is there exactly once, and nothing that is no record.
 * OCB_ROUNDS=N: more pairs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "outbox_life.h"

static const char *const HOW[LIFE_WAYS] = {"each its sync", "shared syncs", "runs"};

static void whole_life(void **state)
{
    static struct life l;
    struct judge j;

    (void)state;
    for (unsigned way = 0; way < LIFE_WAYS; way++) {
        life_begin(&l, 1, way);
        assert_int_equal(life_go(&l), 0);
        life_judge(&l, HOW[way], 0, 0);
        j = judge_look(&l.flash, true);
        for (unsigned k = 0; k < LIFE; k++) {
            assert_int_equal(j.seen[k], 1);
        }
        assert_true(j.segments > 6);
        assert_int_equal(j.kept, 0);
    }
    sim_flash_free(&l.flash);
}

/* The machine starts, and all goes on. */
static void start_anew(struct life *l, const char *what, unsigned a, unsigned b)
{
    sim_flash_power_on(&l->flash);
    if (life_recover(l) != 0) {
        fail_msg("%s %u %u: no recovery", what, a, b);
    }
    life_judge(l, what, a, b);
    if (life_go(l) != 0) {
        fail_msg("%s %u %u: it does not go on", what, a, b);
    }
    life_judge(l, what, a, b);
}

/* The power goes in the n-th changing call; false when there are not so many. */
static bool cut(struct life *l, unsigned n, unsigned mode, enum life_way way)
{
    life_begin(l, n * SIM_CUTS + mode + 7, way);
    sim_flash_cut_at(&l->flash, n, mode);
    (void)life_go(l);
    return l->flash.off;
}

static void power_cut_anywhere(void **state)
{
    static struct life l;
    unsigned n;

    (void)state;
    for (unsigned run = 0; run < LIFE_WAYS * SIM_CUTS; run++) {
        for (n = 0; cut(&l, n, run % SIM_CUTS, run / SIM_CUTS); n++) {
            start_anew(&l, "cut", run, n);
        }
        assert_true(n > 100);
    }
    sim_flash_free(&l.flash);
}

static void copy_life(struct life *to, const struct life *from)
{
    struct sim_flash own = to->flash;

    *to = *from;
    to->flash = own;
    sim_flash_copy(&to->flash, &from->flash);
}

static void power_cut_in_recovery(void **state)
{
    static struct life l, before;

    (void)state;
    for (unsigned run = 0; run < LIFE_WAYS * SIM_CUTS; run++) {
        unsigned step = life_rounds() > 1 ? 1 : SIM_CUTS; /* else all of them over all runs */

        for (unsigned n = run % step; cut(&before, n, run % SIM_CUTS, run / SIM_CUTS); n += step) {
            bool again = true;

            sim_flash_power_on(&before.flash);
            for (unsigned m = 0; again; m++) {
                copy_life(&l, &before);
                sim_flash_cut_at(&l.flash, m, (run + m) % SIM_CUTS);
                (void)life_recover(&l);
                again = l.flash.off;
                start_anew(&l, "cut in recovery", n, m);
            }
        }
    }
    sim_flash_free(&l.flash);
    sim_flash_free(&before.flash);
}

/* A call fails; whoever was told so tries again; later the power may go. */
static bool fault(struct life *l, int err, unsigned n, unsigned round)
{
    unsigned chance = n * 7919 + round * 104729;

    life_begin(l, chance, (n + round) % LIFE_WAYS);
    sim_flash_fail_at(&l->flash, n, err, false);
    if (chance % 3 != 0) {
        sim_flash_cut_at(&l->flash, chance % 300, chance % SIM_CUTS);
    }
    for (unsigned tries = 0; !l->flash.off && life_go(l) != 0 && tries < 3; tries++) {
        if (!l->flash.off) {
            life_judge(l, err_name(err), n, tries);
        }
    }
    if (!l->flash.off) {
        life_judge(l, err_name(err), n, 98);
        sim_flash_cut(&l->flash, n % SIM_CUTS);
    }
    start_anew(l, err_name(err), n, 99);
    return l->flash.failed > 0 || n < 900;
}

static void fault_anywhere(void **state)
{
    static const int errs[] = {0, ERR_FLASH_READ, ERR_FLASH_WRITE, ERR_FLASH_FULL,
                               ERR_FLASH_READONLY};
    static struct life l;
    const unsigned step = life_rounds() > 1 ? 1 : 3;

    (void)state;
    for (size_t e = 0; e < LIFE_WAYS * life_rounds() * COUNT(errs); e++) {
        for (unsigned n = (unsigned)e % step;
             fault(&l, errs[e % COUNT(errs)], n, (unsigned)(e / COUNT(errs))); n += step) {
        }
    }
    sim_flash_free(&l.flash);
}

/* All calls fail for a while, from the n-th on. */
static bool drought(struct life *l, int err, unsigned n, bool cut_too)
{
    life_begin(l, n, n % LIFE_WAYS);
    sim_flash_fail_at(&l->flash, n, err, true);
    for (unsigned tries = 0; life_go(l) != 0 && tries < 3; tries++) {
    }
    if (cut_too) {
        sim_flash_cut(&l->flash, n % SIM_CUTS);
        start_anew(l, err_name(err), n, 1);
    } else {
        l->flash.fail.armed = false;
        assert_int_equal(life_go(l), 0);
        life_judge(l, err_name(err), n, 2);
    }
    return l->flash.failed > 0;
}

static void nothing_goes_for_a_while(void **state)
{
    static const int errs[] = {0, ERR_FLASH_READ, ERR_FLASH_WRITE, ERR_FLASH_FULL,
                               ERR_FLASH_READONLY};
    static struct life l;
    const unsigned step = life_rounds() > 1 ? 1 : 3;

    (void)state;
    for (size_t e = 0; e < 2 * COUNT(errs); e++) {
        for (unsigned n = (unsigned)e % step;
             drought(&l, errs[e % COUNT(errs)], n, e >= COUNT(errs)); n += step) {
        }
    }
    sim_flash_free(&l.flash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_life),
        cmocka_unit_test(power_cut_anywhere),
        cmocka_unit_test(power_cut_in_recovery),
        cmocka_unit_test(fault_anywhere),
        cmocka_unit_test(nothing_goes_for_a_while),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
