/* config: everything the user can set, in one struct, each value with where it came from.
 *
 * One table (config_table) names every key with its type, range and default; the example
 * config/ocbulk.conf shows them all. A flag goes before the environment (OCBULK_ and the key in
 * capitals), that before the file, that before the built-in value. Unknown sections and keys, a
 * key given twice (`pin` apart), and values out of range are errors that name the line and the
 * nearest known word. Texts are "" when not set, never NULL; `none` or nothing unsets a text.
 *
 * Memory  Texts of the file are copied into the struct; those of flags and environment are
 *         borrowed for its life. The struct points into itself: do not copy it.
 * Errors  ERR_CONFIG, ERR_URL, ERR_URL_HTTP, ERR_METADATA, ERR_USAGE (no such flag key), with
 *         where and, when known, what to do in struct config_error. */
#ifndef OCBULK_PORT_CONFIG_H
#define OCBULK_PORT_CONFIG_H

#include "limits.h"
#include "linux/base_url.h"
#include "linux/json_out.h"
#include "linux/out.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_PATH_DEFAULT "/etc/ocbulk.conf"

enum config_family { FAMILY_ANY, FAMILY_IPV4, FAMILY_IPV6 };
enum config_full { FULL_REFUSE, FULL_DROP_OLDEST };
enum config_unknown { UNKNOWN_HOLD, UNKNOWN_RESEND, UNKNOWN_ACCEPT };
enum config_tag { TAG_AUTO, TAG_NONE };
enum config_log { LOG_TO_STDERR, LOG_TO_SYSLOG };

struct config_service {
    const char *base_url, *hub, *elements_version; /* base_url also taken apart below */
    const char *credentials_file, *ca_file, *client_cert, *client_key;
    const char *callback_url, *callback_key_file;
    uint8_t pin[TLS_PINS_MAX][32]; /* SHA-256 of a SubjectPublicKeyInfo */
    uint8_t pins;
};

struct config_link {
    const char *proxy, *proxy_credentials_file; /* proxy also taken apart below */
    const char *no_proxy;                       /* hosts and .domains, with commas; or `*` */
    const char *interface;
    uint64_t limit_rate; /* bytes a second; 0: none */
    uint32_t connect_ms, handshake_ms, idle_ms, answer_ms, attempt_ms;
    uint8_t family; /* enum config_family */
};

struct config_spool {
    const char *dir, *run_dir;
    uint64_t max_bytes, headroom, kept_max_bytes;
    uint32_t fsync_ms; /* 0: each record */
    uint32_t seal_after_ms;
    uint32_t retention_days, failed_days, quarantine_days;
    uint8_t on_full; /* enum config_full */
};

struct config_job {
    uint32_t poll_first_ms, poll_max_ms, deadline_ms, absent_after_ms;
    uint32_t open_max;
    uint8_t on_unknown; /* enum config_unknown */
};

struct config_hours {
    uint16_t from, until; /* minutes of the day; equal: any hour; from > until: over midnight */
};

struct config_schedule {
    uint64_t day_bytes; /* 0: no limit */
    uint32_t splay_ms, interval_ms;
    struct config_hours hours;
};

struct config_logging {
    const char *status_file, *metrics_file;
    uint8_t level;  /* enum log_level */
    uint8_t target; /* enum config_log */
};

struct config_object {
    char name[OBJECT_NAME_CAP];
    const char *columns, *identifier;
    const char *metadata; /* one JSON object, or "" */
    const char *path;     /* "auto", a name, or "": not sent */
    uint64_t batch_bytes;
    uint32_t batch_records;
    uint8_t tag; /* enum config_tag */
};

enum config_from { FROM_BUILTIN, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

struct config_origin {
    uint32_t line; /* of the file, with FROM_FILE */
    uint8_t from;  /* enum config_from */
};

struct config {
    struct config_service service;
    struct config_link link;
    struct config_spool spool;
    struct config_job job;
    struct config_schedule schedule;
    struct config_logging log;
    struct config_object object[CONFIG_OBJECTS_MAX];
    struct config_object object_default; /* of an object that has no section */
    struct base_url url, proxy;          /* host is empty when not set */
    const char *file;                    /* read, or "" */
    uint8_t objects;
    struct config_origin origin[CONFIG_KEYS_MAX]; /* by row of the table */
    struct config_origin object_origin[CONFIG_OBJECTS_MAX][CONFIG_OBJECT_KEYS_MAX];
    size_t text_len;
    char text[CONFIG_TEXT_CAP];
};

struct config_flag {
    const char *key; /* "base_url"; NULL ends the list */
    const char *value;
    const char *object; /* of [object NAME], for its keys; else NULL */
};

struct config_error {
    char where[CONFIG_ERROR_CAP]; /* "FILE:LINE: unknown key `base-url` in [service]" */
    char fix[CONFIG_ERROR_CAP];   /* empty: err_fix knows */
};

/* file: of --config, or NULL for $OCBULK_CONFIG or the default, which alone may be missing.
 * flags: ended by a row without key. 0, or an error with *e filled. */
int config_load(struct config *c, const char *file, const struct config_flag *flags,
                struct config_error *e);
/* The object's section, or object_default: never NULL. */
const struct config_object *config_object(const struct config *c, const char *name);
/* Whether no_proxy names the host of the base URL: by name, or by a domain it ends in. */
bool config_no_proxy(const struct config *c);
/* Every value in force and its origin: as text into out, or as one value into json. */
void config_print(const struct config *c, struct out *out, struct json_out *json);
bool config_is_object_key(const char *key);       /* a key of [object NAME] */
bool config_time(const char *text, uint64_t *ms); /* "10m", as times are written; a week at most */

#endif
