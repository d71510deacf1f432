/* queue_sum: what `queue` says of an object as a whole, and of the whole spool. */
#ifndef OCBULK_PORT_LINUX_QUEUE_SUM_H
#define OCBULK_PORT_LINUX_QUEUE_SUM_H

#include "linux/app.h"
#include "linux/queue_look.h"

struct queue_object {
    const char *name;
    const struct entry_object *known; /* to the journal; or NULL */
    struct queue_waiting waiting;
    int64_t success_ms;
};

struct queue_totals {
    struct queue_waiting waiting;
    uint64_t sending, open, unknown, held, failed, quarantined;
};

void queue_head_text(struct app *a, const struct queue_look *q);
void queue_object_text(struct app *a, const struct queue_object *o);
void queue_totals_text(struct app *a, const struct queue_totals *t);
/* Members of the open JSON object. */
void queue_head_json(struct app *a, const struct queue_look *q);
void queue_object_json(struct app *a, const struct queue_object *o);
void queue_totals_json(struct app *a, const struct queue_totals *t);

#endif
