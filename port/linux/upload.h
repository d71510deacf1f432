/* upload: sends the batches of one file and follows their jobs; what `ocbulk upload` stands on.
 *
 * Batches go one after the other; with --wait up to open_max jobs are followed meanwhile. A batch
 * that made no job for a passing reason is sent again; any other failure ends the sending, and
 * what was accepted before is still followed. All of it stands in a journal beside the file while
 * it lasts, by which another run goes on.
 *
 * Memory  One struct; the program has one of them.
 * Calls   upload_resume with the file open and record set, scan_all, upload_plan, upload_send,
 *         upload_end.
 * Errors  upload_send: the worst of all batches, each told on the way (app_fail). */
#ifndef OCBULK_PORT_UPLOAD_H
#define OCBULK_PORT_UPLOAD_H

#include "linux/columns.h"
#include "linux/follow.h"
#include "linux/scan.h"
#include "linux/upload_journal.h"

/* One run of the command. Records are counted from 1. */
struct upload {
    struct app *app;
    const char *object;
    const struct config_object *settings;
    struct scan scan;
    struct columns columns;
    struct batch_source source;
    uint64_t batch;    /* number of the current one, from 1 */
    uint64_t record;   /* its first record */
    uint64_t accepted; /* records in jobs of this run */
    uint64_t resumed;  /* in those of earlier runs */
    uint64_t jobs;
    uint64_t stored, failed;
    bool uncounted; /* of some job nobody knows the counts */
    struct follow open[OPEN_JOBS_MAX];
    struct entry created[OPEN_JOBS_MAX]; /* of each of them, in the journal */
    unsigned opened;
    bool left; /* a job is not final, as far as we know */
    int err;   /* the worst so far */
    char name[URL_PART_CAP];
    char last_job[JOB_ID_CAP]; /* of the batch before, or empty */
    struct upload_plan plan;
    struct upload_journal journal;
    enum resume_answer answer; /* to a batch of which nobody knows */
};

/* What an earlier run has left of this file: u->record and u->batch are where to go on. 0, or an
 * error that was told. */
int upload_resume(struct upload *u);
void upload_plan(struct upload *u);
/* From u->record on; writes the jobs as they come, and with --wait those of earlier runs too. */
int upload_send(struct upload *u);
/* err: how the run ended. The journal stays when another run has something to do. */
void upload_end(struct upload *u, int err);

#endif
