/* kept_line: reads a .reason back, line after line.
 *
 * Memory  One struct; a longer line is cut.
 * Calls   *at is 0 first, and moves on. Lines without " = " are left out.
 * Errors  Those of flash. */
#ifndef OCBULK_SPOOL_KEPT_LINE_H
#define OCBULK_SPOOL_KEPT_LINE_H

#include "base/flash.h"
#include "limits.h"

struct kept_line {
    char text[KEPT_BUF_CAP];
    const char *key, *value; /* both in text */
};

/* The next line of the file: 1, 0 at the end, or an error. */
int kept_line_next(struct kept_line *l, const struct flash *flash, const char *name, uint64_t *at);
/* The first one with this key: 1; 0: there is none, or no such file; or an error. */
int kept_line_find(struct kept_line *l, const struct flash *flash, const char *name,
                   const char *key);

#endif
