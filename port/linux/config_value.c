#include "linux/config_value.h"

#include "base/err.h"
#include "base/num.h"
#include "base/text.h"
#include "linux/base64.h"
#include "linux/config_number.h"
#include "reply/json.h"

#include <string.h>

#define PIN_HEAD     "sha256/"
#define PIN_HEAD_LEN (sizeof(PIN_HEAD) - 1)

/* Appends to a text of CONFIG_VALUE_CAP or, for a fault, what is left of it. */
static char *append(char *at, const char *text)
{
    size_t len = strlen(text);

    memcpy(at, text, len + 1);
    return at + len;
}

static int fault_range(const struct config_key *key, struct config_fault *fault)
{
    char *at = append(fault->text, "must be ");

    at = config_number_print(key, at, key->min);
    at = append(at, "..");
    at = config_number_print(key, at, key->max);
    if (key->words != NULL) {
        append(append(at, ", or "), key->words[0]);
    }
    return ERR_CONFIG;
}

static int fault_length(const struct config_key *key, struct config_fault *fault)
{
    char *at = append(fault->text, "must have ");

    at += num_print_u64(at, key->min);
    at = append(at, "..");
    at += num_print_u64(at, key->max);
    append(at, " bytes");
    return ERR_CONFIG;
}

static int fault_text(struct config_fault *fault, const char *text, int err)
{
    append(fault->text, text);
    return err;
}

static int read_word(const struct config_key *key, uint8_t *out, const char *text,
                     struct config_fault *fault)
{
    char *at = append(fault->text, "must be ");
    size_t count;
    int near;

    for (count = 0; key->words[count] != NULL; count++) {
        if (strcmp(key->words[count], text) == 0) {
            *out = (uint8_t)count;
            return 0;
        }
        at = append(append(at, count > 0 ? ", " : ""), key->words[count]);
    }
    near = text_nearest(text, key->words, count);
    fault->word = near >= 0 ? key->words[near] : NULL;
    return ERR_CONFIG;
}

static int read_pin(struct config_service *s, const char *text, size_t len,
                    struct config_fault *fault)
{
    if (s->pins == TLS_PINS_MAX) {
        return fault_text(fault, "is given more often than TLS_PINS_MAX allows", ERR_CONFIG);
    }
    if (len < PIN_HEAD_LEN || memcmp(text, PIN_HEAD, PIN_HEAD_LEN) != 0 ||
        base64_decode(s->pin[s->pins], sizeof(s->pin[0]), text + PIN_HEAD_LEN, len - PIN_HEAD_LEN) <
            0) {
        return fault_text(fault, "must be sha256/ and 44 characters of Base64", ERR_CONFIG);
    }
    s->pins++;
    return 0;
}

/* `none`, or one or more with spaces between. */
static int read_pins(struct config_service *s, const char *text, struct config_fault *fault)
{
    int err = 0;

    if (strcmp(text, "none") == 0) {
        return 0;
    }
    while (*text != 0 && err == 0) {
        size_t len = strcspn(text, " ");
        err = len > 0 ? read_pin(s, text, len, fault) : 0;
        text += len + (text[len] == ' ' ? 1 : 0);
    }
    return err;
}

/* HH:MM as minutes of the day, or -1. */
static int read_clock(const char *text)
{
    uint64_t hour, minute;

    if (num_u64_max(text, 2, 23, &hour) < 0 || text[2] != ':' ||
        num_u64_max(text + 3, 2, 59, &minute) < 0) {
        return -1;
    }
    return (int)(hour * 60 + minute);
}

static int read_hours(struct config_hours *hours, const char *text, struct config_fault *fault)
{
    int from = -1, until = -1;

    if (strcmp(text, "any") == 0) {
        from = until = 0;
    } else if (strlen(text) == 11 && text[5] == '-') {
        from = read_clock(text);
        until = read_clock(text + 6);
    }
    if (from < 0 || until < 0) {
        return fault_text(fault, "must be any, or HH:MM-HH:MM", ERR_CONFIG);
    }
    hours->from = (uint16_t)from;
    hours->until = (uint16_t)until;
    return 0;
}

static int check_url(const struct config_key *key, const char *text, struct config_fault *fault)
{
    static const uint8_t kind[] = {
        [TYPE_SERVICE] = URL_SERVICE, [TYPE_PROXY] = URL_PROXY, [TYPE_CALLBACK] = URL_CALLBACK};
    struct base_url url;
    const char *wrong;
    int err = base_url_parse(&url, text, (enum base_url_kind)kind[key->type], &wrong);

    if (err == 0) {
        return 0;
    }
    append(append(fault->text, "is not usable: "), wrong);
    return err == ERR_URL && key->type != TYPE_SERVICE ? ERR_CONFIG : err; /* whose fix fits */
}

static bool all_of_name(const char *text)
{
    return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                             "0123456789._-")] == 0;
}

static bool has_control(const char *text)
{
    while (*text != 0 && (unsigned char)*text >= ' ' && *text != 0x7f) {
        text++;
    }
    return *text != 0;
}

static int check_text(const struct config_key *key, const char *text, struct config_fault *fault)
{
    if (strlen(text) < key->min || strlen(text) > key->max) {
        return fault_length(key, fault);
    }
    if (text[0] == 0) {
        return 0;
    }
    if (key->type == TYPE_JSON) {
        return json_check(text, strlen(text)) == JSON_OBJECT
                   ? 0
                   : fault_text(fault, "must be one JSON object", ERR_METADATA);
    }
    if (has_control(text)) {
        return fault_text(fault, "has a control character in it", ERR_CONFIG);
    }
    if (key->type == TYPE_NAME && !all_of_name(text)) {
        return fault_text(fault, "may have letters, digits, `.`, `_` and `-` only", ERR_CONFIG);
    }
    return key->type == TYPE_TEXT || key->type == TYPE_NAME ? 0 : check_url(key, text, fault);
}

static int read_text(const struct config_key *key, const char **out, const char *text,
                     struct config_fault *fault)
{
    const char *value = strcmp(text, "none") == 0 ? "" : text;
    int err = check_text(key, value, fault);

    if (err == 0) {
        *out = value;
    }
    return err;
}

bool config_value_is_text(const struct config_key *key)
{
    return key->type <= TYPE_JSON;
}

int config_value_read(const struct config_key *key, void *base, const char *text,
                      struct config_fault *fault)
{
    void *at = (char *)base + key->at;
    uint64_t number = 0;

    fault->text[0] = 0;
    fault->word = NULL;
    switch (key->type) {
    case TYPE_PINS:
        return read_pins(&((struct config *)base)->service, text, fault);
    case TYPE_WORD:
        return read_word(key, at, text, fault);
    case TYPE_HOURS:
        return read_hours(at, text, fault);
    case TYPE_SIZE:
    case TYPE_TIME:
    case TYPE_NUMBER:
        break;
    default:
        return read_text(key, at, text, fault);
    }
    if (config_number_read(key, &number, text) < 0) {
        return fault_range(key, fault);
    }
    if (key->type == TYPE_SIZE) {
        *(uint64_t *)at = number;
    } else {
        *(uint32_t *)at = (uint32_t)number;
    }
    return 0;
}

static void print_pins(const struct config_service *s, char *at)
{
    size_t pin;

    *at = 0;
    for (pin = 0; pin < s->pins; pin++) {
        at = append(append(at, pin > 0 ? " " : ""), PIN_HEAD);
        at += base64_encode(at, s->pin[pin], sizeof(s->pin[0]));
    }
}

static char *print_clock(char *at, unsigned minutes)
{
    at[0] = (char)('0' + minutes / 600);
    at[1] = (char)('0' + minutes / 60 % 10);
    at[2] = ':';
    at[3] = (char)('0' + minutes % 60 / 10);
    at[4] = (char)('0' + minutes % 10);
    at[5] = 0;
    return at + 5;
}

static void print_hours(const struct config_hours *hours, char *at)
{
    if (hours->from == hours->until) {
        append(at, "any");
    } else {
        print_clock(append(print_clock(at, hours->from), "-"), hours->until);
    }
}

const char *config_value_text(const struct config_key *key, const void *base,
                              char buf[CONFIG_VALUE_CAP])
{
    const void *at = (const char *)base + key->at;
    uint64_t number;

    switch (key->type) {
    case TYPE_PINS:
        print_pins(&((const struct config *)base)->service, buf);
        return buf;
    case TYPE_WORD:
        return key->words[*(const uint8_t *)at];
    case TYPE_HOURS:
        print_hours(at, buf);
        return buf;
    case TYPE_SIZE:
    case TYPE_TIME:
    case TYPE_NUMBER:
        break;
    default:
        return *(const char *const *)at;
    }
    number = key->type == TYPE_SIZE ? *(const uint64_t *)at : *(const uint32_t *)at;
    if (number == 0 && key->words != NULL) {
        return key->words[0];
    }
    config_number_print(key, buf, number);
    return buf;
}
