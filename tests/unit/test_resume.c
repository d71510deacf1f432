/* What the journal of an upload says, entry by entry, and what another run does. */
#include "base/err.h"
#include "linux/resume.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

enum { RECORDS = 3, BYTES = 100, HEADER = 20, BATCHES = 4 };

/* A file of four batches. A letter is an entry of the batch at hand, a digit names another one:
 * O object, L ten records left out, P the plan; I intent, C commit, J created, V void, H settled by
 * hand; D done, X partial. N: the next batch. Small letters: the same with another range. */
static const struct row {
    const char *name, *entries;
    enum resume_action plain, resend, skip;
    uint64_t record; /* where it goes on */
    uint64_t batches, done;
    int rot; /* this entry, from 1, cannot follow */
} ROWS[] = {
    {"no journal", "", RESUME_NEW, RESUME_NEW, RESUME_NEW, 0, 0, 0, 0},
    {"a plan alone", "OP", RESUME_NEW, RESUME_NEW, RESUME_NEW, 1, 0, 0, 0},
    {"intent of the first batch: nothing can be stored", "OPI", RESUME_NEW, RESUME_NEW, RESUME_NEW,
     1, 0, 0, 0},
    {"attempts that were cut in the body", "OPIII", RESUME_NEW, RESUME_NEW, RESUME_NEW, 1, 0, 0, 0},
    {"commit of the first batch: a person has to say", "OPIC", RESUME_ASK, RESUME_RESEND,
     RESUME_SKIP, 1, 0, 0, 0},
    {"a commit that was refused is none", "OPICV", RESUME_NEW, RESUME_NEW, RESUME_NEW, 1, 0, 0, 0},
    {"created: go on behind it", "OPICJ", RESUME_GO_ON, RESUME_GO_ON, RESUME_GO_ON, 4, 1, 0, 0},
    {"created, then intent: go on behind it", "OPICJNI", RESUME_GO_ON, RESUME_GO_ON, RESUME_GO_ON,
     4, 1, 0, 0},
    {"created, then commit: a person has to say", "OPICJNIC", RESUME_ASK, RESUME_RESEND,
     RESUME_SKIP, 4, 1, 0, 0},
    {"created, then refused: go on behind the first", "OPICJNICV", RESUME_GO_ON, RESUME_GO_ON,
     RESUME_GO_ON, 4, 1, 0, 0},
    {"created, though the first attempt was refused", "OPICVIICJ", RESUME_GO_ON, RESUME_GO_ON,
     RESUME_GO_ON, 4, 1, 0, 0},
    {"settled by hand: as good as created", "OPICH", RESUME_GO_ON, RESUME_GO_ON, RESUME_GO_ON, 4, 1,
     1, 0},
    {"sent again by hand, cut in the body", "OPICJNICI", RESUME_GO_ON, RESUME_GO_ON, RESUME_GO_ON,
     4, 1, 0, 0},
    {"sent again by hand, and unknown again", "OPICIC", RESUME_ASK, RESUME_RESEND, RESUME_SKIP, 1,
     0, 0, 0},
    {"outcomes come later, in any order", "OPICJNICJNICJ3D1D", RESUME_GO_ON, RESUME_GO_ON,
     RESUME_GO_ON, 10, 3, 2, 0},
    {"an outcome between the attempts of another batch", "OPICJNI1DC", RESUME_ASK, RESUME_RESEND,
     RESUME_SKIP, 4, 1, 1, 0},
    {"rows that failed are told again", "OPICJX", RESUME_GO_ON, RESUME_GO_ON, RESUME_GO_ON, 4, 1, 0,
     0},
    {"all of it", "OPICJNICJNICJNICJ1D2D3D4D", RESUME_GO_ON, RESUME_GO_ON, RESUME_GO_ON, 13, 4, 4,
     0},
    {"records were left out in front", "OLPICJ", RESUME_GO_ON, RESUME_GO_ON, RESUME_GO_ON, 14, 1, 0,
     0},
    {"the next attempt is smaller", "OPICVicj", RESUME_GO_ON, RESUME_GO_ON, RESUME_GO_ON, 2, 1, 0,
     0},

    {"no object", "P", RESUME_NEW, RESUME_NEW, RESUME_NEW, 0, 0, 0, 1},
    {"two objects", "OO", RESUME_NEW, RESUME_NEW, RESUME_NEW, 0, 0, 0, 2},
    {"no plan", "OI", RESUME_NEW, RESUME_NEW, RESUME_NEW, 0, 0, 0, 2},
    {"records left out behind the plan", "OPL", RESUME_NEW, RESUME_NEW, RESUME_NEW, 1, 0, 0, 3},
    {"commit without intent", "OPC", RESUME_NEW, RESUME_NEW, RESUME_NEW, 1, 0, 0, 3},
    {"created without commit", "OPIJ", RESUME_NEW, RESUME_NEW, RESUME_NEW, 1, 0, 0, 4},
    {"by hand without commit", "OPIH", RESUME_NEW, RESUME_NEW, RESUME_NEW, 1, 0, 0, 4},
    {"a second job of a batch", "OPICJJ", RESUME_GO_ON, RESUME_GO_ON, RESUME_GO_ON, 4, 1, 0, 6},
    {"another attempt behind its job", "OPICJI", RESUME_GO_ON, RESUME_GO_ON, RESUME_GO_ON, 4, 1, 0,
     6},
    {"the next batch before the job of this one", "OPICNI", RESUME_ASK, RESUME_RESEND, RESUME_SKIP,
     1, 0, 0, 5},
    {"a batch is left out", "OPICJNNI", RESUME_GO_ON, RESUME_GO_ON, RESUME_GO_ON, 4, 1, 0, 6},
    {"the outcome of a batch without a job", "OPICJNID", RESUME_GO_ON, RESUME_GO_ON, RESUME_GO_ON,
     4, 1, 0, 7},
    {"a range behind the end of the file", "OPICJNICJNICJNICJNI", RESUME_GO_ON, RESUME_GO_ON,
     RESUME_GO_ON, 13, 4, 0, 15},
};

static struct entry entry_of(char letter, uint32_t batch)
{
    static const char letters[] = "OLPICJVHDX";
    static const uint8_t type[] = {ENTRY_OBJECT, ENTRY_LOW,     ENTRY_VOID, ENTRY_INTENT,
                                   ENTRY_COMMIT, ENTRY_CREATED, ENTRY_VOID, ENTRY_FINAL,
                                   ENTRY_FINAL,  ENTRY_FINAL};
    bool less = letter >= 'a';
    char big = (char)(less ? letter - 'a' + 'A' : letter);
    struct entry e = {.type = type[strchr(letters, big) - letters], .batch = batch, .account = 7};

    if (big == 'O') {
        memcpy(e.is.object.name, "contact", sizeof "contact");
        return e;
    }
    e.reason = big == 'H' ? REASON_HAND : REASON_NONE;
    e.is.range = (struct entry_range){.at = HEADER + (batch - 1) * BYTES,
                                      .end = HEADER + batch * BYTES - (less ? BYTES / 2 : 0),
                                      .records = less ? 1 : RECORDS,
                                      .attempt = 1,
                                      .how = big == 'X' ? FINAL_PARTIAL : FINAL_DONE,
                                      .told = big == 'H' ? -1 : RECORDS};
    if (big == 'P') {
        e.is.range.at = HEADER;
        e.is.range.end = HEADER + BATCHES * BYTES;
    }
    if (big == 'L') {
        e.is.range.records = 10;
    }
    return e;
}

/* As it comes back from flash. */
static struct entry through_flash(const struct entry *e)
{
    uint8_t raw[ENTRY_LEN];
    struct entry back;

    entry_write(raw, e, 1);
    assert_int_equal(entry_read(&back, raw, 1), 0);
    return back;
}

static void apply_row(const struct row *row, struct resume *r)
{
    uint32_t batch = 1;
    int n = 0;

    memset(r, 0, sizeof *r);
    for (const char *c = row->entries; *c != '\0'; c++) {
        if (*c == 'N') {
            batch++;
            continue;
        }
        bool named = *c >= '0' && *c <= '9';
        struct entry e = named ? entry_of(c[1], (uint32_t)(*c - '0')) : entry_of(*c, batch);
        struct entry back = through_flash(&e);
        int err = resume_apply(r, &back);

        c += named;
        n++;
        if (err != (n == row->rot ? ERR_JOURNAL_ROT : 0)) {
            fail_msg("%s: entry %d: %s", row->name, n, err_name(err));
        }
    }
    assert_true(row->rot <= n);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const struct row *row = &ROWS[i];
        struct resume r;

        apply_row(row, &r);
        if (resume_action(&r, ANSWER_NONE) != row->plain ||
            resume_action(&r, ANSWER_RESEND) != row->resend ||
            resume_action(&r, ANSWER_SKIP) != row->skip || r.record != row->record ||
            r.batches != row->batches || r.done != row->done) {
            fail_msg("%s: %d %d %d, record %lu, %lu batches, %lu done", row->name,
                     (int)resume_action(&r, ANSWER_NONE), (int)resume_action(&r, ANSWER_RESEND),
                     (int)resume_action(&r, ANSWER_SKIP), (unsigned long)r.record,
                     (unsigned long)r.batches, (unsigned long)r.done);
        }
    }
}

static void test_next(void **state)
{
    static const struct {
        const char *entries;
        uint32_t batch;
        uint8_t attempt;
    } want[] = {{"OPI", 1, 2}, {"OPIC", 1, 2}, {"OPICV", 1, 2}, {"OPICJ", 2, 1}, {"OPICH", 2, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        const struct row row = {.name = want[i].entries, .entries = want[i].entries};
        struct resume r;
        uint32_t batch;
        uint8_t attempt;

        apply_row(&row, &r);
        resume_next(&r, &batch, &attempt);
        assert_int_equal(batch, want[i].batch);
        assert_int_equal(attempt, want[i].attempt);
    }
}

static void test_attempts_have_an_end(void **state)
{
    struct resume r;
    uint32_t batch;
    uint8_t attempt;
    struct row row = {.name = "many attempts", .entries = "OPI"};

    (void)state;
    apply_row(&row, &r);
    for (int i = 0; i < 300; i++) {
        struct entry e = entry_of('I', 1);

        resume_next(&r, &batch, &attempt);
        assert_true(attempt > 1);
        e.is.range.attempt = attempt;
        assert_int_equal(resume_apply(&r, &e), 0);
    }
    assert_int_equal(attempt, UINT8_MAX);
}

static void test_by_hand(void **state)
{
    const struct row row = {.name = "unknown", .entries = "OPICJNIC"};
    struct resume r;

    (void)state;
    apply_row(&row, &r);
    struct entry e = resume_by_hand(&r);

    assert_true(resume_accepts(&e));
    e = through_flash(&e);
    assert_int_equal(resume_apply(&r, &e), 0);
    assert_int_equal(resume_action(&r, ANSWER_NONE), RESUME_GO_ON);
    assert_int_equal(r.record, 1 + 2 * RECORDS);
    assert_int_equal(r.batches, 2);
    assert_true(r.uncounted);
}

static void test_other_entries(void **state)
{
    static const uint8_t type[] = {ENTRY_HELD, ENTRY_MOVED, ENTRY_PAUSE, ENTRY_NONE};
    const struct row row = {.name = "unknown", .entries = "OPIC"};

    (void)state;
    for (size_t i = 0; i < sizeof type; i++) {
        struct entry e = entry_of('I', 1);
        struct resume r;

        apply_row(&row, &r);
        e.type = type[i];
        assert_int_equal(resume_apply(&r, &e), ERR_JOURNAL_ROT);
        assert_int_equal(resume_action(&r, ANSWER_NONE), RESUME_ASK);
    }
}

static void test_ranges_are_disjoint(void **state)
{
    const struct row row = {.name = "created", .entries = "OPICJ"};
    struct resume r;

    (void)state;
    apply_row(&row, &r);
    struct entry e = entry_of('I', 2);

    e.is.range.at--;
    assert_int_equal(resume_apply(&r, &e), ERR_JOURNAL_ROT);
    e.is.range.end = e.is.range.at += 2;
    assert_int_equal(resume_apply(&r, &e), ERR_JOURNAL_ROT);
    e.is.range.end++;
    assert_int_equal(resume_apply(&r, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_attempts_have_an_end),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_other_entries),
        cmocka_unit_test(test_ranges_are_disjoint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
