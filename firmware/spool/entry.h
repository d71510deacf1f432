/* entry: one line of the journal, 128 little-endian bytes, and what it says.
 *
 *   0 sequence u32 · 4 type u8 · 5 reason u8 · 6 object u16 · 8 batch u32 · 12 segment u32 ·
 *  16 service time i64, ms, -1 unknown · 24 account u32 · 28 payload, 96 bytes · 124 CRC-32
 *
 * The CRC is seeded with the journal's epoch (HEAD: with 0, as it is what tells the epoch), so that
 * an entry of another journal that stands in a reused block is none of this one.
 * Every entry of a batch carries its whole range: the last one of a batch is all that is known.
 *
 * Errors  entry_read: ERR_JOURNAL_ROT (its CRC or type is wrong). */
#ifndef OCBULK_SPOOL_ENTRY_H
#define OCBULK_SPOOL_ENTRY_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ENTRY_LEN = 128, ENTRY_ID_LEN = JOB_ID_CAP - 1, ENTRY_NAME_LEN = OBJECT_NAME_CAP - 1 };

enum entry_type {
    ENTRY_NONE,
    ENTRY_HEAD,
    ENTRY_OBJECT,
    ENTRY_LOW, /* all of the segment below `end` is final */
    ENTRY_INTENT,
    ENTRY_COMMIT,
    ENTRY_VOID, /* unsent: to be cut anew */
    ENTRY_HELD,
    ENTRY_MOVED, /* the range stands in held/ */
    ENTRY_CREATED,
    ENTRY_FINAL,
    ENTRY_PAUSE,
    ENTRY_TYPES
};

/* Why; the words stand behind reason_text. */
enum reason {
    REASON_NONE,
    REASON_BODY,        /* the body was not complete */
    REASON_REFUSED,     /* 400, 422 and the like */
    REASON_TOO_LARGE,   /* 413 */
    REASON_RATE,        /* 429, 503 early */
    REASON_ABSENT,      /* proven absent */
    REASON_UNKNOWN,     /* sent, no clear answer */
    REASON_TWO_JOBS,    /* more than one job has its tag */
    REASON_REPEATED,    /* the answer named a job that is another batch's */
    REASON_MISMATCH,    /* counts do not fit */
    REASON_EXPIRED,     /* the service knows the job no longer */
    REASON_CONFLICT,    /* 409 after an earlier commit */
    REASON_ACCOUNT,     /* sent under another account */
    REASON_CREDENTIALS, /* 401, 403 */
    REASON_PLACE,       /* 3xx, 404, 405, 406, 415: wrong hub or address */
    REASON_SPACE,       /* no room for a copy */
    REASON_JOURNAL,     /* the journal is damaged or missing */
    REASON_HOST,        /* sent from another machine */
    REASON_HAND,        /* a person said so */
    REASON_POLICY,      /* on_unknown said so */
    REASON_ROW,         /* a row that is no record */
    REASON_FILE,        /* a file that cannot be read as CSV, or has another header row */
    REASON_ALL_REFUSED, /* record after record was refused */
    REASON_OBJECT,      /* the service has no such object */
    REASON_CHANGED,     /* the segment's bytes are not what they were */
    REASON_STOPPED,     /* the uploader was told to stop */
    REASON_REQUEST,     /* no request can be made of it as it is configured */
    REASONS
};

enum final_how { FINAL_DONE, FINAL_PARTIAL, FINAL_FAILED, FINAL_QUARANTINED, FINAL_DROPPED };
enum created_how { CREATED_ANSWERED, CREATED_ADOPTED, CREATED_BY_HAND };
/* What the service's answers are known to show of our tags; a set. */
enum { SHOWS_LIST = 1, SHOWS_STATUS = 2 };

struct entry_head {
    uint32_t version, epoch;
    uint64_t spool, host;
    uint32_t next_batch;
    uint32_t day;       /* since 1970, service time */
    uint64_t day_bytes; /* sent on it */
    uint8_t shows;
};

struct entry_object {
    char name[OBJECT_NAME_CAP];
    uint32_t cap_records; /* learned; 0: none */
    uint64_t cap_bytes;
    uint32_t freed;   /* highest segment number that was freed */
    uint32_t dropped; /* records thrown away by on_full and by hand */
    uint16_t http;    /* behind the hold */
    uint8_t hold;     /* enum reason, or 0 */
};

struct entry_range {
    uint64_t at, end; /* bytes of the segment */
    uint64_t print;   /* fingerprint of header row and records */
    uint32_t records;
    uint16_t http;
    uint8_t attempt;      /* from 1; 0: never sent */
    uint8_t how;          /* FINAL, CREATED: see above */
    bool whole;           /* FINAL: the segment has nothing else and moves as it is */
    uint64_t body;        /* INTENT: bytes of the request's body */
    int64_t told, failed; /* FINAL: rows, or -1 */
    char id[JOB_ID_CAP];  /* CREATED, HELD: job id or empty */
};

struct entry {
    uint32_t seq, batch, segment, account;
    int64_t time_ms;
    uint16_t object;
    uint8_t type, reason;
    union {
        struct entry_head head;
        struct entry_object object;
        struct entry_range range;
        int64_t until_ms; /* PAUSE: service time; where that is unknown, its length */
    } is;
};

void entry_write(uint8_t dst[ENTRY_LEN], const struct entry *e, uint32_t epoch);
int entry_read(struct entry *e, const uint8_t src[ENTRY_LEN], uint32_t epoch);
bool entry_is_range(uint8_t type); /* LOW, and all of a batch */
const char *reason_text(uint8_t reason);

#endif
