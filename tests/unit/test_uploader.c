/* The uploader against the service that the power tests have: what no cut is needed for. */
/* LIBS: -O1 tests/power/[!t]*.c -lz */
#include "sync/uploader_parts.h"

#include "../power/fake_bulk.h"
#include "../power/scene.h"
#include "base/err.h"
#include "base/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

enum { HOUR_MS = 3600000, STEPS_MAX = 20000 };

static struct world world;
static struct scene scene;
static struct uploader up;
static struct bulk bulk;
static struct flash flash;
static struct uploader_rules rules;
static struct uploader_object settings;
static unsigned heard[NEWS_KINDS];
static uint8_t reason[NEWS_KINDS]; /* of the last one of each kind */

static void say_object(void *ctx, const char *name, struct uploader_object *out)
{
    (void)ctx;
    (void)name;
    *out = settings;
}

static void hear(void *ctx, const struct uploader_news *news)
{
    (void)ctx;
    heard[news->kind]++;
    reason[news->kind] = news->reason;
}

static void open_again(void)
{
    static struct bulk_service service = {.host = "h", .base = "/v2", .user_agent = "t"};
    static const struct exchange_options options = {.attempt_ms = 3900000};
    struct now now = world_now(&world);

    fake_bulk_off();
    flash = sim_flash_of(&world.flash);
    (void)bulk_init(&bulk, &service, &options, NULL, NULL);
    assert_int_equal(uploader_open(&up, &rules, &flash, &bulk, &now), 0);
    service.spool_id = up.journal.head.spool;
}

static int setup(void **state)
{
    (void)state;
    scene = (struct scene){.name = "unit"};
    settings = (struct uploader_object){.columns = "id,name,note",
                                        .identifier = "id",
                                        .batch_bytes = 65536,
                                        .batch_records = 4,
                                        .tag = true};
    rules = (struct uploader_rules){.object = say_object,
                                    .say = hear,
                                    .account = 1234,
                                    .poll_first_ms = 3000,
                                    .poll_max_ms = 60000,
                                    .deadline_ms = 24 * HOUR_MS,
                                    .absent_after_ms = HOUR_MS,
                                    .interval_ms = 300000,
                                    .schedule = {.interval_ms = 300000},
                                    .failed_days = 90,
                                    .quarantine_days = 90,
                                    .kept_max_bytes = 8 << 20,
                                    .seal_after_ms = 60000,
                                    .max_bytes = 64 << 20,
                                    .open_max = 4};
    memset(heard, 0, sizeof heard);
    world_init(&world, &scene);
    world_power_on(&world);
    open_again();
    return 0;
}

static void hand_in(const char *file, const char *header, unsigned from, unsigned rows)
{
    char text[4096], name[80];
    size_t len = (size_t)snprintf(text, sizeof text, "%s", header);

    for (unsigned i = 0; i < rows; i++) {
        len += rows_text(text + len, from + i);
        world.s.row[from + i] = ROW_ACKED;
    }
    (void)snprintf(name, sizeof name, "outbox/contact/%s", file);
    sim_flash_put(&world.flash, name, text, len);
}

static bool step(void)
{
    struct now now = world_now(&world);
    enum want want = uploader_step(&up, &now);
    uint64_t until_ms = uploader_deadline_ms(&up);

    if (want == WANT_NOTHING) {
        return false;
    }
    if (up.wants_credentials && up.task == UPLOADER_IDLE) {
        uploader_service(&up, &bulk, true);
    }
    if ((want & WANT_STEP) != 0) {
        world.s.true_ms++;
        return true;
    }
    if ((want & (WANT_READ | WANT_WRITE)) != 0 && fake_bulk_ready_ms() < until_ms) {
        until_ms = fake_bulk_ready_ms();
    }
    world_sleep_until(&world, until_ms);
    return true;
}

/* Runs for so long; it must not end, nor spin. */
static void run(unsigned minutes)
{
    uint64_t until_ms = world.s.true_ms + (uint64_t)minutes * 60000;
    unsigned n = 0;

    while (world.s.true_ms < until_ms) {
        assert_true(step());
        assert_true(++n < STEPS_MAX);
    }
}

static unsigned stored(unsigned from, unsigned rows)
{
    unsigned n = 0;

    for (unsigned i = 0; i < rows; i++) {
        n += cloud_row(&world.s.cloud, from + i).stored;
    }
    return n;
}

struct count {
    const char *in;
    unsigned files;
};

static void count_file(void *arg, const char *name, const uint8_t *bytes, size_t len)
{
    struct count *c = arg;

    (void)bytes;
    (void)len;
    c->files += strncmp(name, c->in, strlen(c->in)) == 0 && strstr(name, ".csv") != NULL;
}

/* CSV files in a folder. */
static unsigned files(const char *in)
{
    struct count c = {in, 0};

    sim_flash_each(&world.flash, false, count_file, &c);
    return c.files;
}

/* ---- adopting ---- */

static void a_file_with_other_columns_takes_none_along(void **state)
{
    (void)state;
    hand_in("a.csv", ROWS_HEADER, 1, 6);
    hand_in("b.csv", "id,name,other\n", 11, 2);
    hand_in("c.csv", ROWS_HEADER, 21, 3);
    run(60);
    assert_int_equal(stored(1, 6), 6);
    assert_int_equal(stored(21, 3), 3);
    assert_int_equal(stored(11, 2), 0);
    assert_int_equal(files("quarantine/contact/"), 1);
    assert_int_equal(files("queue/") + files("outbox/"), 0);
}

static void an_object_too_many_stops_no_other(void **state)
{
    char name[64];

    (void)state;
    world.flash.watch = NULL; /* the model knows fewer objects */
    for (unsigned i = 0; i < SPOOL_OBJECTS_MAX - 1; i++) {
        (void)snprintf(name, sizeof name, "outbox/b%02u/a.csv", i);
        sim_flash_put(&world.flash, name, "id,name,note\n", 13);
    }
    hand_in("a.csv", ROWS_HEADER, 1, 1);
    run(20);
    assert_int_equal(up.ledger.objects, SPOOL_OBJECTS_MAX);
    sim_flash_put(&world.flash, "outbox/aaa/a.csv", "id,name,note\n", 13);
    hand_in("b.csv", ROWS_HEADER, 2, 1);
    run(20);
    assert_int_equal(stored(1, 2), 2);
    assert_int_equal(heard[NEWS_TROUBLE], 1);
    assert_int_equal(files("outbox/"), 1);
}

/* ---- sending ---- */

static void a_service_without_date_is_not_asked_for_ever(void **state)
{
    (void)state;
    world.s.true_ms -= (uint64_t)60 * 24 * HOUR_MS; /* its Date is not to be believed */
    world_power_on(&world);
    open_again();
    hand_in("a.csv", ROWS_HEADER, 1, 6);
    run(30);
    assert_int_equal(stored(1, 6), 6);
    assert_int_equal(world.s.cloud.calls[CLOUD_OBJECTS], 1);
}

static void event(uint8_t call, uint8_t from, uint8_t count, uint8_t what, int32_t arg)
{
    scene.cloud.event[0] = (struct cloud_event){call, from, count, what, arg, 0};
}

static void without_date_what_is_absent_is_proven_all_the_same(void **state)
{
    (void)state;
    world.s.true_ms -= (uint64_t)60 * 24 * HOUR_MS;
    world_power_on(&world);
    open_again();
    event(CLOUD_POST, 2, 1, EV_LOST, 0);
    hand_in("a.csv", ROWS_HEADER, 1, 8);
    run(30);
    assert_int_equal(heard[NEWS_RESENT], 0);
    run(120);
    assert_int_equal(heard[NEWS_RESENT], 1);
    assert_int_equal(stored(1, 8), 8);
}

static void unsynced(void *ctx, struct uploader_clock *out)
{
    (void)ctx;
    *out = (struct uploader_clock){.synced = false};
}

/* Its last good time is the service's: it is behind that with each reply. */
static void a_clock_that_is_slow_does_not_wait_for_each_reply(void **state)
{
    (void)state;
    rules.clock = unsynced;
    world.s.skew_s = -6 * 3600;
    hand_in("a.csv", ROWS_HEADER, 1, 8);
    run(60);
    assert_int_equal(stored(1, 8), 8);
    assert_int_equal(files("queue/"), 0);
}

/* After days the service may have forgotten a job that it had. */
static void what_was_looked_for_too_late_is_not_absent(void **state)
{
    (void)state;
    event(CLOUD_POST, 2, 1, EV_LOST_MADE, 0);
    scene.cloud.expire_s = 3 * 24 * 3600;
    hand_in("a.csv", ROWS_HEADER, 1, 8);
    while (heard[NEWS_UNKNOWN] == 0) {
        assert_true(step());
    }
    world.s.true_ms += (uint64_t)4 * 24 * HOUR_MS;
    run(24 * 60);
    assert_int_equal(heard[NEWS_RESENT], 0);
    assert_int_equal(reason[NEWS_HELD], REASON_UNKNOWN);
    assert_int_equal(stored(1, 8), 8);
}

/* Each hour one record is tried, and another one than before. */
static void records_that_are_refused_do_not_hold_an_object_for_ever(void **state)
{
    (void)state;
    settings.batch_records = 1;
    event(CLOUD_POST, 1, 5, EV_STATUS, 400);
    hand_in("a.csv", ROWS_HEADER, 1, 8);
    run(60);
    assert_int_equal(heard[NEWS_HOLD_OBJECT], 1);
    assert_int_equal(files("quarantine/"), 2);
    run(5 * 60);
    assert_int_equal(files("quarantine/"), 4);
    assert_int_equal(stored(5, 4), 4);
    assert_int_equal(world.violations, 0);
}

/* Nobody tells the time, and the pause is waited for whole, not longer. */
static void a_pause_survives_a_restart_without_any_time(void **state)
{
    (void)state;
    world.s.true_ms -= (uint64_t)60 * 24 * HOUR_MS;
    world_power_on(&world);
    open_again();
    scene.cloud.event[0] = (struct cloud_event){CLOUD_POST, 1, 1, EV_STATUS, 429, 300000};
    hand_in("a.csv", ROWS_HEADER, 1, 4);
    while (heard[NEWS_TROUBLE] == 0) {
        assert_true(step());
    }
    open_again();
    run(4);
    assert_int_equal(world.s.cloud.calls[CLOUD_POST], 1);
    run(5);
    assert_int_equal(stored(1, 4), 4);
    world_power_on(&world);
    open_again();
    hand_in("b.csv", ROWS_HEADER, 11, 4); /* it is over */
    run(1);
    assert_int_equal(stored(11, 4), 4);
}

static void a_hold_says_what_it_is_for(void **state)
{
    static const struct {
        uint8_t what;
        int32_t arg;
        uint8_t reason;
    } row[] = {{EV_STATUS, 404, REASON_PLACE},
               {EV_LINK, ERR_CONFIG, REASON_REQUEST},
               {EV_LINK, ERR_METADATA, REASON_REQUEST}};

    for (size_t i = 0; i < COUNT(row); i++) {
        setup(state);
        event(CLOUD_POST, 1, 1, row[i].what, row[i].arg);
        hand_in("a.csv", ROWS_HEADER, 1, 4);
        run(30);
        assert_int_equal(reason[NEWS_HOLD_OBJECT], row[i].reason);
        assert_int_equal(stored(1, 4), 0);
        run(60);
        assert_int_equal(heard[NEWS_HOLD_OVER], 1);
        assert_int_equal(stored(1, 4), 4);
    }
}

/* Rate and link say nothing of a record. */
static void a_single_record_is_not_too_large_for_a_weak_link(void **state)
{
    static const struct {
        uint8_t what;
        int32_t arg;
    } row[] = {{EV_STALL, 10}, {EV_HOUR, 10}, {EV_STATUS, 429}};

    for (size_t i = 0; i < COUNT(row); i++) {
        setup(state);
        event(CLOUD_POST, 1, 9, row[i].what, row[i].arg);
        settings.batch_records = 1;
        hand_in("a.csv", ROWS_HEADER, 1, 3);
        run(48 * 60);
        assert_int_equal(stored(1, 3), 3);
        assert_int_equal(files("quarantine/"), 0);
        assert_int_equal(heard[NEWS_HOLD_OBJECT], 0);
        assert_int_equal(world.violations, 0);
    }
}

static void what_was_too_slow_is_looked_for_before_it_is_halved(void **state)
{
    (void)state;
    event(CLOUD_POST, 1, 2, EV_STALL, 10);
    hand_in("a.csv", ROWS_HEADER, 1, 4);
    run(120);
    assert_int_equal(stored(1, 4), 4);
    assert_true(world.s.cloud.jobs >= 2);
    assert_int_equal(up.ledger.object[0].is.cap_records, 2);
    assert_true(world.s.cloud.calls[CLOUD_LIST] >= 3);
    assert_int_equal(world.violations, 0);
}

static void a_conflict_behind_a_cut_resend_is_held(void **state)
{
    (void)state;
    scene.cloud.event[0] = (struct cloud_event){CLOUD_POST, 1, 1, EV_OK, 0, 0};
    scene.cloud.event[1] = (struct cloud_event){CLOUD_POST, 2, 1, EV_LOST, 0, 0};
    scene.cloud.event[2] = (struct cloud_event){CLOUD_POST, 3, 1, EV_CUT, 10, 0};
    scene.cloud.event[3] = (struct cloud_event){CLOUD_POST, 4, 1, EV_EARLY, 409, 0};
    hand_in("a.csv", ROWS_HEADER, 1, 4);
    run(10);
    hand_in("b.csv", ROWS_HEADER, 11, 4);
    run(6 * 60);
    assert_int_equal(heard[NEWS_HELD], 1);
    assert_int_equal(reason[NEWS_HELD], REASON_CONFLICT);
    assert_int_equal(world.violations, 0);
}

/* The token may have run out while only a batch in doubt is left to ask for. */
static void a_list_that_wants_other_credentials_gets_them(void **state)
{
    (void)state;
    scene.cloud.event[0] = (struct cloud_event){CLOUD_POST, 1, 1, EV_LOST_MADE, 0, 0};
    scene.cloud.event[1] = (struct cloud_event){CLOUD_LIST, 1, 2, EV_STATUS, 401, 0};
    hand_in("a.csv", ROWS_HEADER, 1, 4);
    run(180);
    assert_int_equal(heard[NEWS_HOLD_ACCOUNT], 1);
    assert_int_equal(heard[NEWS_HOLD_OVER], 1);
    assert_int_equal(heard[NEWS_ADOPTED_JOB], 1);
    assert_int_equal(stored(1, 4), 4);
}

static void a_list_that_is_refused_alone_holds_the_batch(void **state)
{
    (void)state;
    scene.cloud.event[0] = (struct cloud_event){CLOUD_POST, 1, 1, EV_LOST_MADE, 0, 0};
    scene.cloud.event[1] = (struct cloud_event){CLOUD_LIST, 1, 99, EV_STATUS, 401, 0};
    hand_in("a.csv", ROWS_HEADER, 1, 8);
    run(180);
    assert_int_equal(heard[NEWS_HELD], 1);
    assert_int_equal(reason[NEWS_HELD], REASON_UNKNOWN);
    assert_int_equal(stored(5, 4), 4);
}

static void errors_that_cannot_be_read_end_a_job_all_the_same(void **state)
{
    (void)state;
    scene.cloud.fails_every = 2;
    event(CLOUD_ERRORS, 1, 99, EV_LINK, ERR_JSON_TOO_LARGE);
    hand_in("a.csv", ROWS_HEADER, 1, 4);
    run(120);
    assert_int_equal(heard[NEWS_FINAL], 1);
    assert_int_equal(files("failed/contact/"), 1);
    assert_int_equal(files("queue/"), 0);
}

/* Two batches of one segment, the first of them turned out unsent. */
static void make_hole(void)
{
    scene.cloud.run_s = 1800;
    hand_in("a.csv", ROWS_HEADER, 1, 8);
    while (world.s.cloud.jobs < 2 || up.task != UPLOADER_IDLE) {
        assert_true(step());
    }
    assert_int_equal(uploader_put_range(&up, ledger_find(&up.ledger, 1), ENTRY_HELD, 0), 0);
    assert_int_equal(uploader_put_range(&up, ledger_find(&up.ledger, 1), ENTRY_VOID, 0), 0);
}

static void a_hole_is_filled(void **state)
{
    (void)state;
    make_hole();
    settings.batch_records = 3;
    assert_int_equal(uploader_compact(&up), 0);
    open_again();
    run(120);
    assert_int_equal(world.s.cloud.jobs, 4);
    assert_int_equal(stored(1, 4), 8); /* by hand */
    assert_int_equal(stored(5, 4), 4);
    assert_int_equal(files("queue/"), 0);
}

static void what_is_gone_from_the_queue_is_held(void **state)
{
    (void)state;
    world.flash.watch = NULL;
    make_hole();
    assert_int_equal(flash.remove(flash.ctx, "queue/contact/00000001.csv"), 0);
    run(120);
    assert_int_equal(heard[NEWS_HELD], 1);
    assert_int_equal(reason[NEWS_HELD], REASON_CHANGED);
    assert_int_equal(world.s.cloud.jobs, 2);
}

static void a_header_that_rots_holds_up_nothing_else(void **state)
{
    (void)state;
    world.flash.watch = NULL;
    settings.batch_records = 4;
    rules.open_max = 1;
    scene.cloud.run_s = 1800;
    hand_in("a.csv", ROWS_HEADER, 1, 8);
    while (world.s.cloud.jobs < 1 || up.task != UPLOADER_IDLE) {
        assert_true(step());
    }
    up.bf_segment = 0;
    rules.open_max = 4;
    sim_flash_rot(&world.flash, "queue/contact/00000001.csv", 1, 'd' ^ '"');
    run(240);
    assert_int_equal(files("queue/"), 0);
    assert_int_equal(files("quarantine/"), 1);
    hand_in("b.csv", ROWS_HEADER, 21, 4);
    run(60);
    assert_int_equal(stored(21, 4), 4);
}

/* ---- what a cut leaves ---- */

static void put_text(const char *name, const char *text)
{
    sim_flash_put(&world.flash, name, text, strlen(text));
}

static bool there(const char *name)
{
    size_t len;

    return sim_flash_bytes(&world.flash, name, true, &len) != NULL;
}

static void reasons_without_rows_go(void **state)
{
    (void)state;
    put_text("failed/contact/00000099.reason", "error = ana@x.org is no address\n");
    put_text("failed/contact/00000098.reason", "reason = none\n");
    put_text("failed/contact/00000098.csv", ROWS_HEADER);
    open_again();
    run(5);
    assert_false(there("failed/contact/00000099.reason"));
    assert_true(there("failed/contact/00000098.reason"));
}

static void a_journal_lost_twice_replaces_nothing_held(void **state)
{
    (void)state;
    world.flash.watch = NULL;
    for (unsigned i = 0; i < 3; i++) {
        put_text("queue/contact/00000001.csv", ROWS_HEADER "1,a,b\n");
        (void)flash.remove(flash.ctx, "journal");
        open_again();
        assert_int_equal(files("held/contact/"), i + 1);
        assert_int_equal(files("queue/"), 0);
    }
}

static void what_is_dropped_is_counted_behind_bad_rows_too(void **state)
{
    (void)state;
    world.flash.watch = NULL;
    rules.drop_oldest = true;
    rules.max_bytes = 16;
    scene.cloud.no_lead = 0;
    event(CLOUD_OBJECTS, 1, 99, EV_LINK, ERR_CONNECT);
    put_text("outbox/contact/a.csv", ROWS_HEADER "1,a,b\n2,a\n3,a,b\n4,a,b\n5\n6,a,b\n");
    run(120);
    assert_int_equal(files("queue/") + files("outbox/"), 0);
    assert_int_equal(up.ledger.object[0].is.dropped, 4);
}

/* ---- a full flash ---- */

static void add_len(void *arg, const char *name, const uint8_t *bytes, size_t len)
{
    (void)name;
    (void)bytes;
    *(uint64_t *)arg += len;
}

static void fill(void)
{
    uint64_t used = 0;

    sim_flash_each(&world.flash, false, add_len, &used);
    world.flash.capacity = used;
}

static void what_is_stored_leaves_a_full_flash(void **state)
{
    (void)state;
    scene.cloud.run_s = 1800;
    hand_in("a.csv", ROWS_HEADER, 1, 4);
    run(5);
    assert_int_equal(world.s.cloud.jobs, 1);
    fill();
    run(60);
    assert_int_equal(files("queue/"), 0);
    assert_int_equal(world.violations, 0);
}

static void a_journal_that_cannot_be_compacted_goes_on(void **state)
{
    (void)state;
    scene.cloud.run_s = 1800;
    hand_in("a.csv", ROWS_HEADER, 1, 4);
    run(5);
    while (up.journal.now.len < JOURNAL_COMPACT_MIN) {
        assert_int_equal(uploader_put_object(&up, 0), 0);
    }
    world.flash.watch = NULL;
    fill();
    assert_true(uploader_give_room(&up)); /* and others take it */
    fill();
    world.flash.capacity += ENTRY_LEN;
    run(60);
    assert_int_equal(files("queue/"), 0);
    world.flash.capacity = 0;
    run(30);
    assert_true(up.journal.now.len < JOURNAL_COMPACT_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_file_with_other_columns_takes_none_along, setup),
        cmocka_unit_test_setup(an_object_too_many_stops_no_other, setup),
        cmocka_unit_test_setup(a_service_without_date_is_not_asked_for_ever, setup),
        cmocka_unit_test_setup(a_pause_survives_a_restart_without_any_time, setup),
        cmocka_unit_test_setup(a_hold_says_what_it_is_for, setup),
        cmocka_unit_test_setup(a_single_record_is_not_too_large_for_a_weak_link, setup),
        cmocka_unit_test_setup(what_was_too_slow_is_looked_for_before_it_is_halved, setup),
        cmocka_unit_test_setup(a_conflict_behind_a_cut_resend_is_held, setup),
        cmocka_unit_test_setup(a_list_that_wants_other_credentials_gets_them, setup),
        cmocka_unit_test_setup(a_list_that_is_refused_alone_holds_the_batch, setup),
        cmocka_unit_test_setup(errors_that_cannot_be_read_end_a_job_all_the_same, setup),
        cmocka_unit_test_setup(a_hole_is_filled, setup),
        cmocka_unit_test_setup(what_is_gone_from_the_queue_is_held, setup),
        cmocka_unit_test_setup(a_header_that_rots_holds_up_nothing_else, setup),
        cmocka_unit_test_setup(without_date_what_is_absent_is_proven_all_the_same, setup),
        cmocka_unit_test_setup(a_clock_that_is_slow_does_not_wait_for_each_reply, setup),
        cmocka_unit_test_setup(what_was_looked_for_too_late_is_not_absent, setup),
        cmocka_unit_test_setup(records_that_are_refused_do_not_hold_an_object_for_ever, setup),
        cmocka_unit_test_setup(reasons_without_rows_go, setup),
        cmocka_unit_test_setup(a_journal_lost_twice_replaces_nothing_held, setup),
        cmocka_unit_test_setup(what_is_dropped_is_counted_behind_bad_rows_too, setup),
        cmocka_unit_test_setup(what_is_stored_leaves_a_full_flash, setup),
        cmocka_unit_test_setup(a_journal_that_cannot_be_compacted_goes_on, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
