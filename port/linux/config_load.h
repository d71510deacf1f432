/* config_load: what the layers of the configuration (file, environment, flags) share.
 *
 * Private to config*.c. */
#ifndef OCBULK_PORT_CONFIG_LOAD_H
#define OCBULK_PORT_CONFIG_LOAD_H

#include "linux/config_table.h"
#include "linux/words.h"

/* A value that came in, and from where. */
struct config_input {
    int row;                      /* of the table */
    struct config_object *object; /* of [object NAME], for its rows; else NULL */
    const char *value;            /* borrowed as config.h says */
    struct config_origin origin;
    const char *place; /* "/etc/ocbulk.conf:12", "OCBULK_HUB", "flag" */
};

int config_put(struct config *c, const struct config_input *in, struct config_error *e);
/* The object's section, made anew if need be. ERR_CONFIG: an impossible name, or too many. */
int config_object_open(struct config *c, const char *name, const char *place,
                       struct config_object **out, struct config_error *e);
struct config_origin *config_origin_of(struct config *c, int row, const struct config_object *o);
/* e->where from strings, cut to fit, and no fix yet; returns err. */
int config_fail_parts(struct config_error *e, int err, const char *const *part);
#define config_fail(e, err, ...)                                                                   \
    config_fail_parts((e), (err), (const char *const[]){__VA_ARGS__, NULL})
#define config_fix(e, ...) words((e)->fix, sizeof((e)->fix), __VA_ARGS__)

/* "/etc/ocbulk.conf:12", "environment OCBULK_HUB", "flag" or "built-in". */
#define CONFIG_ORIGIN_CAP 512
const char *config_origin_text(const struct config *c, const struct config_key *key,
                               const struct config_origin *origin, char buf[CONFIG_ORIGIN_CAP]);

/* What no single value can tell: 0 or an error. */
int config_check(struct config *c, struct config_error *e);

/* Reads the file into c. 0 or an error. */
int config_file_read(struct config *c, const char *path, bool may_be_missing,
                     struct config_error *e);

#endif
