/* callback_keys: the keys callbacks are signed with, from a file that only its owner may read.
 *
 * One key a line, as it was given to the service: all bytes of the line but its end. Two lines
 * while one key replaces the other; empty lines do not count.
 *
 * Memory  Fixed; the struct is the only copy, kept out of dumps and swap; wipe it at the end. The
 *         keys are registered with `out`, which masks them.
 * Errors  ERR_CREDENTIALS_MISSING, _OPEN, _FORM; `where` names file and line, never a byte of a
 *         key. */
#ifndef OCBULK_PORT_CALLBACK_KEYS_H
#define OCBULK_PORT_CALLBACK_KEYS_H

#include "bulk/signature.h"

struct callback_keys {
    char text[SIGNATURE_KEYS_MAX][SECRET_CAP];
    struct signature_key key[SIGNATURE_KEYS_MAX]; /* the same, as bytes */
    size_t keys;
};

/* 0, or an error with `where` filled and *k wiped. file: may be "". */
int callback_keys_load(struct callback_keys *k, const char *file, char where[CONFIG_ERROR_CAP]);
void callback_keys_wipe(struct callback_keys *k);

#endif
