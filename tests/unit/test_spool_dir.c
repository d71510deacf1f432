#include "base/err.h"
#include "linux/spool_dir.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[] = "/tmp/ocbulk-spool-XXXXXX";
static char path[64];
static struct config config;
static struct spool_dir spool;

static const char *below(const char *name)
{
    static char text[128];

    snprintf(text, sizeof text, "%s/%s", path, name);
    return text;
}

static unsigned mode_of(const char *name)
{
    struct stat st;

    assert_int_equal(stat(name, &st), 0);
    return st.st_mode & 07777;
}

static int make_top(void **state)
{
    (void)state;
    if (mkdtemp(top) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/spool", top);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    memset(&spool, 0, sizeof spool);
    config.spool.dir = path;
    return 0;
}

static int clean(void **state)
{
    (void)state;
    spool_close(&spool);
    unlink(below("lock"));
    rmdir(below("outbox"));
    rmdir(path);
    return 0;
}

static int remove_top(void **state)
{
    (void)state;
    return rmdir(top);
}

static void closed_before_it_was_opened(void **state)
{
    (void)state;
    spool_close(&spool);
}

static void not_there_and_not_to_be_made(void **state)
{
    (void)state;
    assert_int_equal(spool_open(&spool, &config, false), ERR_SPOOL_DIR);
    assert_non_null(strstr(spool.where.text, path));
    assert_non_null(strstr(spool.where.text, strerror(ENOENT)));
    assert_non_null(strstr(spool.fix.text, "install -d -m 2770"));
}

static void made_for_a_group_whatever_the_umask_is(void **state)
{
    mode_t mask = umask(077);

    (void)state;
    assert_int_equal(spool_open(&spool, &config, true), 0);
    umask(mask);
    assert_int_equal(mode_of(path), 02770);
    assert_int_equal(mode_of(below("outbox")), 02770);
    assert_int_equal(access(below("queue"), F_OK), -1);
}

static void its_own_rights_stay(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(spool_open(&spool, &config, true), 0);
    assert_int_equal(mode_of(path), 0700);
}

static void no_parent(void **state)
{
    (void)state;
    config.spool.dir = "/nonexistent/spool";
    assert_int_equal(spool_open(&spool, &config, true), ERR_SPOOL_DIR);
    assert_non_null(strstr(spool.where.text, "/nonexistent/spool: "));
}

static void a_file_in_its_place(void **state)
{
    (void)state;
    config.spool.dir = "/etc/passwd";
    assert_int_equal(spool_open(&spool, &config, true), ERR_SPOOL_DIR);
    assert_non_null(strstr(spool.where.text, strerror(ENOTDIR)));
    assert_string_equal(spool.fix.text, "");
}

static void a_second_one_is_told_who_has_it(void **state)
{
    struct spool_dir other = {0};
    char holder[64];

    (void)state;
    assert_int_equal(spool_open(&spool, &config, true), 0);
    assert_int_equal(spool_holder(&spool), 0);
    assert_int_equal(spool_lock(&spool), 0);
    assert_int_equal(spool_open(&other, &config, true), 0);
    assert_int_equal(spool_lock(&other), ERR_LOCKED);
    assert_int_equal(spool_holder(&other), getpid());
    snprintf(holder, sizeof holder, "spool: process %d has it", getpid());
    assert_non_null(strstr(other.where.text, holder));
    spool_close(&spool);
    assert_int_equal(spool_holder(&other), 0);
    assert_int_equal(spool_lock(&other), 0);
    spool_close(&other);
}

static void no_right_to_lock(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    assert_int_equal(spool_open(&spool, &config, true), 0);
    assert_int_equal(chmod(top, 0755), 0);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(seteuid(65534), 0);
    assert_int_equal(spool_lock(&spool), ERR_SPOOL_DIR);
    assert_int_equal(seteuid(0), 0);
    assert_non_null(strstr(spool.where.text, "spool/lock: "));
    assert_non_null(strstr(spool.fix.text, "the daemon's user"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(closed_before_it_was_opened, begin, clean),
        cmocka_unit_test_setup_teardown(not_there_and_not_to_be_made, begin, clean),
        cmocka_unit_test_setup_teardown(made_for_a_group_whatever_the_umask_is, begin, clean),
        cmocka_unit_test_setup_teardown(its_own_rights_stay, begin, clean),
        cmocka_unit_test_setup_teardown(no_parent, begin, clean),
        cmocka_unit_test_setup_teardown(a_file_in_its_place, begin, clean),
        cmocka_unit_test_setup_teardown(a_second_one_is_told_who_has_it, begin, clean),
        cmocka_unit_test_setup_teardown(no_right_to_lock, begin, clean),
    };

    return cmocka_run_group_tests(tests, make_top, remove_top);
}
