/* wake: the datagram that tells the daemon to look now, from `add` and from a callback.
 *
 * A hint is never believed: at most it costs one look at the outbox, or one poll of a job that the
 * daemon follows anyway; whoever receives one drops it when it follows no such job. So whoever can
 * reach the socket may send, and rights stand in one place, the folder's: the socket `wake` itself
 * is 0666, and run_dir decides who gets to it. wake_open makes run_dir as 0711 (every user of the
 * device) when it is not there; one that was made before keeps its rights, such as 0710 with a
 * group that the web server and the producers are in. The group of the spool will not do: it would
 * open the records to the web server.
 *
 * On the wire: nothing ("look at the outbox"), or `JOB STATUS` in one datagram; what is malformed
 * counts as nothing. Hints that came before are dropped here (the last WAKE_SEEN_MAX are known),
 * because a callback can be replayed.
 *
 * Memory  Fixed. Keeps no reference to paths.
 * Calls   The daemon: open once it holds the spool's lock, take until 0 whenever wake_fd is
 *         readable (poll it with POLLIN), close at the end. Senders: wake_send alone. None blocks.
 * Errors  wake_open: ERR_CONFIG (run_dir is too long or cannot be used: `errno` says why),
 *         ERR_LOCKED (another process listens there). A daemon can do without: it looks at its
 *         interval. */
#ifndef OCBULK_PORT_LINUX_WAKE_H
#define OCBULK_PORT_LINUX_WAKE_H

#include "limits.h"

#include <stdbool.h>
#include <stdint.h>

struct wake_hint {
    char job[JOB_ID_CAP];         /* passes job_id_ok; empty: look at the outbox */
    char status[STATUS_WORD_CAP]; /* as the callback had it; may be empty */
};

struct wake {
    int fd;                       /* -1: closed; all calls are then harmless */
    uint8_t at;                   /* of the next to be forgotten */
    uint64_t seen[WAKE_SEEN_MAX]; /* fingerprints of hints */
};

int wake_open(struct wake *w, const char *run_dir); /* 0 or an error; w is closed then */
int wake_fd(const struct wake *w);                  /* or -1 */
/* The next hint that is not a repetition: true; false when none waits, or after WAKE_BURST_MAX
 * datagrams that were repetitions (wake_fd is then still readable). */
bool wake_take(struct wake *w, struct wake_hint *out);
void wake_close(struct wake *w); /* the file stays, and refuses until the next open */

/* Whether this hint about a job came before; it has from now on. Never so for an empty one. */
bool wake_seen(struct wake *w, const struct wake_hint *hint);

/* hint: NULL for "look at the outbox". False when nobody took it: no daemon, no right, or its
 * queue is full; to be told at most, never a failure. */
bool wake_send(const char *run_dir, const struct wake_hint *hint);

#endif
