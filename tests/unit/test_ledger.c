/* The ledger: what is in RAM is what a restart finds, and what is left by a compaction too. */
#include "spool/ledger.h"

#include "base/err.h"
#include "base/stream.h"
#include "sim_flash.h"
#include "sync/uploader_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 100, HEAD_AT = 10, OBJECTS = 3, RUNS = 60, PUTS = 160 };

static struct sim_flash sim;
static struct flash flash;
static struct uploader up;
static struct bulk bulk;
static const struct now now = {.mono_ms = 1000, .wall_s = 1800000000};
static uint32_t chance;

static void say_object(void *ctx, const char *name, struct uploader_object *out)
{
    (void)ctx;
    (void)name;
    *out = (struct uploader_object){.batch_bytes = 1 << 20, .batch_records = 5000};
}

static const struct uploader_rules rules = {.object = say_object, .open_max = 4};

static uint32_t draw(uint32_t below)
{
    chance = chance * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)chance * below) >> 32);
}

static int setup(void **state)
{
    (void)state;
    sim_flash_reset(&sim, 1);
    flash = sim_flash_of(&sim);
    assert_int_equal(uploader_open(&up, &rules, &flash, &bulk, &now), 0);
    return 0;
}

/* ---- which entries may come ---- */

static struct entry entry_of(uint8_t type, uint32_t batch, uint64_t at, uint64_t end)
{
    struct entry e = {.type = type, .batch = batch, .segment = 1, .time_ms = -1};

    e.is.range.at = at;
    e.is.range.end = end;
    e.is.range.attempt = 1;
    return e;
}

static int apply(struct ledger *l, uint8_t type, uint32_t batch, uint64_t at, uint64_t end)
{
    const struct entry e = entry_of(type, batch, at, end);

    return ledger_apply(l, &e);
}

static void begin(struct ledger *l)
{
    struct entry e = {.type = ENTRY_OBJECT, .time_ms = -1};

    ledger_init(l);
    memcpy(e.is.object.name, "contact", 8);
    assert_int_equal(ledger_apply(l, &e), 0);
}

/* A row for each state, a letter for each entry that may follow: Intent, Commit, Void, Held, Moved,
 * cReated, Final. */
static const struct {
    uint8_t state;
    const char *next;
} STEPS[] = {
    {ENTRY_INTENT, "ICVHRF"}, {ENTRY_COMMIT, "IRVHF"}, {ENTRY_VOID, "IHF"},
    {ENTRY_CREATED, "FH"},    {ENTRY_HELD, "MFRIVH"},  {ENTRY_FINAL, ""},
};

static void an_entry_follows_the_tables_or_is_rot(void **state)
{
    static const struct {
        uint8_t type;
        char letter;
    } all[] = {{ENTRY_INTENT, 'I'}, {ENTRY_COMMIT, 'C'},  {ENTRY_VOID, 'V'}, {ENTRY_HELD, 'H'},
               {ENTRY_MOVED, 'M'},  {ENTRY_CREATED, 'R'}, {ENTRY_FINAL, 'F'}};

    (void)state;
    for (size_t i = 0; i < COUNT(STEPS); i++) {
        for (size_t k = 0; k < COUNT(all); k++) {
            static struct ledger l;
            struct entry first = entry_of(STEPS[i].state, 1, 10, 20);
            bool may = strchr(STEPS[i].next, all[k].letter) != NULL;

            begin(&l);
            first.is.range.whole = true;                             /* a FINAL that stays */
            assert_int_equal(apply(&l, ENTRY_INTENT, 2, 20, 30), 0); /* else VOID is no hole */
            assert_int_equal(ledger_apply(&l, &first), 0);
            assert_int_equal(apply(&l, all[k].type, 1, 10, 20), may ? 0 : ERR_JOURNAL_ROT);
        }
    }
}

static void ranges_that_overlap_are_rot(void **state)
{
    static struct ledger l;

    (void)state;
    begin(&l);
    assert_int_equal(apply(&l, ENTRY_INTENT, 1, 10, 40), 0);
    assert_int_equal(apply(&l, ENTRY_INTENT, 2, 40, 60), 0);
    assert_int_equal(apply(&l, ENTRY_INTENT, 3, 39, 41), ERR_JOURNAL_ROT);
    assert_int_equal(apply(&l, ENTRY_VOID, 1, 10, 40), 0); /* a hole now */
    assert_int_equal(apply(&l, ENTRY_INTENT, 3, 10, 50), ERR_JOURNAL_ROT);
    assert_int_equal(apply(&l, ENTRY_INTENT, 3, 10, 30), 0);
    assert_int_equal(ledger_find(&l, 1)->is.at, 30);
    assert_int_equal(apply(&l, ENTRY_INTENT, 4, 33, 40), 0); /* blank lines at its front */
    assert_null(ledger_find(&l, 1));
}

static void what_ends_at_once_needs_no_room(void **state)
{
    static struct ledger l;

    (void)state;
    begin(&l);
    for (uint32_t i = 0; i < LEDGER_MAX; i++) {
        assert_int_equal(apply(&l, ENTRY_INTENT, i + 1, 10 * i, 10 * i + 10), 0);
    }
    assert_int_equal(apply(&l, ENTRY_FINAL, 500, 5000, 5010), 0);
    assert_int_equal(apply(&l, ENTRY_MOVED, 501, 5010, 5020), 0);
    assert_int_equal(l.ranges, LEDGER_MAX);
    assert_int_equal(l.next_batch, 502);
    assert_int_equal(l.object[0].cut, 5020);
    assert_int_equal(apply(&l, ENTRY_INTENT, 502, 5020, 5030), ERR_NO_ROOM);
}

static void a_job_that_is_followed_for_long_stays_known(void **state)
{
    static struct ledger l;
    struct entry e = entry_of(ENTRY_CREATED, 1, 10, 20);

    (void)state;
    begin(&l);
    for (uint32_t i = 0; i < 2 * IDS_SEEN_MAX; i++) {
        e.batch = i + 1;
        e.is.range.at = 10 * i;
        e.is.range.end = 10 * i + 10;
        e.type = ENTRY_CREATED;
        (void)snprintf(e.is.range.id, sizeof e.is.range.id, "job-%u", (unsigned)i);
        assert_int_equal(ledger_apply(&l, &e), 0);
        e.type = ENTRY_FINAL;
        assert_int_equal(i == 0 ? 0 : ledger_apply(&l, &e), 0);
    }
    assert_true(ledger_seen(&l, "job-0")); /* open */
    assert_false(ledger_seen(&l, "job-1"));
    assert_true(ledger_seen(&l, "job-127"));
    assert_false(ledger_seen(&l, "job-128"));
    assert_false(ledger_seen(&l, ""));
}

static void what_the_ledger_cannot_take_is_not_written(void **state)
{
    struct entry e = entry_of(ENTRY_COMMIT, 1, 10, 20);
    uint64_t len = up.journal.now.len;

    (void)state;
    e.object = 5;
    assert_int_not_equal(uploader_put(&up, &e), 0);
    assert_int_equal(up.err, ERR_INTERNAL);
    assert_int_equal(up.journal.now.len, len);
    assert_int_equal(uploader_open(&up, &rules, &flash, &bulk, &now), 0);
    assert_int_equal(up.journal.rotten, 0);
}

/* ---- any life of batches ---- */

static struct range *any_range(uint16_t object)
{
    for (uint32_t tries = 0; tries < 8 && up.ledger.ranges > 0; tries++) {
        struct range *r = &up.ledger.range[draw(up.ledger.ranges)];

        if (r->object == object) {
            return r;
        }
    }
    return NULL;
}

static void put(struct entry *e)
{
    assert_int_equal(uploader_put(&up, e), 0);
    assert_int_equal(up.err, 0);
}

static void put_part(uint16_t object, uint32_t segment, uint64_t at, uint64_t most)
{
    struct entry e = {.type = ENTRY_INTENT,
                      .object = object,
                      .batch = up.ledger.next_batch,
                      .segment = segment,
                      .account = 9};

    e.is.range.at = at;
    e.is.range.end = at + 1 + draw((uint32_t)(most - at));
    e.is.range.records = 1 + draw(9);
    e.is.range.print = chance;
    e.is.range.attempt = 1;
    e.is.range.body = 100;
    if (draw(6) == 0) { /* a bad row */
        e.type = ENTRY_FINAL;
        e.is.range.how = FINAL_QUARANTINED;
        e.is.range.body = 0;
    }
    put(&e);
}

/* The front of a hole, else of what was never cut. */
static void cut(uint16_t object)
{
    const struct ledger_object *o = &up.ledger.object[object];
    uint32_t segment = o->cur == 0 || o->cur <= o->is.freed || o->cut >= SIZE ? o->cur + 1 : o->cur;

    if (up.ledger.ranges > LEDGER_MAX - 4) {
        return;
    }
    for (uint16_t i = 0; i < up.ledger.ranges; i++) {
        const struct range *r = &up.ledger.range[i];

        if (r->object == object && r->state == ENTRY_VOID) {
            put_part(object, r->segment, r->is.at, r->is.end);
            return;
        }
    }
    put_part(object, segment, segment == o->cur ? o->cut : HEAD_AT, SIZE);
}

static void go_on(uint16_t object)
{
    static const uint8_t type[] = {ENTRY_COMMIT, ENTRY_VOID,    ENTRY_HELD,
                                   ENTRY_MOVED,  ENTRY_INTENT,  ENTRY_CREATED,
                                   ENTRY_FINAL,  ENTRY_CREATED, ENTRY_VOID};
    struct range *r = any_range(object);
    uint8_t to = type[draw(COUNT(type))];
    struct entry e;

    if (r == NULL) {
        return;
    }
    for (size_t i = 0; i < COUNT(STEPS); i++) {
        static const char letter[] = "...LICVHMRF";

        if (STEPS[i].state == r->state && strchr(STEPS[i].next, letter[to]) == NULL) {
            return;
        }
    }
    if (r->state == ENTRY_VOID && to == ENTRY_INTENT) {
        return; /* a hole is taken up by new batches */
    }
    e = ledger_entry(r, to);
    e.is.range.attempt = (uint8_t)(e.is.range.attempt + (to == ENTRY_INTENT));
    if (to == ENTRY_CREATED) {
        (void)snprintf(e.is.range.id, sizeof e.is.range.id, "job-%u", (unsigned)e.batch);
    }
    put(&e);
}

static void free_some(uint16_t object)
{
    struct ledger_object *o = &up.ledger.object[object];
    uint32_t segment = o->is.freed + 1 + draw(3);

    if (segment < o->cur || (segment == o->cur && o->cut >= SIZE)) {
        up.lane[object].done = segment > up.lane[object].done ? segment : up.lane[object].done;
        (void)uploader_free(&up, object, segment);
        assert_int_equal(uploader_put_object(&up, object), 0);
    }
}

static int take(void *ctx, const struct entry *e)
{
    return ledger_apply(ctx, e);
}

static void same_range(const struct range *a, const struct range *b)
{
    assert_non_null(b);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->object, b->object);
    assert_int_equal(a->segment, b->segment);
    assert_int_equal(a->account, b->account);
    assert_int_equal(a->reason, b->reason);
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->is.at, b->is.at);
    assert_int_equal(a->is.end, b->is.end);
    assert_int_equal(a->is.print, b->is.print);
    assert_int_equal(a->is.records, b->is.records);
    assert_int_equal(a->is.attempt, b->is.attempt);
    assert_string_equal(a->is.id, b->is.id);
}

static void same_object(const struct ledger_object *a, const struct ledger_object *b)
{
    bool over = a->cur <= a->is.freed; /* it has no end that matters */

    assert_string_equal(a->is.name, b->is.name);
    assert_int_equal(a->is.freed, b->is.freed);
    assert_int_equal(a->cur, b->cur);
    assert_true(over || a->cut == b->cut);
}

static void same_after_a_restart(const struct ledger *live)
{
    static struct ledger l;
    static struct journal j;
    const struct journal_visitor to = {take, &l};

    ledger_init(&l);
    assert_int_equal(journal_open(&j, &flash, &to, false), 0);
    assert_int_equal(j.rotten, 0);
    assert_int_equal(j.now.seq, up.journal.now.seq);
    assert_int_equal(j.now.len, up.journal.now.len);
    assert_int_equal(l.objects, live->objects);
    assert_int_equal(l.ranges, live->ranges);
    assert_int_equal(l.next_batch, live->next_batch);
    assert_int_equal(l.day_bytes, live->day_bytes);
    for (uint16_t i = 0; i < l.objects; i++) {
        same_object(&live->object[i], &l.object[i]);
    }
    for (uint16_t i = 0; i < l.ranges; i++) {
        same_range(&live->range[i], ledger_find(&l, live->range[i].batch));
    }
}

static void one_life(uint32_t seed)
{
    static const char *const name[OBJECTS] = {"contact", "lead", "account"};

    chance = seed;
    for (uint16_t i = 0; i < OBJECTS; i++) {
        assert_int_equal(uploader_object_index(&up, name[i]), i);
    }
    for (unsigned n = 0; n < PUTS; n++) {
        uint16_t object = (uint16_t)draw(OBJECTS);
        uint32_t what = draw(20);

        if (what < 7) {
            cut(object);
        } else if (what < 17) {
            go_on(object);
        } else if (what < 19) {
            free_some(object);
        } else {
            assert_int_equal(uploader_compact(&up), 0);
        }
        same_after_a_restart(&up.ledger);
    }
}

static void a_restart_finds_what_was_known(void **state)
{
    for (uint32_t seed = 1; seed <= RUNS; seed++) {
        setup(state);
        one_life(seed * 7919);
    }
}

/* ---- a segment that is final, and whose unlink failed ---- */

static bool there(const char *name)
{
    size_t len;

    return sim_flash_bytes(&sim, name, true, &len) != NULL;
}

static void a_compaction_forgets_no_segment_that_is_there(void **state)
{
    static const char rows[] = "a,b\n1,2\n";

    (void)state;
    sim_flash_put(&sim, "queue/contact/00000001.csv", rows, sizeof rows - 1);
    sim_flash_put(&sim, "queue/contact/00000002.csv", rows, sizeof rows - 1);
    assert_int_equal(uploader_object_index(&up, "contact"), 0);
    for (uint32_t segment = 1; segment <= 2; segment++) {
        struct entry e = {.type = ENTRY_FINAL, .batch = segment, .segment = segment};

        e.is.range.at = 4;
        e.is.range.end = 8;
        put(&e);
    }
    up.lane[0].done = 2;
    sim.read_only = true;
    assert_int_not_equal(uploader_free(&up, 0, 1), 0);
    sim.read_only = false;
    assert_int_equal(uploader_free(&up, 0, 2), 0);
    assert_true(there("queue/contact/00000001.csv"));
    assert_int_equal(uploader_compact(&up), 0);
    assert_int_equal(uploader_open(&up, &rules, &flash, &bulk, &now), 0);
    assert_false(there("queue/contact/00000001.csv"));
    assert_false(there("quarantine/contact/segment-00000001.csv"));
    assert_int_equal(up.ledger.object[0].is.freed, 2);
}

static void a_rotten_head_is_written_anew_and_holds_nothing(void **state)
{
    static const char rows[] = "a,b\n1,2\n";

    (void)state;
    sim_flash_put(&sim, "queue/contact/00000001.csv", rows, sizeof rows - 1);
    assert_int_equal(uploader_object_index(&up, "contact"), 0);
    sim_flash_rot(&sim, "journal", 40, 0x04);
    assert_int_equal(uploader_open(&up, &rules, &flash, &bulk, &now), 0);
    assert_true(there("queue/contact/00000001.csv"));
    sim_flash_rot(&sim, "journal", ENTRY_LEN + 40, 0x04);
    assert_int_equal(uploader_open(&up, &rules, &flash, &bulk, &now), 0);
    assert_true(there("queue/contact/00000001.csv"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_entry_follows_the_tables_or_is_rot, setup),
        cmocka_unit_test_setup(ranges_that_overlap_are_rot, setup),
        cmocka_unit_test_setup(what_ends_at_once_needs_no_room, setup),
        cmocka_unit_test_setup(a_job_that_is_followed_for_long_stays_known, setup),
        cmocka_unit_test_setup(what_the_ledger_cannot_take_is_not_written, setup),
        cmocka_unit_test_setup(a_restart_finds_what_was_known, setup),
        cmocka_unit_test_setup(a_compaction_forgets_no_segment_that_is_there, setup),
        cmocka_unit_test_setup(a_rotten_head_is_written_anew_and_holds_nothing, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
