#include "record/csv.h"

#include "base/err.h"
#include "limits.h"

#include <limits.h>
#include <string.h>

/* By what may come next. CSV_START is between rows; in those up to CSV_SKIP plain bytes may be
 * taken by the run, the others look at one byte. */
enum {
    CSV_START,
    CSV_FIELD_START,
    CSV_FIELD,
    CSV_QUOTED,
    CSV_SKIP,  /* behind a stray quote: up to the line end whatever the quotes say */
    CSV_QUOTE, /* a quote inside quotes: the closing one, or the first of a pair */
    CSV_CR,
    CSV_SKIP_CR
};

#define ONES ((size_t)-1 / 255) /* 0x01 in each byte of a word */
#define HIGH (ONES * 0x80)
#define RUN_MAX                                                                                    \
    248 /* whole words, and few enough for the commas' count to fit one byte of them               \
         */

static const uint8_t BOM[] = {0xEF, 0xBB, 0xBF};

void csv_init_at(struct csv *c, uint64_t byte, uint64_t line)
{
    memset(c, 0, sizeof(*c));
    c->record_max = CSV_RECORD_MAX;
    c->byte = byte;
    c->line = line;
    c->line_at = byte;
}

void csv_init(struct csv *c)
{
    csv_init_at(c, 0, 1);
}

/* The place `back` bytes before the next one; never across a line end. */
static struct csv_place place(const struct csv *c, uint64_t back)
{
    struct csv_place at = {c->byte - back, c->line, c->byte - back - c->line_at + 1};

    return at;
}

static void note(struct csv *c, int err, struct csv_place at)
{
    if (c->row.err == 0) {
        c->row.err = err;
        c->row.fault = at;
    }
}

static void row_begin(struct csv *c)
{
    c->row.at = c->byte;
    c->row.line = c->line;
    c->row.err = 0;
    c->fields = 1;
    c->state = CSV_FIELD_START;
}

/* The row ends right before the next byte. */
static void row_end(struct csv *c, bool ended, bool crlf)
{
    struct csv_row *r = &c->row;

    r->end = c->byte;
    r->ended = ended;
    r->crlf = crlf;
    r->blank = ended && r->err == 0 && r->end - r->at == 1u + crlf;
    r->fields = r->blank ? 0 : c->fields;
    if (r->err == 0 && !r->blank && c->want_fields != 0 && c->fields != c->want_fields) {
        struct csv_place at = {r->at, r->line, 1};
        note(c, ERR_CSV_FIELDS, at);
    }
    c->state = CSV_START;
}

static bool is_plain(uint8_t b)
{
    return b >= 0x20 && b < 0x80 && b != '"';
}

/* How many bytes from src on are ASCII text without quotes, and the commas among them. */
static size_t plain_run(const uint8_t *src, size_t len, uint32_t *commas)
{
    size_t n = 0, word, sum = 0;

    for (; len - n >= sizeof(word); n += sizeof(word)) {
        memcpy(&word, src + n, sizeof(word));
        /* Bit 7 of a byte: not ASCII, below the space, or a quote. A borrow may only set it
         * in a byte behind one that has it rightly. */
        if (((word | (word - ONES * 0x20) | ((word ^ ONES * '"') - ONES)) & HIGH) != 0) {
            break;
        }
        /* Here no byte has bit 7, so that no carry leaves its byte: set unless it is a comma. */
        sum += ((word ^ ONES * ',') + ONES * 0x7F) >> 7 & ONES;
    }
    *commas = (uint32_t)(n - (sum * ONES >> (sizeof(word) - 1) * CHAR_BIT));
    for (; n < len && is_plain(src[n]); n++) {
        *commas += src[n] == ',';
    }
    return n;
}

static size_t take_plain(struct csv *c, const uint8_t *src, size_t len)
{
    uint32_t commas;
    size_t n = plain_run(src, len < RUN_MAX ? len : RUN_MAX, &commas);

    if (n > 0 && c->state <= CSV_FIELD) {
        c->fields += commas;
        c->state = src[n - 1] == ',' ? CSV_FIELD_START : CSV_FIELD;
    }
    c->byte += n;
    return n;
}

/* The first byte of a character: how many must follow, and within what the second must be. */
static bool utf8_first(struct csv *c, uint8_t b)
{
    c->utf8_seen = 1;
    c->utf8_low = b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90 : 0x80;
    c->utf8_high = b == 0xED ? 0x9F : b == 0xF4 ? 0x8F : 0xBF;
    c->utf8_left = b < 0xE0 ? 1 : b < 0xF0 ? 2 : 3;
    if (b < 0xC2 || b > 0xF4) {
        c->utf8_left = 0;
    }
    return c->utf8_left > 0;
}

static bool utf8_more(struct csv *c, uint8_t b)
{
    bool good = b >= c->utf8_low && b <= c->utf8_high;

    c->utf8_low = 0x80;
    c->utf8_high = 0xBF;
    c->utf8_left = good ? c->utf8_left - 1 : 0;
    c->utf8_seen += good;
    return good;
}

/* Characters beyond ASCII. A byte that breaks one off keeps its own meaning. */
static size_t take_utf8(struct csv *c, const uint8_t *src, size_t len)
{
    size_t n = 0;

    while (n < len && (src[n] >= 0x80 || c->utf8_left > 0)) {
        if (c->utf8_left == 0) {
            if (!utf8_first(c, src[n])) {
                note(c, ERR_CSV_UTF8, place(c, 0));
            }
        } else if (!utf8_more(c, src[n])) {
            note(c, ERR_CSV_UTF8, place(c, c->utf8_seen));
            continue;
        }
        c->byte++;
        n++;
    }
    return n;
}

static uint8_t behind_unquoted(struct csv *c, uint8_t b)
{
    switch (b) {
    case ',':
        c->fields++;
        return CSV_FIELD_START;
    case '\r':
        return CSV_CR;
    case '"':
        note(c, ERR_CSV_QUOTE, place(c, 0));
        return CSV_SKIP;
    default:
        return CSV_FIELD;
    }
}

static uint8_t behind_quote(struct csv *c, uint8_t b)
{
    if (b == '"') {
        return CSV_QUOTED;
    }
    if (b == ',' || b == '\r') {
        return behind_unquoted(c, b);
    }
    note(c, ERR_CSV_QUOTE, place(c, 1));
    return CSV_SKIP;
}

/* The state behind a byte that is no line feed; any byte of a character stands for all of it. */
static uint8_t behind(struct csv *c, uint8_t b)
{
    switch (c->state) {
    case CSV_FIELD_START:
        if (b == '"') {
            c->quote_at = place(c, 0);
            c->quote_line_end = 0;
            return CSV_QUOTED;
        }
        break;
    case CSV_QUOTED:
        return b == '"' ? CSV_QUOTE : CSV_QUOTED;
    case CSV_QUOTE:
        return behind_quote(c, b);
    case CSV_CR:
        note(c, ERR_CSV_CR, place(c, 1));
        break;
    case CSV_SKIP:
    case CSV_SKIP_CR:
        return b == '\r' ? CSV_SKIP_CR : CSV_SKIP;
    default:
        break;
    }
    return behind_unquoted(c, b);
}

static bool line_feed(struct csv *c)
{
    c->byte++;
    c->line++;
    c->line_at = c->byte;
    if (c->state != CSV_QUOTED) {
        row_end(c, true, c->state == CSV_CR || c->state == CSV_SKIP_CR);
        return true;
    }
    if (c->quote_line_end == 0) {
        c->quote_line_end = c->byte;
    }
    return false;
}

/* One ASCII byte: whether it ends the row. */
static bool step(struct csv *c, uint8_t b)
{
    if (b == '\n') {
        return line_feed(c);
    }
    c->state = behind(c, b);
    if (b == 0) {
        note(c, ERR_CSV_NUL, place(c, 0));
    }
    c->byte++;
    return false;
}

/* How far the row may go without being too long. */
static size_t room(struct csv *c, size_t len)
{
    uint64_t used = c->byte - c->row.at;

    if (c->row.err != 0) {
        return len;
    }
    if (used >= c->record_max) {
        note(c, ERR_CSV_TOO_LONG, c->state == CSV_QUOTED ? c->quote_at : place(c, 0));
        return len;
    }
    return len < c->record_max - used ? len : (size_t)(c->record_max - used);
}

static size_t advance(struct csv *c, const uint8_t *src, size_t len, bool *row_done)
{
    size_t n = 0;

    if (c->state == CSV_START) {
        row_begin(c);
    }
    len = room(c, len);
    if (src[0] >= 0x80 || c->utf8_left > 0) {
        if (src[0] >= 0x80) {
            c->state = behind(c, src[0]);
        }
        return take_utf8(c, src, len);
    }
    if (c->state <= CSV_SKIP) {
        n = take_plain(c, src, len);
    }
    if (n < len && src[n] < 0x80) {
        *row_done = step(c, src[n]);
        n++;
    }
    return n;
}

static void utf16(struct csv *c)
{
    struct csv_place at = {0, 1, 1};

    c->err = ERR_CSV_UTF16;
    c->row.err = ERR_CSV_UTF16;
    c->row.fault = at;
}

/* The file's first bytes, one by one: a mark of UTF-8 is no text, one of UTF-16 the end. */
static size_t advance_first(struct csv *c, const uint8_t *src, bool *row_done)
{
    size_t n;

    if (c->byte == 0) {
        c->first = src[0];
    } else if (c->byte == 1 && c->first >= 0xFE && c->first + src[0] == 0xFE + 0xFF) {
        utf16(c);
        return 0;
    }
    if (c->bom == c->byte && src[0] == BOM[c->byte]) {
        c->bom++;
    }
    n = advance(c, src, 1, row_done);
    if (c->bom == sizeof(BOM)) {
        c->state = CSV_START;
        c->line_at = c->byte;
    }
    return n;
}

int csv_push(struct csv *c, const uint8_t *src, size_t len, bool *row_done)
{
    size_t n = 0, most = len < INT_MAX ? len : INT_MAX;

    *row_done = false;
    while (n < most && !*row_done && c->err == 0) {
        n += c->byte < sizeof(BOM) ? advance_first(c, src + n, row_done)
                                   : advance(c, src + n, most - n, row_done);
    }
    return c->err != 0 ? c->err : (int)n;
}

/* A quote that is never closed takes the rest of the file with it; the row is given back as what
 * was meant to be one: up to the end of the line with the quote. */
static bool go_back(struct csv *c)
{
    if (c->quote_line_end == 0) {
        return false;
    }
    c->byte = c->quote_line_end;
    c->line = c->quote_at.line + 1;
    c->line_at = c->byte;
    return true;
}

int csv_finish(struct csv *c)
{
    bool ended = false;

    if (c->err != 0 || c->state == CSV_START) {
        return c->err;
    }
    if (c->utf8_left > 0) {
        note(c, ERR_CSV_UTF8, place(c, c->utf8_seen));
        c->utf8_left = 0;
    }
    if (c->state == CSV_CR) {
        note(c, ERR_CSV_CR, place(c, 1));
    }
    if (c->state == CSV_QUOTED) {
        note(c, ERR_CSV_UNCLOSED, c->quote_at);
        ended = go_back(c);
    }
    row_end(c, ended, false);
    return 1;
}
