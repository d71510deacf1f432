#include "base/err.h"
#include "spool/outbox_parts.h"

void outbox_walk_init(struct outbox_walk *w, struct outbox *o, const char *file, uint64_t size)
{
    *w = (struct outbox_walk){.o = o, .file = file, .size = size};
    csv_init(&w->csv);
}

void outbox_walk_from(struct outbox_walk *w, uint64_t at, uint32_t fields)
{
    csv_init_at(&w->csv, at, 1);
    w->csv.want_fields = fields;
    w->at = w->len = 0;
}

/* Bytes that are there now, or an error. */
static int refill(struct outbox_walk *w)
{
    struct outbox *o = w->o;
    uint64_t left = w->size - w->csv.byte;
    size_t cap = left < sizeof o->buf ? (size_t)left : sizeof o->buf;
    int n = o->flash->read_at(o->flash->ctx, w->file, w->csv.byte, o->buf, cap);

    w->at = 0;
    w->len = n > 0 ? (size_t)n : 0;
    return n != 0 ? n : ERR_FLASH_READ; /* it has been that long */
}

int outbox_walk_next(struct outbox_walk *w)
{
    for (;;) {
        bool done = false;
        int n;

        if (w->at == w->len) {
            n = w->csv.byte < w->size ? refill(w) : 0;
            if (n <= 0) {
                return n < 0 ? n : csv_finish(&w->csv);
            }
        }
        n = csv_push(&w->csv, w->o->buf + w->at, w->len - w->at, &done);
        if (n < 0) {
            return n;
        }
        w->at += (size_t)n;
        if (done) {
            return 1;
        }
    }
}

bool outbox_walk_good(const struct outbox_walk *w)
{
    const struct csv_row *row = &w->csv.row;

    return row->err == 0 && row->ended && !row->blank;
}
