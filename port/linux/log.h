/* log: what the program says to people, one line each, to stderr or syslog.
 *
 * A line is made of parts; in each, secrets are masked (see out), then control characters and
 * bytes that are not UTF-8 are written as \xHH, so that no reply can drive a terminal or forge a
 * line. Lines longer than LOG_LINE_CAP are cut.
 * stderr: `ocbulk: text`, warnings and debugging with their level's name. syslog: to /dev/log as
 * RFC 3164 has it, silently lost when nobody listens.
 *
 * State   Process-wide, as stderr is: level, target, and the line of the meter, which is erased
 *         before each message and comes back with the next progress_step. */
#ifndef OCBULK_PORT_LOG_H
#define OCBULK_PORT_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_AT_ERROR, LOG_AT_WARNING, LOG_AT_NOTICE, LOG_AT_INFO, LOG_AT_DEBUG };

/* Before it, messages up to notice go to stderr. */
void log_begin(enum log_level level, bool to_syslog);
bool log_wants(enum log_level level);
/* log_put(LOG_AT_NOTICE, "job ", id, " is done"): strings, none of them NULL. */
#define log_put(level, ...) log_parts((level), (const char *const[]){__VA_ARGS__, NULL})
void log_parts(enum log_level level, const char *const *part); /* ended by NULL */
/* The standard form of every failure: `ocbulk: what: where; fix`. where and fix may be NULL or
 * empty: nothing, and what err_fix says. */
void log_error(int err, const char *where, const char *fix);

/* A line that stays without a line end until it is replaced, erased ("") or a message comes. */
void log_meter(const char *line);

#endif
