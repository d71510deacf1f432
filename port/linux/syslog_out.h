/* syslog_out: messages to the local syslog daemon (RFC 3164), without the C library's printf.
 *
 * Memory  path is borrowed.
 * Calls   init, then send as often as needed; the socket is opened, and opened again after the
 *         daemon restarted, by itself. Never blocks.
 * Errors  None are told: a message that cannot be delivered is lost. */
#ifndef OCBULK_PORT_SYSLOG_OUT_H
#define OCBULK_PORT_SYSLOG_OUT_H

#include <stddef.h>
#include <stdint.h>

struct syslog_out {
    const char *path; /* of the daemon's socket, "/dev/log" */
    int fd;           /* -1: not open */
};

void syslog_out_init(struct syslog_out *s, const char *path);
/* severity: 0..7, of facility daemon; text: one line, without its end; wall_s: for the stamp. */
void syslog_out_send(struct syslog_out *s, unsigned severity, const char *text, int64_t wall_s);
void syslog_out_close(struct syslog_out *s);

#endif
