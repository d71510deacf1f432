/* The queue's names: which segments are there, and what of outbox/ becomes one. */
#include "spool/queue.h"

#include "base/err.h"
#include "base/stream.h"
#include "sim_flash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct sim_flash sim;
static struct flash flash;

static int setup(void **state)
{
    (void)state;
    sim_flash_reset(&sim, 1);
    flash = sim_flash_of(&sim);
    return 0;
}

static void put(const char *name)
{
    sim_flash_put(&sim, name, "a\n1\n", 4);
}

static void put_segment(uint32_t n)
{
    char name[FLASH_NAME_CAP];

    assert_int_equal(queue_path(name, "contact", n), 0);
    put(name);
}

static bool there(const char *name)
{
    size_t len;

    return sim_flash_bytes(&sim, name, true, &len) != NULL;
}

static void a_segment_has_eight_digits(void **state)
{
    char name[FLASH_NAME_CAP], object[FLASH_NAME_CAP];

    (void)state;
    assert_int_equal(queue_path(name, "contact", 7), 0);
    assert_string_equal(name, "queue/contact/00000007.csv");
    assert_int_equal(queue_path(name, "contact", QUEUE_NUMBER_MAX), 0);
    assert_string_equal(name, "queue/contact/99999999.csv");
    memset(object, 'o', sizeof object);
    object[sizeof object - 1] = '\0';
    assert_int_equal(queue_path(name, object, 1), ERR_NO_ROOM);
}

static void the_last_of_a_row_is_found_from_any_number(void **state)
{
    for (uint32_t first = 1; first < 4; first++) {
        for (uint32_t n = 0; n < 40; n++) {
            uint32_t last = 0;

            setup(state);
            for (uint32_t i = 0; i < n; i++) {
                put_segment(first + i);
            }
            for (uint32_t from = 0; from < first + n; from++) {
                assert_int_equal(queue_last(&flash, "contact", from, &last), 0);
                assert_int_equal(last, n > 0 ? first + n - 1 : from);
            }
            assert_int_equal(queue_last(&flash, "contact", 100, &last), 0);
            assert_int_equal(last, 100);
        }
    }
}

static void the_last_number_of_all_is_no_trap(void **state)
{
    uint32_t last = 0;

    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        put_segment(QUEUE_NUMBER_MAX - i);
    }
    assert_int_equal(queue_last(&flash, "contact", 0, &last), 0);
    assert_int_equal(last, QUEUE_NUMBER_MAX);
}

static void the_next_one_is_found_over_gaps_and_other_names(void **state)
{
    static const uint32_t number[] = {1, 2, 5, 90, 1000000};
    uint32_t at = 0;

    (void)state;
    put("queue/contact/00000003.reason");
    put("queue/contact/0000004.csv");
    put("queue/contact/00000004x.csv");
    put("queue/contact/x0000004.csv");
    put("queue/contact/00000000.csv");
    for (size_t i = 0; i < COUNT(number); i++) {
        put_segment(number[i]);
    }
    for (size_t i = 0; i < COUNT(number); i++) {
        assert_int_equal(queue_next(&flash, "contact", at, &at), 1);
        assert_int_equal(at, number[i]);
    }
    assert_int_equal(queue_next(&flash, "contact", at, &at), 0);
    assert_int_equal(queue_next(&flash, "lead", 0, &at), 0);
    sim_flash_fail_at(&sim, 0, ERR_FLASH_READ, true);
    assert_int_equal(queue_next(&flash, "contact", 0, &at), ERR_FLASH_READ);
}

static void a_file_becomes_a_segment_and_replaces_none(void **state)
{
    (void)state;
    put("outbox/contact/a.csv");
    put_segment(4);
    assert_int_equal(flash.folder(flash.ctx, "queue/contact"), 0);
    assert_int_equal(queue_adopt(&flash, "contact", "a.csv", 4), ERR_FLASH_EXISTS);
    assert_true(there("outbox/contact/a.csv"));
    assert_int_equal(queue_adopt(&flash, "contact", "a.csv", 5), 0);
    assert_false(there("outbox/contact/a.csv"));
    assert_true(there("queue/contact/00000005.csv"));
    assert_int_equal(queue_adopt(&flash, "contact", "a.csv", 6), ERR_FLASH_NONE);
}

/* What was not synced before the rename would be a segment that a cut empties. */
static void its_bytes_are_on_flash_before_it_is_a_segment(void **state)
{
    for (uint32_t at = 0; at < 3; at++) {
        size_t len = 0;
        const uint8_t *got;

        setup(state);
        assert_int_equal(flash.folder(flash.ctx, "outbox/contact"), 0);
        assert_int_equal(flash.folder(flash.ctx, "queue/contact"), 0);
        assert_int_equal(
            flash.append(flash.ctx, "outbox/contact/a.csv", (const uint8_t *)"a\n1\n", 4), 0);
        sim_flash_cut_at(&sim, at, SIM_CUT_LUCK);
        (void)queue_adopt(&flash, "contact", "a.csv", 1);
        if (!sim.off) {
            sim_flash_cut(&sim, SIM_CUT_NOTHING);
        }
        sim_flash_power_on(&sim);
        got = sim_flash_bytes(&sim, "queue/contact/00000001.csv", true, &len);
        assert_true(got == NULL || (len == 4 && memcmp(got, "a\n1\n", 4) == 0));
        flash = sim_flash_of(&sim);
    }
}

static void producers_names_are_left_alone(void **state)
{
    static const char *const theirs[] = {".a.csv", ".open", ".lock", "b.csv.tmp",
                                         "b.part", ".csv",  "b.txt"};
    struct flash_file file[3];
    char name[FLASH_NAME_CAP], want[16];
    const char *after = "";
    int seen = 0, n;

    (void)state;
    for (size_t i = 0; i < COUNT(theirs); i++) {
        (void)snprintf(name, sizeof name, "outbox/contact/%s", theirs[i]);
        put(name);
    }
    for (int i = 0; i < 10; i++) {
        (void)snprintf(name, sizeof name, "outbox/contact/c%d.csv", i);
        put(name);
    }
    while ((n = queue_handed_in(&flash, "contact", after, file, COUNT(file))) > 0) {
        for (int i = 0; i < n; i++) {
            (void)snprintf(want, sizeof want, "c%d.csv", seen++);
            assert_string_equal(file[i].name, want);
        }
        after = file[n - 1].name;
    }
    assert_int_equal(n, 0);
    assert_int_equal(seen, 10);
    assert_int_equal(queue_handed_in(&flash, "lead", "", file, COUNT(file)), 0);
}

static void objects_come_in_order_without_dot_names(void **state)
{
    struct flash_file object = {""};

    (void)state;
    put("outbox/.hidden/a.csv");
    put("outbox/lead/a.csv");
    put("outbox/contact/a.csv");
    put("outbox/file.csv");
    assert_int_equal(queue_object(&flash, "outbox", object.name, &object), 1);
    assert_string_equal(object.name, "contact");
    assert_int_equal(queue_object(&flash, "outbox", object.name, &object), 1);
    assert_string_equal(object.name, "lead");
    assert_int_equal(queue_object(&flash, "outbox", object.name, &object), 0);
    assert_int_equal(queue_object(&flash, "queue", "", &object), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_segment_has_eight_digits, setup),
        cmocka_unit_test_setup(the_last_of_a_row_is_found_from_any_number, setup),
        cmocka_unit_test_setup(the_last_number_of_all_is_no_trap, setup),
        cmocka_unit_test_setup(the_next_one_is_found_over_gaps_and_other_names, setup),
        cmocka_unit_test_setup(a_file_becomes_a_segment_and_replaces_none, setup),
        cmocka_unit_test_setup(its_bytes_are_on_flash_before_it_is_a_segment, setup),
        cmocka_unit_test_setup(producers_names_are_left_alone, setup),
        cmocka_unit_test_setup(objects_come_in_order_without_dot_names, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
