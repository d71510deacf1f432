/* The journal: what of it can be torn, rot or fail, byte by byte, and what is read of it then. */
#include "spool/journal.h"

#include "base/err.h"
#include "base/stream.h"
#include "sim_flash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

enum { PUTS = 5, HEADS = 2, EPOCH = 77 };

static struct sim_flash sim;
static struct flash flash;
static struct journal j;
static uint32_t seen[16]; /* batches, in order */
static unsigned entries;

static int see(void *ctx, const struct entry *e)
{
    (void)ctx;
    if (e->type != ENTRY_HEAD) {
        seen[entries++] = e->batch;
    }
    return 0;
}

static const struct journal_visitor TO = {see, NULL};

static int open_it(bool mend)
{
    entries = 0;
    return journal_open(&j, &flash, &TO, mend);
}

static int put(uint32_t batch)
{
    struct entry e = {.type = ENTRY_INTENT, .batch = batch, .segment = 1, .time_ms = -1};

    return journal_put(&j, &e);
}

/* A new journal with PUTS entries behind its heads. */
static int setup(void **state)
{
    (void)state;
    sim_flash_reset(&sim, 1);
    flash = sim_flash_of(&sim);
    j = (struct journal){.head = {.spool = 42, .next_batch = 1}};
    assert_int_equal(journal_compact_begin(&j, &flash, EPOCH), 0);
    assert_int_equal(journal_compact_end(&j, 0), 0);
    for (uint32_t i = 1; i <= PUTS; i++) {
        assert_int_equal(put(i), 0);
    }
    return 0;
}

static size_t size(void)
{
    size_t len = 0;

    (void)sim_flash_bytes(&sim, "journal", false, &len);
    return len;
}

static void cut_to(size_t len)
{
    assert_int_equal(flash.truncate(flash.ctx, "journal", len), 0);
    assert_int_equal(flash.sync(flash.ctx, "journal"), 0);
}

/* It has the first n puts, no rot, and goes on behind them. */
static void goes_on_behind(unsigned n)
{
    assert_int_equal(j.rotten, 0);
    assert_int_equal(entries, n);
    assert_int_equal(size(), (HEADS + n) * ENTRY_LEN);
    assert_int_equal(j.now.seq, HEADS + n);
    assert_int_equal(put(99), 0);
    assert_int_equal(open_it(true), 0);
    assert_int_equal(entries, n + 1);
    assert_int_equal(seen[n], 99);
}

static void what_was_put_is_read(void **state)
{
    (void)state;
    assert_int_equal(open_it(false), 0);
    assert_int_equal(j.head.spool, 42);
    assert_int_equal(j.head.version, JOURNAL_VERSION);
    goes_on_behind(PUTS);
}

static void a_torn_tail_is_cut_at_any_byte(void **state)
{
    for (size_t len = 1; len < ENTRY_LEN; len++) {
        setup(state);
        cut_to((HEADS + PUTS - 1) * ENTRY_LEN + len);
        assert_int_equal(open_it(false), 0);
        assert_int_equal(size(), (HEADS + PUTS - 1) * ENTRY_LEN + len); /* a look changes nothing */
        assert_int_equal(open_it(true), 0);
        goes_on_behind(PUTS - 1);
    }
}

static void a_bad_byte_at_the_end_is_a_torn_tail(void **state)
{
    for (size_t at = 0; at < ENTRY_LEN; at++) {
        setup(state);
        sim_flash_rot(&sim, "journal", (HEADS + PUTS - 1) * ENTRY_LEN + at, 0x04);
        assert_int_equal(open_it(true), 0);
        goes_on_behind(PUTS - 1);
    }
}

static void a_bad_byte_in_the_middle_is_rot(void **state)
{
    for (size_t at = 0; at < ENTRY_LEN; at++) {
        setup(state);
        sim_flash_rot(&sim, "journal", (HEADS + 1) * ENTRY_LEN + at, 0x04);
        assert_int_equal(open_it(true), 0);
        assert_int_equal(j.rotten, 1);
        assert_int_equal(entries, PUTS - 1);
        assert_int_equal(seen[0], 1);
        assert_int_equal(seen[1], 3);
        assert_int_equal(size(), (HEADS + PUTS) * ENTRY_LEN);
    }
}

static void one_head_may_rot(void **state)
{
    for (size_t at = 0; at < 2 * ENTRY_LEN; at++) {
        setup(state);
        sim_flash_rot(&sim, "journal", at, 0x04);
        assert_int_equal(open_it(true), 0);
        assert_int_equal(j.rotten, 0); /* its twin has all of it */
        assert_int_equal(j.heads, 1);
        assert_int_equal(j.head.spool, 42);
        assert_int_equal(entries, PUTS);
    }
}

static void without_a_head_nothing_is_known(void **state)
{
    (void)state;
    sim_flash_rot(&sim, "journal", 30, 0x04);
    sim_flash_rot(&sim, "journal", ENTRY_LEN + 30, 0x04);
    assert_int_equal(open_it(true), ERR_JOURNAL_ROT);
    cut_to(0);
    assert_int_equal(open_it(true), ERR_JOURNAL_ROT);
    assert_int_equal(flash.remove(flash.ctx, "journal"), 0);
    assert_int_equal(open_it(true), ERR_FLASH_NONE);
}

static void another_version_is_refused_and_left_as_it_is(void **state)
{
    uint8_t raw[ENTRY_LEN];
    struct entry e = {.type = ENTRY_HEAD, .seq = 1};

    (void)state;
    e.is.head = j.head;
    e.is.head.version = JOURNAL_VERSION + 1;
    entry_write(raw, &e, EPOCH);
    assert_int_equal(flash.remove(flash.ctx, "journal"), 0);
    for (int i = 0; i < HEADS; i++) {
        assert_int_equal(flash.append(flash.ctx, "journal", raw, sizeof raw), 0);
    }
    assert_int_equal(flash.append(flash.ctx, "journal", raw, 17), 0);
    assert_int_equal(open_it(true), ERR_JOURNAL_VERSION);
    assert_int_equal(size(), 2 * ENTRY_LEN + 17);
}

static void an_entry_of_an_older_journal_is_none(void **state)
{
    uint8_t raw[ENTRY_LEN];
    const struct entry e = {.type = ENTRY_INTENT, .seq = HEADS + PUTS + 1, .batch = 50};

    (void)state;
    entry_write(raw, &e, EPOCH + 1); /* in a block that is used again */
    assert_int_equal(flash.append(flash.ctx, "journal", raw, sizeof raw), 0);
    assert_int_equal(open_it(true), 0);
    goes_on_behind(PUTS);
}

static int compact(uint32_t epoch, uint32_t from)
{
    int err = journal_compact_begin(&j, &flash, epoch);

    for (uint32_t i = from; i < from + 2 && err == 0; i++) {
        err = put(i);
    }
    return journal_compact_end(&j, err);
}

static void behind_a_failed_sync_only_a_compaction_helps(void **state)
{
    (void)state;
    sim_flash_fail_at(&sim, 1, ERR_FLASH_WRITE, false);
    assert_int_equal(put(6), ERR_FLASH_WRITE);
    assert_int_equal(put(7), ERR_FLASH_WRITE); /* another sync would lie */
    assert_int_equal(compact(EPOCH + 1, 20), 0);
    assert_int_equal(put(8), 0);
    sim_flash_cut(&sim, SIM_CUT_NOTHING);
    sim_flash_power_on(&sim);
    flash = sim_flash_of(&sim);
    assert_int_equal(open_it(true), 0);
    assert_int_equal(j.rotten, 0);
    assert_int_equal(entries, 3);
    assert_int_equal(seen[0], 20);
    assert_int_equal(seen[2], 8);
    assert_int_equal(j.head.epoch, EPOCH + 1);
}

static void a_failed_append_leaves_nothing(void **state)
{
    (void)state;
    sim_flash_fail_at(&sim, 0, ERR_FLASH_FULL, false);
    assert_int_equal(put(6), ERR_FLASH_FULL);
    assert_int_equal(put(7), 0);
    assert_int_equal(open_it(true), 0);
    assert_int_equal(j.rotten, 0);
    assert_int_equal(entries, PUTS + 1);
    assert_int_equal(seen[PUTS], 7);
}

/* Whichever step of it fails, what is put behind it is read behind a cut, and nothing that was
 * there before is lost. */
static void a_compaction_that_fails_loses_nothing(void **state)
{
    for (uint32_t at = 0; at < 12; at++) {
        for (uint64_t seed = 1; seed <= 16; seed++) {
            setup(state);
            sim.random = seed * 0x9E3779B9u;
            sim_flash_fail_at(&sim, at, ERR_FLASH_WRITE, false);
            bool done = compact(EPOCH + 1, 20) == 0;

            sim_flash_fail_at(&sim, UINT32_MAX, ERR_FLASH_WRITE, false);
            if (!done && put(8) != 0) { /* in doubt which is in force: once more */
                assert_int_equal(compact(EPOCH + 2, 20), 0);
                done = true;
            }
            assert_true(put(9) == 0);
            sim_flash_cut(&sim, seed % 2 == 0 ? SIM_CUT_NOTHING : SIM_CUT_LUCK);
            sim_flash_power_on(&sim);
            flash = sim_flash_of(&sim);
            assert_int_equal(open_it(true), 0);
            assert_int_equal(j.rotten, 0);
            assert_int_equal(seen[entries - 1], 9);
            assert_int_equal(seen[0], done ? 20 : 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_put_is_read, setup),
        cmocka_unit_test_setup(a_torn_tail_is_cut_at_any_byte, setup),
        cmocka_unit_test_setup(a_bad_byte_at_the_end_is_a_torn_tail, setup),
        cmocka_unit_test_setup(a_bad_byte_in_the_middle_is_rot, setup),
        cmocka_unit_test_setup(one_head_may_rot, setup),
        cmocka_unit_test_setup(without_a_head_nothing_is_known, setup),
        cmocka_unit_test_setup(another_version_is_refused_and_left_as_it_is, setup),
        cmocka_unit_test_setup(an_entry_of_an_older_journal_is_none, setup),
        cmocka_unit_test_setup(behind_a_failed_sync_only_a_compaction_helps, setup),
        cmocka_unit_test_setup(a_failed_append_leaves_nothing, setup),
        cmocka_unit_test_setup(a_compaction_that_fails_loses_nothing, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
