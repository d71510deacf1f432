/* line: a short text put together in fixed memory; what does not fit is left out. */
#ifndef OCBULK_PORT_LINE_H
#define OCBULK_PORT_LINE_H

#include <stddef.h>
#include <stdint.h>

#define LINE_CAP      512
#define LINE_PATH_MAX 256

struct line {
    size_t len;
    char text[LINE_CAP]; /* with a final 0, always */
};

void line_set(struct line *l, const char *text);
void line_put(struct line *l, const char *text);
void line_put_bytes(struct line *l, const char *bytes, size_t len);
/* Of a long path its end, so that there is room for what is to be said of it. */
void line_set_path(struct line *l, const char *path);
void line_u64(struct line *l, uint64_t v);
void line_pad(struct line *l, size_t column); /* spaces up to a column, one at least */

#endif
