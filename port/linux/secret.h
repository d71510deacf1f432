/* secret: files that only their owner may read, and values fit for a header field.
 *
 * Shared by credentials, proxy_credentials and whoever else reads a key. A file must be regular,
 * owned by this user or root, and closed to group and others; links are followed, what they lead
 * to is what counts.
 *
 * Memory  The caller's, who wipes it.
 * Errors  ERR_CREDENTIALS_MISSING, _OPEN, _FORM; `where` (CONFIG_ERROR_CAP bytes) says which file
 *         and what, never a byte of a value. */
#ifndef OCBULK_PORT_SECRET_H
#define OCBULK_PORT_SECRET_H

#include "limits.h"
#include "linux/words.h"

#include <stdbool.h>

enum { SECRET_FILE_CAP = 4096 };

/* The whole file into buf: its length. ours: owner and rights are checked. */
int secret_file(char buf[SECRET_FILE_CAP], const char *path, bool ours, char *where);
/* len without the line end that editors put behind the only line. */
size_t secret_trim(const char *value, size_t len);
/* Checks and copies, with a final 0: 0 or ERR_CREDENTIALS_FORM. */
int secret_put(char dst[SECRET_CAP], const char *value, size_t len, const char *place, char *where);

#define secret_fail(where, err, ...) (words((where), CONFIG_ERROR_CAP, __VA_ARGS__), (err))

#endif
