#include "base/err.h"
#include "base/stream.h"
#include "linux/callback_keys.h"
#include "linux/out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define K64  "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/"
#define K512 K64 K64 K64 K64 K64 K64 K64 K64

static char file[] = "/tmp/ocbulk-keys-XXXXXX";
static struct callback_keys got;
static char where[CONFIG_ERROR_CAP];

static int make_file(void **state)
{
    int fd = mkstemp(file);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file);
}

static int forget(void **state)
{
    (void)state;
    out_forget_secrets();
    return 0;
}

static int load(const char *text, size_t len, mode_t mode)
{
    FILE *f = fopen(file, "w");

    if (f == NULL || fwrite(text, 1, len, f) != len || fclose(f) != 0 || chmod(file, mode) != 0) {
        fail_msg("cannot write %s", file);
    }
    return callback_keys_load(&got, file, where);
}

static void reads_one_or_two_keys(void **state)
{
    static const struct {
        const char *name, *text;
        size_t keys;
        const char *key[2];
    } rows[] = {
        {"one line", "key\n", 1, {"key"}},
        {"no line end", "key", 1, {"key"}},
        {"CRLF", "key\r\n", 1, {"key"}},
        {"two lines", "new\nold\n", 2, {"new", "old"}},
        {"two lines, the second without an end", "new\r\nold", 2, {"new", "old"}},
        {"empty lines", "\n\nnew\n\r\n\nold\n\n", 2, {"new", "old"}},
        {"one byte", "k\n", 1, {"k"}},
        {"blanks, commas and signs of comments inside", "#a, b;=c\n", 1, {"#a, b;=c"}},
        {"letters beyond ASCII", "schl\303\274ssel\n", 1, {"schl\303\274ssel"}},
        {"512 bytes", K512 "\n", 1, {K512}},
    };

    (void)state;
    for (size_t at = 0; at < COUNT(rows); at++) {
        if (load(rows[at].text, strlen(rows[at].text), 0600) != 0 || got.keys != rows[at].keys) {
            fail_msg("%s: %zu keys, %s", rows[at].name, got.keys, where);
        }
        for (size_t k = 0; k < got.keys; k++) {
            const char *want = rows[at].key[k];

            assert_int_equal(got.key[k].len, strlen(want));
            assert_memory_equal(got.key[k].bytes, want, strlen(want));
        }
        forget(NULL);
    }
}

static void names_what_is_wrong_and_keeps_nothing(void **state)
{
    static const struct callback_keys none;
    static const struct {
        const char *name, *text;
        size_t len; /* 0: as long as it is */
        mode_t mode;
        int want;
        const char *where;
    } rows[] = {
        {"an empty file", "", 0, 0600, ERR_CREDENTIALS_MISSING, "no key in "},
        {"line ends alone", "\r\n\n", 0, 0600, ERR_CREDENTIALS_MISSING, "no key in "},
        {"three keys", "aaaa1\nbbbb2\ncccc3\n", 0, 0600, ERR_CREDENTIALS_FORM,
         ":3: a key too many"},
        {"a blank in front", "\n aaaa1\n", 0, 0600, ERR_CREDENTIALS_FORM, ":2: a blank at an end"},
        {"a blank behind", "aaaa1 \n", 0, 0600, ERR_CREDENTIALS_FORM, ":1: a blank at an end"},
        {"a blank alone", "aaaa1\n \n", 0, 0600, ERR_CREDENTIALS_FORM, ":2: a blank at an end"},
        {"a tab", "aa\taa\n", 0, 0600, ERR_CREDENTIALS_FORM, ":1: a control character"},
        {"a NUL", "aaaa\0bbbb\n", 10, 0600, ERR_CREDENTIALS_FORM, ":1: a control character"},
        {"a CR inside", "aaaa\rbbbb\n", 0, 0600, ERR_CREDENTIALS_FORM, ":1: a control character"},
        {"513 bytes", K512 "x\n", 0, 0600, ERR_CREDENTIALS_FORM, ":1: longer than"},
        {"open to the group", "aaaa1\n", 0, 0640, ERR_CREDENTIALS_OPEN, "group or others"},
        {"open to others", "aaaa1\n", 0, 0604, ERR_CREDENTIALS_OPEN, "group or others"},
    };

    (void)state;
    for (size_t at = 0; at < COUNT(rows); at++) {
        size_t len = rows[at].len != 0 ? rows[at].len : strlen(rows[at].text);
        int err = load(rows[at].text, len, rows[at].mode);

        if (err != rows[at].want || strstr(where, rows[at].where) == NULL ||
            strstr(where, "aaaa") != NULL || memcmp(&got, &none, sizeof got) != 0) {
            fail_msg("%s: %s, %s", rows[at].name, err_name(err), where);
        }
    }
    assert_int_equal(callback_keys_load(&got, "", where), ERR_CREDENTIALS_MISSING);
    assert_string_equal(where, "`callback_key_file` is not set");
    assert_int_equal(callback_keys_load(&got, "/nonexistent", where), ERR_CREDENTIALS_MISSING);
    assert_int_equal(callback_keys_load(&got, "/dev/null", where), ERR_CREDENTIALS_FORM);
}

static void has_its_keys_masked(void **state)
{
    (void)state;
    assert_int_equal(load("first-key\nother-key\n", 20, 0600), 0);
    assert_int_equal(out_secret_len("first-key is", 12), 9);
    assert_int_equal(out_secret_len("other-key is", 12), 9);
    callback_keys_wipe(&got);
    assert_int_equal(got.keys, 0);
    assert_int_equal(got.text[0][0], 0);
    assert_int_equal(got.text[1][8], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_one_or_two_keys, forget),
        cmocka_unit_test_teardown(names_what_is_wrong_and_keeps_nothing, forget),
        cmocka_unit_test_teardown(has_its_keys_masked, forget),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
