/* config_value: one value of the configuration from its text and back.
 *
 * What is printed is read back to the same value. Private to config*.c.
 * Memory  Texts are borrowed, for as long as the configuration lives.
 * Errors  ERR_CONFIG, ERR_URL, ERR_URL_HTTP, ERR_METADATA, with `fault` saying what is wrong
 *         ("must be 1s..10m"); the faulty text itself is never part of it. */
#ifndef OCBULK_PORT_CONFIG_VALUE_H
#define OCBULK_PORT_CONFIG_VALUE_H

#include "linux/config_table.h"

#define CONFIG_VALUE_CAP 224 /* the longest value that is no text: TLS_PINS_MAX pins */

struct config_fault {
    char text[128];
    const char *word; /* the nearest of the words allowed, or NULL */
};

/* base: the struct the key's offset is in. Pins are added to those there. 0 or an error. */
int config_value_read(const struct config_key *key, void *base, const char *text,
                      struct config_fault *fault);
/* The value's text: the text itself, or written into buf. */
const char *config_value_text(const struct config_key *key, const void *base,
                              char buf[CONFIG_VALUE_CAP]);
bool config_value_is_text(const struct config_key *key); /* whether reading borrows the text */

#endif
