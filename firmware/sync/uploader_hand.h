/* uploader_hand: carries out what a person asks of what waits: batches of the journal, and what is
 * set apart in held/, failed/ and quarantine/.
 *
 * | what it is | retry | drop | accept |
 * | HELD | VOID: its records are cut anew | FINAL(dropped) | with a job: CREATED, else FINAL(done)
 * | | CREATED | with forget, as HELD | with forget | with forget | | COMMIT | never | never | as
 * HELD | | held/ | handed in again | removed | removed | | failed/, quarantine/ | handed in again,
 * not always, see failed_rows_repeat | removed | never |
 *
 * What is dropped is counted on flash before it goes. Each step may be cut: the request is then
 * carried out again from where it was.
 *
 * Calls   Between two steps, while u->task is UPLOADER_IDLE.
 * Errors  ERR_BATCH_NONE, ERR_BATCH_STATE, ERR_BATCH_STALE (it has changed since it was seen),
 *         ERR_BATCH_REPEAT (rows may be stored twice: only with `all`), ERR_JOB_TAKEN (that job has
 *         another batch's records), ERR_FLASH_EXISTS (handed in already), those of flash. */
#ifndef OCBULK_SYNC_UPLOADER_HAND_H
#define OCBULK_SYNC_UPLOADER_HAND_H

#include "spool/hand.h"
#include "sync/uploader.h"

int uploader_hand(struct uploader *u, const struct hand *h); /* 0 or an error */

#endif
