#include "base/err.h"
#include "base/stream.h"
#include "linux/json_out.h"
#include "reply/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "edge.h"

static struct out out;
static struct json_out json;

static void start(void)
{
    out_init(&out, -1);
    json_out_init(&json, &out);
}

static const char *text(void)
{
    assert_true(out.len < sizeof(out.buf));
    out.buf[out.len] = 0;
    return out.buf;
}

static void puts_commas_and_colons_where_they_belong(void **state)
{
    (void)state;
    start();
    json_out_object(&json);
    json_out_put_string(&json, "command", "status");
    json_out_put_u64(&json, "exit", 0);
    json_out_put_bool(&json, "final", true);
    json_out_key(&json, "error");
    json_out_null(&json);
    json_out_key(&json, "jobs");
    json_out_array(&json);
    json_out_object(&json);
    json_out_put_string(&json, "id", NULL);
    json_out_end(&json);
    json_out_object(&json);
    json_out_end(&json);
    json_out_array(&json);
    json_out_u64(&json, 1);
    json_out_bool(&json, false);
    json_out_string(&json, "");
    json_out_end(&json);
    json_out_array(&json);
    json_out_end(&json);
    json_out_end(&json);
    json_out_put_count(&json, "known", INT64_MAX);
    json_out_put_count(&json, "unknown", -1);
    json_out_put_u64(&json, "last", UINT64_MAX);
    json_out_end(&json);
    assert_string_equal(text(), "{\"command\":\"status\",\"exit\":0,\"final\":true,\"error\":null,"
                                "\"jobs\":[{\"id\":null},{},[1,false,\"\"],[]],"
                                "\"known\":9223372036854775807,\"unknown\":null,"
                                "\"last\":18446744073709551615}\n");
    assert_true(json_check(text(), out.len) == JSON_OBJECT);
}

static void one_text_after_the_other_is_a_line_each(void **state)
{
    (void)state;
    start();
    json_out_object(&json);
    json_out_end(&json);
    json_out_array(&json);
    json_out_end(&json);
    assert_string_equal(text(), "{}\n[]\n");
}

static void nests_32_levels_deep(void **state)
{
    char want[32 * 6 + 2];
    size_t level, len = 0;

    (void)state;
    start();
    for (level = 0; level < 16; level++) {
        json_out_object(&json);
        json_out_key(&json, "a");
        json_out_array(&json);
        len += (size_t)snprintf(want + len, sizeof(want) - len, "{\"a\":[");
    }
    for (level = 0; level < 32; level++) {
        json_out_end(&json);
        want[len++] = level % 2 == 0 ? ']' : '}';
    }
    memcpy(want + len, "\n", 2);
    assert_string_equal(text(), want);
}

static void escapes_strings(void **state)
{
    static const struct {
        const char *name, *text;
        size_t len; /* 0: as long as it is */
        const char *want;
    } rows[] = {
        {"plain", "abc", 0, "abc"},
        {"quote and backslash", "a\"b\\c", 0, "a\\\"b\\\\c"},
        {"a slash stays", "a/b", 0, "a/b"},
        {"controls that have a short form", "\b\f\n\r\t", 0, "\\b\\f\\n\\r\\t"},
        {"controls that have none", "\x01\x1b[2J\x1f", 0, "\\u0001\\u001b[2J\\u001f"},
        {"NUL", "a\0b", 3, "a\\u0000b"},
        {"DEL", "\x7f", 0, "\\u007f"},
        {"a C1 control (CSI)", "\xc2\x9b", 0, "\\u009b"},
        {"the last C1 control", "\xc2\x9f\xc2\xa0", 0, "\\u009f\xc2\xa0"},
        {"UTF-8 stays", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 0,
         "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"a byte that is no UTF-8",
         "a\xff"
         "b",
         0,
         "a\xef\xbf\xbd"
         "b"},
        {"a character cut at the end", "a\xe2\x82", 0, "a\xef\xbf\xbd\xef\xbf\xbd"},
        {"a surrogate", "\xed\xa0\x80", 0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"a secret (C37)", "bad tok_TEST_0000\"", 0, "bad ***\\\""},
        {"a secret that was cut", "bad tok_TE", 0, "bad ***"},
        {"a secret with a quote and a slash", "<sec\"/\\TEST>", 0, "<***>"},
    };
    size_t at;

    (void)state;
    out_add_secret("tok_TEST_0000");
    out_add_secret("sec\"/\\TEST");
    for (at = 0; at < COUNT(rows); at++) {
        size_t len = rows[at].len > 0 ? rows[at].len : strlen(rows[at].text);
        char want[128];
        start();
        json_out_array(&json);
        json_out_string_len(&json, edge_copy(rows[at].text, len), len);
        json_out_end(&json);
        snprintf(want, sizeof(want), "[\"%s\"]\n", rows[at].want);
        if (strcmp(text(), want) != 0) {
            fail_msg("%s: %s", rows[at].name, text());
        }
        assert_true(json_check(text(), out.len) == JSON_ARRAY);
    }
    out_forget_secrets();
}

/* Every pair of bytes, as key and as value: what comes out is always JSON. */
static void any_bytes_make_valid_json(void **state)
{
    unsigned first, second;

    (void)state;
    for (first = 0; first < 256; first++) {
        for (second = 0; second < 256; second++) {
            const char pair[3] = {(char)first, (char)second, 0};
            start();
            json_out_object(&json);
            json_out_key(&json, pair);
            json_out_string_len(&json, pair, 2);
            json_out_end(&json);
            if (json_check(text(), out.len) != JSON_OBJECT) {
                fail_msg("%02x %02x: %s", first, second, text());
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_commas_and_colons_where_they_belong),
        cmocka_unit_test(one_text_after_the_other_is_a_line_each),
        cmocka_unit_test(nests_32_levels_deep),
        cmocka_unit_test(escapes_strings),
        cmocka_unit_test(any_bytes_make_valid_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
