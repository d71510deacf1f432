/* credentials: who we are, read once from a place that others cannot read; never from argv.
 *
 * Looked for in this order, and taken whole from the first place that has any: the environment
 * (OCBULK_ELEMENT_TOKEN, OCBULK_USER_SECRET, OCBULK_ORGANIZATION_SECRET, overwritten there once
 * read), files of the keys' names in $CREDENTIALS_DIRECTORY, the credentials file.
 * A file must be regular, owned by this user or root, and closed to group and others (in
 * $CREDENTIALS_DIRECTORY the service manager sees to that). Its lines are `key = value`.
 *
 * Memory  Fixed; the struct is the only copy, kept out of dumps and swap; wipe it at the end. Its
 *         texts are registered with `out`, which masks them: load twice into the same struct.
 * Errors  ERR_CREDENTIALS_MISSING, _OPEN, _FORM; `where` names file and line, or
 *         variable, never a byte of a value. */
#ifndef OCBULK_PORT_CREDENTIALS_H
#define OCBULK_PORT_CREDENTIALS_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>

#define BASIC_CAP (sizeof("Basic ") + (SECRET_CAP + 1) / 3 * 4) /* with the final 0 */

struct credentials {
    char element_token[SECRET_CAP], user_secret[SECRET_CAP];
    char organization_secret[SECRET_CAP]; /* empty: none */
    bool from_environment;                /* where they cannot be read again */
};

struct proxy_credentials {
    char pair[SECRET_CAP]; /* user:password */
    char basic[BASIC_CAP]; /* a whole value for Proxy-Authorization; empty: none */
};

/* Reads and checks; element_token and user_secret must be there. file: may be "". 0 or an error
 * with `where` filled and *c wiped. */
int credentials_load(struct credentials *c, const char *file, char where[CONFIG_ERROR_CAP]);
/* One line `user:password`. */
int proxy_credentials_load(struct proxy_credentials *p, const char *file,
                           char where[CONFIG_ERROR_CAP]);
/* Registers the texts, which load does by itself, anew behind out_forget_secrets. */
void credentials_mask(const struct credentials *c);
void proxy_credentials_mask(const struct proxy_credentials *p);
void credentials_wipe(struct credentials *c);
void proxy_credentials_wipe(struct proxy_credentials *p);

#endif
