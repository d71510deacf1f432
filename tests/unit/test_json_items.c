#include "base/err.h"
#include "base/stream.h"
#include "edge.h"
#include "reply/json_items.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define SCRIPT_CAP 16384
#define BIG        (JSON_PIECE_CAP * 2)

/* What was told, as text: `key=value;` for a member, `value;` for an element, `/` for an item's
 * end, and at last the name of the error, if any. Values as they stand in the reply, strings in
 * quotes, `[` and `{` for nested ones, `~` behind those that were cut. */
struct script {
    char text[SCRIPT_CAP];
    size_t len;
};

static void put(struct script *s, const char *text, size_t len)
{
    assert_true(s->len + len < SCRIPT_CAP);
    memcpy(s->text + s->len, text, len);
    s->len += len;
    s->text[s->len] = 0;
}

static void put_value(struct script *s, const struct json_items *it)
{
    bool string = it->value.kind == JSON_STRING;

    if (it->value.kind == JSON_ARRAY || it->value.kind == JSON_OBJECT) {
        assert_int_equal(it->value.len, 0);
        put(s, it->value.kind == JSON_ARRAY ? "[" : "{", 1);
    }
    put(s, "\"", string ? 1 : 0);
    put(s, it->value.text, it->value.len);
    put(s, "\"", string ? 1 : 0);
    put(s, "~", it->cut ? 1 : 0);
    put(s, ";", 1);
}

static void put_event(struct script *s, const struct json_items *it)
{
    switch (it->event) {
    case JSON_MEMBER:
        assert_int_equal(it->key.kind, JSON_STRING);
        put(s, it->key.text, it->key.len);
        put(s, "=", 1);
        put_value(s, it);
        break;
    case JSON_ELEMENT:
        put_value(s, it);
        break;
    case JSON_ITEM_END:
        put(s, "/", 1);
        break;
    default:
        break;
    }
}

/* Pushes one delivery; whether the next may follow. */
static bool deliver(struct script *s, struct json_items *it, const char *src, size_t len)
{
    const char *at = edge_copy(src, len);
    size_t used = 0;
    int idle = 0;

    while (used < len) {
        int n = json_items_push(it, at + used, len - used);
        if (n < 0) {
            assert_int_equal(it->event, JSON_NOTHING);
            assert_int_equal(json_items_push(it, at + used, len - used), n);
            return false;
        }
        assert_true((size_t)n <= len - used);
        assert_true(it->event != JSON_NOTHING || (size_t)n == len - used);
        idle = n == 0 ? idle + 1 : 0;
        assert_true(idle <= 2); /* the end of a number, the end of its item */
        used += (size_t)n;
        put_event(s, it);
    }
    return true;
}

static void finish(struct script *s, struct json_items *it, uint64_t bytes)
{
    int err = json_items_finish(it);

    assert_int_equal(json_items_finish(it), err);
    if (err != 0) {
        put(s, err_name(err), strlen(err_name(err)));
    } else {
        assert_int_equal(it->byte, bytes);
    }
}

/* One run: the first bytes in one delivery, the rest in deliveries of `step`. */
static void run(struct script *s, const char *under, const char *src, size_t len, size_t first,
                size_t step)
{
    static struct json_items it;
    size_t at = first;
    bool more;

    s->len = 0;
    s->text[0] = 0;
    json_items_init(&it, under);
    more = deliver(s, &it, src, first);
    while (more && at < len) {
        size_t n = len - at < step ? len - at : step;
        more = deliver(s, &it, src + at, n);
        at += n;
    }
    finish(s, &it, len);
}

/* Whole, per byte, at every split. */
static void expect(const char *name, const char *under, const char *src, size_t len,
                   const char *want)
{
    static struct script s;
    size_t at;

    for (at = 0; at <= len; at++) {
        run(&s, under, src, len, at, len);
        if (strcmp(s.text, want) != 0) {
            fail_msg("%s, split at %u: %s", name, (unsigned)at, s.text);
        }
    }
    run(&s, under, src, len, 0, 1);
    if (strcmp(s.text, want) != 0) {
        fail_msg("%s, per byte: %s", name, s.text);
    }
}

static const struct row {
    const char *name, *under, *input, *want;
} ROWS[] = {
    {"the seed's objects", NULL, "[\"activities\",\"contact\",\"campaign\",\"list\",\"account\"]",
     "\"activities\";/\"contact\";/\"campaign\";/\"list\";/\"account\";/"},
    {"the seed's upload reply", NULL, "{\"id\":\"1234\",\"status\":\"CREATED\"}",
     "id=\"1234\";status=\"CREATED\";/"},
    {"a status that is cut between packets (S13)", NULL, "{\"status\":\"done\"}",
     "status=\"done\";/"},
    {"more tokens than fit, the status last (C23)", NULL,
     "{\"id\":\"j1\",\"errors\":[{\"row\":1,\"code\":\"bad_email\"},{\"row\":2,\"code\":\"bad_"
     "email\"},{\"row\":3,\"code\":\"bad_email\"},\n{\"row\":4,\"code\":\"bad_email\"},{\"row\":5,"
     "\"code\":\"bad_email\"},{\"row\":6,\"code\":\"bad_email\"}],\"status\":\"failed\"}",
     "id=\"j1\";errors=[;status=\"failed\";/"},
    {"nulls and nested nulls (C25)", NULL,
     "{\"id\":\"j1\",\"status\":null,\"error\":null,\"rows\":null,\"extra\":{\"a\":[null]}}",
     "id=\"j1\";status=null;error=null;rows=null;extra={;/"},
    {"an 18-digit id keeps its digits (C26)", NULL,
     "{\"id\": 640794306199020323 ,\"status\":\"queued\"}",
     "id=640794306199020323;status=\"queued\";/"},
    {"objects in an array", NULL, "[{\"a\":1,\"b\":true},{},{\"a\":2}]", "a=1;b=true;//a=2;/"},
    {"elements of every kind", NULL, "[1,\"s\",true,false,null,[1,[2]],{\"k\":[]},-0.5e1]",
     "1;/\"s\";/true;/false;/null;/[;/k=[;/-0.5e1;/"},
    {"arrays in an array", NULL, "[[],[[]],[{\"id\":1}]]", "[;/[;/[;/"},
    {"members of nested objects are not told", NULL,
     "{\"x\":{\"id\":1,\"y\":[{\"id\":2}]},\"id\":3}", "x={;id=3;/"},
    {"brackets in strings are no brackets", NULL,
     "{\"x\":[\"]}\\\"]\",{\"}\":\"[\"}],\"id\":\"}\"}", "x=[;id=\"}\";/"},
    {"an empty array", NULL, "[]", ""},
    {"an empty object is an empty item", NULL, "{}", "/"},
    {"white space everywhere", NULL, " [ { \"a\" : 1 , \"b\" : [ ] } , 2 , \"c\" ] \r\n\t",
     "a=1;b=[;/2;/\"c\";/"},
    {"an empty key and an empty value", NULL, "{\"\":\"\"}", "=\"\";/"},
    {"a key twice is told twice", NULL, "{\"a\":1,\"a\":2}", "a=1;a=2;/"},
    {"escapes stay as they came", NULL, "{\"\\u0061\\\"\":\"\\ud83d\\ude00\\\\\"}",
     "\\u0061\\\"=\"\\ud83d\\ude00\\\\\";/"},
    {"numbers end at every delimiter", NULL, "[{\"a\":1},{\"a\":2 ,\"b\":3\n},4,5 ]",
     "a=1;/a=2;b=3;/4;/5;/"},

    {"the fields under their key", "fields",
     "{\"fields\":[{\"type\":\"string\",\"vendorPath\":\"email\"},{\"type\":\"date\"}]}",
     "type=\"string\";vendorPath=\"email\";/type=\"date\";/"},
    {"members beside the key are skipped", "fields",
     "{\"a\":1,\"b\":{\"fields\":[1]},\"c\":[{\"fields\":[2]}],\"fields\":[3],\"d\":[4]}", "3;/"},
    {"the key is compared decoded", "fields", "{\"\\u0066ields\":[1]}", "1;/"},
    {"the key without array, then with it", "fields", "{\"fields\":null,\"fields\":[1]}", "1;/"},
    {"an object under the key is not looked into", "fields", "{\"fields\":{\"fields\":[1]}}",
     "REPLY_SHAPE"},
    {"arrays under the key twice", "fields", "{\"fields\":[1],\"x\":2,\"fields\":[[3]]}", "1;/[;/"},
    {"an empty array under the key", "fields", "{\"fields\":[]}", ""},
    {"a top-level array needs no key", "fields", "[{\"fields\":[1]}]", "fields=[;/"},
    {"no such key", "fields", "{\"message\":\"no\"}", "REPLY_SHAPE"},
    {"a key that begins like it", "fields", "{\"field\":[1],\"fieldsx\":[2]}", "REPLY_SHAPE"},
    {"a value that is like the key", "fields", "{\"x\":\"fields\",\"y\":[1]}", "REPLY_SHAPE"},
    {"a string under the key", "fields", "{\"fields\":\"none\"}", "REPLY_SHAPE"},
    {"an empty object, a key awaited", "fields", "{}", "REPLY_SHAPE"},
    {"a fault behind the array is found", "fields", "{\"fields\":[1],}", "1;/JSON_SYNTAX"},

    {"a lonely string", NULL, "\"id\"", "REPLY_SHAPE"},
    {"a lonely number", NULL, "12", "REPLY_SHAPE"},
    {"a lonely number and white space", NULL, "12 ", "REPLY_SHAPE"},
    {"a lonely null", NULL, "null", "REPLY_SHAPE"},
    {"a lonely true, a key awaited", "fields", "true", "REPLY_SHAPE"},
    {"plain words are no JSON", NULL, "no healthy upstream", "JSON_SYNTAX"},
    {"HTML is no JSON", NULL, "<html><body>{\"id\":1}</body></html>", "JSON_SYNTAX"},
    {"a BOM is refused", NULL, "\xef\xbb\xbf[1]", "JSON_SYNTAX"},
    {"nothing", NULL, "", "JSON_SYNTAX"},
    {"white space alone", NULL, " \r\n", "JSON_SYNTAX"},
    {"a reply that breaks off in a string", NULL, "{\"id\":\"12", "JSON_SYNTAX"},
    {"a reply that breaks off in a number", NULL, "{\"id\":12", "JSON_SYNTAX"},
    {"a reply that breaks off behind a member", NULL, "{\"id\":1,", "id=1;JSON_SYNTAX"},
    {"a reply that breaks off behind an element", NULL, "[1,2", "1;/JSON_SYNTAX"},
    {"a reply that breaks off in a nested value", NULL, "{\"id\":1,\"x\":[1", "id=1;JSON_SYNTAX"},
    {"a second text", NULL, "{}{}", "/JSON_SYNTAX"},
    {"a key without a value (S12)", NULL, "{\"a\"}", "JSON_SYNTAX"},
    {"a bare word (S12)", NULL, "{\"status\":nope}", "JSON_SYNTAX"},
    {"a bad number is not told", NULL, "[1.]", "JSON_SYNTAX"},
    {"a number with a leading zero is not told", NULL, "[012]", "JSON_SYNTAX"},
    {"the wrong bracket", NULL, "[1}", "1;/JSON_SYNTAX"},
    {"a comma behind the last element", NULL, "[1,]", "1;/JSON_SYNTAX"},
    {"a comma behind the last member", NULL, "{\"a\":1,}", "a=1;JSON_SYNTAX"},
    {"a missing comma", NULL, "{\"a\":1 \"b\":2}", "a=1;JSON_SYNTAX"},
    {"skipped parts: a key without a value", NULL, "{\"x\":{\"a\"}}", "JSON_SYNTAX"},
    {"skipped parts: a lonely comma", NULL, "{\"x\":[,]}", "JSON_SYNTAX"},
    {"skipped parts: a bad word", NULL, "{\"x\":[nul]}", "JSON_SYNTAX"},
    {"skipped parts: a bad number", NULL, "{\"x\":[[-]]}", "JSON_SYNTAX"},
    {"skipped parts: a bad escape", NULL, "{\"x\":[\"\\a\"]}", "JSON_SYNTAX"},
    {"skipped parts: bad UTF-8", NULL, "{\"x\":[\"\xff\"]}", "JSON_SYNTAX"},
    {"skipped parts: the wrong bracket", NULL, "{\"x\":[{]}}", "JSON_SYNTAX"},
    {"beside the key: a bad number", "fields", "{\"x\":01,\"fields\":[1]}", "JSON_SYNTAX"},
    {"32 levels", NULL, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "[;/"},
    {"33 levels", NULL, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
     "JSON_DEPTH"},
};

static void tells_items_at_any_split(void **state)
{
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(ROWS); at++) {
        expect(ROWS[at].name, ROWS[at].under, ROWS[at].input, strlen(ROWS[at].input),
               ROWS[at].want);
    }
}

static void knows_where_the_wrong_byte_is(void **state)
{
    struct json_items it;

    (void)state;
    json_items_init(&it, NULL);
    assert_int_equal(json_items_push(&it, "{\"a\":[1,2,}", 11), ERR_JSON_SYNTAX);
    assert_int_equal(it.byte, 10);
}

/* `before`, then n times unit, then `after`. */
static size_t fill(char *dst, const char *before, const char *unit, size_t n, const char *after)
{
    size_t at = strlen(before), unit_len = strlen(unit);

    memcpy(dst, before, at);
    for (; n > 0; n--) {
        memcpy(dst + at, unit, unit_len);
        at += unit_len;
    }
    strcpy(dst + at, after);
    return at + strlen(after);
}

/* A string of n units in member `k`: what of it is told, and whether it is called cut. */
static void long_member(const char *name, const char *unit, size_t n, size_t told, bool cut)
{
    static char input[BIG * 4], want[BIG * 4];
    size_t len = fill(input, "[{\"k\":\"", unit, n, "\",\"z\":1}]");

    fill(want, "k=\"", unit, told, cut ? "\"~;z=1;/" : "\";z=1;/");
    expect(name, NULL, input, len, want);
}

static void cuts_a_long_string_at_a_character(void **state)
{
    /* `{"k":""}` takes 8 bytes of the piece. */
    const size_t room = JSON_PIECE_CAP - 8;

    (void)state;
    long_member("one byte less than fits", "a", room - 1, room - 1, false);
    long_member("it just fits", "a", room, room, false);
    long_member("one byte more", "a", room + 1, room, true);
    long_member("twice the buffer", "a", BIG, room, true);
    long_member("characters of two bytes", "\xc3\xa9", BIG / 2, room / 2, true);
    long_member("characters of three bytes", "\xe2\x82\xac", BIG / 3, room / 3, true);
    long_member("characters of four bytes", "\xf0\x9f\x98\x80", BIG / 4, room / 4, true);
    long_member("short escapes", "\\n", BIG / 2, room / 2, true);
    long_member("escaped backslashes", "\\\\", BIG / 2, room / 2, true);
    long_member("Unicode escapes", "\\u20ac", BIG / 6, room / 6, true);
    long_member("pairs of surrogates", "\\ud83d\\ude00", BIG / 12, room / 12, true);
}

/* Whatever stands in front, a cut falls between characters. */
static void cuts_at_every_phase(void **state)
{
    static const char *const units[] = {"\xf0\x9f\x98\x80", "\\ud83d\\ude00", "\\u20ac", "\\\\"};
    static char input[BIG * 2], pad[16];
    static struct script s;
    size_t unit, phase, len, body;

    (void)state;
    for (unit = 0; unit < COUNT(units); unit++) {
        for (phase = 0; phase < 12; phase++) {
            memset(pad, 'p', sizeof(pad));
            memcpy(pad, "[\"", 2);
            pad[2 + phase] = 0;
            len = fill(input, pad, units[unit], BIG / strlen(units[unit]), "\"]");
            run(&s, NULL, input, len, len, len);
            body = s.len - strlen("\"\"~;/");
            assert_string_equal(s.text + s.len - 4, "\"~;/");
            assert_int_equal((body - phase) % strlen(units[unit]), 0);
            assert_true(body <= JSON_PIECE_CAP - 4);
            assert_true(body + strlen(units[unit]) > JSON_PIECE_CAP - 4);
            assert_memory_equal(s.text, input + 1, body + 1);
        }
    }
}

static void cuts_a_long_number_at_a_digit(void **state)
{
    static char input[BIG * 2], want[BIG * 2];
    const size_t room = JSON_PIECE_CAP - 2; /* `[]` */
    size_t len;

    (void)state;
    len = fill(input, "[1", "0", room - 1, ",2]");
    fill(want, "1", "0", room - 1, ";/2;/");
    expect("it just fits", NULL, input, len, want);
    len = fill(input, "[1", "0", room, ",2]");
    fill(want, "1", "0", room - 1, "~;/2;/");
    expect("one digit more", NULL, input, len, want);
    len = fill(input, "[1", "0", room - 2, ".5]");
    fill(want, "1", "0", room - 2, "~;/");
    expect("cut behind the point", NULL, input, len, want);
    len = fill(input, "[1", "0", room - 3, "e-5]");
    fill(want, "1", "0", room - 3, "~;/");
    expect("cut behind the exponent's sign", NULL, input, len, want);
    len = fill(input, "[", "9", BIG, "]");
    fill(want, "", "9", room, "~;/");
    expect("cut behind a nine", NULL, input, len, want);
    len = fill(input, "[1", "0", BIG, ".]");
    expect("what was dropped is checked too", NULL, input, len, "JSON_SYNTAX");
}

static void leaves_out_members_with_a_long_key(void **state)
{
    static char input[BIG * 4], want[BIG * 4];
    size_t len;

    (void)state;
    len = fill(input, "{\"", "k", JSON_KEY_MAX, "\":1}");
    fill(want, "", "k", JSON_KEY_MAX, "=1;/");
    expect("it just fits", NULL, input, len, want);
    len = fill(input, "{\"", "k", JSON_KEY_MAX + 1, "\":1,\"a\":2}");
    expect("one byte more", NULL, input, len, "a=2;/");
    len = fill(input, "{\"", "k", BIG, "\":{\"b\":[1]},\"a\":2}");
    expect("a nested value under it", NULL, input, len, "a=2;/");
    len = fill(input, "{\"", "k", BIG, "\":\"s\",\"a\":2}");
    expect("a string under it", NULL, input, len, "a=2;/");
    len = fill(input, "{\"", "k", BIG, "\":[,]}");
    expect("a fault under it", NULL, input, len, "JSON_SYNTAX");
    len = fill(input, "{\"", "k", BIG, "\":[1],\"fields\":[2]}");
    expect("beside the key awaited", "fields", input, len, "2;/");
}

/* A list of any length takes the memory of one element. */
static void reads_5000_objects_and_counts_them(void **state)
{
    static const char one[] = "{\"name\":\"contact\",\"label\":\"Contact \\u00e9\",\"fields\":[1,2,"
                              "{\"a\":null}],\"custom\":false}";
    struct json_items it;
    size_t members = 0, ends = 0, n;

    (void)state;
    json_items_init(&it, NULL);
    for (n = 0; n < 5000; n++) {
        char text[160];
        size_t used = 0, len = (size_t)sprintf(text, "%s%s", n == 0 ? "[" : ",", one);
        while (used < len) {
            int got = json_items_push(&it, text + used, len - used);
            assert_true(got >= 0);
            used += (size_t)got;
            members += it.event == JSON_MEMBER ? 1 : 0;
            ends += it.event == JSON_ITEM_END ? 1 : 0;
        }
    }
    assert_int_equal(json_items_push(&it, "]", 1), 1);
    assert_int_equal(json_items_finish(&it), 0);
    assert_int_equal(members, 20000);
    assert_int_equal(ends, 5000);
    assert_int_equal(it.items, 5000);
    print_message("sizeof(struct json_items) %u\n", (unsigned)sizeof(it));
}

static void can_be_begun_again(void **state)
{
    struct json_items it;

    (void)state;
    json_items_init(&it, NULL);
    assert_int_equal(json_items_push(&it, "[1", 2), 2);
    json_items_init(&it, NULL);
    assert_int_equal(json_items_push(&it, "{}", 2), 2);
    assert_int_equal(it.event, JSON_ITEM_END);
    assert_int_equal(json_items_push(&it, "", 0), 0);
    assert_int_equal(it.event, JSON_NOTHING);
    assert_int_equal(json_items_finish(&it), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_items_at_any_split),
        cmocka_unit_test(knows_where_the_wrong_byte_is),
        cmocka_unit_test(cuts_a_long_string_at_a_character),
        cmocka_unit_test(cuts_at_every_phase),
        cmocka_unit_test(cuts_a_long_number_at_a_digit),
        cmocka_unit_test(leaves_out_members_with_a_long_key),
        cmocka_unit_test(reads_5000_objects_and_counts_them),
        cmocka_unit_test(can_be_begun_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
