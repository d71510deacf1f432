/* Generated JSON read by json_items and by jansson: the same members and elements; mutated JSON
 * accepted and refused alike. Where they differ on purpose stands in excused(). */
/* LIBS: -ljansson */
#include "base/err.h"
#include "base/stream.h"
#include "edge.h"
#include "reply/json_items.h"

/* jansson has names of ours for its own kinds. */
#define JSON_OBJECT JANSSON_OBJECT
#define JSON_ARRAY  JANSSON_ARRAY
#define JSON_STRING JANSSON_STRING
#define JSON_TRUE   JANSSON_TRUE
#define JSON_FALSE  JANSSON_FALSE
#define JSON_NULL   JANSSON_NULL
#include <jansson.h>
#undef JSON_OBJECT
#undef JSON_ARRAY
#undef JSON_STRING
#undef JSON_TRUE
#undef JSON_FALSE
#undef JSON_NULL

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define SEED      20240817u
#define TEXTS     4000
#define MUTATIONS 12
#define TEXT_CAP  65536
#define FLAGS     (JSON_DECODE_ANY | JSON_ALLOW_NUL)

static uint64_t seed;

static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % n;
}

/* The text that is being made. */
static char text[TEXT_CAP];
static size_t text_len;
static unsigned key_number;

static void put(const char *s)
{
    size_t len = strlen(s);

    assert_true(text_len + len < TEXT_CAP - 1024);
    memcpy(text + text_len, s, len);
    text_len += len;
}

static void put_space(void)
{
    static const char *const spaces[] = {"", "", "", "", " ", "\n", "\t\r\n  "};

    put(spaces[below(COUNT(spaces))]);
}

static void put_characters(uint32_t count)
{
    static const char *const pieces[] = {"a",
                                         "Z",
                                         "0",
                                         " ",
                                         "/",
                                         "[",
                                         "}",
                                         ",",
                                         ":",
                                         "\x7f",
                                         "\xc2\x80",
                                         "\xc3\xa9",
                                         "\xdf\xbf",
                                         "\xe0\xa0\x80",
                                         "\xe2\x82\xac",
                                         "\xed\x9f\xbf",
                                         "\xee\x80\x80",
                                         "\xef\xbf\xbf",
                                         "\xf0\x90\x80\x80",
                                         "\xf4\x8f\xbf\xbf",
                                         "\\\"",
                                         "\\\\",
                                         "\\/",
                                         "\\b",
                                         "\\f",
                                         "\\n",
                                         "\\r",
                                         "\\t",
                                         "\\u0041",
                                         "\\u00e9",
                                         "\\u20AC",
                                         "\\uFFFF",
                                         "\\u001b",
                                         "\\u0085",
                                         "\\ud83d\\ude00",
                                         "\\uDBFF\\uDFFF"};

    while (count-- > 0) {
        put(pieces[below(COUNT(pieces))]);
    }
}

static void put_string(void)
{
    put("\"");
    put_characters(below(40) == 0 ? 100 + below(600) : below(12));
    put("\"");
}

static void put_key(const char *want)
{
    char number[16];

    put("\"");
    if (want == NULL) {
        put_characters(below(30) == 0 ? JSON_KEY_MAX + below(80) : below(8));
        snprintf(number, sizeof(number), "%u", key_number++);
    }
    put(want != NULL ? want : number);
    put("\"");
    put_space();
    put(":");
}

static void put_number(void)
{
    char number[64];
    static const char *const odd[] = {"0",     "-0",   "-0.0", "0e0", "1E+2",     "-1.5e-3",
                                      "0.1e1", "1e99", "1.0",  "100", "999999999"};

    if (below(3) == 0) {
        put(odd[below(COUNT(odd))]);
        return;
    }
    uint64_t digits = (uint64_t)below(1u << 31) * below(1000);
    const char *sign = below(4) == 0 ? "-" : "", *fraction = below(5) == 0 ? ".0625" : "";
    snprintf(number, sizeof(number), "%s%llu%s", sign, (unsigned long long)digits, fraction);
    put(number);
    if (below(60) == 0) { /* longer than the piece */
        put(*fraction == 0 ? "." : "");
        for (unsigned n = 300 + below(1000); n > 0; n--) {
            put("7");
        }
    }
}

static void put_scalar(void)
{
    static const char *const words[] = {"true", "false", "null"};

    switch (below(4)) {
    case 0:
        put_number();
        break;
    case 1:
        put(words[below(3)]);
        break;
    default:
        put_string();
    }
}

static void put_value(unsigned depth);

static void put_array(unsigned depth)
{
    uint32_t count = below(5), at;

    put("[");
    put_space();
    for (at = 0; at < count; at++) {
        put(at > 0 ? "," : "");
        put_space();
        put_value(depth + 1);
        put_space();
    }
    put("]");
}

static void put_object(unsigned depth, const char *list)
{
    uint32_t count = below(6), at, list_at = list != NULL ? below(count + 1) : count + 1;

    put("{");
    put_space();
    for (at = 0; at < count || at == list_at; at++) {
        put(at > 0 ? "," : "");
        put_space();
        put_key(at == list_at ? list : NULL);
        put_space();
        if (at == list_at && below(8) != 0) {
            put_array(depth + 1);
        } else {
            put_value(depth + 1);
        }
        put_space();
    }
    put("}");
}

static void put_value(unsigned depth)
{
    uint32_t dice = below(depth < 2 ? 4 : depth < 6 ? 8 : 12);

    if (dice == 0 && depth < 20) {
        put_array(depth);
    } else if (dice <= 2 && depth < 20) {
        put_object(depth, NULL);
    } else {
        put_scalar();
    }
}

/* A text, and under which key its list is. */
static const char *make_text(void)
{
    const char *under = below(2) == 0 ? "fields" : NULL;

    text_len = 0;
    key_number = 0;
    put_space();
    if (below(3) == 0) {
        put_array(0);
    } else {
        put_object(0, under);
    }
    put_space();
    return under;
}

/* jansson's view, in the order of the text. */
struct want {
    enum json_event event;
    const char *key;
    const json_t *value;
};
static struct want wants[TEXT_CAP];
static size_t want_count;

static void expect(enum json_event event, const char *key, const json_t *value)
{
    assert_true(want_count < COUNT(wants));
    wants[want_count].event = event;
    wants[want_count].key = key;
    wants[want_count++].value = value;
}

static void expect_item(json_t *item)
{
    const char *key;
    json_t *value;

    if (json_typeof(item) != JANSSON_OBJECT) {
        expect(JSON_ELEMENT, NULL, item);
    } else {
        json_object_foreach(item, key, value)
        {
            if (strlen(key) <= JSON_KEY_MAX) {
                expect(JSON_MEMBER, key, value);
            }
        }
    }
    expect(JSON_ITEM_END, NULL, NULL);
}

/* 0, or how finish must end. */
static int expect_all(json_t *root, const char *under)
{
    json_t *list = root;
    size_t at;

    want_count = 0;
    if (json_typeof(root) == JANSSON_OBJECT && under == NULL) {
        expect_item(root);
        return 0;
    }
    if (json_typeof(root) == JANSSON_OBJECT) {
        list = json_object_get(root, under);
    }
    if (list == NULL || json_typeof(list) != JANSSON_ARRAY) {
        return ERR_REPLY_SHAPE;
    }
    for (at = 0; at < json_array_size(list); at++) {
        expect_item(json_array_get(list, at));
    }
    return 0;
}

/* What json_text must make of valid UTF-8: control characters replaced. */
static size_t harmless(char *dst, const char *src, size_t len)
{
    size_t used = 0, at;

    for (at = 0; at < len; at++) {
        unsigned char c = (unsigned char)src[at];
        bool c1 = c == 0xC2 && (unsigned char)src[at + 1] < 0xA0;
        if (c < 0x20 || c == 0x7F || c1) {
            memcpy(dst + used, "\xef\xbf\xbd", 3);
            used += 3;
            at += c1;
        } else {
            dst[used++] = src[at];
        }
    }
    return used;
}

static void same_string(const struct json_items *it, const json_t *value)
{
    static char got[TEXT_CAP], want[3 * TEXT_CAP];
    const char *whole = json_string_value(value);
    size_t want_len = harmless(want, whole, json_string_length(value));
    int len = json_text(got, sizeof(got), &it->value);

    assert_int_equal(it->value.kind, JSON_STRING);
    assert_true(it->cut ? (size_t)len <= want_len : (size_t)len == want_len);
    assert_memory_equal(got, want, (size_t)len);
    if (it->cut) { /* as much as fits but for one last character */
        assert_true(it->value.len > JSON_PIECE_CAP - JSON_KEY_MAX - 24);
    } else if (strlen(whole) == json_string_length(value)) {
        assert_true(json_is(&it->value, whole));
    }
}

static void same_number(const struct json_items *it, const json_t *value)
{
    char number[JSON_PIECE_CAP];

    assert_int_equal(it->value.kind, JSON_NUMBER);
    assert_true(json_text(number, sizeof(number), &it->value) > 0);
    if (it->cut) {
        assert_int_equal(json_check(number, strlen(number)), JSON_NUMBER);
    } else if (json_typeof(value) == JSON_INTEGER) {
        assert_true(strtoll(number, NULL, 10) == json_integer_value(value));
    } else {
        assert_true(strtod(number, NULL) == json_real_value(value));
    }
}

static void same_value(const struct json_items *it, const json_t *value)
{
    static const enum json_kind kinds[] = {
        [JANSSON_OBJECT] = JSON_OBJECT, [JANSSON_ARRAY] = JSON_ARRAY, [JANSSON_TRUE] = JSON_TRUE,
        [JANSSON_FALSE] = JSON_FALSE,   [JANSSON_NULL] = JSON_NULL,
    };

    switch (json_typeof(value)) {
    case JANSSON_STRING:
        same_string(it, value);
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        same_number(it, value);
        break;
    default:
        assert_int_equal(it->value.kind, kinds[json_typeof(value)]);
        assert_false(it->cut);
    }
}

static size_t told;

static void compare(const struct json_items *it)
{
    const struct want *want = &wants[told++];

    assert_true(told <= want_count);
    assert_int_equal(it->event, want->event);
    if (it->event == JSON_MEMBER) {
        assert_true(json_is(&it->key, want->key));
    }
    if (it->event != JSON_ITEM_END) {
        same_value(it, want->value);
    }
}

/* How the reading ends; step 0 delivers pieces of any size. With compare, of each event. */
static int read_text(const char *under, size_t step, void (*each)(const struct json_items *))
{
    struct json_items it;
    size_t at = 0;

    told = 0;
    json_items_init(&it, under);
    while (at < text_len) {
        size_t n = step > 0 ? step : 1 + below(64), used = 0;
        n = text_len - at < n ? text_len - at : n;
        const char *part = edge_copy(text + at, n);
        while (used < n) {
            int got = json_items_push(&it, part + used, n - used);
            if (got < 0) {
                return got;
            }
            used += (size_t)got;
            if (it.event != JSON_NOTHING && each != NULL) {
                each(&it);
            }
        }
        at += n;
    }
    if (each != NULL && json_items_push(&it, "", 0) == 0 && it.event != JSON_NOTHING) {
        each(&it); /* the last byte's event is its own */
    }
    return json_items_finish(&it);
}

static void tells_what_jansson_reads(void **state)
{
    unsigned n, events = 0;

    (void)state;
    seed = SEED;
    print_message("seed %u\n", SEED);
    for (n = 0; n < TEXTS; n++) {
        static const size_t steps[] = {TEXT_CAP, 1, 0};
        const char *under = make_text();
        json_t *root = json_loadb(text, text_len, FLAGS, NULL);
        size_t at;

        assert_non_null(root);
        int want = expect_all(root, under);
        for (at = 0; at < COUNT(steps); at++) {
            assert_int_equal(read_text(under, steps[at], compare), want);
            assert_int_equal(told, want_count);
        }
        events += (unsigned)want_count;
        json_decref(root);
    }
    print_message("%u texts, %u events\n", n, events);
    assert_true(events > 4 * TEXTS);
}

/* One change that tends to make other JSON or nearly JSON. No NUL: between tokens it ends a text
 * for jansson. */
static void mutate(void)
{
    static const char alphabet[] = "{}[],:\"\\u0123456789.eE+-tfn \n\x01\x7f\x80\xc3\xed\xf4\xff";
    size_t at = below((uint32_t)text_len), n = 1 + below(8);

    n = n < text_len - at ? n : text_len - at;
    switch (below(5)) {
    case 0: /* another byte */
        text[at] = alphabet[below(sizeof(alphabet) - 1)];
        break;
    case 1: /* some bytes less */
        memmove(text + at, text + at + n, text_len - at - n);
        text_len -= n;
        break;
    case 2: /* some bytes twice */
        memmove(text + at + n, text + at, text_len - at);
        text_len += n;
        break;
    case 3: /* one byte more */
        memmove(text + at + 1, text + at, text_len - at);
        text[at] = alphabet[below(sizeof(alphabet) - 1)];
        text_len++;
        break;
    default: /* cut off */
        text_len = at;
    }
}

/* jansson refuses what we let pass: numbers that no C type holds and escaped halves of surrogate
 * pairs (both stay text to us), NUL in a key. We refuse more levels than JSON_DEPTH_MAX. */
static bool excused(int ours, const json_error_t *theirs)
{
    return ours == ERR_JSON_DEPTH || json_error_code(theirs) == json_error_numeric_overflow ||
           json_error_code(theirs) == json_error_null_byte_in_key ||
           strstr(theirs->text, "invalid Unicode") != NULL;
}

static unsigned refused, accepted, different;

static void judge_alike(void)
{
    json_error_t theirs;
    json_t *root = json_loadb(text, text_len, FLAGS, &theirs);
    int ours = json_check(edge_copy(text, text_len), text_len);
    int items = read_text(NULL, 0, NULL);

    if ((ours >= 0) == (root != NULL)) {
        refused += root == NULL;
        accepted += root != NULL;
    } else if (excused(ours, &theirs)) {
        different++;
    } else {
        fail_msg("ours %s, jansson's %s, of %.*s", err_name(ours),
                 root != NULL ? "OK" : theirs.text, (int)text_len, text);
    }
    assert_int_equal(items < 0 && items != ERR_REPLY_SHAPE ? items : 0, ours < 0 ? ours : 0);
    json_decref(root);
}

static void refuses_what_jansson_refuses(void **state)
{
    unsigned n, m;

    (void)state;
    seed = SEED + 1;
    print_message("seed %u\n", SEED + 1);
    for (n = 0; n < TEXTS; n++) {
        static char fresh[TEXT_CAP];
        make_text();
        size_t fresh_len = text_len;
        memcpy(fresh, text, fresh_len);
        for (m = 0; m < MUTATIONS; m++) {
            mutate();
            judge_alike();
            if (text_len == 0 || below(2) == 0) {
                memcpy(text, fresh, fresh_len);
                text_len = fresh_len;
            }
        }
    }
    print_message("%u refused, %u accepted, %u different on purpose\n", refused, accepted,
                  different);
    assert_true(refused > TEXTS && accepted > TEXTS / 2);
    assert_true(different < (refused + accepted) / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_jansson_reads),
        cmocka_unit_test(refuses_what_jansson_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
