/* columns: compares a file's header row with what the configuration and the service know.
 *
 * A header row that differs from `columns` stops the upload; a column that the object's metadata
 * does not have is a warning with the nearest name, as is a required field without a column. The
 * object's own name is looked for among the service's objects, and it is an error when missing.
 *
 * Memory  Names longer than COLUMN_CAP are cut, for the comparison only; a header of more than
 *         HEADER_CAP bytes or COLUMNS_MAX columns is compared as far as that.
 * Errors  ERR_COLUMNS, ERR_OBJECT_UNKNOWN, those of session; they have been told (app_fail). */
#ifndef OCBULK_PORT_COLUMNS_H
#define OCBULK_PORT_COLUMNS_H

#include "base/text.h"
#include "linux/app.h"
#include "linux/scan.h"

#define COLUMN_CAP (TEXT_WORD_MAX + 1)

struct column {
    char name[COLUMN_CAP];
    char near[COLUMN_CAP]; /* the nearest field so far */
    uint8_t distance;      /* to it */
    bool known;            /* the service has a field of this name */
};

struct columns {
    unsigned count;
    struct column column[COLUMNS_MAX];
    unsigned fields;     /* told by the service */
    struct line missing; /* required fields without a column */
};

int columns_read(struct app *a, struct columns *c, struct scan *s,
                 const struct config_object *settings);
int columns_check_object(struct app *a, const char *object);
int columns_check_metadata(struct app *a, struct columns *c, const char *object);

#endif
