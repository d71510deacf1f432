/* flash: files by name under one folder of flash, as a port gives them.
 *
 * A name is relative to that folder ("queue/contact/00000001.csv"), FLASH_NAME_CAP bytes with its
 * final 0 at most; it never begins with a slash and has no part "." or "..". Nothing is kept open
 * as far as the owner knows. A write is on flash only behind sync; rename, remove and folder are on
 * flash when they return.
 *
 * Memory  Names are borrowed for the call.
 * Calls   Blocking, but for a moment only. Several processes may use one folder; lock is what they
 *         agree by. rename refuses to replace unless told to.
 * Errors  ERR_FLASH_NONE (no such file, or none of its folders), ERR_FLASH_EXISTS (rename),
 * ERR_FLASH_READ, ERR_FLASH_WRITE, ERR_FLASH_FULL, ERR_FLASH_READONLY, ERR_LOCKED. After a failed
 * append the file may have a part of it; after a failed sync nobody knows what of the file is on
 * flash. */
#ifndef OCBULK_BASE_FLASH_H
#define OCBULK_BASE_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FLASH_FILE_CAP = 256, /* a file's own name, with its final 0 */
    FLASH_NAME_CAP = 344  /* with its folders */
};

struct flash_file {
    char name[FLASH_FILE_CAP];
};

enum flash_kind { FLASH_FILES, FLASH_FOLDERS };

struct flash {
    void *ctx;
    uint64_t boot; /* another number after each start of the machine; never 0 */
    uint64_t host; /* another number on another machine */
    int64_t (*size)(void *ctx, const char *name); /* bytes */
    /* Bytes (1..cap), 0 at or beyond the end. */
    int (*read_at)(void *ctx, const char *name, uint64_t at, uint8_t *dst, size_t cap);
    int (*append)(void *ctx, const char *name, const uint8_t *src, size_t len); /* makes the file */
    /* To len; a file that is no longer than that stays as it is. Makes no file. */
    int (*truncate)(void *ctx, const char *name, uint64_t len);
    int (*sync)(void *ctx, const char *name); /* content, and the folder's entry of a new file */
    int (*rename)(void *ctx, const char *from, const char *to, bool replace);
    int (*remove)(void *ctx, const char *name); /* 0 also when there is none */
    int (*folder)(void *ctx, const char *name); /* makes it and those above; 0 when it is there */
    /* The smallest names (as bytes) of one kind behind `after` ("": all; may be in out), in order:
     * their count (0..most); 0 when there is no such folder. */
    int (*list)(void *ctx, const char *folder, enum flash_kind kind, const char *after,
                struct flash_file *out, size_t most);
    /* 1: nobody has the file open for writing; 0: somebody has, or may have. */
    int (*still)(void *ctx, const char *name);
    int64_t (*room)(void *ctx); /* bytes free for us */
    /* Makes the file when it is not there; at most 2 at a time, none of them twice. wait: until it
     * is free, else ERR_LOCKED. */
    int (*lock)(void *ctx, const char *name, bool wait);
    void (*unlock)(void *ctx, const char *name);
};

#endif
