#include "base/err.h"
#include "base/flash_read.h"
#include "base/stream.h"
#include "flash_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

static struct flash_scene s;

static int set_up(void **state)
{
    (void)state;
    return flash_scene_open(&s);
}

static int tear_down(void **state)
{
    (void)state;
    flash_scene_close(&s);
    return 0;
}

static int add(const char *name, const char *text)
{
    return s.f.append(s.f.ctx, name, (const uint8_t *)text, strlen(text));
}

static int64_t size(const char *name)
{
    return s.f.size(s.f.ctx, name);
}

static int move(const char *from, const char *to, bool replace)
{
    return s.f.rename(s.f.ctx, from, to, replace);
}

static int folder(const char *name)
{
    return s.f.folder(s.f.ctx, name);
}

/* NULL: no such file. */
static void want(const char *name, const char *text)
{
    size_t len;
    const char *found = flash_scene_get(&s, name, &len);

    if (text == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(found, text, len);
}

static unsigned mode_of(const char *name)
{
    struct stat st;

    assert_int_equal(stat(flash_scene_path(&s, name), &st), 0);
    return st.st_mode & 07777;
}

static void bytes_come_back_as_they_went(void **state)
{
    uint8_t buf[8];

    (void)state;
    assert_int_equal(size("a"), ERR_FLASH_NONE);
    assert_int_equal(s.dir.sys, ENOENT);
    assert_int_equal(add("a", "0123"), 0);
    assert_int_equal(add("a", "456789"), 0);
    assert_int_equal(s.f.sync(s.f.ctx, "a"), 0);
    assert_int_equal(size("a"), 10);
    want("a", "0123456789");
    assert_int_equal(s.f.read_at(s.f.ctx, "a", 3, buf, sizeof buf), 7);
    assert_memory_equal(buf, "3456789", 7);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", 2, buf, 3), 3);
    assert_memory_equal(buf, "234", 3);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", 10, buf, 3), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", (uint64_t)1 << 40, buf, 3), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", INT64_MAX - 1, buf, 3), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", (uint64_t)INT64_MAX + 1, buf, 3), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", UINT64_MAX, buf, 3), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "b", 0, buf, 3), ERR_FLASH_NONE);
    assert_int_equal(s.dir.counts.bytes, 10);
}

static void a_file_is_cut_but_never_made_longer(void **state)
{
    (void)state;
    assert_int_equal(s.f.truncate(s.f.ctx, "a", 0), ERR_FLASH_NONE);
    want("a", NULL);
    assert_int_equal(add("a", "0123456789"), 0);
    assert_int_equal(s.f.truncate(s.f.ctx, "a", 11), 0);
    assert_int_equal(s.f.truncate(s.f.ctx, "a", UINT64_MAX), 0);
    want("a", "0123456789");
    assert_int_equal(s.f.truncate(s.f.ctx, "a", 4), 0);
    assert_int_equal(add("a", "x"), 0);
    want("a", "0123x");
}

static void what_is_not_there_is_told(void **state)
{
    (void)state;
    assert_int_equal(s.f.sync(s.f.ctx, "a"), ERR_FLASH_NONE);
    assert_int_equal(move("a", "b", false), ERR_FLASH_NONE);
    assert_int_equal(add("q/a", "1"), ERR_FLASH_NONE);
    assert_int_equal(s.f.still(s.f.ctx, "a"), ERR_FLASH_NONE);
    assert_int_equal(s.f.lock(s.f.ctx, "q/lock", false), ERR_FLASH_NONE);
    assert_int_equal(s.f.remove(s.f.ctx, "a"), 0);
    assert_int_equal(s.f.remove(s.f.ctx, "q/a"), 0);
    assert_int_equal(add("a", "1"), 0);
    assert_int_equal(move("a", "q/a", false), ERR_FLASH_NONE);
    want("a", "1");
}

static void rename_replaces_only_when_told_to(void **state)
{
    (void)state;
    assert_int_equal(folder("q/c"), 0);
    assert_int_equal(add("a", "a"), 0);
    assert_int_equal(add("q/c/b", "b"), 0);
    assert_int_equal(move("a", "q/c/b", false), ERR_FLASH_EXISTS);
    want("a", "a");
    want("q/c/b", "b");
    assert_int_equal(move("a", "q/c/b", true), 0);
    want("a", NULL);
    want("q/c/b", "a");
    assert_int_equal(move("q/c/b", "d", false), 0);
    want("d", "a");
    assert_int_equal(move("d", "q", false), ERR_FLASH_EXISTS);
}

static void a_renamed_name_is_a_new_file(void **state)
{
    uint8_t byte;

    (void)state;
    assert_int_equal(add("a", "1"), 0);
    assert_int_equal(add("b", "2"), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", 0, &byte, 1), 1);
    assert_int_equal(move("b", "a", true), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "a", 0, &byte, 1), 1);
    assert_int_equal(byte, '2');
    assert_int_equal(add("b", "3"), 0);
    want("b", "3");
    assert_int_equal(s.f.remove(s.f.ctx, "b"), 0);
    assert_int_equal(add("b", "4"), 0);
    want("b", "4");
}

static void more_names_than_descriptors(void **state)
{
    char name[] = "f0";

    (void)state;
    for (int i = 0; i < 100; i++) {
        name[1] = (char)('0' + i % 5);
        assert_int_equal(add(name, "x"), 0);
        name[1] = (char)('0' + i % 3);
        assert_true(size(name) > 0);
    }
    for (int i = 0; i < 5; i++) {
        name[1] = (char)('0' + i);
        want(name, "xxxxxxxxxxxxxxxxxxxx");
    }
}

static int list(const char *name, enum flash_kind kind, const char *after, struct flash_file *out,
                size_t most)
{
    return s.f.list(s.f.ctx, name, kind, after, out, most);
}

static int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

/* What goes well and what does not: each way out closes what it opened. */
static void do_everything(void)
{
    static struct flash_file out;
    uint8_t byte;

    (void)folder("q/o");
    (void)folder("q/o/f/x");
    (void)folder("outbox/o");
    (void)s.f.list(s.f.ctx, "outbox", FLASH_FOLDERS, "", &out, 1);
    (void)rmdir(flash_scene_path(&s, "outbox/o"));
    (void)add("q/o/f", "1");
    (void)add("none/f", "1");
    (void)size("q/o");
    (void)size("q/o/f/x");
    (void)s.f.read_at(s.f.ctx, "q/o/f", 0, &byte, 1);
    (void)s.f.sync(s.f.ctx, "q/o/f");
    (void)s.f.still(s.f.ctx, "q/o/f");
    (void)list("q/o", FLASH_FILES, "", &out, 1);
    (void)list("q/o/f", FLASH_FILES, "", &out, 1);
    (void)move("q/o/f", "q/g", true);
    (void)move("q/g", "none/g", true);
    (void)move("none/g", "q/g", true);
    (void)s.f.lock(s.f.ctx, "q/lock", true);
    (void)s.f.lock(s.f.ctx, "q/o", true);
    s.f.unlock(s.f.ctx, "q/lock");
    (void)s.f.remove(s.f.ctx, "q/g");
    (void)s.f.remove(s.f.ctx, "q/o");
    (void)s.f.remove(s.f.ctx, "q/../o");
    (void)s.f.room(s.f.ctx);
}

static void no_descriptor_is_left_behind(void **state)
{
    int before;

    (void)state;
    flash_close(&s.dir);
    before = open_descriptors();
    assert_int_equal(flash_open(&s.dir, s.path), 0);
    for (int i = 0; i < 10; i++) {
        do_everything();
        assert_in_range(open_descriptors(), before + 1, before + 1 + FLASH_SLOTS);
    }
    assert_int_equal(s.f.lock(s.f.ctx, "lock", true), 0);
    flash_close(&s.dir);
    assert_int_equal(open_descriptors(), before);
}

static void rights_follow_the_folder_not_the_umask(void **state)
{
    static const mode_t masks[] = {077, 0, 0777};

    (void)state;
    for (size_t i = 0; i < COUNT(masks); i++) {
        mode_t mask = umask(masks[i]);

        assert_int_equal(folder("outbox/contact"), 0);
        assert_int_equal(folder("queue/contact"), 0);
        assert_int_equal(folder("outboxes"), 0);
        assert_int_equal(add("outbox/contact/.open", "1"), 0);
        assert_int_equal(add("queue/contact/1.csv", "1"), 0);
        assert_int_equal(add("journal", "1"), 0);
        assert_int_equal(s.f.lock(s.f.ctx, "lock", false), 0);
        assert_int_equal(s.f.lock(s.f.ctx, "outbox/contact/.lock", false), 0);
        assert_int_equal(umask(mask), masks[i]);
        assert_int_equal(mode_of("outbox"), 02770);
        assert_int_equal(mode_of("outbox/contact"), 02770);
        assert_int_equal(mode_of("outbox/contact/.open"), 0660);
        assert_int_equal(mode_of("outbox/contact/.lock"), 0660);
        assert_int_equal(mode_of("outboxes"), 0700);
        assert_int_equal(mode_of("queue"), 0700);
        assert_int_equal(mode_of("queue/contact"), 0700);
        assert_int_equal(mode_of("queue/contact/1.csv"), 0600);
        assert_int_equal(mode_of("journal"), 0600);
        assert_int_equal(mode_of("lock"), 0600);
        flash_scene_close(&s);
        assert_int_equal(flash_scene_open(&s), 0);
    }
}

static void rights_that_somebody_chose_stay(void **state)
{
    (void)state;
    assert_int_equal(mkdir(flash_scene_path(&s, "outbox"), 0700), 0);
    assert_int_equal(folder("outbox"), 0);
    assert_int_equal(mode_of("outbox"), 0700);
    assert_int_equal(add("journal", "1"), 0);
    assert_int_equal(chmod(flash_scene_path(&s, "journal"), 0640), 0);
    assert_int_equal(add("journal", "1"), 0);
    assert_int_equal(mode_of("journal"), 0640);
}

static void folders_are_made_with_those_above(void **state)
{
    (void)state;
    assert_int_equal(folder("a/b/c"), 0);
    assert_int_equal(folder("a/b/c"), 0);
    assert_int_equal(add("a/b/c/d", "1"), 0);
    assert_int_equal(folder("a/b/c"), 0);
    assert_int_equal(folder("a/b/c/d"), ERR_FLASH_WRITE);
    assert_int_equal(folder("a/b/c/d/e"), ERR_FLASH_WRITE);
    want("a/b/c/d", "1");
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void a_thousand_names_come_in_order(void **state)
{
    static char names[1000][32];
    static struct flash_file out[7];
    char name[64];
    const char *after = "";
    size_t seen = 0;
    int n;

    (void)state;
    assert_int_equal(folder("q"), 0);
    for (unsigned i = 0; i < COUNT(names); i++) {
        unsigned mixed = i * 7919u % 1000u;

        (void)snprintf(names[i], sizeof names[i], "%s%x", mixed % 3 == 0 ? "z-" : "", mixed);
        (void)strcat(names[i], mixed % 5 == 0 ? "\xC3\xA4" : ".csv");
        (void)snprintf(name, sizeof name, "q/%s", names[i]);
        flash_scene_put(&s, name, "");
    }
    qsort(names, COUNT(names), sizeof names[0], by_bytes);
    while ((n = list("q", FLASH_FILES, after, out, COUNT(out))) > 0) {
        for (int i = 0; i < n; i++) {
            assert_string_equal(out[i].name, names[seen]);
            seen++;
        }
        after = out[n - 1].name;
    }
    assert_int_equal(n, 0);
    assert_int_equal(seen, COUNT(names));
}

static void only_the_kind_asked_for_is_listed(void **state)
{
    static struct flash_file out[8];

    (void)state;
    assert_int_equal(folder("q/sub"), 0);
    assert_int_equal(folder("q/.sub"), 0);
    assert_int_equal(add("q/file", ""), 0);
    assert_int_equal(add("q/.file", ""), 0);
    assert_int_equal(symlink("file", flash_scene_path(&s, "q/link")), 0);
    assert_int_equal(symlink("sub", flash_scene_path(&s, "q/linked")), 0);
    assert_int_equal(mkfifo(flash_scene_path(&s, "q/fifo"), 0600), 0);
    assert_int_equal(list("q", FLASH_FILES, "", out, 8), 2);
    assert_string_equal(out[0].name, ".file");
    assert_string_equal(out[1].name, "file");
    assert_int_equal(list("q", FLASH_FOLDERS, "", out, 8), 2);
    assert_string_equal(out[0].name, ".sub");
    assert_string_equal(out[1].name, "sub");
    assert_int_equal(list("q", FLASH_FOLDERS, ".sub", out, 8), 1);
    assert_int_equal(list("q", FLASH_FILES, "file", out, 8), 0);
    assert_int_equal(list("", FLASH_FOLDERS, "", out, 8), 1);
    assert_string_equal(out[0].name, "q");
    assert_int_equal(list("none", FLASH_FILES, "", out, 8), 0);
    assert_int_equal(list("none/at/all", FLASH_FILES, "", out, 8), 0);
    assert_int_equal(list("q/file", FLASH_FILES, "", out, 8), ERR_FLASH_READ);
    assert_int_equal(list("q", FLASH_FILES, "", out, 0), 0);
}

static void the_longest_name_fits(void **state)
{
    static struct flash_file out;
    char name[2 + FLASH_FILE_CAP];

    (void)state;
    memset(name, 'n', sizeof name);
    memcpy(name, "q/", 2);
    name[sizeof name - 1] = 0;
    assert_int_equal(folder("q"), 0);
    assert_int_equal(add(name, "1"), 0);
    assert_int_equal(list("q", FLASH_FILES, "", &out, 1), 1);
    assert_string_equal(out.name, name + 2);
    assert_int_equal(move(name, "short", false), 0);
}

static void links_lead_nowhere(void **state)
{
    static struct flash_file out;
    uint8_t byte;

    (void)state;
    assert_int_equal(folder("real"), 0);
    assert_int_equal(add("real/a", "1"), 0);
    assert_int_equal(symlink("real", flash_scene_path(&s, "way")), 0);
    assert_int_equal(symlink("a", flash_scene_path(&s, "real/link")), 0);
    assert_int_equal(symlink("made", flash_scene_path(&s, "real/dangling")), 0);
    assert_int_equal(size("way/a"), ERR_FLASH_READ);
    assert_int_equal(s.f.read_at(s.f.ctx, "real/link", 0, &byte, 1), ERR_FLASH_READ);
    assert_int_equal(add("way/a", "2"), ERR_FLASH_WRITE);
    assert_int_equal(add("real/link", "2"), ERR_FLASH_WRITE);
    assert_int_equal(add("real/dangling", "2"), ERR_FLASH_WRITE);
    assert_int_equal(s.f.truncate(s.f.ctx, "real/link", 0), ERR_FLASH_WRITE);
    assert_int_equal(s.f.remove(s.f.ctx, "way/a"), ERR_FLASH_WRITE);
    assert_int_equal(move("way/a", "b", false), ERR_FLASH_WRITE);
    assert_int_equal(move("real/a", "way/b", false), ERR_FLASH_WRITE);
    assert_int_equal(s.f.lock(s.f.ctx, "real/link", false), ERR_FLASH_WRITE);
    assert_int_equal(list("way", FLASH_FILES, "", &out, 1), ERR_FLASH_READ);
    assert_int_equal(folder("way"), ERR_FLASH_WRITE);
    want("real/a", "1");
    want("real/made", NULL);
}

static void impossible_names_lead_nowhere(void **state)
{
    static const char *const names[] = {"",      "/etc/passwd", "../a", "a/../b", ".",
                                        "q/./a", "q//a",        "q/",   "..",     "q/.."};

    (void)state;
    assert_int_equal(folder("q"), 0);
    assert_int_equal(folder("a"), 0);
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_int_equal(size(names[i]), ERR_FLASH_READ);
        assert_int_equal(add(names[i], "1"), ERR_FLASH_WRITE);
        assert_int_equal(s.f.remove(s.f.ctx, names[i]), ERR_FLASH_WRITE);
    }
}

static void what_is_no_file_is_not_waited_for(void **state)
{
    uint8_t byte;

    (void)state;
    assert_int_equal(mkfifo(flash_scene_path(&s, "fifo"), 0600), 0);
    assert_int_equal(folder("q"), 0);
    assert_int_equal(s.f.read_at(s.f.ctx, "fifo", 0, &byte, 1), ERR_FLASH_READ);
    assert_int_equal(add("fifo", "1"), ERR_FLASH_WRITE);
    assert_int_equal(size("q"), ERR_FLASH_READ);
    assert_int_equal(add("q", "1"), ERR_FLASH_WRITE);
    assert_int_equal(s.f.remove(s.f.ctx, "q"), ERR_FLASH_WRITE);
}

static void a_name_is_read_as_a_file(void **state)
{
    struct flash_read r = {.flash = &s.f, .name = "q/a"};
    struct file file = flash_read_file(&r);
    uint8_t buf[4];

    (void)state;
    assert_int_equal(file.size(file.ctx), ERR_FILE_READ);
    assert_int_equal(r.err, ERR_FLASH_NONE);
    assert_int_equal(folder("q"), 0);
    assert_int_equal(add("q/a", "012345"), 0);
    assert_int_equal(file.size(file.ctx), 6);
    assert_int_equal(file.read_at(file.ctx, 4, buf, sizeof buf), 2);
    assert_memory_equal(buf, "45", 2);
    assert_int_equal(file.read_at(file.ctx, 6, buf, sizeof buf), 0);
    (void)snprintf(r.name, sizeof r.name, "q");
    assert_int_equal(file.read_at(file.ctx, 0, buf, sizeof buf), ERR_FILE_READ);
    assert_int_equal(r.err, ERR_FLASH_READ);
}

static void a_folder_must_be_there(void **state)
{
    static struct flash_dir d;

    (void)state;
    assert_int_equal(flash_open(&d, flash_scene_path(&s, "none")), ERR_SPOOL_DIR);
    assert_int_equal(d.sys, ENOENT);
    flash_close(&d);
    assert_int_equal(add("a", "1"), 0);
    assert_int_equal(flash_open(&d, flash_scene_path(&s, "a")), ERR_SPOOL_DIR);
    assert_int_equal(d.sys, ENOTDIR);
}

static void a_folder_of_ones_own_is_nobody_elses(void **state)
{
    static const struct {
        mode_t mode;
        int err;
    } rows[] = {{0700, 0}, {0755, 0}, {0770, ERR_SPOOL_DIR}, {0702, ERR_SPOOL_DIR}};
    static struct flash_dir d;
    char path[512];

    (void)state;
    assert_int_equal(folder("own"), 0);
    (void)snprintf(path, sizeof path, "%s", flash_scene_path(&s, "own"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(chmod(path, rows[i].mode), 0);
        assert_int_equal(flash_open_own(&d, path), rows[i].err);
        flash_close(&d);
    }
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(symlink("own", flash_scene_path(&s, "link")), 0);
    assert_int_equal(flash_open_own(&d, flash_scene_path(&s, "link")), ERR_SPOOL_DIR);
    flash_close(&d);
}

#define FLASH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLASH_TEST(bytes_come_back_as_they_went),
        FLASH_TEST(a_file_is_cut_but_never_made_longer),
        FLASH_TEST(what_is_not_there_is_told),
        FLASH_TEST(rename_replaces_only_when_told_to),
        FLASH_TEST(a_renamed_name_is_a_new_file),
        FLASH_TEST(more_names_than_descriptors),
        FLASH_TEST(no_descriptor_is_left_behind),
        FLASH_TEST(rights_follow_the_folder_not_the_umask),
        FLASH_TEST(rights_that_somebody_chose_stay),
        FLASH_TEST(folders_are_made_with_those_above),
        FLASH_TEST(a_thousand_names_come_in_order),
        FLASH_TEST(only_the_kind_asked_for_is_listed),
        FLASH_TEST(the_longest_name_fits),
        FLASH_TEST(links_lead_nowhere),
        FLASH_TEST(impossible_names_lead_nowhere),
        FLASH_TEST(what_is_no_file_is_not_waited_for),
        FLASH_TEST(a_name_is_read_as_a_file),
        FLASH_TEST(a_folder_must_be_there),
        FLASH_TEST(a_folder_of_ones_own_is_nobody_elses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
