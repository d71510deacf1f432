#include "base/err.h"
#include "base/stream.h"
#include "linux/config_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "edge.h"

#define PIN_A "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define PIN_B "sha256///////////////////////////////////////////8="
#define N63   "a23456789a23456789a23456789a23456789a23456789a23456789a23456789"

static struct config config;
static struct config_object object;

static const struct config_key *key_of(const char *name)
{
    int row = config_row_anywhere(name);

    return &CONFIG_KEY[row >= 0 ? row : config_row(SECTION_OBJECT, name)];
}

static void *base_of(const struct config_key *key)
{
    return key->section == SECTION_OBJECT ? (void *)&object : &config;
}

static void reads_values_and_prints_them_again(void **state)
{
    static const struct {
        const char *name, *key, *text, *want;
    } rows[] = {
        {"bytes", "max_bytes", "65536", "64K"},
        {"bytes that are no whole unit", "max_bytes", "65537", "65537"},
        {"K", "max_bytes", "65K", "65K"},
        {"M", "max_bytes", "64M", "64M"},
        {"K that make a M", "max_bytes", "2048K", "2M"},
        {"G", "max_bytes", "3G", "3G"},
        {"the largest size", "max_bytes", "1099511627776", "1024G"},
        {"the smallest size", "limit_rate", "1K", "1K"},
        {"no size", "headroom", "0", "0"},
        {"none for a size", "limit_rate", "none", "none"},
        {"leading zeros", "max_bytes", "064M", "64M"},
        {"bare seconds", "idle_timeout", "90", "90s"},
        {"seconds", "idle_timeout", "90s", "90s"},
        {"seconds that make a minute", "idle_timeout", "60s", "1m"},
        {"minutes", "idle_timeout", "5m", "5m"},
        {"hours", "attempt_timeout", "2h", "2h"},
        {"the longest time", "deadline", "7d", "7d"},
        {"no time", "splay", "0", "0"},
        {"a word for a time", "fsync", "record", "record"},
        {"a time beside the word", "fsync", "5s", "5s"},
        {"a number", "open_max", "16", "16"},
        {"a number's least", "open_max", "1", "1"},
        {"a word", "level", "debug", "debug"},
        {"the first word", "level", "error", "error"},
        {"a word with a hyphen", "on_full", "drop-oldest", "drop-oldest"},
        {"any hour", "hours", "any", "any"},
        {"hours of a day", "hours", "08:30-17:05", "08:30-17:05"},
        {"hours over midnight", "hours", "22:00-05:59", "22:00-05:59"},
        {"the whole day", "hours", "00:00-00:00", "any"},
        {"a name", "hub", "marketing", "marketing"},
        {"a name of 63 bytes", "hub", N63, N63},
        {"no name", "hub", "", ""},
        {"none for a name", "hub", "none", ""},
        {"a path", "ca_file", "/etc/a b#c;d.pem", "/etc/a b#c;d.pem"},
        {"bytes beyond ASCII", "columns",
         "Stra\xc3\x9f"
         "e",
         "Stra\xc3\x9f"
         "e"},
        {"a URL", "callback_url", "http://192.0.2.1/cgi-bin/ocb", "http://192.0.2.1/cgi-bin/ocb"},
        {"a JSON object", "metadata", "{\"a\": [1]}", "{\"a\": [1]}"},
        {"no JSON object", "metadata", "none", ""},
        {"a pin", "pin", PIN_A, PIN_A},
        {"no pin", "pin", "none", ""},
        {"pins", "pin", PIN_A "  " PIN_B, PIN_A " " PIN_B},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        const struct config_key *key = key_of(rows[at].key);
        const char *text = edge_copy(rows[at].text, strlen(rows[at].text) + 1), *got;
        char buf[CONFIG_VALUE_CAP], again[CONFIG_VALUE_CAP], copy[CONFIG_VALUE_CAP];
        struct config_fault fault;
        config.service.pins = 0;
        if (config_value_read(key, base_of(key), text, &fault) != 0) {
            fail_msg("%s: %s", rows[at].name, fault.text);
        }
        got = config_value_text(key, base_of(key), buf);
        if (strcmp(got, rows[at].want) != 0) {
            fail_msg("%s: %s", rows[at].name, got);
        }
        snprintf(copy, sizeof(copy), "%s", got);
        config.service.pins = 0;
        assert_int_equal(config_value_read(key, base_of(key), copy, &fault), 0);
        assert_string_equal(config_value_text(key, base_of(key), again), rows[at].want);
    }
}

static void refuses_values_and_leaves_what_was_there(void **state)
{
    static const struct {
        const char *name, *key, *text;
        int want;
        const char *fault, *word;
    } rows[] = {
        {"nothing for a size", "max_bytes", "", ERR_CONFIG, "must be 64K..1024G", NULL},
        {"a size below its least", "max_bytes", "65535", ERR_CONFIG, "must be 64K..1024G", NULL},
        {"a size above its most", "max_bytes", "1025G", ERR_CONFIG, "must be 64K..1024G", NULL},
        {"a size that overflows when multiplied", "max_bytes", "18014398509481984K", ERR_CONFIG,
         "must be 64K..1024G", NULL},
        {"a size that overflows", "max_bytes", "18446744073709617152", ERR_CONFIG,
         "must be 64K..1024G", NULL},
        {"a unit alone", "max_bytes", "M", ERR_CONFIG, "must be 64K..1024G", NULL},
        {"a small k", "max_bytes", "100k", ERR_CONFIG, "must be 64K..1024G", NULL},
        {"two letters", "max_bytes", "64MB", ERR_CONFIG, "must be 64K..1024G", NULL},
        {"a space before the unit", "max_bytes", "64 M", ERR_CONFIG, "must be 64K..1024G", NULL},
        {"a sign", "max_bytes", "+64M", ERR_CONFIG, "must be 64K..1024G", NULL},
        {"a point", "max_bytes", "1.5M", ERR_CONFIG, "must be 64K..1024G", NULL},
        {"a time's unit for a size", "max_bytes", "100000s", ERR_CONFIG, "must be 64K..1024G",
         NULL},
        {"none where it means nothing", "max_bytes", "none", ERR_CONFIG, "must be 64K..1024G",
         NULL},
        {"0 where only the word says so", "limit_rate", "0", ERR_CONFIG, "must be 1K..1G, or none",
         NULL},
        {"milliseconds", "idle_timeout", "5000ms", ERR_CONFIG, "must be 1s..1h", NULL},
        {"a time below its least", "idle_timeout", "0s", ERR_CONFIG, "must be 1s..1h", NULL},
        {"a time above its most", "idle_timeout", "61m", ERR_CONFIG, "must be 1s..1h", NULL},
        {"a time that overflows 32 bits", "deadline", "50d", ERR_CONFIG, "must be 1s..7d", NULL},
        {"another word for a time", "fsync", "never", ERR_CONFIG, "must be 1s..1h, or record",
         NULL},
        {"a number with a unit", "open_max", "4K", ERR_CONFIG, "must be 1..16", NULL},
        {"a number below its least", "open_max", "0", ERR_CONFIG, "must be 1..16", NULL},
        {"a number above its most", "open_max", "17", ERR_CONFIG, "must be 1..16", NULL},
        {"a word with a slip", "level", "debgu", ERR_CONFIG,
         "must be error, warning, notice, info, debug", "debug"},
        {"a word like no other", "level", "loud", ERR_CONFIG,
         "must be error, warning, notice, info, debug", NULL},
        {"a word in capitals", "level", "DEBUG", ERR_CONFIG,
         "must be error, warning, notice, info, debug", "debug"},
        {"no word", "level", "", ERR_CONFIG, "must be error, warning, notice, info, debug", NULL},
        {"an hour of 24", "hours", "00:00-24:00", ERR_CONFIG, "must be any, or HH:MM-HH:MM", NULL},
        {"a minute of 60", "hours", "00:60-01:00", ERR_CONFIG, "must be any, or HH:MM-HH:MM", NULL},
        {"an hour of one digit", "hours", "8:30-17:05", ERR_CONFIG, "must be any, or HH:MM-HH:MM",
         NULL},
        {"one time of the day", "hours", "08:30", ERR_CONFIG, "must be any, or HH:MM-HH:MM", NULL},
        {"no colon", "hours", "08.30-17.05", ERR_CONFIG, "must be any, or HH:MM-HH:MM", NULL},
        {"no hyphen", "hours", "08:30 17:05", ERR_CONFIG, "must be any, or HH:MM-HH:MM", NULL},
        {"no hours", "hours", "", ERR_CONFIG, "must be any, or HH:MM-HH:MM", NULL},
        {"a name with a slash", "hub", "a/b", ERR_CONFIG,
         "may have letters, digits, `.`, `_` and `-` only", NULL},
        {"a name with a space", "hub", "a b", ERR_CONFIG,
         "may have letters, digits, `.`, `_` and `-` only", NULL},
        {"a name of 64 bytes", "hub", N63 "x", ERR_CONFIG, "must have 0..63 bytes", NULL},
        {"a folder that must be there", "dir", "none", ERR_CONFIG, "must have 1..255 bytes", NULL},
        {"a tab in a path", "ca_file", "/etc/\tx", ERR_CONFIG, "has a control character in it",
         NULL},
        {"an escape in a path", "ca_file", "/etc/\x1b[2J", ERR_CONFIG,
         "has a control character in it", NULL},
        {"a DEL in a path", "ca_file", "/etc/\x7f", ERR_CONFIG, "has a control character in it",
         NULL},
        {"a faulty base URL", "base_url", "https://a?b", ERR_URL,
         "is not usable: it has a query or fragment", NULL},
        {"a base URL in the clear", "base_url", "http://a", ERR_URL_HTTP,
         "is not usable: it must begin with https://", NULL},
        {"a faulty proxy", "proxy", "https://a", ERR_CONFIG,
         "is not usable: it must begin with http:// (the tunnel through it is TLS all the same)",
         NULL},
        {"a faulty callback", "callback_url", "a", ERR_CONFIG,
         "is not usable: it must begin with https://", NULL},
        {"a JSON array", "metadata", "[]", ERR_METADATA, "must be one JSON object", NULL},
        {"two JSON objects", "metadata", "{}{}", ERR_METADATA, "must be one JSON object", NULL},
        {"a pin of another hash", "pin", "sha1/AAAA", ERR_CONFIG,
         "must be sha256/ and 44 characters of Base64", NULL},
        {"a pin that is too short", "pin", "sha256/AAAA", ERR_CONFIG,
         "must be sha256/ and 44 characters of Base64", NULL},
        {"a pin without padding", "pin", "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUA",
         ERR_CONFIG, "must be sha256/ and 44 characters of Base64", NULL},
        {"a pin with spare bits set", "pin", "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=",
         ERR_CONFIG, "must be sha256/ and 44 characters of Base64", NULL},
        {"a pin with an illegal letter", "pin",
         "sha256/47DEQpj8HBSa-/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", ERR_CONFIG,
         "must be sha256/ and 44 characters of Base64", NULL},
        {"five pins", "pin", PIN_A " " PIN_A " " PIN_A " " PIN_A " " PIN_A, ERR_CONFIG,
         "is given more often than TLS_PINS_MAX allows", NULL},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        const struct config_key *key = key_of(rows[at].key);
        const char *text = edge_copy(rows[at].text, strlen(rows[at].text) + 1);
        struct config_fault fault;
        uint64_t before = 0, after = 0;
        int got;
        config.service.pins = 0;
        memset((char *)base_of(key) + key->at, 0, sizeof(uint32_t));
        memcpy(&before, (char *)base_of(key) + key->at, sizeof(uint32_t));
        got = config_value_read(key, base_of(key), text, &fault);
        memcpy(&after, (char *)base_of(key) + key->at, sizeof(uint32_t));
        if (got != rows[at].want || strcmp(fault.text, rows[at].fault) != 0 ||
            (fault.word == NULL) != (rows[at].word == NULL) ||
            (fault.word != NULL && strcmp(fault.word, rows[at].word) != 0)) {
            fail_msg("%s: %s, \"%s\", %s", rows[at].name, err_name(got), fault.text,
                     fault.word != NULL ? fault.word : "no word");
        }
        if (key->type != TYPE_PINS && before != after) {
            fail_msg("%s: the value was changed", rows[at].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values_and_prints_them_again),
        cmocka_unit_test(refuses_values_and_leaves_what_was_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
