/* uploader_parts: what the files of uploader share; not for owners. */
#ifndef OCBULK_SYNC_UPLOADER_PARTS_H
#define OCBULK_SYNC_UPLOADER_PARTS_H

#include "sync/uploader.h"
#include "sync/uploader_hand.h"
#include "sync/uploader_news.h"

/* uploader_put: the journal, and the ledger by it */
int uploader_put(struct uploader *u, struct entry *e); /* stamped with time and account */
int uploader_put_range(struct uploader *u, const struct range *r, uint8_t type, uint8_t reason);
int uploader_put_object(struct uploader *u, uint16_t object);
int uploader_put_final(struct uploader *u, const struct range *r, enum final_how how,
                       uint8_t reason, int64_t told, int64_t failed);
int uploader_compact(struct uploader *u);           /* nothing in flight */
int64_t uploader_time_ms(const struct uploader *u); /* service time, or -1 */
uint32_t uploader_random(void);

void uploader_learn(struct uploader *u, uint8_t shows); /* notes what replies show of our tags */
void uploader_reserve(struct uploader *u);              /* makes the reserve, if it is not there */
bool uploader_give_room(struct uploader *u); /* the reserve; false: it was given before */

/* news */
struct uploader_news uploader_news_of(const struct uploader *u, const struct range *r);
void uploader_say(struct uploader *u, const struct uploader_news *n);
void uploader_say_kind(struct uploader *u, const struct range *r, enum uploader_news_kind kind);
void uploader_say_err(struct uploader *u, enum uploader_news_kind kind, int err);
/* Flash failed, or works again: 0 or err, as it came. */
int uploader_flash(struct uploader *u, int err);

/* uploader_keep: segments and rows leave */
int uploader_segment_open(struct uploader *u, uint16_t object, uint32_t segment);
void uploader_free_segments(struct uploader *u, uint16_t object);
int uploader_free(struct uploader *u, uint16_t object, uint32_t segment);
/* Bytes of the segment that is open: FINAL(quarantined). */
int uploader_quarantine(struct uploader *u, const struct range *r, int err);
int uploader_quarantine_file(struct uploader *u, uint16_t object, uint32_t segment, int err);
int uploader_move_whole(struct uploader *u, const struct range *r); /* behind its FINAL */
/* Begins the .reason of a batch: what is known of it. */
void uploader_reason(struct uploader *u, const struct range *r, enum kept_folder folder, int err);
enum want uploader_purge(struct uploader *u); /* what is kept too long, or too much of it */
int uploader_hold(struct uploader *u, struct range *r, enum reason reason);
enum want uploader_tidy(struct uploader *u); /* WANT_STEP: something was done */

/* uploader_adopt */
enum want uploader_adopt(struct uploader *u);                    /* WANT_STEP: something was done */
int uploader_object_index(struct uploader *u, const char *name); /* or an error */

/* uploader_cut: the next batch */
enum want uploader_cut(struct uploader *u);    /* WANT_STEP: a plan has begun; else WANT_TIME */
enum want uploader_plan(struct uploader *u);   /* a piece of it */
bool uploader_waits(const struct uploader *u); /* something could be sent now or later */

/* uploader_post */
enum want uploader_post(struct uploader *u);
enum want uploader_post_step(struct uploader *u, enum want want);
int uploader_put_created(struct uploader *u); /* the job that is not in the journal yet */

/* uploader_poll */
struct range *uploader_due(struct uploader *u, uint64_t *when_ms);
enum want uploader_poll(struct uploader *u, struct range *r);
enum want uploader_poll_end(struct uploader *u);
enum want uploader_errors_end(struct uploader *u);

/* uploader_seek */
bool uploader_learns(const struct uploader *u); /* the list at work is for nothing else */
bool uploader_seeks(struct uploader *u, uint64_t *when_ms); /* whether there is something to seek */
void uploader_policy(struct uploader *u, struct range *r);  /* what cannot be settled */
enum want uploader_seek(struct uploader *u);
enum want uploader_seek_end(struct uploader *u);
enum want uploader_candidate_end(struct uploader *u);

/* uploader_call */
enum want uploader_idle(struct uploader *u);                    /* what was at work is over */
enum want uploader_later(struct uploader *u, uint64_t when_ms); /* something is due then */
enum want uploader_call(struct uploader *u, enum uploader_task task, int err);
/* A call failed: paces the next one. */
enum want uploader_call_failed(struct uploader *u);
/* The same for a GET: refused credentials are read again once, then the account is held. */
enum want uploader_get_failed(struct uploader *u);
enum want uploader_ask_objects(struct uploader *u); /* their names, and the time */
enum want uploader_objects_end(struct uploader *u);
void uploader_call_worked(struct uploader *u);
enum want uploader_hold_object(struct uploader *u, uint16_t object, uint8_t reason, uint16_t http);
void uploader_test_holds(struct uploader *u); /* now, not within the hour */
void uploader_hold_account(struct uploader *u, uint16_t http);
void uploader_worse(struct uploader *u, int err);

#endif
