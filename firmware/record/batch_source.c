#include "record/batch.h"

#include "base/err.h"

#include <string.h>

/* By what is given next. */
enum { GIVE_HEADER, GIVE_RECORDS, GIVE_LAST_END, GIVE_NOTHING };

void batch_source_init(struct batch_source *s, const struct batch_file *bf, const struct batch *b)
{
    *s = (struct batch_source){.bf = bf, .batch = *b, .pos = bf->header_at, .row_start = true};
    csv_init_at(&s->csv, b->at, b->line);
    fingerprint_init(&s->print);
}

static int read_to(struct batch_source *s, uint64_t end, uint8_t *dst, size_t cap)
{
    uint64_t left = end - s->pos;
    const struct file *file = s->bf->file;
    int n = file->read_at(file->ctx, s->pos, dst, left < cap ? (size_t)left : cap);

    return n == 0 ? ERR_SOURCE_CHANGED : n;
}

/* Leaves blank lines out of what was just read: the bytes that are left. The plan has seen that a
 * CR at a row's start begins a blank line, so that it need not be kept until its LF comes. */
static int drop_blanks(struct batch_source *s, uint8_t *dst, size_t len)
{
    size_t in = 0, out = 0;

    while (in < len) {
        bool at_start = s->row_start;
        int n = csv_push(&s->csv, dst + in, len - in, &s->row_start);

        if (n <= 0) {
            return ERR_SOURCE_CHANGED;
        }
        bool blank = s->row_start ? s->csv.row.blank : at_start && n == 1 && dst[in] == '\r';

        if (!blank) {
            memmove(dst + out, dst + in, (size_t)n);
            out += (size_t)n;
        }
        in += (size_t)n;
    }
    return (int)out;
}

static int give_file(struct batch_source *s, uint64_t end, uint8_t *dst, size_t cap)
{
    int n = s->pos < end ? read_to(s, end, dst, cap) : 0;

    if (n > 0) {
        s->pos += (uint64_t)n;
    }
    return n;
}

static int give_rows(struct batch_source *s, uint8_t *dst, size_t cap)
{
    int n;

    do {
        n = give_file(s, s->batch.end, dst, cap);
        if (n <= 0 || !s->batch.has_blank) {
            return n;
        }
        n = drop_blanks(s, dst, (size_t)n);
    } while (n == 0);
    return n;
}

/* One byte a call: it is short, and cap may be 1. */
static int give_end(struct batch_source *s, uint8_t *dst)
{
    const char *end = s->bf->crlf ? "\r\n" : "\n";

    if (end[s->end_at] == '\0') {
        return 0;
    }
    *dst = (uint8_t)end[s->end_at++];
    return 1;
}

static int give(struct batch_source *s, uint8_t *dst, size_t cap)
{
    switch (s->state) {
    case GIVE_HEADER:
        return give_file(s, s->bf->header_end, dst, cap);
    case GIVE_RECORDS:
        return give_rows(s, dst, cap);
    default:
        return s->batch.last_open ? give_end(s, dst) : 0;
    }
}

/* Counts what is about to be given; never more than was planned. */
static int count(struct batch_source *s, const uint8_t *src, int n)
{
    if ((uint64_t)n > s->batch.len - s->given) {
        s->err = ERR_SOURCE_CHANGED;
        return s->err;
    }
    fingerprint_push(&s->print, src, (size_t)n);
    s->given += (uint64_t)n;
    return n;
}

static int conclude(const struct batch_source *s)
{
    bool same = s->given == s->batch.len && fingerprint_finish(&s->print) == s->batch.print;

    return same ? 0 : ERR_SOURCE_CHANGED;
}

int batch_source_pull(void *ctx, uint8_t *dst, size_t cap)
{
    struct batch_source *s = ctx;

    while (s->err == 0 && s->state != GIVE_NOTHING) {
        int n = give(s, dst, cap);

        if (n > 0) {
            return count(s, dst, n);
        }
        s->err = n;
        if (n == 0) {
            s->state++;
            s->pos = s->state == GIVE_RECORDS ? s->batch.at : s->pos;
        }
    }
    if (s->err == 0) {
        s->err = conclude(s);
    }
    return s->err;
}
