/* kept: rows and files set apart in held/, failed/ and quarantine/, with the reason beside.
 *
 * NAME.reason is lines of `key = value`; it is on flash before NAME.csv is. NAME.csv has the header
 * row and the rows as they were, so that it can be handed in again once corrected; it is written as
 * NAME.tmp and renamed when whole. Doing it again over what a cut left gives the same.
 *
 * Memory  One struct; buf is written when full.
 * Calls   reason, put…, close. rows, bytes…, close. An error sticks and is told by close.
 * Errors  Those of flash; of kept_range and kept_copy: ERR_SOURCE_CHANGED (the segment is shorter).
 */
#ifndef OCBULK_SPOOL_KEPT_H
#define OCBULK_SPOOL_KEPT_H

#include "base/flash.h"
#include "limits.h"
#include "record/batch.h"

enum kept_folder { KEPT_HELD, KEPT_FAILED, KEPT_QUARANTINE, KEPT_SENT, KEPT_FOLDERS };

struct kept_place {
    enum kept_folder folder;
    const char *object;
    const char *name; /* without ending */
};

struct kept {
    const struct flash *flash;
    int err;
    bool rows; /* NAME.tmp is being written, else NAME.reason */
    char folder[FLASH_NAME_CAP];
    char base[FLASH_NAME_CAP]; /* the name with its folders, without ending */
    size_t len;
    uint8_t buf[KEPT_BUF_CAP];
};

const char *kept_folder_name(enum kept_folder folder);
void kept_batch_name(char dst[9], uint32_t batch); /* 8 digits */
/* "held/contact/00000007.csv": 0 or ERR_NO_ROOM. */
int kept_path(char dst[FLASH_NAME_CAP], const struct kept_place *p, const char *ending);

void kept_reason(struct kept *k, const struct flash *flash, const struct kept_place *p);
void kept_put(struct kept *k, const char *key, const char *value); /* line ends become spaces */
void kept_put_u64(struct kept *k, const char *key, uint64_t value);
void kept_rows(struct kept *k, const struct flash *flash, const struct kept_place *p);
void kept_bytes(struct kept *k, const uint8_t *src, size_t len);
/* What was put so far can be read back by name; not synced. */
int kept_flush(struct kept *k);
/* The file's bytes [at, end), as they are. */
int kept_range(struct kept *k, const struct batch_file *bf, uint64_t at, uint64_t end);
int kept_close(struct kept *k); /* syncs; rows: under its name */

/* Header row and the file's bytes [at, end), through kept_rows. */
int kept_copy(struct kept *k, const struct flash *flash, const struct kept_place *p,
              const struct batch_file *bf, uint64_t at, uint64_t end);
/* A whole file, by rename; its reason has been closed before. */
int kept_move(const struct flash *flash, const char *from, const struct kept_place *p);
/* The highest number that begins a name in any of the folders; 0: none. */
int kept_highest(const struct flash *flash, uint32_t *number);
/* What a cut left unfinished, in every folder of the three. */
int kept_clean(const struct flash *flash);

#endif
