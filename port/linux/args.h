/* args: the command line taken apart: command, its words, its options, and settings.
 *
 * Options are `--name value`, `--name=value` or short ones; they may stand anywhere after the
 * command, and in front of it. `--` ends them. A long option that is no option of the program is
 * a setting of the configuration (`--base-url URL`), which checks it. No option takes a secret.
 *
 * Memory  Borrows argv, and puts the words at its front.
 * Errors  ERR_USAGE, with the first fault in `fault`; the other arguments are read all the same, so
 *         that it can be told as --json wants it. No value is repeated: it may be a secret. */
#ifndef OCBULK_PORT_ARGS_H
#define OCBULK_PORT_ARGS_H

#include "linux/config.h"
#include "linux/line.h"

#define ARGS_FLAGS_MAX 16

struct args {
    const char *command; /* or NULL */
    char **word;         /* behind the command; NULL behind the last */
    unsigned words;
    bool help, version, json, quiet, verbose, wait, dry_run, once, all, forget;
    const char *config, *object, *output, *from_record, *seq, *journal, *unknown;
    struct config_flag flag[ARGS_FLAGS_MAX + 1]; /* ended by a row without key */
    unsigned flags;
    char key[ARGS_FLAGS_MAX][32]; /* flag keys with underscores */
    struct line fault;
};

int args_read(struct args *a, int argc, char **argv); /* 0 or ERR_USAGE */

#endif
