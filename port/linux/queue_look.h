/* queue_look: what the spool holds, seen without its lock: the journal as a ledger, what waits, and
 * what is set apart.
 *
 * Nothing is written and nobody is kept waiting; so it may be seen in the middle of a change, and
 * be another a moment later.
 *
 * Memory  One struct. flash is borrowed.
 * Errors  Those of flash, ERR_JOURNAL_VERSION, ERR_JOURNAL_ROT (no HEAD can be read), ERR_NO_ROOM.
 */
#ifndef OCBULK_PORT_LINUX_QUEUE_LOOK_H
#define OCBULK_PORT_LINUX_QUEUE_LOOK_H

#include "base/flash.h"
#include "spool/journal.h"
#include "spool/kept_find.h"
#include "spool/ledger.h"

struct queue_look {
    const struct flash *flash;
    struct journal journal;
    struct ledger ledger;
    int64_t success_ms[SPOOL_OBJECTS_MAX]; /* of the last batch that ended well; -1: none known */
    bool damaged;                          /* some of the journal cannot be read */
};

int queue_look(struct queue_look *q, const struct flash *flash); /* no journal yet: empty */
/* The next object behind `after` that has anything here: 1, 0 at the end, or an error. */
int queue_look_object(const struct queue_look *q, const char *after, struct flash_file *out);

/* Not sent yet, or to be sent again. */
struct queue_waiting {
    uint64_t files, bytes;
};

int queue_look_waiting(const struct queue_look *q, const char *object, struct queue_waiting *out);

/* A file that is set apart, and what its reason says. */
struct queue_file {
    struct kept_place place; /* `object` is the caller's */
    uint64_t size;
    int64_t since_ms; /* service time; -1: unknown */
    bool repeats;     /* handed in again, rows that are stored may be there twice */
    char name[FLASH_FILE_CAP];
    char job[JOB_ID_CAP];
    char reason[MESSAGE_CAP], error[MESSAGE_CAP], rows[MESSAGE_CAP]; /* or "" */
    uint32_t batch;                                                  /* 0: it has no number */
    uint32_t records;                                                /* 0: unknown */
};

/* The next one behind `after` (the name of the last one, "" first) of this folder and object: 1, 0,
 * or an error. */
int queue_look_file(const struct queue_look *q, enum kept_folder folder, const char *object,
                    const char *after, struct queue_file *out);
/* What is known of this one: 0 or an error. */
int queue_look_reason(const struct queue_look *q, const struct kept_place *p,
                      struct queue_file *out);

#endif
