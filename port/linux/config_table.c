#include "linux/config_table.h"

#include "base/stream.h"

#include <string.h>

#define K    1024ull
#define M    (1024 * K)
#define G    (1024 * M)
#define S    1000ull
#define MIN  (60 * S)
#define HOUR (60 * MIN)
#define DAY  (24 * HOUR)

static const char *const NONE[] = {"none", NULL};
static const char *const RECORD[] = {"record", NULL};
static const char *const FAMILY[] = {"any", "ipv4", "ipv6", NULL};
static const char *const FULL[] = {"refuse", "drop-oldest", NULL};
static const char *const UNKNOWN[] = {"hold", "resend", "accept", NULL};
static const char *const LEVEL[] = {"error", "warning", "notice", "info", "debug", NULL};
static const char *const TARGET[] = {"stderr", "syslog", NULL};
static const char *const TAG[] = {"auto", "none", NULL};

#define ROW(sect, base, kind, key, member, default_, least, most, words_)                          \
    {                                                                                              \
        .name = #key, .builtin = (default_), .words = (words_), .min = (least), .max = (most),     \
        .at = offsetof(struct base, member), .section = (sect), .type = (kind)                     \
    }
#define SERVICE(key, type, default_, most)                                                         \
    ROW(SECTION_SERVICE, config, type, key, service.key, default_, 0, most, NULL)
#define LINK(key, type, member, default_, least, most, words)                                      \
    ROW(SECTION_LINK, config, type, key, link.member, default_, least, most, words)
#define SPOOL(key, type, member, default_, least, most, words)                                     \
    ROW(SECTION_SPOOL, config, type, key, spool.member, default_, least, most, words)
#define JOB(key, type, member, default_, least, most, words)                                       \
    ROW(SECTION_JOB, config, type, key, job.member, default_, least, most, words)
#define SCHEDULE(key, type, member, default_, least, most, words)                                  \
    ROW(SECTION_SCHEDULE, config, type, key, schedule.member, default_, least, most, words)
#define LOGGING(key, type, default_, most, words)                                                  \
    ROW(SECTION_LOG, config, type, key, log.key, default_, 0, most, words)
#define OBJECT(key, type, default_, least, most, words)                                            \
    ROW(SECTION_OBJECT, config_object, type, key, key, default_, least, most, words)

#define PATH_MAX_LEN 255
#define URL_MAX_LEN  511
/* What is left of a socket's address (108 bytes, everywhere) for its folder, see wake.c. */
#define RUN_DIR_MAX_LEN 95

const struct config_key CONFIG_KEY[] = {
    SERVICE(base_url, TYPE_SERVICE, "", URL_MAX_LEN),
    SERVICE(hub, TYPE_NAME, "", 63),
    SERVICE(elements_version, TYPE_NAME, "", 63),
    SERVICE(credentials_file, TYPE_TEXT, "/etc/ocbulk.credentials", PATH_MAX_LEN),
    SERVICE(ca_file, TYPE_TEXT, "", PATH_MAX_LEN),
    SERVICE(pin, TYPE_PINS, "", TLS_PINS_MAX),
    SERVICE(client_cert, TYPE_TEXT, "", PATH_MAX_LEN),
    SERVICE(client_key, TYPE_TEXT, "", PATH_MAX_LEN),
    SERVICE(callback_url, TYPE_CALLBACK, "", URL_MAX_LEN),
    SERVICE(callback_key_file, TYPE_TEXT, "", PATH_MAX_LEN),

    LINK(proxy, TYPE_PROXY, proxy, "", 0, URL_MAX_LEN, NULL),
    LINK(proxy_credentials_file, TYPE_TEXT, proxy_credentials_file, "", 0, PATH_MAX_LEN, NULL),
    LINK(no_proxy, TYPE_TEXT, no_proxy, "", 0, 1023, NULL),
    LINK(interface, TYPE_NAME, interface, "", 0, 15, NULL),
    LINK(address_family, TYPE_WORD, family, "any", 0, 0, FAMILY),
    LINK(connect_timeout, TYPE_TIME, connect_ms, "10s", 1 * S, 10 * MIN, NULL),
    LINK(handshake_timeout, TYPE_TIME, handshake_ms, "30s", 1 * S, 10 * MIN, NULL),
    LINK(idle_timeout, TYPE_TIME, idle_ms, "60s", 1 * S, 1 * HOUR, NULL),
    LINK(answer_timeout, TYPE_TIME, answer_ms, "300s", 1 * S, 2 * HOUR, NULL),
    LINK(attempt_timeout, TYPE_TIME, attempt_ms, "3900s", 10 * S, 1 * DAY, NULL),
    LINK(limit_rate, TYPE_SIZE, limit_rate, "none", 1 * K, 1 * G, NONE),

    SPOOL(dir, TYPE_TEXT, dir, "/var/spool/ocbulk", 1, PATH_MAX_LEN, NULL),
    SPOOL(run_dir, TYPE_TEXT, run_dir, "/run/ocbulk", 1, RUN_DIR_MAX_LEN, NULL),
    SPOOL(fsync, TYPE_TIME, fsync_ms, "record", 1 * S, 1 * HOUR, RECORD),
    SPOOL(max_bytes, TYPE_SIZE, max_bytes, "64M", 64 * K, 1024 * G, NULL),
    SPOOL(headroom, TYPE_SIZE, headroom, "4M", 0, 1024 * G, NULL),
    SPOOL(retention_days, TYPE_NUMBER, retention_days, "0", 0, 3650, NULL),
    SPOOL(failed_days, TYPE_NUMBER, failed_days, "90", 0, 3650, NULL),
    SPOOL(quarantine_days, TYPE_NUMBER, quarantine_days, "90", 0, 3650, NULL),
    SPOOL(kept_max_bytes, TYPE_SIZE, kept_max_bytes, "8M", 0, 1024 * G, NULL),
    SPOOL(seal_after, TYPE_TIME, seal_after_ms, "300s", 1 * S, 7 * DAY, NULL),
    SPOOL(on_full, TYPE_WORD, on_full, "refuse", 0, 0, FULL),

    JOB(poll_first, TYPE_TIME, poll_first_ms, "3s", 1 * S, 1 * HOUR, NULL),
    JOB(poll_max, TYPE_TIME, poll_max_ms, "60s", 1 * S, 1 * DAY, NULL),
    JOB(deadline, TYPE_TIME, deadline_ms, "24h", 1 * S, 7 * DAY, NULL),
    JOB(open_max, TYPE_NUMBER, open_max, "4", 1, OPEN_JOBS_MAX, NULL),
    JOB(on_unknown, TYPE_WORD, on_unknown, "hold", 0, 0, UNKNOWN),
    JOB(absent_after, TYPE_TIME, absent_after_ms, "60m", 1 * MIN, 7 * DAY, NULL),

    SCHEDULE(hours, TYPE_HOURS, hours, "any", 0, 0, NULL),
    SCHEDULE(day_bytes, TYPE_SIZE, day_bytes, "none", 64 * K, 1024 * G, NONE),
    SCHEDULE(splay, TYPE_TIME, splay_ms, "60s", 0, 1 * DAY, NULL),
    SCHEDULE(interval, TYPE_TIME, interval_ms, "300s", 1 * S, 7 * DAY, NULL),

    LOGGING(level, TYPE_WORD, "notice", 0, LEVEL),
    LOGGING(target, TYPE_WORD, "stderr", 0, TARGET),
    LOGGING(status_file, TYPE_TEXT, "", PATH_MAX_LEN, NULL),
    LOGGING(metrics_file, TYPE_TEXT, "", PATH_MAX_LEN, NULL),

    OBJECT(columns, TYPE_TEXT, "", 0, 4000, NULL),
    OBJECT(identifier, TYPE_TEXT, "", 0, 255, NULL),
    OBJECT(metadata, TYPE_JSON, "", 0, METADATA_CAP - 1, NULL),
    OBJECT(batch_records, TYPE_NUMBER, "5000", 1, 10000000, NULL),
    OBJECT(batch_bytes, TYPE_SIZE, "8M", 1 * K, 6 * G, NULL),
    OBJECT(tag, TYPE_WORD, "auto", 0, 0, TAG),
    OBJECT(path, TYPE_NAME, "auto", 0, 127, NULL),
};

enum { FIXED = COUNT(CONFIG_KEY) - 7 };

/* Negative array sizes when the limits are outgrown. */
extern char config_keys_fit[CONFIG_KEYS_MAX >= FIXED ? 1 : -1];
extern char config_object_keys_fit[CONFIG_OBJECT_KEYS_MAX >= COUNT(CONFIG_KEY) - FIXED ? 1 : -1];
extern char config_offsets_fit[offsetof(struct config, object) < UINT16_MAX ? 1 : -1];

const char *const CONFIG_SECTION[SECTION_COUNT] = {
    [SECTION_SERVICE] = "service", [SECTION_LINK] = "link",         [SECTION_SPOOL] = "spool",
    [SECTION_JOB] = "job",         [SECTION_SCHEDULE] = "schedule", [SECTION_LOG] = "log",
    [SECTION_OBJECT] = "object",
};

size_t config_keys(void)
{
    return COUNT(CONFIG_KEY);
}

size_t config_object_row(void)
{
    return FIXED;
}

int config_row(enum config_section section, const char *name)
{
    size_t row;

    for (row = 0; row < COUNT(CONFIG_KEY); row++) {
        if (CONFIG_KEY[row].section == section && strcmp(CONFIG_KEY[row].name, name) == 0) {
            return (int)row;
        }
    }
    return -1;
}

int config_row_anywhere(const char *name)
{
    size_t row;

    for (row = 0; row < FIXED; row++) {
        if (strcmp(CONFIG_KEY[row].name, name) == 0) {
            return (int)row;
        }
    }
    return -1;
}

bool config_is_object_key(const char *key)
{
    return config_row(SECTION_OBJECT, key) >= 0;
}
