#include "linux/harden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "tok_TEST_0000"

/* What a child makes of a check: its exit status. */
static int status_of(pid_t child)
{
    int status = -1;

    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int check_process(void)
{
    struct rlimit core;

    harden_process();
    if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0) {
        return 1;
    }
    if (prctl(PR_GET_DUMPABLE) != 0) {
        return 2;
    }
    if (umask(022) != 077) {
        return 3;
    }
    raise(SIGPIPE); /* ends a process that did not say otherwise */
    return 0;
}

static void a_hardened_process_leaves_no_core(void **state)
{
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        _exit(check_process());
    }
    assert_int_equal(status_of(child), 0);
}

/* Bytes of SECRET in the environment block as everybody with our rights can read it. */
static int shown_in_environ(void)
{
    char block[4096];
    int fd = open("/proc/self/environ", O_RDONLY);
    ssize_t len = read(fd, block, sizeof(block));

    close(fd);
    return len > 0 && memmem(block, (size_t)len, SECRET, strlen(SECRET)) != NULL;
}

/* The part that runs with a block of its own: started with the secret in it. */
static int check_environ(void)
{
    if (!shown_in_environ()) {
        return 1;
    }
    harden_forget_env("OCBULK_ELEMENT_TOKEN");
    harden_forget_env("OCBULK_ELEMENT_TOKEN");
    if (shown_in_environ() || getenv("OCBULK_ELEMENT_TOKEN") != NULL) {
        return 2;
    }
    return getenv("OTHER") != NULL ? 0 : 3;
}

static void a_secret_is_gone_from_proc_environ(void **state)
{
    static char secret[] = "OCBULK_ELEMENT_TOKEN=" SECRET, other[] = "OTHER=x";
    static char self[] = "self", what[] = "environ";
    char *const argv[] = {self, what, NULL}, *const envp[] = {secret, other, NULL};
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        execve("/proc/self/exe", argv, envp);
        _exit(127);
    }
    assert_int_equal(status_of(child), 0);
}

/* Whether the kernel has the mapping of `at` down as not to be dumped ("dd" of VmFlags). */
static bool kept_from_dumps(const void *at)
{
    char line[512];
    bool inside = false, flagged = false;
    FILE *maps = fopen("/proc/self/smaps", "r");

    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        unsigned long from, until;
        if (sscanf(line, "%lx-%lx ", &from, &until) == 2) {
            inside = (uintptr_t)at >= from && (uintptr_t)at < until;
        } else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            flagged = strstr(line, " dd") != NULL;
        }
    }
    if (maps != NULL) {
        fclose(maps);
    }
    return flagged;
}

static void secrets_are_kept_from_dumps(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *at = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(at != MAP_FAILED);
    harden_secrets(at + page + 5, page); /* over the edge of a page: both count */
    assert_false(kept_from_dumps(at));
    assert_true(kept_from_dumps(at + page));
    assert_true(kept_from_dumps(at + 2 * page));
    assert_false(kept_from_dumps(at + 3 * page));
    munmap(at, 4 * page);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hardened_process_leaves_no_core),
        cmocka_unit_test(a_secret_is_gone_from_proc_environ),
        cmocka_unit_test(secrets_are_kept_from_dumps),
    };

    if (argc == 2 && strcmp(argv[1], "environ") == 0) {
        return check_environ();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
