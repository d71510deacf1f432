#include "producer.h"

#include <stdio.h>
#include <string.h>

static struct outbox outbox; /* power takes it */

void producer_add(struct world *w, const struct uploader_rules *rules, const struct flash *flash,
                  uint8_t object)
{
    struct outbox_rules r = {
        .max_bytes = rules->max_bytes,
        .headroom = rules->headroom,
        .batch_bytes = 65536,
        .batch_records = w->scene->rules.batch_records == 0 ? 4 : w->scene->rules.batch_records,
        .seal_after_ms = rules->seal_after_ms};
    unsigned row = w->s.rows++;
    char text[ROWS_TEXT_CAP];
    struct outbox_row what = {.header = (const uint8_t *)ROWS_HEADER,
                              .header_len = sizeof ROWS_HEADER - 1,
                              .record = (const uint8_t *)text,
                              .len = rows_text(text, row),
                              .fields = 3};
    int err;

    w->s.row[row] = ROW_MAYBE;
    w->s.owner[row] = object;
    outbox_init(&outbox, flash, &r, world_object[object]);
    err = outbox_add(&outbox, &what, world_now(w).mono_ms);
    w->s.row[row] = err == 0 ? ROW_ACKED : ROW_REFUSED;
    w->s.true_ms += 100;
}

struct made {
    char text[8192];
    size_t len;
};

static void put_row(struct world *w, struct made *m, unsigned row, uint8_t object)
{
    m->len += rows_text(m->text + m->len, row);
    w->s.row[row] = ROW_ACKED;
    w->s.owner[row] = object;
}

void producer_hand_in(struct world *w, const struct act *a)
{
    static struct made m;
    char name[64];
    int bad = a->kind == ACT_BAD ? a->arg : 0;

    m.len = (size_t)snprintf(m.text, sizeof m.text, "%s", ROWS_HEADER);
    for (int i = 0; i < a->n; i++) {
        for (; bad > 0 && i == a->n / 2; bad--) {
            put_row(w, &m, w->s.bad_rows++, a->object);
        }
        put_row(w, &m, w->s.rows++, a->object);
    }
    if (a->kind == ACT_BROKEN) { /* a header row that is none */
        memcpy(m.text, "\"d,name,note", 12);
    } else if (a->kind == ACT_FILE && a->arg == 1) {
        m.len--;
    }
    (void)snprintf(name, sizeof name, "outbox/%s/file-%u.csv", world_object[a->object],
                   ++w->s.files);
    sim_flash_put(&w->flash, name, m.text, m.len);
}
