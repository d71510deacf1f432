/* spool_dir: the spool's folder of the configuration, opened, and its lock.
 *
 * A folder that is not there is made as 2770 where that is allowed (its parent must be there), with
 * outbox/ in it; all other folders are made by whoever holds the lock, so that they are his alone.
 *
 * Memory  One struct, which must stay in place while `flash` is in use. The configuration is
 *         borrowed for the call.
 * Calls   open, then flash is good; lock by those who write the journal; close gives all up.
 * Errors  ERR_SPOOL_DIR, ERR_LOCKED, those of flash, with `where` and `fix` in words; an empty fix:
 *         what err_fix says. */
#ifndef OCBULK_PORT_LINUX_SPOOL_DIR_H
#define OCBULK_PORT_LINUX_SPOOL_DIR_H

#include "linux/config.h"
#include "linux/flash.h"
#include "linux/line.h"

#define SPOOL_LOCK "lock" /* the file that the one uploader holds */

struct spool_dir {
    struct flash_dir dir;
    struct flash flash;
    const char *path; /* of the configuration */
    struct line where, fix;
};

/* make: a folder that is not there is made. 0 or an error; s is closed then. */
int spool_open(struct spool_dir *s, const struct config *c, bool make);
int spool_lock(struct spool_dir *s);                   /* 0; ERR_LOCKED: another process has it */
const char *spool_warns(const struct spool_dir *s);    /* what a power cut may cost here, or NULL */
unsigned long spool_holder(const struct spool_dir *s); /* the process that has the lock; 0: none,
                                                          or it is not ours to know */
void spool_close(struct spool_dir *s);                 /* harmless when it is closed */

#endif
