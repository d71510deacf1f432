/* upload_journal: what an upload of a file did, on flash beside the file while it works, so that
 * another run goes on where it was cut (spool page, "Journal").
 *
 * FILE.ocbulk is a folder, 0700, with `lock` (one upload of a file at a time) and `journal`, as
 * that of the spool; it has ids and offsets, no record. It is made behind the handshake of the
 * first POST: a run that never gets that far leaves nothing. A folder that is a link or another
 * user's is not used. Where none can be made beside the file, that is said once and the upload
 * goes on without; where a folder for it was named, it is an error.
 *
 * Memory  One struct, which must stay in place; all zero at first. The plan is borrowed.
 * Calls   find; begin; then intent and commit for each attempt, behind it created, refused, or
 *         neither (unknown); final when a job's outcome was told; end. Without a journal all but
 *         find do nothing and return 0.
 * Errors  ERR_LOCKED, those of journal and flash, with `where` in words. Behind an error of intent
 *         or commit nothing may be sent. */
#ifndef OCBULK_PORT_UPLOAD_JOURNAL_H
#define OCBULK_PORT_UPLOAD_JOURNAL_H

#include "linux/config.h"
#include "linux/credentials.h"
#include "linux/flash.h"
#include "linux/line.h"
#include "linux/resume.h"
#include "record/batch.h"
#include "spool/journal.h"

/* What is to be sent, and for whom. */
struct upload_plan {
    const char *object;
    const struct config *config;
    const struct credentials *credentials;
    uint64_t size;     /* bytes of the file */
    uint64_t at;       /* where sending begins */
    uint64_t left_out; /* records in front of it */
    uint64_t records;  /* behind it */
    uint64_t batch;    /* number of the first one */
};

struct upload_journal {
    struct flash_dir dir;
    struct flash flash;
    struct journal journal;
    struct resume is; /* what another run would find */
    const struct upload_plan *plan;
    struct entry_range range; /* of the attempt under way */
    bool named;               /* its folder was: it must work */
    bool open;                /* the folder is, and its lock is ours */
    bool made;                /* there is a journal */
    bool off;                 /* there can be none */
    bool by_hand;             /* the next attempt is one that a person wanted */
    struct line where;
    char path[UPLOAD_JOURNAL_CAP]; /* of the folder */
};

/* Looks for one of an earlier run, beside the file or in folder (NULL: beside it), and takes its
 * lock. 0: `made` tells whether there is one. look: it stays as it is. */
int upload_journal_find(struct upload_journal *j, const char *file, const char *folder, bool look);
void upload_journal_forget(struct upload_journal *j); /* what it says is of no use: begin anew */
void upload_journal_begin(struct upload_journal *j, const struct upload_plan *plan);
bool upload_journal_foreign(const struct upload_journal *j); /* it is of another account */
int upload_journal_skip(struct upload_journal *j); /* the newest batch has its job, says a person */

int upload_journal_intent(struct upload_journal *j, const struct batch *b, uint64_t body);
int upload_journal_commit(struct upload_journal *j);
int upload_journal_created(struct upload_journal *j, const char *id);
int upload_journal_refused(struct upload_journal *j, uint16_t status); /* if it was committed */
int upload_journal_final(struct upload_journal *j, const struct entry *e);

/* Whether another run would go on by it. */
bool upload_journal_keeps(const struct upload_journal *j);
/* keep: it stays when it is worth anything. */
void upload_journal_end(struct upload_journal *j, bool keep);

#endif
