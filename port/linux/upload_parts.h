/* upload_parts: what the files of upload share; they say what goes wrong (app_fail) on the way. */
#ifndef OCBULK_PORT_UPLOAD_PARTS_H
#define OCBULK_PORT_UPLOAD_PARTS_H

#include "linux/upload.h"

/* upload_jobs. The job of the session's last call is b's: it goes to the journal, is told, and is
 * followed with --wait. An error is of the journal and still to be told. */
int upload_take_job(struct upload *u, const struct batch *b);
void upload_follow(struct upload *u, const struct entry *created, uint64_t record); /* one more */
int upload_drain(struct upload *u, unsigned most); /* follows until fewer than `most` are open */

/* upload_resume */
int upload_follow_earlier(struct upload *u, unsigned most);

/* upload_say */
void upload_put_records(struct line *l, uint64_t from, uint64_t count);
/* "remove FILE.ocbulk, then go on with --from-record N" */
void upload_put_by_hand(const struct upload *u, struct line *l);
/* What became of the batch that failed and of those behind it. */
void upload_say_stop(struct upload *u, const struct batch *b, int err);
void upload_say_rest(struct upload *u, int err); /* not sent; err: why, told already */
int upload_say_lost(struct upload *u, int err);  /* a job is not in the journal; returns err */

#endif
