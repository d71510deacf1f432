/* failed_words: the errors of a batch in words, and the row that each of them names.
 *
 * A row's identifier names it where it stands in the words with no letter, digit or one of @._+-
 * directly around it; a full stop may follow. Words that were cut to MESSAGE_CAP do not end with a
 * whole word. An identifier that may stand in any words by chance names nothing: one of less than 4
 * bytes, or a number of less than 6 digits, as HTTP statuses, years and the service's own counts of
 * rows are.
 *
 * Memory  The caller's buffer has the words: their bytes and FAILED_WORDS_EACH for each error.
 * Calls   init, push for all of a reason's text, row for each row in order; then the others.
 * Errors  ERR_NO_ROOM; it sticks. */
#ifndef OCBULK_SYNC_FAILED_WORDS_H
#define OCBULK_SYNC_FAILED_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAILED_WORDS_EACH = 5 };

struct failed_words {
    uint8_t *buf;
    size_t cap, len;
    uint32_t errors;
    uint32_t rows; /* that were named */
    bool clash;    /* two rows for one error */
    int at;        /* bytes of the line that are an error's key; -1: another line */
    int err;
};

/* One of them, for reading in order. */
struct failed_word {
    const char *text;
    size_t len;   /* of text */
    uint32_t row; /* 0: none was named */
    size_t next;  /* where the one behind it begins; 0 first */
};

void failed_words_init(struct failed_words *w, uint8_t *buf, size_t cap);
int failed_words_push(struct failed_words *w, const uint8_t *src, size_t len); /* 0 or an error */
void failed_words_row(struct failed_words *w, uint32_t row, const char *id, size_t len);
/* Each error names a row of its own choice, and that makes so many rows. */
bool failed_words_tell(const struct failed_words *w, int64_t failed);
bool failed_words_next(const struct failed_words *w, struct failed_word *e);
bool failed_words_has(const struct failed_words *w, uint32_t row);

#endif
