#include "sync/failed_words.h"

#include "base/err.h"
#include "limits.h"

#include <string.h>

/* Words are cut at a character, up to 3 bytes early, and their cap counts the final 0. */
enum { CUT_MAX = 4 };

/* In the buffer, for each error: the row's number in the machine's own order, words, a 0. */
enum { ROW_LEN = FAILED_WORDS_EACH - 1, ID_MIN = 4, NUMBER_MIN = 6 };

static const char KEY[] = "error = ";

void failed_words_init(struct failed_words *w, uint8_t *buf, size_t cap)
{
    *w = (struct failed_words){.buf = buf, .cap = cap};
}

static void put(struct failed_words *w, uint8_t c)
{
    if (w->len == w->cap) {
        w->err = ERR_NO_ROOM;
        return;
    }
    w->buf[w->len++] = c;
}

static void begin_error(struct failed_words *w)
{
    w->errors++;
    for (int i = 0; i < ROW_LEN; i++) {
        put(w, 0);
    }
}

static void take(struct failed_words *w, uint8_t c)
{
    const int key_len = (int)sizeof KEY - 1;

    if (c == '\n') {
        if (w->at == key_len) {
            put(w, 0);
        }
        w->at = 0;
    } else if (w->at == key_len) {
        put(w, c);
    } else if (w->at >= 0) {
        w->at = c == (uint8_t)KEY[w->at] ? w->at + 1 : -1;
        if (w->at == key_len) {
            begin_error(w);
        }
    }
}

int failed_words_push(struct failed_words *w, const uint8_t *src, size_t len)
{
    for (size_t i = 0; i < len && w->err == 0; i++) {
        take(w, src[i]);
    }
    return w->err;
}

bool failed_words_next(const struct failed_words *w, struct failed_word *e)
{
    if (e->next >= w->len) {
        return false;
    }
    const uint8_t *at = w->buf + e->next;

    memcpy(&e->row, at, ROW_LEN);
    e->text = (const char *)at + ROW_LEN;
    e->len = strlen(e->text);
    e->next += e->len + FAILED_WORDS_EACH;
    return true;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool in_word(char text)
{
    uint8_t c = (uint8_t)text;

    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80 ||
           (c != '\0' && strchr("@._+-", c) != NULL);
}

/* Whether a word may end before text[at]; a full stop is none of its letters. */
static bool may_end(const char *text, size_t len, size_t at)
{
    if (at < len && text[at] == '.') {
        at++;
    }
    if (at == len) {
        return len < MESSAGE_CAP - CUT_MAX;
    }
    return !in_word(text[at]);
}

static bool names(const char *text, size_t len, const char *id, size_t id_len)
{
    for (size_t at = 0; at + id_len <= len; at++) {
        const char *found = memchr(text + at, id[0], len - id_len - at + 1);

        if (found == NULL) {
            return false;
        }
        at = (size_t)(found - text);
        if (memcmp(found, id, id_len) == 0 && (at == 0 || !in_word(text[at - 1])) &&
            may_end(text, len, at + id_len)) {
            return true;
        }
    }
    return false;
}

static bool tells(const char *id, size_t len)
{
    size_t digits = 0;

    while (digits < len && is_digit((uint8_t)id[digits])) {
        digits++;
    }
    return len >= (digits == len ? NUMBER_MIN : ID_MIN);
}

void failed_words_row(struct failed_words *w, uint32_t row, const char *id, size_t len)
{
    struct failed_word e = {.next = 0};
    bool named = false;
    size_t at = 0;

    if (!tells(id, len)) {
        return;
    }
    for (; failed_words_next(w, &e); at = e.next) {
        if (!names(e.text, e.len, id, len)) {
            continue;
        }
        w->clash = w->clash || e.row != 0;
        memcpy(w->buf + at, &row, ROW_LEN);
        named = true;
    }
    w->rows += named;
}

bool failed_words_tell(const struct failed_words *w, int64_t failed)
{
    struct failed_word e = {.next = 0};

    if (w->err != 0 || w->clash || w->rows == 0 || w->rows != failed) {
        return false;
    }
    while (failed_words_next(w, &e)) {
        if (e.row == 0) {
            return false;
        }
    }
    return true;
}

bool failed_words_has(const struct failed_words *w, uint32_t row)
{
    struct failed_word e = {.next = 0};

    while (failed_words_next(w, &e)) {
        if (e.row == row) {
            return true;
        }
    }
    return false;
}
