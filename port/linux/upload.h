/* upload: sends the batches of one file and follows their jobs; what `ocbulk upload` stands on.
 *
 * Batches go one after the other; with --wait up to open_max jobs are followed meanwhile. A batch
 * that made no job for a passing reason is sent again; any other failure ends the sending, and
 * what was accepted before is still followed.
 *
 * Memory  One struct; the program has one of them.
 * Errors  upload_send: the worst of all batches, each told on the way (app_fail). */
#ifndef OCBULK_PORT_UPLOAD_H
#define OCBULK_PORT_UPLOAD_H

#include "linux/columns.h"
#include "linux/follow.h"
#include "linux/scan.h"

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
    uint64_t accepted; /* records in jobs */
    uint64_t jobs;
    uint64_t stored, failed;
    bool uncounted; /* of some job nobody knows the counts */
    struct follow open[OPEN_JOBS_MAX];
    unsigned opened;
    int err; /* the worst so far */
    char name[URL_PART_CAP];
    char last_job[JOB_ID_CAP]; /* of the batch before, or empty */
};

int upload_send(struct upload *u); /* from u->record on; writes the jobs as they come */

#endif
