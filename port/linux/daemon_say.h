/* daemon_say: the uploader's news as lines of the log: codes, counts, job and request ids, no word
 * of the service and no name of a producer's file.
 *
 * What went well is `info`, the end of a job `notice`, what may need a hand `warning`. Of a trouble
 * (calls and flash apart) the first failure is said, each other cause once, the same again after an
 * hour, and its end with how long it took and in how many tries. Of any other kind at most
 * SAY_HOUR_MAX lines are said in an hour, then how many were not.
 *
 * Memory  A struct of the owner; all zero but for session and uploader at the start. */
#ifndef OCBULK_PORT_LINUX_DAEMON_SAY_H
#define OCBULK_PORT_LINUX_DAEMON_SAY_H

#include "linux/line.h"
#include "linux/session.h"
#include "sync/uploader.h"
#include "sync/uploader_news.h"

enum { SAY_CAUSES = 4 };

struct say_trouble {
    uint64_t since_ms; /* monotonic; of the first failure */
    uint32_t tries;    /* failed ones; 0: no trouble */
    uint8_t at;        /* of the next cause to be forgotten */
    struct {
        int err;
        uint16_t http;
        uint64_t said_ms;
    } cause[SAY_CAUSES];
};

struct say_pace {
    uint64_t hour_ms; /* monotonic; its begin */
    uint16_t said, unsaid;
};

struct daemon_say {
    const struct session *session;
    const struct uploader *uploader;
    struct say_trouble call, flash;
    struct say_pace pace[NEWS_KINDS];
};

void daemon_say(struct daemon_say *s, const struct uploader_news *n, uint64_t now_ms);
void daemon_say_span(struct line *l, uint64_t ms); /* "42 s", "5 min", "3 h", "2 d" */

#endif
