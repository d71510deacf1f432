/* out: buffered bytes to a file descriptor, and the one place where secrets are masked.
 *
 * Every secret that was registered is written as `***`, wherever it stands in a text; so is the
 * beginning of one (4 bytes or more) on which a text that was cut ends (C37). A secret is looked
 * for within one text, not across two.
 *
 * Memory  The registered secrets are borrowed until out_forget_secrets.
 * Calls   init, then texts and numbers, out_flush at the end. Blocks as the descriptor does.
 * Errors  ERR_FILE_WRITE; the first one sticks and is told by out_flush. */
#ifndef OCBULK_PORT_OUT_H
#define OCBULK_PORT_OUT_H

#include "limits.h"

#include <stddef.h>
#include <stdint.h>

struct out {
    int fd; /* -1: texts that do not fit are dropped, nothing is written (a line in memory) */
    int err;
    size_t len;
    char buf[OUT_CAP];
};

void out_init(struct out *o, int fd);
void out_text(struct out *o, const char *text);
void out_bytes(struct out *o, const char *bytes, size_t len);
void out_raw(struct out *o, const char *bytes, size_t len); /* as they are: masks nothing */
void out_u64(struct out *o, uint64_t v);
int out_flush(struct out *o); /* 0, or the first error */

void out_add_secret(const char *secret); /* at most OUT_SECRETS_MAX; shorter than 4, and the same
                                            again: ignored */
void out_forget_secrets(void);
/* Bytes at the start of text that must be masked; 0: none. */
size_t out_secret_len(const char *text, size_t len);

#endif
