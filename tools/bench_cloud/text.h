/* text: bytes that grow, and the two ways of quoting that replies need.
 *
 * Memory  Owned by the struct; free with text_free. {0} is an empty text.
 *         at is NUL-terminated once anything was put. No memory: abort, as a
 *         test double has nothing better to do.
 * Errors  None. */
#ifndef BENCH_TEXT_H
#define BENCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *at;
    size_t len, cap;
};

void text_put(struct text *t, const void *src, size_t len);
void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));
void text_html(struct text *t, const char *s);               /* escaped for HTML */
void text_json(struct text *t, const char *src, size_t len); /* with its quotes */
void text_jsons(struct text *t, const char *s);              /* null when s is NULL */
void text_free(struct text *t);

void *must(void *memory);       /* memory, or abort when it is NULL */
char *text_copy(const char *s); /* strdup that cannot fail; NULL stays NULL */
int64_t now_ms(void);           /* wall clock, ms since 1970 */

#endif
