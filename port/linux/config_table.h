/* config_table: every key of the configuration, its type, range and default, in one table.
 *
 * Private to config*.c. Rows of one section stand together; those of [object NAME] come last. */
#ifndef OCBULK_PORT_CONFIG_TABLE_H
#define OCBULK_PORT_CONFIG_TABLE_H

#include "linux/config.h"

enum config_section {
    SECTION_SERVICE,
    SECTION_LINK,
    SECTION_SPOOL,
    SECTION_JOB,
    SECTION_SCHEDULE,
    SECTION_LOG,
    SECTION_OBJECT,
    SECTION_COUNT
};

enum config_type {
    TYPE_TEXT,    /* const char *, no control characters; max: its length */
    TYPE_NAME,    /* the same, of [A-Za-z0-9._-] */
    TYPE_SERVICE, /* the same, and URLs of the kinds of base_url */
    TYPE_PROXY,
    TYPE_CALLBACK,
    TYPE_JSON,   /* the same, one JSON object */
    TYPE_PINS,   /* pin and pins of struct config_service */
    TYPE_SIZE,   /* uint64_t, bytes */
    TYPE_TIME,   /* uint32_t, milliseconds */
    TYPE_NUMBER, /* uint32_t */
    TYPE_WORD,   /* uint8_t, index into words */
    TYPE_HOURS   /* struct config_hours */
};

struct config_key {
    const char *name, *builtin;
    const char *const *words; /* of WORD, ended by NULL; of SIZE and TIME: one that means 0 */
    uint64_t min, max;
    uint16_t at; /* offset in struct config, or in struct config_object */
    uint8_t section, type;
};

extern const struct config_key CONFIG_KEY[];
extern const char *const CONFIG_SECTION[SECTION_COUNT];

size_t config_keys(void);       /* rows in all */
size_t config_object_row(void); /* the first row of [object NAME] */
/* Row of a key in a section, or -1. */
int config_row(enum config_section section, const char *name);
/* Row of a key in any section but [object NAME], or -1. Their names are distinct. */
int config_row_anywhere(const char *name);

#define CONFIG_ENV_CAP 40
void config_env_name(const struct config_key *key, char name[CONFIG_ENV_CAP]); /* OCBULK_HUB */

#endif
