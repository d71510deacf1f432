/* lookup: starts a name look-up and is polled for its end; what sockets and lwIP do differently.
 *
 * One look-up at a time. Linux: a short-lived child, see port/linux/lookup.c.
 * Errors  ERR_DNS. */
#ifndef OCBULK_PORT_SOCKETS_LOOKUP_H
#define OCBULK_PORT_SOCKETS_LOOKUP_H

#include "base/device.h"

int lookup_start(const char *host, uint16_t port, int family); /* AF_*; 0 or ERR_DNS */
int lookup_result(struct net_addr *out, size_t cap);           /* count, NET_AGAIN, or ERR_DNS */
int lookup_fd(void); /* readable when there is news; -1: none */
void lookup_stop(void);

#endif
