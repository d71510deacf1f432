#include "spool/tag.h"

#include <string.h>

enum { ESCAPE_FAR = 6 }; /* a run that is too long for any escape */

/* What stands where in a tag: a letter is itself, a digit is of the field with that number. */
static const char FORM[TAG_CAP] = "oc-0000000000000000-11111111-22222222-33";

static char hex_of(uint64_t value)
{
    return "0123456789abcdef"[value & 15];
}

static void put(char *dst, uint64_t value, size_t digits)
{
    while (digits > 0) {
        dst[--digits] = hex_of(value);
        value >>= 4;
    }
}

void tag_text(char dst[TAG_CAP], const struct tag *tag)
{
    memcpy(dst, FORM, TAG_CAP);
    put(dst + 3, tag->spool, 16);
    put(dst + 20, tag->batch, 8);
    put(dst + 29, tag->print, 8);
    put(dst + 38, tag->attempt, 2);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Takes the byte that stands at `at` of a tag, when it may stand there. Each field has as many
 * digits as it holds, so nothing of what it held before is left in it. */
static bool take(struct tag *tag, size_t at, char c)
{
    unsigned digit = is_digit(c) ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;

    if (!is_digit(FORM[at])) {
        return c == FORM[at];
    }
    if (!is_digit(c) && (c < 'a' || c > 'f')) {
        return false;
    }
    switch (FORM[at]) {
    case '0':
        tag->spool = tag->spool << 4 | digit;
        break;
    case '1':
        tag->batch = tag->batch << 4 | digit;
        break;
    case '2':
        tag->print = tag->print << 4 | digit;
        break;
    default:
        tag->attempt = (uint8_t)((unsigned)tag->attempt << 4 | digit);
    }
    return true;
}

bool tag_parse(const char *text, size_t len, struct tag *out)
{
    struct tag tag = {0};
    size_t at = 0;

    if (len != TAG_LEN) {
        return false;
    }
    while (at < TAG_LEN && take(&tag, at, text[at])) {
        at++;
    }
    if (at == TAG_LEN) {
        *out = tag;
    }
    return at == TAG_LEN;
}

void tag_finder_init(struct tag_finder *f, uint64_t spool_id)
{
    memset(f, 0, sizeof *f);
    f->spool_id = spool_id;
}

void tag_finder_clear(struct tag_finder *f)
{
    tag_finder_init(f, f->spool_id);
}

static bool same(const struct tag *a, const struct tag *b)
{
    return a->batch == b->batch && a->print == b->print && a->attempt == b->attempt;
}

static void found(struct tag_finder *f)
{
    if (f->now.spool != f->spool_id) {
        f->foreign = true;
    } else if (f->count == 0) {
        f->first = f->now;
        f->count = 1;
    } else if (!same(&f->first, &f->now)) {
        f->count = 2;
    }
}

/* Whether a tag may begin here: behind no letter or digit but those of an escape. */
static bool may_begin(const struct tag_finder *f)
{
    return f->run == 0 || (f->lead == '%' && f->run == 2) ||
           (f->lead == '\\' && (f->run == 1 || f->run == 5));
}

static void note(struct tag_finder *f, char c)
{
    if (!is_word(c)) {
        f->lead = c;
        f->run = 0;
    } else if (f->run < ESCAPE_FAR) {
        f->run++;
    }
}

/* An `o` is only the first byte of a tag, so a tag that breaks off has no other inside it. */
static void step(struct tag_finder *f, char c)
{
    if (f->at == TAG_LEN && !is_word(c)) {
        found(f);
    }
    if (f->at < TAG_LEN && (f->at > 0 || may_begin(f)) && take(&f->now, f->at, c)) {
        f->at++;
    } else {
        f->at = c == FORM[0] && may_begin(f) ? 1 : 0;
    }
    note(f, c);
}

void tag_finder_push(struct tag_finder *f, const char *src, size_t len)
{
    size_t at;

    for (at = 0; at < len; at++) {
        step(f, src[at]);
    }
}
