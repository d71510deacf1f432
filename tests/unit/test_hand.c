/* What a person asks: how it gets to the holder of the lock, and what is done then. */
#include "spool/hand.h"

#include "base/err.h"
#include "base/stream.h"
#include "sim_flash.h"
#include "spool/kept_find.h"
#include "spool/kept_line.h"
#include "sync/uploader_hand.h"
#include "sync/uploader_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define HEAD "email,name\n"
#define ROWS "ana@x.org,1\nbob@x.org,2\ncat@x.org,3\ndan@x.org,4\neve@x.org,5\nfay@x.org,6\n"

enum { ROW_LEN = 12, HEAD_LEN = 11 };

static struct sim_flash sim;
static struct flash flash;
static struct uploader up;
static struct bulk bulk;
static const struct now now = {.mono_ms = 1000, .wall_s = 1800000000};
static const char *identifier;
static struct uploader_news last; /* that was said */

static void say_object(void *ctx, const char *name, struct uploader_object *out)
{
    (void)ctx;
    (void)name;
    *out = (struct uploader_object){
        .identifier = identifier, .batch_bytes = 1 << 20, .batch_records = 5000};
}

static void hear(void *ctx, const struct uploader_news *news)
{
    (void)ctx;
    last = *news;
}

static const struct uploader_rules rules = {.object = say_object,
                                            .say = hear,
                                            .kept_max_bytes = 1 << 20,
                                            .max_bytes = 1 << 20,
                                            .failed_days = 90,
                                            .open_max = 4};

static int setup(void **state)
{
    (void)state;
    sim_flash_reset(&sim, 1);
    flash = sim_flash_of(&sim);
    identifier = NULL;
    return 0;
}

static bool there(const char *name)
{
    size_t len;

    return sim_flash_bytes(&sim, name, true, &len) != NULL;
}

static bool is_text(const char *name, const char *want)
{
    size_t len;
    const uint8_t *got = sim_flash_bytes(&sim, name, true, &len);

    return got != NULL && len == strlen(want) && memcmp(got, want, len) == 0;
}

static void put_text(const char *name, const char *text)
{
    sim_flash_put(&sim, name, text, strlen(text));
}

/* ---- requests ---- */

static const struct hand HANDS[] = {
    {.verb = HAND_RETRY, .batch = 7, .seq = 4711, .all = true},
    {.verb = HAND_DROP, .batch = 7, .forget = true},
    {.verb = HAND_ACCEPT, .batch = UINT32_MAX, .seq = UINT32_MAX, .job = "job-1 = 2"},
    {.verb = HAND_RETRY, .name = "quarantine/contact/segment-00000003"},
    {.verb = HAND_DROP, .name = "quarantine/contact/segment-00000003"},
};

static bool same(const struct hand *a, const struct hand *b)
{
    return a->verb == b->verb && a->batch == b->batch && a->seq == b->seq &&
           a->forget == b->forget && a->all == b->all && strcmp(a->job, b->job) == 0 &&
           strcmp(a->name, b->name) == 0;
}

static void requests_come_one_after_another(void **state)
{
    bool seen[COUNT(HANDS)] = {false};
    struct hand h;
    int err = 1;

    (void)state;
    assert_int_equal(hand_next(&flash, &h), 0);
    for (size_t i = 0; i < COUNT(HANDS); i++) {
        assert_int_equal(hand_put(&flash, &HANDS[i]), 0);
        assert_int_equal(hand_put(&flash, &HANDS[i]), 0); /* again: the same one */
    }
    for (size_t n = 0; n < COUNT(HANDS); n++) {
        size_t i = 0;

        assert_int_equal(hand_next(&flash, &h), 1);
        while (i < COUNT(HANDS) && !same(&h, &HANDS[i])) {
            i++;
        }
        assert_true(i < COUNT(HANDS) && !seen[i]);
        seen[i] = true;
        assert_int_equal(hand_answer(&flash, &h, &err), 0);
        assert_int_equal(hand_done(&flash, &h, i == 0 ? 0 : ERR_BATCH_STALE), 0);
    }
    assert_int_equal(hand_next(&flash, &h), 0);
    for (size_t i = 0; i < COUNT(HANDS); i++) {
        assert_int_equal(hand_answer(&flash, &HANDS[i], &err), 1);
        assert_int_equal(err, i == 0 ? 0 : ERR_BATCH_STALE);
        assert_int_equal(hand_answer(&flash, &HANDS[i], &err), 0);
    }
}

static void each_error_comes_back(void **state)
{
    (void)state;
    for (int err = 0; err >= -ERR_COUNT; err--) {
        int got = 1;

        assert_int_equal(hand_done(&flash, &HANDS[0], err), 0);
        assert_int_equal(hand_answer(&flash, &HANDS[0], &got), 1);
        assert_int_equal(got, err);
    }
}

static void an_old_answer_is_none(void **state)
{
    int err;

    (void)state;
    assert_int_equal(hand_done(&flash, &HANDS[0], 0), 0);
    assert_int_equal(hand_put(&flash, &HANDS[0]), 0);
    assert_int_equal(hand_answer(&flash, &HANDS[0], &err), 0);
}

static void clean_leaves_requests(void **state)
{
    struct hand h;
    int err;

    (void)state;
    assert_int_equal(hand_put(&flash, &HANDS[0]), 0);
    assert_int_equal(hand_done(&flash, &HANDS[1], 0), 0);
    put_text("ctl/00000009-drop.tmp", "verb = dr");
    assert_int_equal(hand_clean(&flash), 0);
    assert_int_equal(hand_answer(&flash, &HANDS[1], &err), 0);
    assert_false(there("ctl/00000009-drop.tmp"));
    assert_int_equal(hand_next(&flash, &h), 1);
}

#define LONG_ID "01234567890123456789012345678901234567890123456789012345678901234"

static void what_is_no_request_is_removed(void **state)
{
    static const char good[] = "verb = drop\nbatch = 7\nseq = 0\nforget = 0\nall = 0\njob = \n"
                               "name = \n";
    static const char *const bad[] = {"",
                                      "\n",
                                      "verb = drop",
                                      "batch = 7\n",
                                      "verb = drop\n",
                                      "verb = eat\nbatch = 7\n",
                                      "verb = drop\nbatch = -7\n",
                                      "verb = drop\nbatch = 4294967296\n",
                                      "verb = drop\nbatch = 7\nforget = yes\n",
                                      "verb = drop\nbatch = 7\nmore = 1\n",
                                      "verb = drop\nbatch = 8\n",   /* another's name */
                                      "verb = accept\nbatch = 7\n", /* the same */
                                      "verb = drop\nbatch = 7\nname = held/contact/1\n",
                                      ("verb = drop\nbatch = 7\njob = " LONG_ID "\n")};
    struct hand h;
    static char huge[4096];

    (void)state;
    put_text("ctl/00000007-drop", good);
    assert_int_equal(hand_next(&flash, &h), 1);
    for (size_t i = 0; i < COUNT(bad); i++) {
        put_text("ctl/00000007-drop", bad[i]);
        assert_int_equal(hand_next(&flash, &h), 0);
        assert_false(there("ctl/00000007-drop"));
    }
    for (size_t i = 0; i < sizeof good - 1; i++) { /* any byte of it lost, or zero */
        char text[sizeof good];

        memcpy(text, good, i);
        memcpy(text + i, good + i + 1, sizeof good - i - 1);
        put_text("ctl/00000007-drop", text);
        (void)hand_next(&flash, &h);
        memcpy(text, good, sizeof good);
        text[i] = '\0';
        sim_flash_put(&sim, "ctl/00000007-drop", text, sizeof good - 1);
        assert_int_equal(hand_next(&flash, &h), 0);
    }
    memset(huge, 'x', sizeof huge);
    sim_flash_put(&sim, "ctl/00000007-drop", huge, sizeof huge);
    assert_int_equal(hand_next(&flash, &h), 0);
}

/* ---- what is done ---- */

static void open_uploader(void)
{
    flash = sim_flash_of(&sim);
    assert_int_equal(uploader_open(&up, &rules, &flash, &bulk, &now), 0);
}

static void put_entry(uint32_t batch, uint8_t type, unsigned from, unsigned to)
{
    struct entry e = {.type = type, .batch = batch, .segment = 1, .is.range = {.attempt = 1}};

    e.is.range.at = HEAD_LEN + from * ROW_LEN;
    e.is.range.end = HEAD_LEN + to * ROW_LEN;
    e.is.range.records = to - from;
    e.is.range.whole = type == ENTRY_HELD; /* it is for what is final only */
    if (type == ENTRY_CREATED) {
        (void)sprintf(e.is.range.id, "job-%u", (unsigned)batch);
    }
    assert_int_equal(uploader_put(&up, &e), 0);
}

/* Entries up to this state; each may follow the one before. */
static void bring_to(uint32_t batch, uint8_t state, unsigned from, unsigned to)
{
    put_entry(batch, ENTRY_INTENT, from, to);
    if (state != ENTRY_INTENT && state != ENTRY_VOID) {
        put_entry(batch, ENTRY_COMMIT, from, to);
    }
    if (state == ENTRY_FINAL) {
        put_entry(batch, ENTRY_CREATED, from, to);
    }
    if (state != ENTRY_INTENT && state != ENTRY_COMMIT) {
        put_entry(batch, state, from, to);
    }
}

/* One segment of six records: a job that is followed before and behind batch 2. */
static void make_scene(uint8_t state)
{
    open_uploader();
    assert_int_equal(uploader_object_index(&up, "contact"), 0);
    put_text("queue/contact/00000001.csv", HEAD ROWS);
    bring_to(1, ENTRY_CREATED, 0, 2);
    bring_to(3, ENTRY_CREATED, 4, 6);
    bring_to(2, state, 2, 4);
    up.lane[0].done = 1;
}

static int ask(uint8_t verb, bool forget, const char *job)
{
    struct hand h = {.verb = verb, .batch = 2, .forget = forget};

    (void)snprintf(h.job, sizeof h.job, "%s", job);
    return uploader_hand(&up, &h);
}

static const struct {
    uint8_t state;
    bool forget;
    int err[HAND_VERBS]; /* retry, drop, accept */
} STATES[] = {
    {ENTRY_INTENT, false, {ERR_BATCH_STATE, ERR_BATCH_STATE, ERR_BATCH_STATE}},
    {ENTRY_INTENT, true, {ERR_BATCH_STATE, ERR_BATCH_STATE, ERR_BATCH_STATE}},
    {ENTRY_COMMIT, false, {ERR_BATCH_STATE, ERR_BATCH_STATE, 0}},
    {ENTRY_COMMIT, true, {ERR_BATCH_STATE, ERR_BATCH_STATE, 0}},
    {ENTRY_VOID, true, {ERR_BATCH_STATE, ERR_BATCH_STATE, ERR_BATCH_STATE}},
    {ENTRY_CREATED, false, {ERR_BATCH_STATE, ERR_BATCH_STATE, ERR_BATCH_STATE}},
    {ENTRY_CREATED, true, {0, 0, 0}},
    {ENTRY_HELD, false, {0, 0, 0}},
    {ENTRY_FINAL, true, {ERR_BATCH_NONE, ERR_BATCH_NONE, ERR_BATCH_NONE}},
};

/* The state that a restart finds; ENTRY_NONE: nothing is open. */
static uint8_t state_after_restart(void)
{
    const struct range *r;

    sim_flash_cut(&sim, SIM_CUT_NOTHING);
    sim_flash_power_on(&sim);
    open_uploader();
    r = ledger_find(&up.ledger, 2);
    return r != NULL ? r->state : ENTRY_NONE;
}

static void each_state_and_verb(void **state)
{
    static const uint8_t after[] = {ENTRY_VOID, ENTRY_NONE, ENTRY_NONE};

    for (size_t i = 0; i < COUNT(STATES); i++) {
        for (uint8_t verb = 0; verb < HAND_VERBS; verb++) {
            bool done = STATES[i].err[verb] == 0;
            uint8_t was = STATES[i].state == ENTRY_FINAL ? ENTRY_NONE : STATES[i].state;

            setup(state);
            make_scene(STATES[i].state);
            assert_int_equal(ask(verb, STATES[i].forget, ""), STATES[i].err[verb]);
            assert_int_equal(up.err, 0);
            assert_int_equal(state_after_restart(), done ? after[verb] : was);
            assert_int_equal(up.ledger.object[0].is.dropped, done && verb == HAND_DROP ? 2 : 0);
            assert_true(there("queue/contact/00000001.csv"));
        }
    }
}

static void accepted_with_a_job(void **state)
{
    static const uint8_t states[] = {ENTRY_HELD, ENTRY_COMMIT, ENTRY_CREATED};

    for (size_t i = 0; i < COUNT(states); i++) {
        setup(state);
        make_scene(states[i]);
        assert_int_equal(ask(HAND_ACCEPT, true, "job-3"), ERR_JOB_TAKEN);
        assert_int_equal(ask(HAND_ACCEPT, true, "job-9"), 0);
        assert_int_equal(state_after_restart(), ENTRY_CREATED);
        struct range *r = ledger_find(&up.ledger, 2);

        assert_string_equal(r->is.id, "job-9");
        assert_int_equal(r->is.how, CREATED_BY_HAND);
        assert_int_equal(r->reason, REASON_HAND);
    }
}

static void a_stale_sequence_is_told(void **state)
{
    struct hand h = {.verb = HAND_DROP, .batch = 2};

    (void)state;
    make_scene(ENTRY_HELD);
    uint32_t seq = ledger_find(&up.ledger, 2)->seq;

    h.seq = seq - 1;
    assert_int_equal(uploader_hand(&up, &h), ERR_BATCH_STALE);
    h.seq = seq + 1;
    assert_int_equal(uploader_hand(&up, &h), ERR_BATCH_STALE);
    h.seq = seq;
    assert_int_equal(uploader_hand(&up, &h), 0);
    assert_int_equal(uploader_hand(&up, &h), ERR_BATCH_NONE);
}

/* The last range of a segment that was cut to its end: its records are cut once more. */
static void the_end_of_a_segment_is_cut_anew(void **state)
{
    struct hand h = {.verb = HAND_RETRY, .batch = 3, .forget = true};

    (void)state;
    make_scene(ENTRY_HELD);
    up.lane[0].empty = true;
    assert_int_equal(uploader_hand(&up, &h), 0);
    assert_int_equal(up.lane[0].done, 0);
    assert_false(up.lane[0].empty);
    assert_int_equal(up.ledger.object[0].cut, HEAD_LEN + 4 * ROW_LEN);
    assert_null(ledger_find(&up.ledger, 3));
}

/* Behind a start, too. */
static void a_segment_goes_with_its_last_batch(void **state)
{
    struct hand h = {.verb = HAND_DROP, .forget = true};

    (void)state;
    make_scene(ENTRY_HELD);
    (void)state_after_restart();
    assert_int_equal(up.lane[0].done, 0);
    for (h.batch = 1; h.batch <= 3; h.batch++) {
        assert_true(there("queue/contact/00000001.csv"));
        assert_int_equal(uploader_hand(&up, &h), 0);
        assert_int_equal(last.kind, NEWS_DROPPED);
        assert_int_equal(last.records, 2);
        assert_string_equal(last.object, "contact");
    }
    assert_false(there("queue/contact/00000001.csv"));
    assert_int_equal(up.ledger.object[0].is.dropped, 6);
    assert_int_equal(up.counts.records_dropped, 6);
}

/* A cut between the copy and its entry leaves both. */
static void a_copy_set_apart_goes_too(void **state)
{
    for (uint8_t verb = 0; verb < HAND_VERBS; verb++) {
        setup(state);
        make_scene(ENTRY_HELD);
        put_text("held/contact/00000002.csv", HEAD "cat@x.org,3\ndan@x.org,4\n");
        put_text("held/contact/00000002.reason", "object = contact\n");
        assert_int_equal(ask(verb, false, ""), 0);
        assert_false(there("held/contact/00000002.csv"));
        assert_false(there("held/contact/00000002.reason"));
        setup(state);
        make_scene(ENTRY_CREATED);
        put_text("failed/contact/00000002.csv", HEAD "cat@x.org,3\n");
        put_text("failed/contact/00000002.reason", "row 1 = bad\n");
        assert_int_equal(ask(verb, true, ""), 0);
        assert_false(there("failed/contact/00000002.csv"));
        assert_false(there("failed/contact/00000002.reason"));
    }
}

#define SOME "rows = all 3: 1 of 3 failed, the service does not tell which\n"

static const struct {
    const char *name, *folder, *reason;
    uint8_t verb;
    bool all, upsert;
    int err;
} KEPT[] = {
    {"held", "held", "reason = x\n", HAND_RETRY, false, false, 0},
    {"held", "held", "reason = x\n", HAND_DROP, false, false, 0},
    {"held", "held", "reason = x\n", HAND_ACCEPT, false, false, 0},
    {"rows told apart", "failed", "row 1 = bad\n", HAND_RETRY, false, false, 0},
    {"all failed", "failed", "rows = all 3 failed\n", HAND_RETRY, false, false, 0},
    {"some failed", "failed", SOME, HAND_RETRY, false, false, ERR_BATCH_REPEAT},
    {"some failed, with all", "failed", SOME, HAND_RETRY, true, false, 0},
    {"some failed, upsert", "failed", SOME, HAND_RETRY, false, true, 0},
    {"some failed", "failed", SOME, HAND_DROP, false, false, 0},
    {"failed", "failed", SOME, HAND_ACCEPT, true, true, ERR_BATCH_STATE},
    {"quarantine", "quarantine", "reason = x\n", HAND_RETRY, false, false, 0},
    {"quarantine", "quarantine", "reason = x\n", HAND_DROP, false, false, 0},
    {"quarantine", "quarantine", "reason = x\n", HAND_ACCEPT, false, false, ERR_BATCH_STATE},
};

#define KEPT_ROWS HEAD "ana@x.org,\"1\n2\"\n\nbob@x.org,2\ncat@x.org,3"

/* By its batch, or (others == NULL) by its name. */
static void kept_case(size_t i, bool by_batch)
{
    char csv[64], reason[64];
    struct hand h = {.verb = KEPT[i].verb, .all = KEPT[i].all};

    sprintf(csv, "%s/contact/00000005.csv", KEPT[i].folder);
    sprintf(reason, "%s/contact/00000005.reason", KEPT[i].folder);
    put_text(csv, KEPT_ROWS);
    put_text(reason, KEPT[i].reason);
    identifier = KEPT[i].upsert ? "email" : NULL;
    h.batch = by_batch ? 5 : 0;
    sprintf(h.name, "%s", by_batch ? "" : csv);
    open_uploader();
    up.look_now = false;
    assert_int_equal(uploader_hand(&up, &h), KEPT[i].err);
    assert_int_equal(there(csv), KEPT[i].err != 0);
    assert_int_equal(there(reason), KEPT[i].err != 0);
    bool again = KEPT[i].err == 0 && KEPT[i].verb == HAND_RETRY;

    assert_int_equal(is_text("outbox/contact/retry-00000005.csv", KEPT_ROWS), again);
    assert_int_equal(up.look_now, again);
    if (KEPT[i].err == 0 && KEPT[i].verb == HAND_DROP) {
        assert_int_equal(up.ledger.object[0].is.dropped, 3);
    } else {
        assert_int_equal(up.ledger.objects, 0);
    }
}

static void what_is_kept(void **state)
{
    for (size_t i = 0; i < COUNT(KEPT); i++) {
        print_message("%s\n", KEPT[i].name);
        setup(state);
        kept_case(i, true);
        setup(state);
        kept_case(i, false);
    }
}

static void names_that_are_none(void **state)
{
    static const char *const bad[] = {"x",
                                      "/",
                                      "held",
                                      "held/contact",
                                      "held/contact/",
                                      "held//1",
                                      "outbox/contact/1",
                                      "sent/contact/1",
                                      "held/contact/1/2",
                                      "held/../1",
                                      "held/contact/.lock",
                                      "held/contact/..",
                                      "/held/contact/1"};
    struct hand h = {.verb = HAND_DROP};

    (void)state;
    open_uploader();
    put_text("outbox/contact/1.csv", KEPT_ROWS);
    for (size_t i = 0; i < COUNT(bad); i++) {
        sprintf(h.name, "%s", bad[i]);
        assert_int_equal(uploader_hand(&up, &h), ERR_BATCH_NONE);
    }
    sprintf(h.name, "held/contact/1");
    assert_int_equal(uploader_hand(&up, &h), ERR_BATCH_NONE);
    put_text("held/contact/00000005.csv", KEPT_ROWS);
    h = (struct hand){.verb = HAND_DROP, .batch = 5, .seq = 3}; /* of when it was in the journal */
    assert_int_equal(uploader_hand(&up, &h), ERR_BATCH_STALE);
}

static void handed_in_already(void **state)
{
    struct hand h = {.verb = HAND_RETRY, .batch = 5};

    (void)state;
    open_uploader();
    put_text("held/contact/00000005.csv", KEPT_ROWS);
    put_text("outbox/contact/retry-00000005.csv", HEAD);
    assert_int_equal(uploader_hand(&up, &h), ERR_FLASH_EXISTS);
    assert_true(is_text("held/contact/00000005.csv", KEPT_ROWS));
    assert_true(is_text("outbox/contact/retry-00000005.csv", HEAD));
}

/* ---- cut anywhere, it is done once started anew ---- */

static const struct {
    uint8_t state; /* ENTRY_NONE: it is in failed/ */
    struct hand hand;
    uint8_t after;
} CUTS[] = {
    {ENTRY_HELD, {.verb = HAND_RETRY, .batch = 2}, ENTRY_VOID},
    {ENTRY_HELD, {.verb = HAND_DROP, .batch = 2}, ENTRY_NONE},
    {ENTRY_HELD, {.verb = HAND_ACCEPT, .batch = 2}, ENTRY_NONE},
    {ENTRY_HELD, {.verb = HAND_ACCEPT, .batch = 2, .job = "job-9"}, ENTRY_CREATED},
    {ENTRY_CREATED, {.verb = HAND_RETRY, .batch = 2, .forget = true}, ENTRY_VOID},
    {ENTRY_CREATED,
     {.verb = HAND_ACCEPT, .batch = 2, .job = "job-9", .forget = true},
     ENTRY_CREATED},
    {ENTRY_NONE, {.verb = HAND_RETRY, .batch = 5, .all = true}, ENTRY_NONE},
    {ENTRY_NONE, {.verb = HAND_DROP, .batch = 5}, ENTRY_NONE},
};

static void make_cut_scene(size_t i)
{
    make_scene(CUTS[i].state == ENTRY_NONE ? ENTRY_HELD : CUTS[i].state);
    if (CUTS[i].state == ENTRY_NONE) {
        put_text("failed/contact/00000005.csv", KEPT_ROWS);
        put_text("failed/contact/00000005.reason", SOME);
    }
    assert_int_equal(hand_put(&flash, &CUTS[i].hand), 0);
}

/* What the holder of the lock does with all that is asked. */
static int do_all(void)
{
    struct hand h;
    int n;

    while ((n = hand_next(&flash, &h)) == 1) {
        n = hand_done(&flash, &h, uploader_hand(&up, &h));
        if (n != 0) {
            return n;
        }
    }
    return n;
}

static void check_done(size_t i)
{
    const struct range *r = ledger_find(&up.ledger, CUTS[i].hand.batch);
    bool again = CUTS[i].state == ENTRY_NONE && CUTS[i].hand.verb == HAND_RETRY;
    bool drop = CUTS[i].hand.verb == HAND_DROP;

    assert_int_equal(r != NULL ? r->state : ENTRY_NONE, CUTS[i].after);
    assert_string_equal(r != NULL && r->state == ENTRY_CREATED ? r->is.id : "job-9", "job-9");
    assert_false(there("failed/contact/00000005.csv"));
    assert_false(there("failed/contact/00000005.reason"));
    assert_int_equal(is_text("outbox/contact/retry-00000005.csv", KEPT_ROWS), again);
    assert_true(up.ledger.object[0].is.dropped >= (drop ? 2 : 0));
    assert_int_equal(up.ledger.object[0].is.dropped > 0, drop);
}

static void power_goes(void **state)
{
    for (size_t i = 0; i < COUNT(CUTS); i++) {
        for (int mode = 0; mode < SIM_CUTS; mode++) {
            uint32_t n = 0;
            bool off = true;

            for (; off; n++) {
                setup(state);
                make_cut_scene(i);
                sim_flash_cut_at(&sim, n, (enum sim_cut)mode);
                (void)do_all();
                off = sim.off;
                sim_flash_cut(&sim, (enum sim_cut)mode);
                sim_flash_power_on(&sim);
                open_uploader();
                assert_int_equal(do_all(), 0);
                check_done(i);
            }
            assert_true(n > 5);
        }
    }
}

/* Each call of flash fails once: what was asked is answered by an error or by its being done, and
 * asked again it is done. */
static void flash_fails(void **state)
{
    static const int errs[] = {ERR_FLASH_READ, ERR_FLASH_WRITE, ERR_FLASH_FULL};

    for (size_t i = 0; i < COUNT(CUTS); i++) {
        for (size_t e = 0; e < COUNT(errs); e++) {
            for (uint32_t n = 0;; n++) {
                setup(state);
                make_cut_scene(i);
                sim_flash_fail_at(&sim, n, errs[e], false);
                (void)do_all();
                if (sim.failed == 0) {
                    break;
                }
                sim_flash_cut(&sim, SIM_CUT_LUCK);
                sim_flash_power_on(&sim);
                open_uploader();
                assert_int_equal(hand_put(&flash, &CUTS[i].hand), 0);
                assert_int_equal(do_all(), 0);
                check_done(i);
            }
        }
    }
}

static void reasons_are_read_back(void **state)
{
    static const char name[] = "failed/contact/1.reason";
    static char text[3 * KEPT_BUF_CAP];
    struct kept_line l;
    uint64_t at = 0;

    (void)state;
    assert_int_equal(kept_line_find(&l, &flash, name, "a"), 0);
    memset(text, 'x', sizeof text);
    memcpy(text, "a = ", 4);
    strcpy(text + 2 * KEPT_BUF_CAP, "\nno line of ours\nb = 1 = 2\nc = \na = 2\nd = cut");
    put_text(name, text);
    assert_int_equal(kept_line_next(&l, &flash, name, &at), 1);
    assert_string_equal(l.key, "a");
    assert_int_equal(strlen(l.value), KEPT_BUF_CAP - 1 - 4);
    assert_int_equal(kept_line_next(&l, &flash, name, &at), 1);
    assert_string_equal(l.key, "b");
    assert_string_equal(l.value, "1 = 2");
    assert_int_equal(kept_line_find(&l, &flash, name, "c"), 1);
    assert_string_equal(l.value, "");
    assert_int_equal(kept_line_find(&l, &flash, name, "d"), 1);
    assert_string_equal(l.value, "cut");
    assert_int_equal(kept_line_find(&l, &flash, name, "e"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(requests_come_one_after_another, setup),
        cmocka_unit_test_setup(each_error_comes_back, setup),
        cmocka_unit_test_setup(an_old_answer_is_none, setup),
        cmocka_unit_test_setup(clean_leaves_requests, setup),
        cmocka_unit_test_setup(what_is_no_request_is_removed, setup),
        cmocka_unit_test_setup(each_state_and_verb, setup),
        cmocka_unit_test_setup(accepted_with_a_job, setup),
        cmocka_unit_test_setup(a_stale_sequence_is_told, setup),
        cmocka_unit_test_setup(the_end_of_a_segment_is_cut_anew, setup),
        cmocka_unit_test_setup(a_segment_goes_with_its_last_batch, setup),
        cmocka_unit_test_setup(a_copy_set_apart_goes_too, setup),
        cmocka_unit_test_setup(what_is_kept, setup),
        cmocka_unit_test_setup(names_that_are_none, setup),
        cmocka_unit_test_setup(handed_in_already, setup),
        cmocka_unit_test_setup(power_goes, setup),
        cmocka_unit_test_setup(flash_fails, setup),
        cmocka_unit_test_setup(reasons_are_read_back, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
