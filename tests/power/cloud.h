/* cloud: the service that the power tests talk to. It lives on while the device loses power, and is
 * the truth about which rows were stored, how often, and by which job.
 *
 * It misbehaves by rules (what it is like) and by events (what it does at its n-th call). All of
 * its state is in one struct without pointers but for the rules, so that it may be copied.
 *
 * Memory  Rules are borrowed for good. */
#ifndef OCBULK_TESTS_POWER_CLOUD_H
#define OCBULK_TESTS_POWER_CLOUD_H

#include "reply/job_json.h"
#include "rows.h"
#include "spool/tag.h"

/* When the lives begin, service time. */
#define CLOUD_EPOCH_MS INT64_C(1795651200000)

enum { CLOUD_JOBS_MAX = 180, CLOUD_JOB_ROWS_MAX = 48, CLOUD_ID_CAP = 24 };

enum cloud_call { CLOUD_POST, CLOUD_STATUS, CLOUD_ERRORS, CLOUD_LIST, CLOUD_OBJECTS, CLOUD_CALLS };

enum cloud_what {
    EV_OK,
    EV_LINK,        /* nothing is sent: error `arg` */
    EV_CUT,         /* the connection breaks: POST behind `arg` bytes of the file, GET: items */
    EV_STALL,       /* the same by time-out */
    EV_HOUR,        /* the same by the attempt's time-out */
    EV_EARLY,       /* POST: status `arg` before the gate; arg2: Retry-After, ms */
    EV_STATUS,      /* status `arg`, behind the gate where there is one; no job */
    EV_STATUS_MADE, /* POST: the same, though the job is made */
    EV_LOST,        /* POST: all sent, then reset; no job */
    EV_LOST_MADE,   /* the same, and there is a job */
    EV_SILENT,      /* POST: all sent, no answer in time; no job */
    EV_SILENT_MADE, /* the same, and there is a job */
    EV_LATE,        /* POST: all sent, reset, and the job is made `arg` minutes later */
    EV_HALF,        /* POST: breaks as EV_CUT does, and a job is made of what came */
    EV_EARLY_OK,    /* POST: a good answer before the gate, and a job of what came */
    EV_REPEAT_ID,   /* POST: the answer names the job before */
    EV_ILLEGAL_ID,  /* POST: the answer's id is none */
    EV_TWO,         /* POST: two jobs of one upload */
    EV_TWO_LOST,    /* the same, and the answer is lost */
    EV_SLOW,        /* it takes `arg` s */
    EV_WHATS
};

struct cloud_event {
    uint8_t call;        /* enum cloud_call */
    uint8_t from, count; /* from the n-th (1) call of this kind, so many */
    uint8_t what;
    int32_t arg, arg2;
};

/* How a job of S rows, F of them failed, tells its end. */
enum cloud_counts {
    COUNTS_ALL,    /* T = S, F */
    COUNTS_STORED, /* T + F = S */
    COUNTS_NO_F,   /* T, no F */
    COUNTS_NONE,
    COUNTS_WRONG,   /* T = S - 1, F = 0 */
    COUNTS_ABORTED, /* half of it is stored */
    COUNTS_NEVER    /* never final */
};

struct cloud_rules {
    struct cloud_event event[6];   /* the first that fits */
    bool list_hides, status_hides; /* the tags */
    bool errors_named;             /* errors tell the identifier */
    bool look_alikes;              /* another device sends the same at the same time */
    uint8_t counts;                /* enum cloud_counts */
    uint8_t right_after;           /* polls of a job behind which COUNTS_ALL is told; 0: never */
    uint8_t young;        /* polls of a job that are answered 404, for ten minutes at most */
    uint8_t most_rows;    /* of a job, more: 413; 0: any */
    uint16_t poison;      /* a body with this row is refused with 400; 0: none */
    uint16_t poison_from; /* and with this one or any behind it; 0: none */
    uint16_t fails_every; /* rows whose number it divides fail; 0: none */
    uint32_t run_s;       /* until a job is final */
    uint32_t slow_s;      /* the same, for jobs from slow_from (0, 1 …) on */
    uint16_t slow_from;
    uint32_t expire_s;          /* until a job is no longer known; 0: never */
    uint32_t out_from_s, out_s; /* for a while, all calls get this status */
    uint16_t out_status;
    bool out_posts;  /* only POSTs do */
    uint8_t no_lead; /* without this many first lists having the object "lead" */
};

struct cloud_job {
    char id[CLOUD_ID_CAP], tag[TAG_CAP];
    char object[16];
    bool ours, rogue; /* rogue: made of half a body, or a second one */
    bool asked_empty; /* a whole, empty error list was given */
    bool confirmed;   /* a complete reply said that all is stored */
    bool ended;       /* a complete reply said that it is over */
    uint8_t rows, polls;
    int64_t made_ms; /* service time; in the future: not yet */
    uint32_t batch;  /* of the tag; 0: none */
    uint8_t attempt;
    uint16_t row[CLOUD_JOB_ROWS_MAX];
};

struct cloud {
    const struct cloud_rules *rules;
    uint16_t jobs, calls[CLOUD_CALLS];
    uint16_t bodies; /* uploads of which a byte of the file came */
    uint16_t lists;  /* job lists that were given whole, or refused */
    struct cloud_job job[CLOUD_JOBS_MAX];
};

void cloud_init(struct cloud *c, const struct cloud_rules *rules);
/* Counts the call: what happens in it. */
struct cloud_event cloud_begin(struct cloud *c, enum cloud_call call, int64_t now_ms);

/* A job of the rows in file (header and rows, perhaps cut): NULL when it is no such file. */
struct cloud_job *cloud_make(struct cloud *c, const uint8_t *file, size_t len, int64_t now_ms);
struct cloud_job *cloud_find(struct cloud *c, const char *id, int64_t now_ms); /* NULL: none */
bool cloud_row_fails(const struct cloud *c, const struct cloud_job *j, unsigned at);
void cloud_tell(struct cloud *c, struct cloud_job *j, struct job *out, int64_t now_ms);
/* Status of a body that is refused by the rules, 0: none. */
uint16_t cloud_refuses(const struct cloud *c, const uint8_t *file, size_t len);

struct cloud_tally {
    uint16_t stored, failed; /* jobs in which the row is */
    uint16_t rogue;          /* of the stored ones, those that nobody asked for */
};
struct cloud_tally cloud_row(const struct cloud *c, unsigned row);

#endif
