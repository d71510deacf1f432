/* daemon_rules: what the configuration says, as the uploader wants it.
 *
 * Memory  The texts are the configuration's. */
#ifndef OCBULK_PORT_LINUX_DAEMON_RULES_H
#define OCBULK_PORT_LINUX_DAEMON_RULES_H

#include "linux/config.h"
#include "linux/credentials.h"
#include "sync/uploader.h"

/* All but the callbacks, their ctx, and seal_now. host: as struct flash has it. */
void daemon_rules(struct uploader_rules *r, const struct config *c,
                  const struct credentials *credentials, uint64_t host);
/* Tells accounts apart: of base URL and token. salt: another one on another machine. */
uint32_t daemon_rules_account(const struct config *c, const struct credentials *credentials,
                              uint64_t salt);
void daemon_rules_object(const struct config *c, const char *name, struct uploader_object *out);
void daemon_rules_clock(struct uploader_clock *out); /* the kernel's word, and the local time */

#endif
