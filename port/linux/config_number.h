/* config_number: sizes (K, M, G of 1024), times (s, m, h, d; bare: seconds) and plain numbers.
 *
 * Private to config*.c. */
#ifndef OCBULK_PORT_CONFIG_NUMBER_H
#define OCBULK_PORT_CONFIG_NUMBER_H

#include "linux/config_table.h"

/* 0, or ERR_VALUE: no number of the key's type, or out of its range. Times come in ms. */
int config_number_read(const struct config_key *key, uint64_t *out, const char *text);
/* With the largest unit that gives a whole number; at most NUM_U64_CAP + 1 bytes. Its end. */
char *config_number_print(const struct config_key *key, char *at, uint64_t v);

#endif
