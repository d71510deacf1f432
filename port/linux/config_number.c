#include "linux/config_number.h"

#include "base/err.h"
#include "base/num.h"

#include <string.h>

struct unit {
    char letter;
    uint64_t worth;
};

static const struct unit SIZES[] = {{'G', 1024ull << 20}, {'M', 1024 << 10}, {'K', 1024}, {0, 1}};
static const struct unit TIMES[] = {
    {'d', 86400000}, {'h', 3600000}, {'m', 60000}, {'s', 1000}, {0, 1000}};

static const struct unit *units_of(const struct config_key *key)
{
    return key->type == TYPE_SIZE ? SIZES : TIMES;
}

/* The largest unit that gives a whole number; 0 has none. */
static char *print_units(char *at, uint64_t v, const struct unit *unit)
{
    while (unit->letter != 0 && (v == 0 || v % unit->worth != 0)) {
        unit++;
    }
    at += num_print_u64(at, v / unit->worth);
    *at = unit->letter;
    at[1] = 0;
    return at + (unit->letter != 0 ? 1 : 0);
}

char *config_number_print(const struct config_key *key, char *at, uint64_t v)
{
    return key->type == TYPE_NUMBER ? at + num_print_u64(at, v) : print_units(at, v, units_of(key));
}

/* Digits and at most one letter of a unit; false when it is no such thing or larger than max. */
static bool read_units(const char *text, const struct unit *unit, uint64_t max, uint64_t *out)
{
    size_t digits = strspn(text, "0123456789");

    while (unit->letter != 0 && unit->letter != text[digits]) {
        unit++;
    }
    if (text[digits] != 0 && text[digits + 1] != 0) {
        return false;
    }
    if (text[digits] != unit->letter || num_u64_max(text, digits, max / unit->worth, out) < 0) {
        return false;
    }
    *out *= unit->worth;
    return true;
}

int config_number_read(const struct config_key *key, uint64_t *out, const char *text)
{
    bool read;

    if (key->words != NULL && strcmp(text, key->words[0]) == 0) {
        *out = 0;
        return 0;
    }
    read = key->type == TYPE_NUMBER ? num_u64_max(text, strlen(text), key->max, out) == 0
                                    : read_units(text, units_of(key), key->max, out);
    return read && *out >= key->min ? 0 : ERR_VALUE;
}

bool config_time(const char *text, uint64_t *ms)
{
    return read_units(text, TIMES, 7 * TIMES[0].worth, ms);
}
