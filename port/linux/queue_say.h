/* queue_say: what `queue` says of one thing that the spool holds, for people and as JSON. */
#ifndef OCBULK_PORT_LINUX_QUEUE_SAY_H
#define OCBULK_PORT_LINUX_QUEUE_SAY_H

#include "linux/app.h"
#include "linux/queue_look.h"
#include "linux/spool_dir.h"
#include "spool/tag.h"

/* A batch of the journal, or a file that is set apart: one of the two is NULL. */
struct queue_item {
    const struct queue_look *look;
    const char *object;
    const struct range *range;
    const struct queue_file *file;
    bool upsert; /* the object has an identifier: no row is stored twice */
};

#define QUEUE_HINTS_MAX 3

struct queue_hint {
    struct line command; /* as it can be typed */
    const char *what;    /* it does */
};

const char *queue_state(const struct queue_item *i); /* "held", "failed", ...: stable words */
/* How `ocbulk retry` and the others are told which one is meant. */
void queue_name(struct line *l, const struct queue_item *i);
unsigned queue_hints(struct queue_hint hint[QUEUE_HINTS_MAX], const struct queue_item *i);
/* Rows that would be stored twice if it were handed in again, at most; 0: none. */
uint32_t queue_repeats(const struct queue_item *i);
void queue_tag(char dst[TAG_CAP], const struct queue_item *i); /* empty: never sent */

/* What the person can do about a failure of flash, where that is a matter of rights; else NULL. */
const char *queue_fix(const struct spool_dir *s, int err);

void queue_say_text(struct app *a, const struct queue_item *i);
void queue_say_json(struct app *a, const struct queue_item *i);

#endif
