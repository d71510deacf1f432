/* uploader_news: what an uploader tells its owner while it works; codes and counts, no record and
 * none of the service's words.
 *
 * Memory  All pointers live until the receiver returns, which must not call the uploader. */
#ifndef OCBULK_SYNC_UPLOADER_NEWS_H
#define OCBULK_SYNC_UPLOADER_NEWS_H

#include <stdint.h>

enum uploader_news_kind {
    NEWS_ADOPTED,      /* file became segment */
    NEWS_CREATED,      /* the batch is job `id` */
    NEWS_FINAL,        /* how (enum final_how); told, failed */
    NEWS_HELD,         /* the batch waits for a hand */
    NEWS_MOVED,        /* its rows stand in held/ */
    NEWS_UNKNOWN,      /* sent, no clear answer; looked for in the job list */
    NEWS_ADOPTED_JOB,  /* a job with its tag was found */
    NEWS_RESENT,       /* sent again, for reason */
    NEWS_VOID,         /* unsent: to be cut anew, for reason */
    NEWS_LATE,         /* its job is past the deadline, and still followed */
    NEWS_QUARANTINED,  /* rows or a file cannot be sent */
    NEWS_DROPPED,      /* thrown away because the spool is full, or by hand */
    NEWS_HOLD_OBJECT,  /* nothing of the object is sent, for reason */
    NEWS_HOLD_ACCOUNT, /* nothing at all is */
    NEWS_HOLD_OVER,    /* it is again */
    NEWS_TROUBLE,      /* a call, or flash, failed: err */
    NEWS_RECOVERED,    /* it works again */
    NEWS_ROT,          /* the journal is damaged or missing: what waited is held */
    NEWS_ORPHAN,       /* a segment that nobody knows went to quarantine */
    NEWS_KINDS
};

struct uploader_news {
    uint8_t kind;
    uint8_t reason; /* enum reason */
    uint8_t how;
    uint16_t http;
    int err;
    const char *object, *id, *file, *request_id; /* or "" */
    uint32_t batch, segment, records;
    int64_t told, failed; /* -1: untold */
};

#endif
