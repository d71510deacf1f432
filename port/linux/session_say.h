/* session_say: a call's end in words: where it failed, for people, and each call for -v. */
#ifndef OCBULK_PORT_SESSION_SAY_H
#define OCBULK_PORT_SESSION_SAY_H

#include "linux/session.h"

/* Fills s->where: "host:port, HTTP 413, it says: …, request id …". */
void session_say_where(struct session *s, int err);
/* Adds what the system, TLS or the proxy said of it; never the service's words. */
void session_say_cause(const struct session *s, int err, struct line *out);
void session_say_call(const struct session *s, int err);

#endif
