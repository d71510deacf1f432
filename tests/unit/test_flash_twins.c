/* The simulated flash is judged by the one of the Linux port, and the other way round: what either
 * answers to any sequence of calls, the other must. FLASH_TWINS_OPS: calls of each of
 * four runs (500). */
#include "base/err.h"
#include "base/stream.h"
#include "flash_scene.h"
#include "sim_flash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MUCH = 3000, LISTED = 6, RUNS = 4 };

static struct flash_scene linux_one;
static struct sim_flash sim_one;
static struct flash both[2];
static uint8_t much[MUCH];
static uint64_t random_at;
static bool lock_held[3];

static const char *const files[] = {"journal",        "journal.new",    "outbox/o/.open",
                                    "outbox/o/1.csv", "outbox/o/2.csv", "outbox/p/.csv",
                                    "queue/o/1.csv",  "queue/o/2.csv",  "queue/x",
                                    "held/o/p/deep",  "none/at/all",    "journal/below"};
static const char *const folders[] = {"outbox/o", "outbox/p", "queue/o", "queue",
                                      "outbox",   "held/o/p", "",        "none"};
static const char *const made[] = {"outbox/o", "outbox/p", "queue/o", "held/o/p"};
static const char *const in_the_way[] = {"queue/x/y", "journal.new/b", "outbox/o/1.csv"};
static const char *const locks[] = {"lock", "outbox/o/.lock", "queue/o/l"};

/* xorshift64* (Vigna 2014) */
static uint64_t below(uint64_t bound)
{
    random_at ^= random_at >> 12;
    random_at ^= random_at << 25;
    random_at ^= random_at >> 27;
    return (random_at * UINT64_C(0x2545F4914F6CDD1D) >> 16) % bound;
}

static void same(const char *what, const char *name, int64_t one, int64_t other)
{
    if (one != other) {
        fail_msg("%s \"%s\": %lld on Linux, %lld simulated", what, name, (long long)one,
                 (long long)other);
    }
}

#define PICK(of) ((of)[below(COUNT(of))])
#define BOTH(what, name, call, ...)                                                                \
    same(what, name, both[0].call(both[0].ctx, __VA_ARGS__), both[1].call(both[1].ctx, __VA_ARGS__))

/* Also one of a folder. */
static const char *any_name(void)
{
    return below(8) == 0 ? folders[below(COUNT(folders) - 2)] : PICK(files);
}

static void change_bytes(void)
{
    const char *name = any_name();
    size_t len = below(4) == 0 ? (size_t)below(MUCH) : (size_t)below(40);
    size_t from = (size_t)below(MUCH - len + 1);
    uint64_t end = below(3000);

    switch (below(4)) {
    case 0:
        BOTH("truncate", name, truncate, name, end);
        break;
    case 1:
        BOTH("sync", name, sync, name);
        break;
    default:
        BOTH("append", name, append, name, much + from, len);
        break;
    }
}

static bool is_folder(const char *name)
{
    struct stat st;

    return stat(flash_scene_path(&linux_one, name), &st) == 0 && S_ISDIR(st.st_mode);
}

static void change_names(void)
{
    const char *name = any_name();
    const char *from = PICK(files);
    const char *to = below(10) == 0 ? name : PICK(files);
    const char *folder = PICK(made);
    bool replace = below(2) == 1;

    switch (below(8)) {
    case 0:
        folder = below(10) == 0 ? PICK(in_the_way) : folder;
        BOTH("folder", folder, folder, folder);
        break;
    case 1:
        BOTH("remove", name, remove, name);
        break;
    default:
        if (!is_folder(from)) { /* which Linux would move */
            BOTH("rename", from, rename, from, to, replace);
        }
        break;
    }
}

static void compare_lists(const char *folder, enum flash_kind kind, const char *after, size_t most)
{
    static struct flash_file out[2][LISTED];
    int count = both[0].list(both[0].ctx, folder, kind, after, out[0], most);

    same("list", folder, count, both[1].list(both[1].ctx, folder, kind, after, out[1], most));
    for (int i = 0; i < count; i++) {
        assert_string_equal(out[0][i].name, out[1][i].name);
    }
}

static void look(void)
{
    static uint8_t buf[2][MUCH];
    const char *name = any_name();
    uint64_t at = below(200);
    size_t cap = 1 + (size_t)below(MUCH);
    int64_t n;

    switch (below(4)) {
    case 0:
        BOTH("size", name, size, name);
        break;
    case 1:
        BOTH("still", name, still, name);
        break;
    case 2:
        n = both[0].read_at(both[0].ctx, name, at, buf[0], cap);
        same("read", name, n, both[1].read_at(both[1].ctx, name, at, buf[1], cap));
        assert_memory_equal(buf[0], buf[1], n > 0 ? (size_t)n : 0);
        break;
    default:
        compare_lists(PICK(folders), below(2) == 0 ? FLASH_FILES : FLASH_FOLDERS,
                      below(2) == 0 ? "" : "1.csv", 1 + (size_t)below(LISTED));
        break;
    }
}

static void lock_or_unlock(void)
{
    size_t i = (size_t)below(COUNT(locks));
    size_t held = (size_t)lock_held[0] + lock_held[1] + lock_held[2];
    int err;

    if (lock_held[i]) {
        both[0].unlock(both[0].ctx, locks[i]);
        both[1].unlock(both[1].ctx, locks[i]);
        lock_held[i] = false;
    } else if (held < 2) {
        err = both[0].lock(both[0].ctx, locks[i], false);
        same("lock", locks[i], err, both[1].lock(both[1].ctx, locks[i], false));
        lock_held[i] = err == 0;
    }
}

static void same_file(void *arg, const char *name, const uint8_t *bytes, size_t len)
{
    size_t there = 0;
    const char *text = flash_scene_get(&linux_one, name, &there);

    if (text == NULL || there != len || memcmp(text, bytes, len) != 0) {
        fail_msg("\"%s\" is not the same", name);
    }
    ++*(size_t *)arg;
}

static size_t linux_files;

static int count_file(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)path;
    (void)st;
    (void)at;
    linux_files += kind == FTW_F;
    return 0;
}

static void compare_all(void)
{
    size_t sim_files = 0;

    sim_flash_each(&sim_one, false, same_file, &sim_files);
    linux_files = 0;
    assert_int_equal(nftw(linux_one.path, count_file, 8, FTW_PHYS), 0);
    assert_int_equal(sim_files, linux_files);
}

static void run(uint64_t seed, unsigned long ops)
{
    random_at = seed;
    for (size_t i = 0; i < COUNT(made); i++) {
        BOTH("folder", made[i], folder, made[i]);
    }
    for (unsigned long i = 0; i < ops; i++) {
        switch (below(16)) {
        case 0:
            lock_or_unlock();
            break;
        case 1:
        case 2:
        case 3:
        case 4:
            change_names();
            break;
        case 5:
        case 6:
        case 7:
        case 8:
        case 9:
            look();
            break;
        default:
            change_bytes();
            break;
        }
        if (i % 50 == 0) {
            compare_all();
        }
    }
    compare_all();
}

static void both_answer_alike(void **state)
{
    const char *wish = getenv("FLASH_TWINS_OPS");
    unsigned long ops = wish != NULL ? strtoul(wish, NULL, 10) : 500;

    (void)state;
    for (size_t i = 0; i < MUCH; i++) {
        much[i] = (uint8_t)(i * i >> 3);
    }
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        assert_int_equal(flash_scene_open(&linux_one), 0);
        sim_flash_reset(&sim_one, seed);
        both[0] = linux_one.f;
        both[1] = sim_flash_of(&sim_one);
        memset(lock_held, 0, sizeof lock_held);
        run(seed, ops);
        /* Enough must have gone well for the comparison to mean something. */
        assert_true(linux_one.dir.counts.renames > ops / 20);
        assert_true(sim_one.counts.bytes > 20 * ops);
        assert_int_equal(linux_one.dir.counts.bytes, sim_one.counts.bytes);
        flash_scene_close(&linux_one);
    }
    sim_flash_free(&sim_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_answer_alike)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
