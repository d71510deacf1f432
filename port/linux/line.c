#include "linux/line.h"

#include "base/num.h"

#include <string.h>

void line_set(struct line *l, const char *text)
{
    l->len = 0;
    l->text[0] = '\0';
    line_put(l, text);
}

void line_put_bytes(struct line *l, const char *bytes, size_t len)
{
    while (len-- > 0 && l->len < sizeof l->text - 1) {
        l->text[l->len++] = *bytes++;
    }
    l->text[l->len] = '\0';
}

void line_put(struct line *l, const char *text)
{
    line_put_bytes(l, text, strlen(text));
}

void line_set_path(struct line *l, const char *path)
{
    size_t len = strlen(path);

    line_set(l, len > LINE_PATH_MAX ? "..." : "");
    path += len > LINE_PATH_MAX ? len - LINE_PATH_MAX : 0;
    while (((unsigned char)*path & 0xC0) == 0x80 && l->len > 0) { /* the rest of a character */
        path++;
    }
    line_put(l, path);
}

void line_u64(struct line *l, uint64_t v)
{
    char digits[NUM_U64_CAP];

    (void)num_print_u64(digits, v);
    line_put(l, digits);
}

void line_pad(struct line *l, size_t column)
{
    do {
        line_put(l, " ");
    } while (l->len < column && l->len < sizeof l->text - 1);
}
