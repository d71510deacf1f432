/* Rows that failed: which are told apart, what is kept of them, and what its reason says. */
#include "base/err.h"
#include "base/flash_read.h"
#include "base/stream.h"
#include "sim_flash.h"
#include "sync/failed_rows.h"
#include "sync/failed_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct sim_flash sim;
static struct flash flash;
static uint8_t buf[EXCHANGE_TX_CAP];
static const struct kept_place place = {KEPT_FAILED, "contact", "00000007"};

#define HEAD  "email,name\n"
#define ANA   "ana@example.org,Ana\n"
#define BOB   "bob@example.org,Bob\r\n"
#define CARLA "carla@example.org,\"Carla \"\"C\"\"\nof two lines\"\n"
#define DAN   "dan@example.org,Dan"

static const struct {
    const char *name, *csv, *identifier;
    int64_t failed;
    const char *errors; /* a line each */
    const char *rows;   /* NULL: all of them */
    const char *reason; /* what is added to it */
} CASES[] = {
    {"one of two", HEAD ANA BOB, "email", 1, "bob@example.org: bad\n", HEAD BOB,
     "row 2 = bob@example.org: bad\n"},
    {"quoted lines go byte for byte, blank ones count for nothing", HEAD ANA "\n" CARLA "\r\n" DAN,
     "email", 2, "no 'dan@example.org'\ncarla@example.org is bad\n", HEAD CARLA DAN,
     "row 3 = no 'dan@example.org'\nrow 2 = carla@example.org is bad\n"},
    {"two errors of one row", HEAD ANA BOB, "email", 1,
     "ana@example.org: bad\nana@example.org: worse\n", HEAD ANA,
     "row 1 = ana@example.org: bad\nrow 1 = ana@example.org: worse\n"},
    {"all of them, each with its error", HEAD ANA BOB, "email", 2,
     "ana@example.org\nbob@example.org\n", HEAD ANA BOB,
     "row 1 = ana@example.org\nrow 2 = bob@example.org\n"},
    {"all of them, no error names one", HEAD ANA BOB, "email", 2, "bad\nworse\n", NULL,
     "rows = all 2 failed\n"},
    {"the identifier is a quoted field of the last column",
     "a,key\n1,\"x \"\"y\"\", z\"\n2,other\n", "key", 1, "bad: x \"y\", z!\n",
     "a,key\n1,\"x \"\"y\"\", z\"\n", "row 1 = bad: x \"y\", z!\n"},
    {"fewer rows are named than failed", HEAD ANA BOB DAN, "email", 2, "ana@example.org\nbad\n",
     NULL, "rows = all 3: 2 of 3 failed, the service does not tell which\n"},
    {"more rows are named than failed", HEAD ANA BOB DAN, "email", 1,
     "ana@example.org\nbob@example.org\n", NULL,
     "rows = all 3: 1 of 3 failed, the service does not tell which\n"},
    {"an error names no row beside one that does", HEAD ANA BOB DAN, "email", 1,
     "ana@example.org\nbad\n", NULL,
     "rows = all 3: 1 of 3 failed, the service does not tell which\n"},
    {"two rows have the same identifier", HEAD ANA ANA DAN, "email", 2,
     "ana@example.org\ndan@example.org\n", NULL,
     "rows = all 3: 2 of 3 failed, the service does not tell which\n"},
    {"both of them failed", HEAD ANA ANA DAN, "email", 2, "ana@example.org\nana@example.org\n",
     NULL, "rows = all 3: 2 of 3 failed, the service does not tell which\n"},
    {"an error names two rows", HEAD ANA BOB DAN, "email", 2,
     "ana@example.org is bob@example.org\ndan@example.org\n", NULL,
     "rows = all 3: 2 of 3 failed, the service does not tell which\n"},
    {"the count is untold", HEAD ANA BOB, "email", -1, "ana@example.org\n", NULL,
     "rows = all 2: the service does not tell which\n"},
    {"no row failed, says the count", HEAD ANA BOB, "email", 0, "ana@example.org\n", NULL,
     "rows = all 2: 0 of 2 failed, the service does not tell which\n"},
    {"no identifier is configured", HEAD ANA BOB, NULL, 1, "ana@example.org\n", NULL,
     "rows = all 2: 1 of 2 failed, the service does not tell which\n"},
    {"an empty one", HEAD ANA BOB, "", 1, "ana@example.org\n", NULL,
     "rows = all 2: 1 of 2 failed, the service does not tell which\n"},
    {"no such column", HEAD ANA BOB, "Email", 1, "ana@example.org\n", NULL,
     "rows = all 2: 1 of 2 failed, the service does not tell which\n"},
    {"no errors were listed", HEAD ANA BOB, "email", 1, "", NULL,
     "rows = all 2: 1 of 2 failed, the service does not tell which\n"},
};

static uint32_t count_lines(const char *text)
{
    uint32_t n = 0;

    for (; *text != '\0'; text++) {
        n += *text == '\n';
    }
    return n;
}

static void put_errors(struct kept *k, const char *errors)
{
    static char line[EXCHANGE_TX_CAP];

    while (*errors != '\0') {
        size_t len = strcspn(errors, "\n");

        assert_true(len < sizeof line);
        memcpy(line, errors, len);
        line[len] = '\0';
        kept_put(k, "error", line);
        errors += len + 1;
    }
}

static uint32_t count_records(const struct batch_file *bf)
{
    const struct batch_limits limits = {UINT64_MAX, UINT64_MAX};
    static uint8_t scratch[4096];
    struct batch_plan p;
    int n;

    assert_int_equal(batch_plan_init(&p, bf, &limits, NULL, scratch, sizeof scratch), 0);
    do {
        n = batch_plan_step(&p, scratch, sizeof scratch);
    } while (n == ERR_WAIT);
    assert_int_equal(n, 1);
    return (uint32_t)p.batch.records;
}

/* The whole file is the batch. Returns what keep did. */
static int keep(const char *csv, const char *identifier, int64_t failed, uint32_t errors,
                const char *texts)
{
    static struct flash_read reading;
    static struct file file;
    static struct batch_file bf;
    static struct kept k;
    struct failed_rows_job job = {
        .flash = &flash, .bf = &bf, .place = place, .identifier = identifier, .failed = failed};

    sim_flash_put(&sim, "queue/contact/00000001.csv", csv, strlen(csv));
    reading = (struct flash_read){.flash = &flash, .name = "queue/contact/00000001.csv"};
    file = flash_read_file(&reading);
    assert_int_equal(batch_file_open(&bf, &file, buf, sizeof buf, NULL), 0);
    job.at = bf.body_at;
    job.end = bf.size;
    job.errors = errors;
    job.records = count_records(&bf);
    kept_reason(&k, &flash, &place);
    kept_put(&k, "object", "contact");
    put_errors(&k, texts);
    memset(buf, 0xA5, sizeof buf);
    return failed_rows_keep(&job, &k, buf, sizeof buf);
}

static void is_file(const char *ending, const char *want)
{
    char name[FLASH_NAME_CAP];
    size_t len;

    assert_int_equal(kept_path(name, &place, ending), 0);
    const uint8_t *got = sim_flash_bytes(&sim, name, true, &len);

    assert_non_null(got);
    if (len != strlen(want) || memcmp(got, want, len) != 0) {
        print_error("%s: got\n%.*s\nwant\n%s\n", name, (int)len, (const char *)got, want);
        fail();
    }
}

static int setup(void **state)
{
    (void)state;
    sim_flash_reset(&sim, 1);
    flash = sim_flash_of(&sim);
    return 0;
}

static void cases(void **state)
{
    char reason[4096];

    for (size_t i = 0; i < COUNT(CASES); i++) {
        setup(state);
        int n = keep(CASES[i].csv, CASES[i].identifier, CASES[i].failed,
                     count_lines(CASES[i].errors), CASES[i].errors);

        strcpy(reason, "object = contact\n");
        for (const char *e = CASES[i].errors; *e != '\0'; e += strcspn(e, "\n") + 1) {
            strcat(reason, "error = ");
            strncat(reason, e, strcspn(e, "\n") + 1);
        }
        strcat(reason, CASES[i].reason);
        print_message("%s\n", CASES[i].name);
        assert_int_equal(n, CASES[i].rows != NULL);
        is_file(".reason", reason);
        is_file(".csv", CASES[i].rows != NULL ? CASES[i].rows : CASES[i].csv);
    }
}

/* value stands in words as a whole word, or not. */
static const struct {
    const char *id, *words;
    bool named;
} WORDS[] = {
    {"ana@example.org", "ana@example.org", true},
    {"ana@example.org", "bad: 'ana@example.org'", true},
    {"ana@example.org", "(ana@example.org)", true},
    {"ana@example.org", "email=ana@example.org, bad", true},
    {"ana@example.org", "The address is ana@example.org.", true},
    {"ana@example.org", "It is ana@example.org. Bad.", true},
    {"ana@example.org", "ana@example.org.au is bad", false},
    {"ana@example.org", "ana@example.org.. is bad", false},
    {"ana@example.org", "joana@example.org is bad", false},
    {"ana@example.org", "jo.ana@example.org", false},
    {"ana@example.org", "jo-ana@example.org", false},
    {"ana@example.org", "jo+ana@example.org", false},
    {"ana@example.org", "jo_ana@example.org", false},
    {"ana@example.org",
     "\xC3\xB6"
     "ana@example.org",
     false},
    {"ana@example.org", "ana@example.org\xC3\xB6", false},
    {"ana@example.org", "ana@example.org-2", false},
    {"ana@example.org", "joana@example.org, not ana@example.org", true},
    {"ana@example.org", "Ana@example.org", false},
    {"ana@example.org", "ana@example.or", false},
    {"ana@example.org", "", false},
    {"anaana", "anaanaana anaana", true},
    {"Acme Inc.", "Acme Inc. is bad", true},
    {"Acme Inc.", "bad: Acme Inc.", true},
    {"Acme Inc.", "bad: Acme Inc..", true},
    {"Acme Inc.", "bad: Acme Inc", false},
    {"Acme Inc", "bad: Acme Inc.", true},
    {"+4912345", "number +4912345 is bad", true},
    {"400", "HTTP 400", false},
    {"2026", "in 2026 it was bad", false},
    {"12345", "record 12345", false},
    {"123456", "record 123456", true},
    {"abc", "record abc", false},
    {"a400", "record a400", true},
    {"", "record  is bad", false},
};

static void whole_words(void **state)
{
    static const char key[] = "error = ";
    char text[512];

    (void)state;
    for (size_t i = 0; i < COUNT(WORDS); i++) {
        struct failed_words w;
        int len = sprintf(text, "%s%s\n", key, WORDS[i].words);

        for (int cut = 0; cut <= len; cut++) { /* at every split */
            failed_words_init(&w, buf, sizeof buf);
            assert_int_equal(failed_words_push(&w, (uint8_t *)text, (size_t)cut), 0);
            assert_int_equal(failed_words_push(&w, (uint8_t *)text + cut, (size_t)(len - cut)), 0);
            failed_words_row(&w, 9, WORDS[i].id, strlen(WORDS[i].id));
            if (failed_words_tell(&w, 1) != WORDS[i].named ||
                failed_words_has(&w, 9) != WORDS[i].named) {
                print_error("%s in %s\n", WORDS[i].id, WORDS[i].words);
                fail();
            }
        }
    }
}

/* The service's words are cut to MESSAGE_CAP: what stands at their very end may be cut. */
static void cut_words(void **state)
{
    char text[MESSAGE_CAP + 1];
    struct failed_words w;

    (void)state;
    for (int len = MESSAGE_CAP - 10; len < MESSAGE_CAP; len++) {
        memset(text, ' ', (size_t)len);
        memcpy(text + len - 15, "ana@example.org\n", 17);
        failed_words_init(&w, buf, sizeof buf);
        failed_words_push(&w, (const uint8_t *)"error = ", 8);
        failed_words_push(&w, (uint8_t *)text, strlen(text));
        failed_words_row(&w, 1, "ana@example.org", 15);
        assert_int_equal(failed_words_tell(&w, 1), len < MESSAGE_CAP - 4);
    }
}

static void errors_that_are_not_all_listed(void **state)
{
    (void)state;
    assert_int_equal(keep(HEAD ANA BOB, "email", 1, 2, "ana@example.org\n"), 0);
    is_file(".csv", HEAD ANA BOB);
}

/* So many errors that their words just fit, and one byte more than that. */
static void words_that_do_not_fit(void **state)
{
    static char errors[EXCHANGE_TX_CAP];
    const size_t room = sizeof buf - FAILED_ROW_CAP - 2 * (size_t)FAILED_WORDS_EACH;

    for (size_t more = 0; more < 2; more++) {
        setup(state);
        size_t len = room - 15 + more;

        memset(errors, 'x', len);
        memcpy(errors, "ana@example.org ", 16);
        strcpy(errors + len, "\nana@example.org\n");
        assert_int_equal(strlen(errors), room + more + 2);
        assert_int_equal(keep(HEAD ANA BOB, "email", 1, 2, errors), more == 0 ? 1 : 0);
        is_file(".csv", more == 0 ? HEAD ANA : HEAD ANA BOB);
    }
}

static void rows_of_every_length(void **state)
{
    static char csv[4 * FAILED_ROW_CAP], want[2 * FAILED_ROW_CAP];
    static const size_t lens[] = {40, FAILED_ROW_CAP - 1, FAILED_ROW_CAP, FAILED_ROW_CAP + 1};

    for (size_t i = 0; i < COUNT(lens); i++) {
        for (int later = 0; later < 2; later++) { /* the long row first, or behind another */
            setup(state);
            size_t n = (size_t)sprintf(csv, "%s%sbob@example.org,", HEAD, later ? ANA : "");
            size_t pad = lens[i] - strlen("bob@example.org,\n");

            memset(csv + n, 'b', pad);
            strcpy(csv + n + pad, "\n" DAN);
            sprintf(want, "%s%.*s", HEAD, (int)lens[i],
                    csv + strlen(HEAD) + (later ? strlen(ANA) : 0));
            bool fits = lens[i] <= FAILED_ROW_CAP;

            assert_int_equal(keep(csv, "email", 1, 1, "bob@example.org\n"), fits);
            is_file(".csv", fits ? want : csv);
        }
    }
}

/* A batch of many records, some of which failed. */
static void many_rows(void **state)
{
    static char csv[200000], want[10000], errors[10000];
    size_t n = (size_t)sprintf(csv, HEAD), w = (size_t)sprintf(want, HEAD), e = 0;

    (void)state;
    for (int i = 1; i <= 5000; i++) {
        size_t at = n;

        n += (size_t)sprintf(csv + n, "user%d@example.org,\"User\n%d\"\n", i, i);
        if (i % 49 == 0) {
            w += (size_t)sprintf(want + w, "%s", csv + at);
            e += (size_t)sprintf(errors + e, "user%d@example.org: no\n", i);
        }
    }
    assert_int_equal(keep(csv, "email", 102, 102, errors), 1);
    is_file(".csv", want);
}

static void whether_retry_repeats(void **state)
{
    static const struct {
        const char *reason;
        int repeats;
    } kept[] = {
        {"object = contact\nrow 2 = bad\nrow 3 = bad\n", 0},
        {"object = contact\nrows = all 2 failed\n", 0},
        {"object = contact\nrows = all 2: 1 of 2 failed, the service does not tell which\n", 1},
        {"error = row 2 = bad\n", 1},
        {"object = contact\n", 1},
        {"", 1},
    };

    (void)state;
    assert_int_equal(failed_rows_repeat(&flash, &place), 1); /* no reason at all */
    for (size_t i = 0; i < COUNT(kept); i++) {
        sim_flash_put(&sim, "failed/contact/00000007.reason", kept[i].reason,
                      strlen(kept[i].reason));
        assert_int_equal(failed_rows_repeat(&flash, &place), kept[i].repeats);
    }
    (void)keep(HEAD ANA BOB, "email", 1, 1, "ana@example.org\n");
    assert_int_equal(failed_rows_repeat(&flash, &place), 0);
    (void)keep(HEAD ANA BOB, "email", 1, 1, "bad\n");
    assert_int_equal(failed_rows_repeat(&flash, &place), 1);
}

/* Every call of flash fails once, and for ever: an error is told, and doing it again does it. */
static void flash_that_fails(void **state)
{
    static const int errs[] = {ERR_FLASH_READ, ERR_FLASH_WRITE, ERR_FLASH_FULL};

    for (size_t e = 0; e < COUNT(errs); e++) {
        for (int for_ever = 0; for_ever < 2; for_ever++) {
            for (uint32_t i = 0;; i++) {
                setup(state);
                sim_flash_put(&sim, "failed/contact/00000007.csv", "old", 3);
                static struct kept k;
                static struct flash_read reading;
                static struct file file;
                static struct batch_file bf;
                struct failed_rows_job job = {&flash, &bf, place, "email", 0, 0, 2, 1, 1};

                sim_flash_put(&sim, "q", HEAD ANA BOB, strlen(HEAD ANA BOB));
                reading = (struct flash_read){.flash = &flash, .name = "q"};
                file = flash_read_file(&reading);
                assert_int_equal(batch_file_open(&bf, &file, buf, sizeof buf, NULL), 0);
                job.at = bf.body_at;
                job.end = bf.size;
                sim_flash_fail_at(&sim, i, errs[e], for_ever);
                kept_reason(&k, &flash, &place);
                put_errors(&k, "ana@example.org\n");
                int n = failed_rows_keep(&job, &k, buf, sizeof buf);

                if (sim.failed == 0) {
                    assert_int_equal(n, 1);
                    break;
                }
                assert_true(n < 0);
                sim_flash_fail_at(&sim, UINT32_MAX, ERR_FLASH_READ, false);
                assert_int_equal(keep(HEAD ANA BOB, "email", 1, 1, "ana@example.org\n"), 1);
                is_file(".csv", HEAD ANA);
            }
        }
    }
}

static void records_that_are_not_as_many(void **state)
{
    static struct kept k;
    static struct flash_read reading;
    static struct file file;
    static struct batch_file bf;
    struct failed_rows_job job = {&flash, &bf, place, "email", 0, 0, 3, 1, 1};

    (void)state;
    sim_flash_put(&sim, "q", HEAD ANA BOB, strlen(HEAD ANA BOB));
    reading = (struct flash_read){.flash = &flash, .name = "q"};
    file = flash_read_file(&reading);
    assert_int_equal(batch_file_open(&bf, &file, buf, sizeof buf, NULL), 0);
    job.at = bf.body_at;
    job.end = bf.size;
    kept_reason(&k, &flash, &place);
    put_errors(&k, "ana@example.org\n");
    assert_int_equal(failed_rows_keep(&job, &k, buf, sizeof buf), 0);
    is_file(".csv", HEAD ANA BOB);
}

static void a_segment_that_got_shorter(void **state)
{
    static struct kept k;
    static struct flash_read reading;
    static struct file file;
    static struct batch_file bf;
    struct failed_rows_job job = {&flash, &bf, place, "email", 0, 0, 2, 1, 1};

    (void)state;
    sim_flash_put(&sim, "q", HEAD ANA BOB, strlen(HEAD ANA BOB));
    reading = (struct flash_read){.flash = &flash, .name = "q"};
    file = flash_read_file(&reading);
    assert_int_equal(batch_file_open(&bf, &file, buf, sizeof buf, NULL), 0);
    job.at = bf.body_at;
    job.end = bf.size;
    sim_flash_put(&sim, "q", HEAD ANA, strlen(HEAD ANA));
    kept_reason(&k, &flash, &place);
    put_errors(&k, "ana@example.org\n");
    assert_int_equal(failed_rows_keep(&job, &k, buf, sizeof buf), ERR_SOURCE_CHANGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(cases, setup),
        cmocka_unit_test_setup(whole_words, setup),
        cmocka_unit_test_setup(cut_words, setup),
        cmocka_unit_test_setup(errors_that_are_not_all_listed, setup),
        cmocka_unit_test_setup(words_that_do_not_fit, setup),
        cmocka_unit_test_setup(rows_of_every_length, setup),
        cmocka_unit_test_setup(many_rows, setup),
        cmocka_unit_test_setup(whether_retry_repeats, setup),
        cmocka_unit_test_setup(flash_that_fails, setup),
        cmocka_unit_test_setup(records_that_are_not_as_many, setup),
        cmocka_unit_test_setup(a_segment_that_got_shorter, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
