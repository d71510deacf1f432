#include "base/err.h"
#include "base/stream.h"
#include "linux/config_load.h"
#include "linux/config_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIN_A "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define PIN_B "sha256/AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define A64   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct config_flag NO_FLAGS[] = {{NULL, NULL, NULL}};
static struct config config;
static struct config_error fault;
static char path[64];

/* A file without a name on disk: its path, until the next one. */
static const char *file_of(const void *text, size_t len)
{
    static int fd = -1;

    if (fd >= 0) {
        close(fd);
    }
    fd = memfd_create("conf", 0);
    if (fd < 0 || write(fd, text, len) != (ssize_t)len) {
        abort();
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return path;
}

static int load_with(const char *text, const struct config_flag *flags)
{
    return config_load(&config, file_of(text, strlen(text)), flags, &fault);
}

static int load(const char *text)
{
    return load_with(text, NO_FLAGS);
}

/* What stands behind "FILE:" in the error. */
static const char *where(void)
{
    size_t len = strlen(path);

    return strncmp(fault.where, path, len) == 0 ? fault.where + len + 1 : fault.where;
}

static void has_the_defaults_of_the_design(void **state)
{
    const struct config *c = &config;
    const struct config_object *o;

    (void)state;
    assert_int_equal(load(""), 0);
    assert_string_equal(c->service.base_url, "");
    assert_string_equal(c->service.hub, "");
    assert_string_equal(c->service.elements_version, "");
    assert_int_equal(c->service.pins, 0);
    assert_string_equal(c->url.host, "");
    assert_string_equal(c->proxy.host, "");
    assert_int_equal(c->link.family, FAMILY_ANY);
    assert_int_equal(c->link.connect_ms, 10000);
    assert_int_equal(c->link.handshake_ms, 30000);
    assert_int_equal(c->link.idle_ms, 60000);
    assert_int_equal(c->link.answer_ms, 300000);
    assert_int_equal(c->link.attempt_ms, 3900000);
    assert_int_equal(c->link.limit_rate, 0);
    assert_int_equal(c->spool.fsync_ms, 0);
    assert_int_equal(c->spool.max_bytes, 64 << 20);
    assert_int_equal(c->spool.headroom, 4 << 20);
    assert_int_equal(c->spool.retention_days, 0);
    assert_int_equal(c->spool.failed_days, 90);
    assert_int_equal(c->spool.quarantine_days, 90);
    assert_int_equal(c->spool.kept_max_bytes, 8 << 20);
    assert_int_equal(c->spool.seal_after_ms, 300000);
    assert_int_equal(c->spool.on_full, FULL_REFUSE);
    assert_int_equal(c->job.poll_first_ms, 3000);
    assert_int_equal(c->job.poll_max_ms, 60000);
    assert_int_equal(c->job.deadline_ms, 86400000);
    assert_int_equal(c->job.open_max, 4);
    assert_int_equal(c->job.on_unknown, UNKNOWN_HOLD);
    assert_int_equal(c->job.absent_after_ms, 3600000);
    assert_int_equal(c->schedule.hours.from, c->schedule.hours.until);
    assert_int_equal(c->schedule.day_bytes, 0);
    assert_int_equal(c->schedule.splay_ms, 60000);
    assert_int_equal(c->schedule.interval_ms, 300000);
    assert_int_equal(c->log.level, 2);
    assert_int_equal(c->log.target, LOG_TO_STDERR);
    o = config_object(c, "contacts");
    assert_ptr_equal(o, &c->object_default);
    assert_int_equal(o->batch_records, 5000);
    assert_int_equal(o->batch_bytes, 8 << 20);
    assert_int_equal(o->tag, TAG_AUTO);
    assert_string_equal(o->path, "auto");
}

static void reads_a_file(void **state)
{
    const struct config_object *o;

    (void)state;
    assert_int_equal(load("\xef\xbb\xbf# a comment\r\n"
                          "; another\n"
                          "[service]\n"
                          "base_url = https://bulk.example.net:8443/elements/api-v2/\r\n"
                          "  hub=marketing  \n"
                          "elements_version : Helium\n"
                          "pin = " PIN_A "\n"
                          "pin = " PIN_B "\n"
                          "[link]\n"
                          "proxy = http://proxy.example.net:3128\n"
                          "limit_rate = 64K\n"
                          "\n"
                          "[object contacts]\n"
                          "columns = \"Email\",Name # of the person\n"
                          "metadata = {\"identifierFieldName\":\"Email\"}\n"
                          "batch_bytes = 1M\n"
                          "path = none\n"
                          "[link]\n"
                          "idle_timeout = 90"),
                     0);
    assert_string_equal(config.url.host, "bulk.example.net");
    assert_int_equal(config.url.port, 8443);
    assert_string_equal(config.url.path, "/elements/api-v2");
    assert_string_equal(config.service.hub, "marketing");
    assert_string_equal(config.service.elements_version, "Helium");
    assert_int_equal(config.service.pins, 2);
    assert_int_equal(config.service.pin[0][31], 0);
    assert_int_equal(config.service.pin[1][31], 1);
    assert_string_equal(config.proxy.host, "proxy.example.net");
    assert_int_equal(config.proxy.port, 3128);
    assert_int_equal(config.link.limit_rate, 65536);
    assert_int_equal(config.link.idle_ms, 90000);
    o = config_object(&config, "contacts");
    assert_string_equal(o->name, "contacts");
    assert_string_equal(o->columns, "\"Email\",Name # of the person");
    assert_string_equal(o->metadata, "{\"identifierFieldName\":\"Email\"}");
    assert_int_equal(o->batch_bytes, 1 << 20);
    assert_int_equal(o->batch_records, 5000);
    assert_string_equal(o->path, "");
    assert_ptr_equal(config_object(&config, "leads"), &config.object_default);
}

static void names_what_is_wrong_in_a_file(void **state)
{
    static const struct {
        const char *name, *text;
        int want;
        const char *where, *fix;
    } rows[] = {
        {"an unknown key", "[service]\nbase-url = x\n", ERR_CONFIG,
         "2: unknown key `base-url` in [service]", "did you mean `base_url`?"},
        {"an unknown key like no other", "[service]\nxyzzy = x\n", ERR_CONFIG,
         "2: unknown key `xyzzy` in [service]", ""},
        {"a key of another section", "[service]\nproxy = http://a\n", ERR_CONFIG,
         "2: unknown key `proxy` in [service]", "it belongs in [link]"},
        {"an unknown key of an object", "[object a]\ncolums = x\n", ERR_CONFIG,
         "2: unknown key `colums` in [object]", "did you mean `columns`?"},
        {"a secret in the open (C37)", "[service]\nelement_token = tok_TEST_0000\n", ERR_CONFIG,
         "2: unknown key `element_token` in [service]",
         "write it into the file that credentials_file names"},
        {"a key in capitals", "[service]\nHUB = x\n", ERR_CONFIG,
         "2: unknown key `HUB` in [service]", "did you mean `hub`?"},
        {"an unknown section", "\n[servce]\nhub = x\n", ERR_CONFIG, "2: unknown section [servce]",
         "did you mean [service]?"},
        {"a section like no other", "[xyzzy]\n", ERR_CONFIG, "1: unknown section [xyzzy]", ""},
        {"an object without name", "[object]\n", ERR_CONFIG, "1: unknown section [object]",
         "did you mean [object NAME]?"},
        {"an object with two names", "[object a b]\n", ERR_CONFIG,
         "1: `a b` is no object name: letters, digits, `_`, `-`, and `.` inside", ""},
        {"an object that climbs out", "[object ..]\n", ERR_CONFIG,
         "1: `..` is no object name: letters, digits, `_`, `-`, and `.` inside", ""},
        {"a section name that inih would cut", "[object " A64 "]\n", ERR_CONFIG,
         "1: the section's name is too long", ""},
        {"a key before any section", "hub = x\n", ERR_CONFIG, "1: `hub` stands in no section", ""},
        {"a line that is neither", "[service]\nhub\n", ERR_CONFIG,
         "2: neither a [section], `key = value` nor a comment", ""},
        {"a bracket that is never closed", "[service\n", ERR_CONFIG,
         "1: neither a [section], `key = value` nor a comment", ""},
        {"a key given twice", "[service]\nhub = a\n\n[service]\nhub = b\n", ERR_CONFIG,
         "5: `hub` is given twice, first in line 2", ""},
        {"a key of an object given twice", "[object a]\ntag = auto\n[object a]\ntag = none\n",
         ERR_CONFIG, "4: `tag` is given twice, first in line 2", ""},
        {"one pin too many",
         "[service]\npin=" PIN_A "\npin=" PIN_A "\npin=" PIN_A "\npin=" PIN_A "\npin=" PIN_A,
         ERR_CONFIG, "6: `pin` is given more often than TLS_PINS_MAX allows", ""},
        {"too many objects",
         "[object a]\n[object b]\n[object c]\n[object d]\n[object e]\n[object f]\n[object g]\n"
         "[object h]\n[object i]\n",
         ERR_CONFIG, "9: there are more objects than CONFIG_OBJECTS_MAX", ""},
        {"a base URL in the clear", "[service]\nbase_url = http://a\n", ERR_URL_HTTP,
         "2: `base_url` is not usable: it must begin with https://", ""},
        {"a base URL with a password (C37)", "[service]\nbase_url = https://u:tok_TEST_0000@a\n",
         ERR_URL, "2: `base_url` is not usable: it has a user or password in it", ""},
        {"a proxy with its password (C37)", "[link]\nproxy = http://u:tok_TEST_0000@a:1\n",
         ERR_CONFIG, "2: `proxy` is not usable: user and password belong in proxy_credentials_file",
         ""},
        {"a word with a slip", "[spool]\non_full = drop_oldest\n", ERR_CONFIG,
         "2: `on_full` must be refuse, drop-oldest", "did you mean `drop-oldest`?"},
        {"metadata that is no JSON", "[object a]\nmetadata = {\"a\"}\n", ERR_METADATA,
         "2: `metadata` must be one JSON object", ""},
        {"a comment behind a value", "[link]\nidle_timeout = 10s # less\n", ERR_CONFIG,
         "2: `idle_timeout` must be 1s..1h", ""},
        {"half a client certificate", "[service]\nclient_key = /k\n", ERR_CONFIG,
         "[service] needs both `client_cert` and `client_key`", ""},
        {"polls that start beyond their end", "[job]\npoll_first = 61s\n", ERR_CONFIG,
         "[job] `poll_first` is longer than `poll_max`", ""},
        {"headroom for everything", "[spool]\nmax_bytes = 4M\n", ERR_CONFIG,
         "[spool] `headroom` is not smaller than `max_bytes`", ""},
        {"a batch that limit_rate cannot send within 3,000 s",
         "[link]\nlimit_rate = 2K\n[object a]\nbatch_bytes = 6144001\n", ERR_CONFIG,
         "4: `batch_bytes`: 6144001 take longer than 3000s at 2K a second",
         "raise `limit_rate`, or lower `batch_bytes` of [object a] to 6144000"},
        {"a limit_rate too slow for the built-in batch",
         "[link]\nlimit_rate = 2K\n[object a]\nbatch_bytes = 6000K\n[object b]\n", ERR_CONFIG,
         "2: `limit_rate`: 8M take longer than 3000s at 2K a second",
         "raise `limit_rate`, or lower `batch_bytes` of [object b] to 6144000"},
        {"a limit_rate too slow where no object has a section", "[link]\n\nlimit_rate = 2796\n",
         ERR_CONFIG, "3: `limit_rate`: 8M take longer than 3000s at 2796 a second",
         "raise `limit_rate`, or lower `batch_bytes` of [object NAME] to 8388000"},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        int got = load(rows[at].text);
        if (got != rows[at].want || strcmp(where(), rows[at].where) != 0 ||
            strcmp(fault.fix, rows[at].fix) != 0) {
            fail_msg("%s: %s, \"%s\", \"%s\"", rows[at].name, err_name(got), where(), fault.fix);
        }
        if (strstr(fault.where, "tok_TEST_0000") != NULL) {
            fail_msg("%s: the secret is told", rows[at].name);
        }
    }
}

static void holds_lines_and_texts_to_their_limits(void **state)
{
    static char text[16384];
    size_t len, n;

    (void)state;
    /* 4,094 bytes and a line feed fit into inih's 4 KiB with the final 0. */
    for (n = 4093; n <= 4096; n++) {
        memcpy(text, "[object a]\n#", 12);
        memset(text + 12, 'x', n - 1);
        memcpy(text + 11 + n, "\n[servce]\n", 11);
        assert_int_equal(load(text), ERR_CONFIG);
        assert_string_equal(where(), n <= 4094 ? "3: unknown section [servce]"
                                               : "2: the line is longer than 4094 bytes");
    }
    assert_int_equal(config_load(&config, file_of("[service]\nhub = a\0b\n", 20), NO_FLAGS, &fault),
                     ERR_CONFIG);
    assert_string_equal(where(), "2: a NUL byte");
    /* Three texts of 3,000 bytes are more than 8 KiB. */
    for (n = 0, len = 0; n < 3; n++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "[object o%zu]\ncolumns = %03000d\n", n, 0);
    }
    assert_int_equal(load(text), ERR_CONFIG);
    assert_string_equal(where(), "6: the file has more text than CONFIG_TEXT_CAP");
}

static void a_file_that_is_named_must_be_there(void **state)
{
    (void)state;
    assert_int_equal(config_load(&config, "/nowhere/ocbulk.conf", NO_FLAGS, &fault), ERR_CONFIG);
    assert_string_equal(fault.where, "/nowhere/ocbulk.conf: No such file or directory");
    setenv("OCBULK_CONFIG", "/nowhere/other.conf", 1);
    assert_int_equal(config_load(&config, NULL, NO_FLAGS, &fault), ERR_CONFIG);
    assert_string_equal(fault.where, "/nowhere/other.conf: No such file or directory");
    setenv("OCBULK_CONFIG", file_of("[service]\nhub = x\n", 18), 1);
    assert_int_equal(config_load(&config, NULL, NO_FLAGS, &fault), 0);
    assert_string_equal(config.service.hub, "x");
    unsetenv("OCBULK_CONFIG");
    assert_int_equal(config_load(&config, "/", NO_FLAGS, &fault), ERR_CONFIG);
    assert_string_equal(fault.where, "/: Is a directory");
}

/* Flag, environment, file, built-in: each layer with everything below it. */
static void the_nearer_layer_wins(void **state)
{
    static const struct config_flag flags[] = {{"hub", "flag", NULL}, {NULL, NULL, NULL}};
    static const char file[] = "[service]\nhub = file\n";
    int row = config_row_anywhere("hub");

    (void)state;
    assert_int_equal(load(""), 0);
    assert_string_equal(config.service.hub, "");
    assert_int_equal(config.origin[row].from, FROM_BUILTIN);
    assert_int_equal(load(file), 0);
    assert_string_equal(config.service.hub, "file");
    assert_int_equal(config.origin[row].from, FROM_FILE);
    assert_int_equal(config.origin[row].line, 2);
    setenv("OCBULK_HUB", "environment", 1);
    assert_int_equal(load(file), 0);
    assert_string_equal(config.service.hub, "environment");
    assert_int_equal(config.origin[row].from, FROM_ENVIRONMENT);
    assert_int_equal(load_with(file, flags), 0);
    assert_string_equal(config.service.hub, "flag");
    assert_int_equal(config.origin[row].from, FROM_FLAG);
    setenv("OCBULK_HUB", "none", 1);
    assert_int_equal(load(file), 0);
    assert_string_equal(config.service.hub, "");
    unsetenv("OCBULK_HUB");
}

static void a_batch_gets_through_at_limit_rate(void **state)
{
    static const struct config_flag flags[] = {{"batch_bytes", "6144001", "a"}, {NULL, NULL, NULL}};

    (void)state;
    assert_int_equal(load("[link]\nlimit_rate = 2K\n[object a]\nbatch_bytes = 6144000\n"), 0);
    assert_int_equal(load("[link]\nlimit_rate = 2797\n"), 0);
    assert_int_equal(load("[link]\nlimit_rate = 1G\n[object a]\nbatch_bytes = 6G\n"), 0);
    assert_int_equal(load_with("[link]\nlimit_rate = 2K\n", flags), ERR_CONFIG);
    assert_string_equal(fault.where,
                        "flag: `batch_bytes`: 6144001 take longer than 3000s at 2K a second");
    setenv("OCBULK_LIMIT_RATE", "1K", 1);
    assert_int_equal(load(""), ERR_CONFIG);
    assert_string_equal(fault.where, "environment OCBULK_LIMIT_RATE: `limit_rate`: 8M take longer "
                                     "than 3000s at 1K a second");
    unsetenv("OCBULK_LIMIT_RATE");
}

static void a_layers_pins_replace_those_below(void **state)
{
    static const struct config_flag flags[] = {
        {"pin", PIN_B, NULL}, {"pin", PIN_A, NULL}, {NULL, NULL, NULL}};

    (void)state;
    setenv("OCBULK_PIN", PIN_B, 1);
    assert_int_equal(load("[service]\npin = " PIN_A "\npin = " PIN_A "\n"), 0);
    assert_int_equal(config.service.pins, 1);
    assert_int_equal(config.service.pin[0][0], 1);
    setenv("OCBULK_PIN", PIN_A " " PIN_B, 1);
    assert_int_equal(load(""), 0);
    assert_int_equal(config.service.pins, 2);
    assert_int_equal(load_with("", flags), 0);
    assert_int_equal(config.service.pins, 2);
    assert_int_equal(config.service.pin[0][0], 1);
    unsetenv("OCBULK_PIN");
}

static void flags_and_environment_are_checked_too(void **state)
{
    static const struct {
        const char *name;
        struct config_flag flag;
        int want;
        const char *where;
    } rows[] = {
        {"no such key", {"hubb", "x", NULL}, ERR_USAGE, "flag: no such key `hubb`"},
        {"an object's key without object",
         {"columns", "x", NULL},
         ERR_USAGE,
         "flag: no such key `columns`"},
        {"a fixed key with an object", {"hub", "x", "a"}, ERR_USAGE, "flag: no such key `hub`"},
        {"an impossible object",
         {"columns", "x", "a/b"},
         ERR_CONFIG,
         "flag: `a/b` is no object name: letters, digits, `_`, `-`, and `.` inside"},
        {"a bad value",
         {"hub", "a/b", NULL},
         ERR_CONFIG,
         "flag: `hub` may have letters, digits, `.`, `_` and `-` only"},
        {"an object's value", {"batch_records", "7", "a"}, 0, ""},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        struct config_flag flags[2] = {rows[at].flag};
        int got = load_with("", flags);
        if (got != rows[at].want || strcmp(fault.where, rows[at].where) != 0) {
            fail_msg("%s: %s, \"%s\"", rows[at].name, err_name(got), fault.where);
        }
    }
    assert_int_equal(config_object(&config, "a")->batch_records, 7);
    assert_int_equal(config.object_default.batch_records, 5000);
    setenv("OCBULK_IDLE_TIMEOUT", "0", 1);
    assert_int_equal(load(""), ERR_CONFIG);
    assert_string_equal(fault.where, "OCBULK_IDLE_TIMEOUT: `idle_timeout` must be 1s..1h");
    unsetenv("OCBULK_IDLE_TIMEOUT");
}

static void the_table_keeps_its_own_rules(void **state)
{
    size_t row, other;

    (void)state;
    for (row = 0; row < config_keys(); row++) {
        const struct config_key *key = &CONFIG_KEY[row];
        char env[CONFIG_ENV_CAP];
        size_t i;
        assert_true(config_row(key->section, key->name) == (int)row);
        assert_true((key->section == SECTION_OBJECT) == (row >= config_object_row()));
        assert_true(row == 0 || key->section >= key[-1].section);
        for (other = 0; other < config_object_row() && row < config_object_row(); other++) {
            if (other != row && strcmp(key->name, CONFIG_KEY[other].name) == 0) {
                fail_msg("%s: two sections have it, the environment cannot tell", key->name);
            }
        }
        config_env_name(key, env);
        assert_int_equal(strlen(env), strlen(key->name) + 7);
        for (i = 0; env[i] != 0; i++) {
            assert_true(isupper((unsigned char)env[i]) || env[i] == '_');
        }
        assert_string_not_equal(env, "OCBULK_CONFIG");
    }
}

static void hosts_that_go_round_the_proxy(void **state)
{
    static const struct {
        const char *name, *no_proxy;
        bool want;
    } rows[] = {
        {"none", "none", false},
        {"the host itself", "bulk.example.net", true},
        {"in other letters", "Bulk.EXAMPLE.net", true},
        {"its domain", "example.net", true},
        {"its domain with a dot", ".example.net", true},
        {"every host", "*", true},
        {"the second of two", "localhost, example.net", true},
        {"without spaces", "localhost,example.net", true},
        {"another host", "ulk.example.net", false},
        {"a domain that only ends alike", "xample.net", false},
        {"a longer name", "a.bulk.example.net", false},
        {"another domain", "example.com", false},
        {"a dot alone", ".", false},
        {"commas alone", ",,", false},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        const struct config_flag flags[] = {{"base_url", "https://bulk.example.net/x", NULL},
                                            {"no_proxy", rows[at].no_proxy, NULL},
                                            {NULL, NULL, NULL}};
        assert_int_equal(load_with("", flags), 0);
        if (config_no_proxy(&config) != rows[at].want) {
            fail_msg("%s", rows[at].name);
        }
    }
}

/* The example with the # taken away in front of `#key = value` and `#[section]`. */
static void read_example(char *dst, size_t cap)
{
    char line[256];
    size_t len = 0;
    FILE *example = fopen("config/ocbulk.conf", "r");

    assert_non_null(example);
    while (fgets(line, sizeof(line), example) != NULL) {
        bool off = line[0] == '#' && line[1] != ' ' && line[1] != '\n';
        len += (size_t)snprintf(dst + len, cap - len, "%s", line + (off ? 1 : 0));
        assert_true(len < cap);
    }
    fclose(example);
}

static void the_example_has_every_key_with_its_default(void **state)
{
    static struct config plain;
    static char text[16384];
    size_t row;

    (void)state;
    assert_int_equal(config_load(&plain, "config/ocbulk.conf", NO_FLAGS, &fault), 0);
    assert_int_equal(plain.objects, 0);
    read_example(text, sizeof(text));
    if (load(text) != 0) {
        fail_msg("%s; %s", fault.where, fault.fix);
    }
    for (row = 0; row < config_keys(); row++) {
        const struct config_key *key = &CONFIG_KEY[row];
        struct config_object *o = row < config_object_row() ? NULL : &config.object[0];
        char want[CONFIG_VALUE_CAP], got[CONFIG_VALUE_CAP];
        if (o == NULL && plain.origin[row].from != FROM_BUILTIN) {
            fail_msg("%s is set in the example as it is shipped", key->name);
        }
        if (config_origin_of(&config, (int)row, o)->from != FROM_FILE) {
            fail_msg("%s is not in the example", key->name);
        }
        if (strcmp(config_value_text(key, o == NULL ? (void *)&config : o, got),
                   config_value_text(key, o == NULL ? (void *)&plain : &plain.object_default,
                                     want)) != 0) {
            fail_msg("%s is %s in the example, not %s", key->name, got, want);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_defaults_of_the_design),
        cmocka_unit_test(reads_a_file),
        cmocka_unit_test(names_what_is_wrong_in_a_file),
        cmocka_unit_test(holds_lines_and_texts_to_their_limits),
        cmocka_unit_test(a_file_that_is_named_must_be_there),
        cmocka_unit_test(the_nearer_layer_wins),
        cmocka_unit_test(a_batch_gets_through_at_limit_rate),
        cmocka_unit_test(a_layers_pins_replace_those_below),
        cmocka_unit_test(flags_and_environment_are_checked_too),
        cmocka_unit_test(the_table_keeps_its_own_rules),
        cmocka_unit_test(hosts_that_go_round_the_proxy),
        cmocka_unit_test(the_example_has_every_key_with_its_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
