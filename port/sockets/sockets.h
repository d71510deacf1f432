/* sockets: the firmware's net over the socket calls that BSD and lwIP share, one source for both.
 *
 * Used: socket, connect, getsockopt SO_ERROR, setsockopt, send, recv, poll, fcntl, close,
 * inet_pton. Non-blocking throughout; no signal is raised (C20); EINTR is handled here.
 *
 * Memory  One struct for one connection; options are borrowed.
 * Errors  As base/device.h says; `sys` keeps the last errno for the log. */
#ifndef OCBULK_PORT_SOCKETS_SOCKETS_H
#define OCBULK_PORT_SOCKETS_SOCKETS_H

#include "base/device.h"

enum sockets_family { SOCKETS_ANY, SOCKETS_IPV4, SOCKETS_IPV6 };

struct sockets_options {
    enum sockets_family family;
    const char *interface; /* bind to this device, or NULL or empty */
};

struct sockets {
    const struct sockets_options *options;
    int fd;       /* -1: none */
    int sys;      /* last errno */
    bool literal; /* the last resolve was an address: `addr` is the answer */
    bool looking; /* a look-up runs */
    struct net_addr addr;
};

struct net sockets_net(struct sockets *s, const struct sockets_options *options);
/* For an owner that waits for more than this: the descriptor to poll, with its events, or -1. */
int sockets_watch(const struct sockets *s, unsigned want, short *events);

#endif
