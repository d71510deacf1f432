/* record: one record as it was given, a name and a value for each of its fields.
 *
 * Memory  Texts are borrowed from whoever read them, and have no final 0. */
#ifndef OCBULK_PORT_LINUX_RECORD_H
#define OCBULK_PORT_LINUX_RECORD_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>

struct record_field {
    const char *name, *value;
    size_t name_len, value_len;
    bool raw; /* value is a field of a CSV row as it stands there, quotes included */
};

struct record {
    unsigned fields;
    struct record_field field[COLUMNS_MAX];
};

#endif
