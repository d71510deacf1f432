/* The metaData of generated objects, read by jansson: the user's members, and ours beside them. */
/* LIBS: -ljansson */
#include "base/err.h"
#include "base/stream.h"
#include "bulk/metadata.h"
#include "edge.h"

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
#include <stdlib.h>
#include <string.h>

#define TAG        "oc-0123456789abcdef-00000001-89abcdef-01"
#define PAYLOAD    "callback-payload"
#define IDENTIFIER "identifierFieldName"

static struct json_items scratch;
static char composed[METADATA_CAP + METADATA_ROOM];

static unsigned below(unsigned n)
{
    return (unsigned)rand() % n;
}

static const char *word(void)
{
    static const char *const words[] = {PAYLOAD,
                                        IDENTIFIER,
                                        "callback-payload2",
                                        "Callback-Payload",
                                        "a",
                                        "",
                                        "\"",
                                        "\\",
                                        "caf\xC3\xA9 \xF0\x9F\x98\x80",
                                        "{}[],: ",
                                        "\n\x01\t",
                                        "callback-payloa"};

    return words[below(COUNT(words))];
}

static json_t *value(unsigned depth)
{
    json_t *v = json_object();

    switch (below(depth > 0 ? 5 : 3)) {
    case 0:
        json_decref(v);
        return json_string(word());
    case 1:
        json_decref(v);
        return json_integer((json_int_t)below(1000) - 500);
    case 2:
        json_decref(v);
        return below(2) ? json_null() : json_true();
    case 3:
        json_decref(v);
        v = json_array();
        while (below(3) != 0) {
            json_array_append_new(v, value(depth - 1));
        }
        return v;
    default:
        while (below(4) != 0) {
            json_object_set_new(v, word(), value(depth - 1));
        }
        return v;
    }
}

/* The same key, written with an escape in it. */
static void escape_keys(char *text)
{
    char *at;

    while ((at = strstr(text, PAYLOAD)) != NULL) {
        memmove(at + 14, at + 9, strlen(at + 9) + 1);
        memcpy(at + 8, "\\u002d", 6);
    }
}

static json_t *user_object(char *dst, size_t cap)
{
    static const size_t flags[] = {0, JSON_COMPACT, JSON_INDENT(3), JSON_ENSURE_ASCII,
                                   JSON_ESCAPE_SLASH | JSON_SORT_KEYS};
    json_t *user = json_object();
    char *text;

    while (below(4) != 0) {
        json_object_set_new(user, word(), value(3));
    }
    text = json_dumps(user, flags[below(COUNT(flags))]);
    assert_non_null(text);
    if (snprintf(dst, cap / 2, "%s%s%s", below(2) ? " \r\n" : "", text, below(2) ? "\t" : "") >=
        (int)cap / 2) {
        strcpy(dst, "{}");
        json_object_clear(user);
    }
    free(text);
    if (below(3) == 0) {
        escape_keys(dst);
    }
    return user;
}

static void expect(const struct metadata *m, json_t *user)
{
    char *text = composed;
    json_t *got;
    int len = metadata_text(composed, sizeof composed, m, &scratch);

    if (m->tag != NULL && json_object_get(user, PAYLOAD) == NULL) {
        json_object_set_new(user, PAYLOAD, json_string(m->tag));
    }
    if (m->identifier != NULL && json_object_get(user, IDENTIFIER) == NULL) {
        json_object_set_new(user, IDENTIFIER, json_string(m->identifier));
    }
    assert_int_equal(len, strlen(text));
    got = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (got == NULL || !json_equal(got, user)) {
        fail_msg("of %s was made %s", m->user != NULL ? m->user : "none", text);
    }
    json_decref(got);
}

static void the_user_s_members_and_ours(void **state)
{
    static char text[METADATA_CAP];
    unsigned taken = 0;

    (void)state;
    srand(1);
    for (unsigned round = 0; round < 20000; round++) {
        json_t *user = user_object(text, sizeof text);
        struct metadata m = {edge_copy(text, strlen(text) + 1), below(3) ? TAG : NULL,
                             below(3) ? word() : NULL};

        taken += json_object_get(user, PAYLOAD) != NULL;
        expect(&m, user);
        json_decref(user);
    }
    assert_in_range(taken, 1000, 19000);
}

static void without_an_object_of_the_user(void **state)
{
    static const struct metadata rows[] = {
        {NULL, TAG, NULL},  {NULL, NULL, "email"}, {NULL, TAG, "e\"\\\x1f/\x7f"},
        {"{}", TAG, "a"},   {" { } ", TAG, "a"},   {"{\r\n}", TAG, NULL},
        {"{}", NULL, NULL}, {NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *none = json_object();

        expect(&rows[i], none);
        json_decref(none);
    }
}

static void room_is_what_it_needs_and_no_less(void **state)
{
    const struct metadata m = {"{\"a\":1}", TAG, "e\"\x01"};
    const int len = metadata_text(composed, sizeof composed, &m, &scratch);

    (void)state;
    assert_true(len > 0);
    for (size_t cap = 1; cap <= (size_t)len + 1; cap++) {
        char *dst = malloc(cap);

        assert_non_null(dst);
        assert_int_equal(metadata_text(dst, cap, &m, &scratch),
                         cap > (size_t)len ? len : ERR_NO_ROOM);
        free(dst);
    }
}

/* The longest that a configuration takes: METADATA_CAP and an identifier of 255 bytes. */
static void the_longest_configured_fits(void **state)
{
    static char user[METADATA_CAP], identifier[256];
    const struct metadata m = {user, TAG, identifier};

    (void)state;
    memset(user, ' ', sizeof user - 1);
    memcpy(user, "{\"a\":1", 6);
    user[sizeof user - 2] = '}';
    memset(identifier, 'i', sizeof identifier - 1);
    assert_true(metadata_text(composed, sizeof composed, &m, &scratch) > METADATA_CAP);
    memset(identifier, '"', sizeof identifier - 1);
    assert_int_equal(metadata_text(composed, sizeof composed, &m, &scratch), ERR_NO_ROOM);
}

static void what_is_no_object_is_refused(void **state)
{
    static const char *const texts[] = {
        "",     " ",      "[]",      "[{}]",       "{",       "{}x",      "{}{}",          "1",
        "null", "\"{}\"", "{\"a\"}", "{\"a\":1,}", "{'a':1}", "{\"a\":1", "\xEF\xBB\xBF{}"};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        const struct metadata m = {edge_copy(texts[i], strlen(texts[i]) + 1), TAG, NULL};

        if (metadata_text(composed, sizeof composed, &m, &scratch) != ERR_METADATA) {
            fail_msg("%s is taken", texts[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_user_s_members_and_ours),
        cmocka_unit_test(without_an_object_of_the_user),
        cmocka_unit_test(room_is_what_it_needs_and_no_less),
        cmocka_unit_test(the_longest_configured_fits),
        cmocka_unit_test(what_is_no_object_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
