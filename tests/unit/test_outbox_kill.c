/* Producers and the daemon are killed at any call, while the machine runs on: every acknowledged
 * record is there exactly once, no half of one, and who still waits for a shared sync is told the
 * truth. OCB_ROUNDS=N: with more failures of calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "outbox_life.h"

/* A port whose caller dies in one of its calls; in an append, behind some of the bytes. */
struct killer {
    struct flash real;
    jmp_buf death;
    uint32_t left;
    bool armed;
    unsigned torn;
    char locked[FLASH_NAME_CAP];
};

static bool dies(struct killer *k)
{
    return k->armed && k->left-- == 0;
}

static void die(struct killer *k)
{
    k->armed = false;
    longjmp(k->death, 1);
}

static int kill_append(void *ctx, const char *name, const uint8_t *src, size_t len)
{
    struct killer *k = ctx;

    if (dies(k)) {
        size_t n = k->torn % (len + 1);

        if (n > 0) {
            (void)k->real.append(k->real.ctx, name, src, n);
        }
        die(k);
    }
    return k->real.append(k->real.ctx, name, src, len);
}

static int kill_truncate(void *ctx, const char *name, uint64_t len)
{
    struct killer *k = ctx;

    if (dies(k)) {
        die(k);
    }
    return k->real.truncate(k->real.ctx, name, len);
}

/* Nobody else knows of a failed sync before two calls have written the note: who dies in between
 * takes it to the grave, see outbox.h. */
static int kill_sync(void *ctx, const char *name)
{
    struct killer *k = ctx;
    int err;

    if (dies(k)) {
        die(k);
    }
    err = k->real.sync(k->real.ctx, name);
    k->left = err != 0 && k->left < 2 ? 2 : k->left;
    return err;
}

static int kill_rename(void *ctx, const char *from, const char *to, bool replace)
{
    struct killer *k = ctx;

    if (dies(k)) {
        die(k);
    }
    return k->real.rename(k->real.ctx, from, to, replace);
}

static int kill_remove(void *ctx, const char *name)
{
    struct killer *k = ctx;

    if (dies(k)) {
        die(k);
    }
    return k->real.remove(k->real.ctx, name);
}

static int kill_lock(void *ctx, const char *name, bool wait)
{
    struct killer *k = ctx;
    int err = k->real.lock(k->real.ctx, name, wait);

    if (err == 0) {
        strcpy(k->locked, name);
    }
    return err;
}

/* The kernel gives it back. */
static void kill_unlock(void *ctx, const char *name)
{
    struct killer *k = ctx;

    k->locked[0] = '\0';
    if (dies(k)) {
        k->real.unlock(k->real.ctx, name);
        die(k);
    }
    k->real.unlock(k->real.ctx, name);
}

static int64_t kill_size(void *ctx, const char *name)
{
    struct killer *k = ctx;

    return k->real.size(k->real.ctx, name);
}

static int kill_read_at(void *ctx, const char *name, uint64_t at, uint8_t *dst, size_t cap)
{
    struct killer *k = ctx;

    return k->real.read_at(k->real.ctx, name, at, dst, cap);
}

static int kill_folder(void *ctx, const char *name)
{
    struct killer *k = ctx;

    return k->real.folder(k->real.ctx, name);
}

static int kill_list(void *ctx, const char *folder, enum flash_kind kind, const char *after,
                     struct flash_file *out, size_t most)
{
    struct killer *k = ctx;

    return k->real.list(k->real.ctx, folder, kind, after, out, most);
}

static int64_t kill_room(void *ctx)
{
    struct killer *k = ctx;

    return k->real.room(k->real.ctx);
}

static struct flash killer_of(struct killer *k)
{
    struct flash f = k->real;

    f.ctx = k;
    f.size = kill_size;
    f.read_at = kill_read_at;
    f.append = kill_append;
    f.truncate = kill_truncate;
    f.sync = kill_sync;
    f.rename = kill_rename;
    f.remove = kill_remove;
    f.folder = kill_folder;
    f.list = kill_list;
    f.room = kill_room;
    f.lock = kill_lock;
    f.unlock = kill_unlock;
    return f;
}

/* Another process takes its place; for what it waited nobody waits any more. */
static void bury(struct life *l, struct killer *k)
{
    if (k->locked[0] != '\0') {
        k->real.unlock(k->real.ctx, k->locked);
        k->locked[0] = '\0';
    }
    outbox_init(l->at, &l->port, &LIFE_RULES, "contact");
    for (unsigned i = 0; i < LIFE && l->at != &l->daemon; i++) {
        l->ticket[i].waits = l->ticket[i].waits && life_writer(l, i) != l->at;
    }
}

static void arm(struct life *l, struct killer *k, unsigned n)
{
    k->real = sim_flash_of(&l->flash);
    k->left = n;
    k->torn = n * 7919;
    k->armed = true;
    k->locked[0] = '\0';
    l->port = killer_of(k);
    l->watchful = true;
}

/* The killed one's record is given in again. At times a call fails too. */
static bool kill_at(struct life *l, struct killer *k, unsigned n, unsigned round)
{
    unsigned chance = n * 7919 + round * 104729;
    bool killed;
    volatile unsigned tries = 0;

    life_begin(l, chance, round % LIFE_WAYS);
    arm(l, k, n);
    k->torn = chance;
    if (chance % 3 == 0) {
        sim_flash_fail_at(&l->flash, chance % 401, chance % 2 == 0 ? ERR_FLASH_WRITE : 0, false);
    }
    if (setjmp(k->death) != 0) {
        bury(l, k);
    }
    while (life_go(l) != 0 && tries < 3) {
        tries++;
    }
    killed = !k->armed;
    k->armed = false;
    life_judge(l, "killed", n, 1);
    assert_true(killed || l->next == LIFE || tries == 3);
    return killed;
}

static void killed_anywhere(void **state)
{
    static struct life l;
    static struct killer k;

    (void)state;
    for (unsigned round = 0; round < LIFE_WAYS * life_rounds(); round++) {
        unsigned n = 0;

        for (; kill_at(&l, &k, n, round); n++) {
            sim_flash_cut(&l.flash, n % SIM_CUTS);
            sim_flash_power_on(&l.flash);
            assert_int_equal(life_recover(&l), 0);
            life_judge(&l, "killed, then cut", n, round);
        }
        assert_true(n > 150);
    }
    sim_flash_free(&l.flash);
}

/* A sync has failed, and the one who would give the file up dies on the way, behind the two calls
 * that write the note: before, only the dead one knew. */
static bool kill_behind_sync(struct life *l, struct killer *k, unsigned m)
{
    static const unsigned fails_at = 1;
    volatile bool fallen = false;

    life_begin(l, m, LIFE_EACH);
    arm(l, k, m);
    k->armed = false;
    if (setjmp(k->death) != 0) {
        fallen = true;
        bury(l, k);
    } else {
        while (l->next < fails_at) {
            assert_int_equal(life_add(l, l->next), 0);
            l->next++;
        }
        sim_flash_fail_at(&l->flash, 2, ERR_FLASH_WRITE, false); /* behind lock and append */
        k->armed = true;
        k->left = m + 4;
        assert_int_equal(life_add(l, fails_at), ERR_FLASH_WRITE);
        k->armed = false;
    }
    assert_int_equal(l->flash.failed, 1);
    l->next = fails_at + 1;
    assert_int_equal(life_go(l), 0);
    life_judge(l, "killed behind a failed sync", m, 0);
    assert_int_equal(judge_look(&l->flash, false).seen[fails_at], 0);
    sim_flash_cut(&l->flash, SIM_CUT_NOTHING);
    sim_flash_power_on(&l->flash);
    assert_int_equal(life_recover(l), 0);
    life_judge(l, "killed behind a failed sync", m, 1);
    return fallen;
}

static void killed_behind_a_failed_sync(void **state)
{
    static struct life l;
    static struct killer k;
    unsigned m = 0;

    (void)state;
    while (kill_behind_sync(&l, &k, m)) {
        m++;
    }
    assert_true(m >= 5);
    sim_flash_free(&l.flash);
}

/* The header row itself has line breaks; its writer dies behind each byte of it. */
static void kill_in_header(struct life *l, struct killer *k, unsigned n)
{
    static const char header[] = "\"i\nd\n\",text\n";
    const struct outbox_row row = {.header = (const uint8_t *)header,
                                   .header_len = sizeof header - 1,
                                   .record = (const uint8_t *)"1,\n",
                                   .len = 3,
                                   .fields = 2,
                                   .renew = true};
    size_t len;

    life_begin(l, n, LIFE_EACH);
    /* What is known of the place is noted, then that nothing is in the way, then the file. */
    arm(l, k, 5);
    k->torn = n;
    l->at = &l->writer[0];
    if (setjmp(k->death) == 0) {
        (void)outbox_add(l->at, &row, 1);
        fail();
    }
    bury(l, k);
    (void)sim_flash_bytes(&l->flash, "outbox/contact/.open", false, &len);
    assert_int_equal(len, n);
    assert_int_equal(outbox_add(&l->writer[1], &row, 1), 0);
    assert_memory_equal(sim_flash_bytes(&l->flash, "outbox/contact/.open", true, &len),
                        "\"i\nd\n\",text\n1,\n", sizeof header - 1 + 3);
    assert_int_equal(len, sizeof header - 1 + 3);
    assert_int_equal(judge_look(&l->flash, true).segments, 0);
}

static void killed_in_the_header_row(void **state)
{
    static struct life l;
    static struct killer k;

    (void)state;
    for (unsigned n = 0; n <= 12; n++) {
        kill_in_header(&l, &k, n);
    }
    sim_flash_free(&l.flash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_anywhere),
        cmocka_unit_test(killed_behind_a_failed_sync),
        cmocka_unit_test(killed_in_the_header_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
