/* uploader: drains a spool: adopts what was handed in, cuts batches, sends them, follows their
 * jobs, settles what is unknown, brings home the rows that failed (spool page). One call at a time
 * over one bulk; between two calls it works on flash, a piece a step.
 *
 * The journal is written first, the ledger changes by what was written, and only then something is
 * done; so a step may be cut anywhere, and the next open goes on from there.
 *
 * Memory  One struct for any backlog. rules, flash and bulk are borrowed; bulk's transmit buffer is
 *         used for reading while no call runs. The owner holds the spool's lock.
 * Calls   open, then step until WANT_NOTHING, which it says only when it was told to stop, or when
 *         u->err is set; wait in between for what step says, at most until uploader_deadline_ms.
 *         While u->task is UPLOADER_IDLE, bulk may be replaced (uploader_service), and credentials
 *         read again.
 * Errors  open: ERR_JOURNAL_VERSION, ERR_NO_ROOM, those of flash. u->err: ERR_INTERNAL,
 * ERR_NO_ROOM; failures of network, service and flash are waited for, told by say and in the
 * status. */
#ifndef OCBULK_SYNC_UPLOADER_H
#define OCBULK_SYNC_UPLOADER_H

#include "base/flash_read.h"
#include "bulk/bulk.h"
#include "bulk/outcome.h"
#include "record/batch.h"
#include "spool/journal.h"
#include "spool/kept.h"
#include "spool/ledger.h"
#include "spool/outbox.h"
#include "sync/retry.h"
#include "sync/schedule.h"
#include "sync/service_time.h"

/* What the configuration says of one object. */
struct uploader_object {
    const char *columns, *metadata, *identifier; /* or NULL */
    const char *path;                            /* sent as ?path=; NULL: the tag, "": none */
    uint64_t batch_bytes;
    uint32_t batch_records;
    bool tag;
};

enum uploader_policy { POLICY_HOLD, POLICY_RESEND, POLICY_ACCEPT };

struct uploader_clock {
    bool synced;     /* the kernel calls the wall clock synchronised */
    uint16_t minute; /* of the local day */
};

struct uploader_news; /* see uploader_news.h */

struct uploader_rules {
    void (*object)(void *ctx, const char *name, struct uploader_object *out);
    void (*say)(void *ctx, const struct uploader_news *news);
    void (*clock)(void *ctx, struct uploader_clock *out);
    void *ctx;
    uint32_t account; /* fingerprint of base URL and token */
    uint32_t poll_first_ms, poll_max_ms, deadline_ms, absent_after_ms, interval_ms;
    uint32_t retention_days, failed_days, quarantine_days;
    uint64_t kept_max_bytes, seal_after_ms, max_bytes, headroom;
    struct schedule_rules schedule;
    uint32_t open_max;  /* jobs of an object that are followed while the next batch goes up */
    uint8_t on_unknown; /* enum uploader_policy */
    bool drop_oldest;
    bool seal_now; /* --once: what stands in .open is sent too */
};

enum uploader_task {
    UPLOADER_IDLE,
    UPLOADER_PLAN, /* reads the segment for the next batch */
    UPLOADER_POST,
    UPLOADER_STATUS,
    UPLOADER_ERRORS,
    UPLOADER_SEEK,      /* the job list, for what is unknown */
    UPLOADER_CANDIDATE, /* the status of a look-alike */
    UPLOADER_OBJECTS
};

/* What a restart may forget of an object. */
struct uploader_lane {
    uint32_t done;     /* segments up to this one have no record that was not cut */
    uint32_t bad_file; /* the segment that bad_rows counts for */
    uint16_t bad_rows;
    uint16_t requests;  /* refused ones since a batch was refused as a whole */
    uint16_t allowed;   /* of them, before the object is held */
    uint8_t taken;      /* batches since a limit was learned, or has grown */
    uint8_t refused;    /* batches in a row without one record taken */
    bool empty;         /* nothing waits, as far as was seen */
    bool known, looked; /* the service has such an object; its list was read */
    bool probe;         /* held, and one record may try */
    bool recovered;     /* what a power cut left in outbox/ was mended */
    uint64_t try_ms;    /* held: when to try again */
    struct retry_run run;
    uint64_t split_end; /* up to here batches have at most split_records */
    uint32_t split_segment, split_records;
    uint64_t line_at, line; /* the cut's byte, and its line; for messages */
};

struct uploader_counts {
    uint64_t records_done, records_failed, records_quarantined, records_dropped;
    uint64_t jobs, posts, retries, unknown;
};

/* A job that may be the one of a batch in doubt: its status is asked for our tag. */
struct uploader_candidate {
    char id[JOB_ID_CAP];
    uint64_t distance_ms; /* from our last byte to its making, as far as either is known */
};

struct uploader {
    const struct uploader_rules *rules;
    const struct flash *flash;
    struct bulk *bulk;
    struct journal journal;
    struct ledger ledger;
    struct outbox outbox;
    struct kept kept;
    struct retry retry;
    struct schedule schedule;
    struct service_time time;
    struct now now;
    struct uploader_lane lane[SPOOL_OBJECTS_MAX];
    struct uploader_counts counts;
    struct uploader_object settings; /* of the batch's object */
    uint16_t turn;                   /* the object that was sent of last */
    uint8_t task;                    /* enum uploader_task */
    uint8_t why;                     /* enum schedule_why: what the next POST waits for */
    bool stopping, stopped, wants_credentials, fresh_credentials;
    bool account_held;
    bool account_probe; /* it was held: one record first */
    bool learn;         /* whether the job list shows tags is to be found out */
    bool objects_asked; /* for the objects: that tells the time too, unless it is never told */
    bool reserve_used, look_now, hands_now, gate_shut, not_begun;
    int err;       /* what ends it */
    int flash_err; /* of flash: nothing is tried until flash_ms */
    int flash_was; /* the same, until it works again */
    int adopt_err; /* of the last look at outbox/ */
    int last_err;  /* of the last call, 0 when it went well */
    int worst;     /* of all outcomes so far */
    uint64_t wake_ms, stop_ms, account_ms, flash_ms, adopt_ms, post_ms, seek_ms, objects_ms;
    uint64_t call_ms; /* behind WANT_TIME: when the service is asked again, as it looks now */
    uint64_t tidy_ms, gate_ms, compact_ms, compacted_len;
    uint32_t flash_pause_ms;
    uint8_t bad_lists;  /* job lists in a row that could not be read */
    int64_t success_ms; /* service time of the last FINAL; -1: none yet */
    /* the batch at work */
    struct flash_read reading;
    struct file file;
    struct batch_file bf;   /* the segment that is open */
    struct batch_file part; /* the same, up to where the plan may go */
    struct batch_plan plan;
    struct batch_source source;
    struct batch batch;
    uint32_t number, segment; /* number 0: a new batch */
    uint32_t bf_segment;      /* 0: bf is none */
    uint16_t object, bf_object;
    uint8_t attempt, reason;
    bool fixed;               /* a range as it was sent before */
    uint32_t hole;            /* the batch of which it takes up what turned out unsent; 0: none */
    bool intent;              /* INTENT is on flash */
    char pending[JOB_ID_CAP]; /* a job that is not in the journal yet, or empty */
    char name[TAG_CAP + 4];
    /* the call at work */
    uint32_t about;  /* batch */
    uint64_t listed; /* errors told */
    struct job job;  /* as the status told it, while its errors are asked for */
    bool list_shows; /* a tag of ours stood in this list */
    struct verdict verdict;
    uint8_t candidates, candidate_at, asked_at;
    bool candidates_over; /* there are more of them than were asked */
    struct uploader_candidate candidate[SEEK_CANDIDATES_MAX];
    uint64_t asked[SEEK_ASKED_MAX]; /* fingerprints of look-alikes that have no tag of ours */
};

int uploader_open(struct uploader *u, const struct uploader_rules *rules, const struct flash *flash,
                  struct bulk *bulk, const struct now *now);
enum want uploader_step(struct uploader *u, const struct now *now);
uint64_t uploader_deadline_ms(const struct uploader *u); /* absolute, monotonic */
/* Ends before the next COMMIT; behind one it waits UPLOADER_STOP_MS for the answer. */
void uploader_stop(struct uploader *u);
void uploader_look(struct uploader *u,
                   const char *job); /* job: NULL, or one that is said to be final */
/* Another bulk, or other credentials (behind u->wants_credentials, or when they were changed). */
void uploader_service(struct uploader *u, struct bulk *bulk, bool fresh_credentials);
/* Nothing waits that could be sent, and no job is followed. */
bool uploader_settled(const struct uploader *u);

#endif
