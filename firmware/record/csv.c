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
    CSV_SKIP_CR,
    CSV_STRAY /* a quote where none may be: noted, then CSV_SKIP */
};

enum char_class { TEXT, COMMA, QUOTE, CR };

static const uint8_t NEXT[][4] = {
    [CSV_FIELD_START] = {CSV_FIELD, CSV_FIELD_START, CSV_QUOTED, CSV_CR},
    [CSV_FIELD] = {CSV_FIELD, CSV_FIELD_START, CSV_STRAY, CSV_CR},
    [CSV_QUOTED] = {CSV_QUOTED, CSV_QUOTED, CSV_QUOTE, CSV_QUOTED},
    [CSV_SKIP] = {CSV_SKIP, CSV_SKIP, CSV_SKIP, CSV_SKIP_CR},
    [CSV_QUOTE] = {CSV_STRAY, CSV_FIELD_START, CSV_QUOTED, CSV_CR},
    [CSV_CR] = {CSV_FIELD, CSV_FIELD_START, CSV_STRAY, CSV_CR},
    [CSV_SKIP_CR] = {CSV_SKIP, CSV_SKIP, CSV_SKIP, CSV_SKIP_CR},
};

static const uint8_t BOM[] = {0xEF, 0xBB, 0xBF};

static void begin(struct csv *c, uint64_t byte, uint64_t line)
{
    c->state = CSV_START;
    c->utf8.left = 0;
    c->byte = byte;
    c->line = line;
    c->line_at = byte;
}

void csv_init_at(struct csv *c, uint64_t byte, uint64_t line)
{
    memset(c, 0, sizeof(*c));
    c->record_max = CSV_RECORD_MAX;
    begin(c, byte, line);
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
    r->blank = ended && r->end - r->at == 1u + crlf;
    r->fields = r->blank ? 0 : c->fields;
    if (!r->blank && c->want_fields != 0 && c->fields != c->want_fields) {
        struct csv_place at = {r->at, r->line, 1};
        note(c, ERR_CSV_FIELDS, at);
    }
    c->state = CSV_START;
}

static enum char_class class_of(uint8_t b)
{
    return b == ',' ? COMMA : b == '"' ? QUOTE : b == '\r' ? CR : TEXT;
}

/* Goes behind a byte that is no line feed; any byte of a character stands for all of it. */
static void move(struct csv *c, uint8_t b)
{
    uint8_t from = c->state, to = NEXT[from][class_of(b)];

    if (to == CSV_FIELD_START) {
        c->fields++;
    } else if (to == CSV_QUOTED && from == CSV_FIELD_START) {
        c->quote_at = place(c, 0);
        c->quote_line_end = 0;
    }
    if (from == CSV_CR) {
        note(c, ERR_CSV_CR, place(c, 1));
    }
    if (to == CSV_STRAY) {
        note(c, ERR_CSV_QUOTE, place(c, from == CSV_QUOTE));
        to = CSV_SKIP;
    }
    c->state = to;
}

static size_t take_plain(struct csv *c, const uint8_t *src, size_t len)
{
    uint32_t commas;
    size_t n = csv_plain(src, len, &commas);

    if (c->state <= CSV_FIELD) {
        c->fields += commas;
        c->state = src[n - 1] == ',' ? CSV_FIELD_START : CSV_FIELD;
    }
    c->byte += n;
    return n;
}

static size_t take_utf8(struct csv *c, const uint8_t *src, size_t len)
{
    bool bad;
    size_t n;

    if (src[0] >= 0x80) {
        move(c, src[0]);
    }
    n = csv_utf8_take(&c->utf8, src, len, &bad);
    c->byte += n;
    if (bad) {
        note(c, ERR_CSV_UTF8, place(c, c->utf8.seen));
    }
    return n;
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
    move(c, b);
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

    if (used >= c->record_max) {
        note(c, ERR_CSV_TOO_LONG, c->state == CSV_QUOTED ? c->quote_at : place(c, 0));
        return len;
    }
    return len < c->record_max - used ? len : (size_t)(c->record_max - used);
}

/* Whether csv_plain is worth its call: not for a comma between two quotes. */
static bool is_run(const struct csv *c, const uint8_t *src, size_t len)
{
    return c->state <= CSV_SKIP && len >= CSV_WORD && csv_is_plain(src[0]) && csv_is_plain(src[1]);
}

static size_t advance(struct csv *c, const uint8_t *src, size_t most, bool *row_done)
{
    size_t n = 0, len;

    if (c->state == CSV_START) {
        row_begin(c);
    }
    len = room(c, most);
    while (n < len && !*row_done) {
        if (src[n] >= 0x80 || c->utf8.left > 0) {
            n += take_utf8(c, src + n, len - n);
        } else if (is_run(c, src + n, len - n)) {
            n += take_plain(c, src + n, len - n);
        } else {
            *row_done = step(c, src[n]);
            n++;
        }
    }
    return n;
}

static bool is_utf16(struct csv *c, uint8_t b)
{
    struct csv_place at = {0, 1, 1};

    if (c->byte == 0) {
        c->first = b;
    }
    if (c->byte != 1 || c->first + b != 0xFE + 0xFF) {
        return false;
    }
    c->err = ERR_CSV_UTF16;
    c->row.err = ERR_CSV_UTF16;
    c->row.fault = at;
    return true;
}

/* Whether b ends a mark of UTF-8 at the file's start, which is no text: no row has begun yet. */
static bool ends_bom(struct csv *c, uint8_t b)
{
    if (b == BOM[c->byte]) {
        c->bom++;
    }
    if (c->bom < sizeof(BOM)) {
        return false;
    }
    begin(c, sizeof(BOM), 1);
    return true;
}

int csv_push(struct csv *c, const uint8_t *src, size_t len, bool *row_done)
{
    size_t n = 0, most = len < INT_MAX ? len : INT_MAX;

    *row_done = false;
    while (n < most && !*row_done && c->err == 0) {
        bool first = c->byte < sizeof(BOM);
        if (first && (is_utf16(c, src[n]) || ends_bom(c, src[n]))) {
            n++;
        } else {
            n += advance(c, src + n, first ? 1 : most - n, row_done);
        }
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
    begin(c, c->quote_line_end, c->quote_at.line + 1);
    return true;
}

int csv_finish(struct csv *c)
{
    bool ended = false;

    if (c->err != 0 || c->state == CSV_START) {
        return c->err;
    }
    if (c->utf8.left > 0) {
        note(c, ERR_CSV_UTF8, place(c, c->utf8.seen));
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
