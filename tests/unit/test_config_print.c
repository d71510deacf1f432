#include "base/stream.h"
#include "linux/config.h"
#include "reply/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct config config;
static char path[64];

static void load(const char *text)
{
    static const struct config_flag flags[] = {
        {"level", "debug", NULL}, {"batch_records", "10", "contacts"}, {NULL, NULL, NULL}};
    struct config_error fault;
    int fd = memfd_create("conf", 0);

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    setenv("OCBULK_HUB", "marketing", 1);
    assert_int_equal(config_load(&config, path, flags, &fault), 0);
    unsetenv("OCBULK_HUB");
}

static const char FILE_TEXT[] = "[service]\n"
                                "base_url = https://bulk.example.net/elements/api-v2\n"
                                "[link]\n"
                                "idle_timeout = 90\n"
                                "[object contacts]\n"
                                "columns = \"Last name\",Email\n"
                                "[object leads]\n";

/* What config_print writes, and its length. */
static const char *printed(bool as_json, size_t *len)
{
    static char text[16384];
    static struct out out;
    struct json_out json;
    int fd = memfd_create("out", 0);
    ssize_t n;

    out_init(&out, fd);
    json_out_init(&json, &out);
    config_print(&config, &out, as_json ? &json : NULL);
    assert_int_equal(out_flush(&out), 0);
    n = pread(fd, text, sizeof(text) - 1, 0);
    close(fd);
    assert_true(n > 0);
    text[n] = 0;
    *len = (size_t)n;
    return text;
}

static void prints_each_value_and_where_it_came_from(void **state)
{
    static const char *const wants[] = {
        "[service]\nbase_url = https://bulk.example.net/elements/api-v2 (FILE:2)\n",
        "\nhub = marketing                             (environment OCBULK_HUB)\n",
        "\nelements_version = none                     (built-in)\n",
        "\n\n[link]\n",
        "\nidle_timeout = 90s                          (FILE:4)\n",
        "\nlimit_rate = none                           (built-in)\n",
        "\nlevel = debug                               (flag)\n",
        "\n\n[object contacts]\ncolumns = \"Last name\",Email                 (FILE:6)\n",
        "\nbatch_records = 10                          (flag)\n",
        "\n\n[object leads]\ncolumns = none                              (built-in)\n",
        "\nbatch_records = 5000                        (built-in)\n",
    };
    char want[512];
    const char *text;
    size_t at, len;

    (void)state;
    load(FILE_TEXT);
    text = printed(false, &len);
    for (at = 0; at < COUNT(wants); at++) {
        const char *file = strstr(wants[at], "FILE");
        if (file != NULL) {
            snprintf(want, sizeof(want), "%.*s%s%s", (int)(file - wants[at]), wants[at], path,
                     file + 4);
        } else {
            snprintf(want, sizeof(want), "%s", wants[at]);
        }
        if (strstr(text, want) == NULL) {
            fail_msg("not there: %s", want);
        }
    }
}

static void prints_json(void **state)
{
    char want[512];
    const char *text;
    size_t len;

    (void)state;
    load(FILE_TEXT);
    text = printed(true, &len);
    assert_true(json_check(text, len) == JSON_OBJECT);
    snprintf(want, sizeof(want),
             "{\"file\":\"%s\",\"service\":{\"base_url\":{\"value\":"
             "\"https://bulk.example.net/elements/api-v2\",\"origin\":\"%s:2\"},"
             "\"hub\":{\"value\":\"marketing\",\"origin\":\"environment OCBULK_HUB\"}",
             path, path);
    assert_memory_equal(text, want, strlen(want));
    snprintf(want, sizeof(want),
             "\"objects\":[{\"name\":\"contacts\",\"columns\":{\"value\":"
             "\"\\\"Last name\\\",Email\",\"origin\":\"%s:6\"}",
             path);
    assert_non_null(strstr(text, want));
    assert_non_null(strstr(text, "},{\"name\":\"leads\",\"columns\":{\"value\":\"\","
                                 "\"origin\":\"built-in\"}"));
}

static void prints_json_without_a_file(void **state)
{
    size_t len;

    (void)state;
    load("");
    config.file = "";
    config.objects = 0;
    assert_memory_equal(printed(true, &len), "{\"file\":null,\"service\":{", 23);
    assert_true(json_check(printed(true, &len), len) == JSON_OBJECT);
    assert_non_null(strstr(printed(true, &len), ",\"objects\":[]}\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_each_value_and_where_it_came_from),
        cmocka_unit_test(prints_json),
        cmocka_unit_test(prints_json_without_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
