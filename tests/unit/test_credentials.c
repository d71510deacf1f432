#include "base/err.h"
#include "base/stream.h"
#include "linux/credentials.h"
#include "linux/out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define S64  "0123456789+/=abcdef0123456789+/=abcdef0123456789+/=abcdef0123456"
#define S512 S64 S64 S64 S64 S64 S64 S64 S64

static char dir[128], file[192];
static char where[CONFIG_ERROR_CAP];
static struct credentials got;
static struct proxy_credentials proxy;

static int make_dir(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(dir, sizeof(dir), "%s/ocbulk-test-XXXXXX", tmp != NULL ? tmp : P_tmpdir);
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    snprintf(file, sizeof(file), "%s/credentials", dir);
    return 0;
}

static void write_file(const char *name, const void *text, size_t len, mode_t mode)
{
    int fd;

    unlink(name);
    fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || write(fd, text, len) != (ssize_t)len || fchmod(fd, mode) != 0) {
        abort();
    }
    close(fd);
}

static const char *in_dir(const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(file);
    unlink(in_dir("element_token"));
    unlink(in_dir("user_secret"));
    unlink(in_dir("organization_secret"));
    unlink(in_dir("link"));
    return rmdir(dir);
}

static int clean(void **state)
{
    (void)state;
    unsetenv("OCBULK_ELEMENT_TOKEN");
    unsetenv("OCBULK_USER_SECRET");
    unsetenv("OCBULK_ORGANIZATION_SECRET");
    unsetenv("CREDENTIALS_DIRECTORY");
    out_forget_secrets();
    return 0;
}

static int load_text(const char *text)
{
    write_file(file, text, strlen(text), 0600);
    return credentials_load(&got, file, where);
}

static void reads_a_file(void **state)
{
    static const struct {
        const char *name, *text, *token, *secret, *organization;
    } rows[] = {
        {"two lines", "element_token = t\nuser_secret = s\n", "t", "s", ""},
        {"three lines, in another order", "organization_secret=o\nuser_secret=s\nelement_token=t\n",
         "t", "s", "o"},
        {"no line end at the end", "element_token=t\nuser_secret=s", "t", "s", ""},
        {"CRLF", "element_token=t\r\nuser_secret=s\r\n", "t", "s", ""},
        {"comments and empty lines", "# mine\n\n element_token=t\n;\n\t\nuser_secret=s\n", "t", "s",
         ""},
        {"spaces and tabs around", " element_token\t=\t t \t\nuser_secret = s  \n", "t", "s", ""},
        {"signs of Base64, also an equals sign", "element_token=a+/b==\nuser_secret==s=\n",
         "a+/b==", "=s=", ""},
        {"a sign of comments inside", "element_token=t#;\nuser_secret=#s\n", "t#;", "#s", ""},
        {"512 bytes", "element_token=" S512 "\nuser_secret=s\n", S512, "s", ""},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        if (load_text(rows[at].text) != 0 || strcmp(got.element_token, rows[at].token) != 0 ||
            strcmp(got.user_secret, rows[at].secret) != 0 ||
            strcmp(got.organization_secret, rows[at].organization) != 0) {
            fail_msg("%s: %s", rows[at].name, where);
        }
    }
}

static void names_what_is_wrong_in_a_file_and_keeps_nothing(void **state)
{
    static const struct credentials none;
    static const struct {
        const char *name, *text;
        size_t len; /* 0: as long as it is */
        int want;
        const char *where; /* behind the file's name; without a colon in front: the whole */
    } rows[] = {
        {"an empty file", "", 0, ERR_CREDENTIALS_MISSING, "no `element_token` in "},
        {"no user secret", "element_token=tok_TEST_0000\n", 0, ERR_CREDENTIALS_MISSING,
         "no `user_secret` in "},
        {"an unknown key", "element_token=tok_TEST_0000\ntoken=x\n", 0, ERR_CREDENTIALS_FORM,
         ":2: unknown key"},
        {"the beginning of a key", "element_toke=tok_TEST_0000\n", 0, ERR_CREDENTIALS_FORM,
         ":1: unknown key"},
        {"no key", "=tok_TEST_0000\n", 0, ERR_CREDENTIALS_FORM, ":1: unknown key"},
        {"a token alone", "\ntok_TEST_0000\n", 0, ERR_CREDENTIALS_FORM, ":2: no `key = value`"},
        {"a key given twice", "element_token=tok_TEST_0000\nelement_token=x\n", 0,
         ERR_CREDENTIALS_FORM, ":2: `element_token` is given twice"},
        {"an empty value", "element_token=\n", 0, ERR_CREDENTIALS_FORM, ":1: empty"},
        {"a CR inside (C37)", "element_token=tok_TEST_0000\rx\n", 0, ERR_CREDENTIALS_FORM,
         ":1: a secret has a space, comma, control or non-ASCII character in it"},
        {"a NUL inside", "element_token=t\0x\nuser_secret=s\n", 32, ERR_CREDENTIALS_FORM,
         ":1: a secret has a space, comma, control or non-ASCII character in it"},
        {"a space inside", "element_token=a b\n", 0, ERR_CREDENTIALS_FORM,
         ":1: a secret has a space, comma, control or non-ASCII character in it"},
        {"a comma, which parts the field's members", "element_token=a,b\n", 0, ERR_CREDENTIALS_FORM,
         ":1: a secret has a space, comma, control or non-ASCII character in it"},
        {"a DEL", "element_token=a\x7f\n", 0, ERR_CREDENTIALS_FORM,
         ":1: a secret has a space, comma, control or non-ASCII character in it"},
        {"a letter beyond ASCII", "element_token=\xc3\xa4\n", 0, ERR_CREDENTIALS_FORM,
         ":1: a secret has a space, comma, control or non-ASCII character in it"},
        {"513 bytes", "element_token=" S512 "x\n", 0, ERR_CREDENTIALS_FORM,
         ":1: longer than SECRET_CAP allows"},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        size_t len = rows[at].len > 0 ? rows[at].len : strlen(rows[at].text);
        char want[512];
        int err;
        write_file(file, rows[at].text, len, 0600);
        err = credentials_load(&got, file, where);
        if (rows[at].where[0] == ':') {
            snprintf(want, sizeof(want), "%s%s", file, rows[at].where);
        } else {
            snprintf(want, sizeof(want), "%s%s", rows[at].where, file);
        }
        if (err != rows[at].want || strcmp(where, want) != 0) {
            fail_msg("%s: %s, %s", rows[at].name, err_name(err), where);
        }
        assert_memory_equal(&got, &none, sizeof(got));
        assert_null(strstr(where, "tok_TEST_0000"));
    }
}

static void reads_files_only_their_owner_can_read(void **state)
{
    static const char text[] = "element_token=t\nuser_secret=s\n";
    static const struct {
        mode_t mode;
        int want;
    } rows[] = {{0600, 0},
                {0400, 0},
                {0700, 0},
                {0640, ERR_CREDENTIALS_OPEN},
                {0620, ERR_CREDENTIALS_OPEN},
                {0604, ERR_CREDENTIALS_OPEN},
                {0602, ERR_CREDENTIALS_OPEN},
                {0644, ERR_CREDENTIALS_OPEN},
                {0666, ERR_CREDENTIALS_OPEN}};
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        write_file(file, text, sizeof(text) - 1, rows[at].mode);
        if (credentials_load(&got, file, where) != rows[at].want) {
            fail_msg("mode %03o: %s", (unsigned)rows[at].mode, where);
        }
    }
    write_file(file, text, sizeof(text) - 1, 0600);
    unlink(in_dir("link"));
    assert_int_equal(symlink(file, in_dir("link")), 0);
    assert_int_equal(credentials_load(&got, in_dir("link"), where), 0);
    chmod(file, 0644);
    assert_int_equal(credentials_load(&got, in_dir("link"), where), ERR_CREDENTIALS_OPEN);
    if (geteuid() == 0) {
        chmod(file, 0600);
        assert_int_equal(chown(file, 12345, (gid_t)-1), 0);
        assert_int_equal(credentials_load(&got, file, where), ERR_CREDENTIALS_OPEN);
        assert_non_null(strstr(where, "its owner is neither this user nor root"));
    }
}

static void refuses_what_is_no_file_of_reasonable_size(void **state)
{
    static char large[4097];

    (void)state;
    memset(large, '\n', sizeof(large));
    write_file(file, large, sizeof(large), 0600);
    assert_int_equal(credentials_load(&got, file, where), ERR_CREDENTIALS_FORM);
    assert_non_null(strstr(where, ": too long"));
    assert_int_equal(credentials_load(&got, dir, where), ERR_CREDENTIALS_FORM);
    assert_non_null(strstr(where, ": not a regular file"));
    unlink(file);
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_int_equal(credentials_load(&got, file, where), ERR_CREDENTIALS_FORM);
    assert_non_null(strstr(where, ": not a regular file"));
    unlink(file);
    assert_int_equal(credentials_load(&got, file, where), ERR_CREDENTIALS_MISSING);
    assert_non_null(strstr(where, ": No such file or directory"));
    assert_int_equal(credentials_load(&got, "", where), ERR_CREDENTIALS_MISSING);
    assert_string_equal(where, "`credentials_file` is not set");
}

static void the_environment_goes_first_and_is_emptied(void **state)
{
    char token[] = "OCBULK_ELEMENT_TOKEN=tok_TEST_0000", secret[] = "OCBULK_USER_SECRET=s\n";

    (void)state;
    putenv(token);
    putenv(secret);
    assert_int_equal(load_text("element_token=other\nuser_secret=other\n"), 0);
    assert_string_equal(got.element_token, "tok_TEST_0000");
    assert_string_equal(got.user_secret, "s");
    assert_null(getenv("OCBULK_ELEMENT_TOKEN"));
    assert_null(getenv("OCBULK_USER_SECRET"));
    /* The bytes that /proc/PID/environ would show are gone, not only the variable (C37). */
    assert_string_equal(token, "OCBULK_ELEMENT_TOKEN=");
    assert_string_equal(secret, "OCBULK_USER_SECRET=");
    assert_memory_equal(token + sizeof(token) - 5, "\0\0\0\0\0", 5);
}

static void half_an_environment_is_not_completed_from_elsewhere(void **state)
{
    (void)state;
    setenv("OCBULK_ELEMENT_TOKEN", "tok_TEST_0000", 1);
    assert_int_equal(load_text("element_token=other\nuser_secret=other\n"),
                     ERR_CREDENTIALS_MISSING);
    assert_non_null(strstr(where, "no `user_secret` in the environment"));
    setenv("OCBULK_ELEMENT_TOKEN", "tok\nTEST", 1);
    setenv("OCBULK_USER_SECRET", "s", 1);
    assert_int_equal(load_text(""), ERR_CREDENTIALS_FORM);
    assert_non_null(strstr(where, "OCBULK_ELEMENT_TOKEN: a secret has"));
    assert_null(getenv("OCBULK_USER_SECRET"));
}

static void files_of_the_service_manager_go_before_the_file(void **state)
{
    (void)state;
    setenv("CREDENTIALS_DIRECTORY", dir, 1);
    assert_int_equal(load_text("element_token=file\nuser_secret=file\n"), 0);
    assert_string_equal(got.element_token, "file");
    write_file(in_dir("element_token"), "directory\r\n", 11, 0440);
    assert_int_equal(load_text("element_token=file\nuser_secret=file\n"), ERR_CREDENTIALS_MISSING);
    assert_string_equal(where, "no `user_secret` in $CREDENTIALS_DIRECTORY");
    write_file(in_dir("user_secret"), "s", 1, 0440);
    write_file(in_dir("organization_secret"), "o\n", 2, 0440);
    assert_int_equal(load_text(""), 0);
    assert_string_equal(got.element_token, "directory");
    assert_string_equal(got.user_secret, "s");
    assert_string_equal(got.organization_secret, "o");
    write_file(in_dir("user_secret"), "s\n\n", 3, 0440);
    assert_int_equal(load_text(""), ERR_CREDENTIALS_FORM);
    assert_non_null(strstr(where, "/user_secret: a secret has"));
}

static void what_was_read_is_masked_from_then_on(void **state)
{
    (void)state;
    assert_int_equal(load_text("element_token=tok_TEST_0000\nuser_secret=sec_TEST_0000\n"), 0);
    assert_int_equal(out_secret_len("tok_TEST_0000 and more", 22), 13);
    assert_int_equal(out_secret_len("sec_TEST_0000", 13), 13);
    write_file(file, "user:pass_TEST\n", 15, 0600);
    assert_int_equal(proxy_credentials_load(&proxy, file, where), 0);
    assert_int_equal(out_secret_len("pass_TEST", 9), 9);
    assert_int_equal(out_secret_len("user:pass_TEST", 14), 14);
    assert_int_equal(out_secret_len("dXNlcjpwYXNzX1RFU1Q=", 20), 20);
    /* As often as a daemon reads them again: the list does not grow. */
    assert_int_equal(load_text("element_token=tok_TEST_0001\nuser_secret=sec_TEST_0001\n"), 0);
    assert_int_equal(load_text("element_token=tok_TEST_0001\nuser_secret=sec_TEST_0001\n"), 0);
    assert_int_equal(out_secret_len("tok_TEST_0001", 13), 13);
    credentials_wipe(&got);
    assert_string_equal(got.element_token, "");
    assert_int_equal(out_secret_len("tok_TEST_0001", 13), 0);
}

static void a_proxys_user_and_password(void **state)
{
    static const struct {
        const char *name, *text;
        int want;
        const char *basic;
    } rows[] = {
        {"the RFC's example", "Aladdin:open sesame\n", 0, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
        {"a colon in the password", "a:b:c", 0, "Basic YTpiOmM="},
        {"an empty password", "ab:", 0, "Basic YWI6"},
        {"no colon", "ab\n", ERR_CREDENTIALS_FORM, ""},
        {"no user", ":b\n", ERR_CREDENTIALS_FORM, ""},
        {"nothing", "", ERR_CREDENTIALS_FORM, ""},
        {"a line end alone", "\n", ERR_CREDENTIALS_FORM, ""},
        {"two lines", "a:b\nc\n", ERR_CREDENTIALS_FORM, ""},
        {"a CR", "a:b\rc\n", ERR_CREDENTIALS_FORM, ""},
        {"513 bytes", S64 S64 S64 S64 S64 S64 S64 ":" S64, ERR_CREDENTIALS_FORM, ""},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        int err;
        write_file(file, rows[at].text, strlen(rows[at].text), 0600);
        err = proxy_credentials_load(&proxy, file, where);
        if (err != rows[at].want || strcmp(proxy.basic, rows[at].basic) != 0) {
            fail_msg("%s: %s, %s", rows[at].name, err_name(err), proxy.basic);
        }
    }
    chmod(file, 0644);
    assert_int_equal(proxy_credentials_load(&proxy, file, where), ERR_CREDENTIALS_OPEN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clean, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_a_file),
        TEST(names_what_is_wrong_in_a_file_and_keeps_nothing),
        TEST(reads_files_only_their_owner_can_read),
        TEST(refuses_what_is_no_file_of_reasonable_size),
        TEST(the_environment_goes_first_and_is_emptied),
        TEST(half_an_environment_is_not_completed_from_elsewhere),
        TEST(files_of_the_service_manager_go_before_the_file),
        TEST(what_was_read_is_masked_from_then_on),
        TEST(a_proxys_user_and_password),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
