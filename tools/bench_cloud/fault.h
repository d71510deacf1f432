/* fault: the script that makes the service misbehave on purpose.
 *
 * One line is "SELECTOR action=value ... [count=N] [after=N]"; # starts a
 * comment. A line is used by the next N requests of its kind (count, default
 * 1, 0 = all), after the first `after` ones. Lines are tried in order; several
 * serve one request unless they want the same thing, then the later line
 * waits for the next request. So "status=413 count=2" followed by "status=503"
 * plays 413, 413, 503. What each action does: help.c.
 *
 * Memory  A verdict owns its texts; free with verdict_free. The script is one
 *         list for the whole program behind a lock.
 * Errors  fault_add returns false and says the line and the reason in why. */
#ifndef BENCH_FAULT_H
#define BENCH_FAULT_H

#include "text.h"

/* clang-format off */
enum call {
    CALL_OBJECTS, CALL_METADATA, CALL_UPLOAD, CALL_STATUS, CALL_ERRORS,
    CALL_JOBS, CALL_CANCEL, CALL_UNKNOWN, CALL_PAGE, CALL_COUNT
};

enum act {
    ACT_STATUS, ACT_BODY, ACT_RETRY_AFTER, ACT_HEADER, ACT_EARLY, ACT_MADE, ACT_CUT,
    ACT_REPLY_CUT, ACT_DRIP, ACT_CHUNKED, ACT_CONTINUE, ACT_HTML, ACT_LOST, ACT_SLOW,
    ACT_COUNTS, ACT_WORD, ACT_ID, ACT_SAME_ID, ACT_REDIRECT, ACT_GARBAGE, ACT_RAW,
    ACT_CLOSE, ACT_HALF, ACT_HIDE_TAGS, ACT_LOOKALIKE, ACT_LATE, ACT_EXPIRE, ACT_SKEW,
    ACT_SPELLING, ACT_ITEMS, ACT_PAGES, ACT_DELAY, ACT_DATE, ACT_READ_DELAY,
    ACT_METADATA, ACT_RUNNING, ACT_TWICE, ACT_OUTAGE, ACT_COUNT
};
/* clang-format on */

struct verdict {
    bool has[ACT_COUNT];
    long num[ACT_COUNT];   /* value as a number, 0 when it is none */
    char *text[ACT_COUNT]; /* value as it came, percent escapes undone */
};

const char *call_name(enum call call);
void fault_help(void); /* prints the grammar and every action */
bool fault_add(const char *script, struct text *why);
void fault_clear(void);
void fault_show(struct text *out); /* the script with what is left of it */
void fault_take(struct verdict *v, enum call call);
void verdict_free(struct verdict *v);
bool verdict_answers(const struct verdict *v); /* instead of the real call; a 2xx does not */

#endif
