/* wire: bytes written past libmicrohttpd, for what no well-kept server would send.
 *
 * Each connection has a thread of its own, so its socket and TLS session may be
 * used from within a handler. After anything but interim replies the handler
 * must return MHD_NO: the connection is over.
 *
 * Errors  put returns false when the peer is gone; the rest cannot fail. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include "text.h"

#include <gnutls/gnutls.h>
#include <microhttpd.h>

struct wire {
    int fd;
    gnutls_session_t tls; /* NULL: plain */
};

struct wire wire_of(struct MHD_Connection *con);
bool wire_put(const struct wire *w, const char *src, size_t len);
void wire_drip(const struct wire *w, const char *src, size_t len, long gap_ms);
void wire_narrow(const struct wire *w); /* the peer cannot get far ahead of our reading */
void wire_linger(const struct wire *w); /* no more from us; reads the rest for a while */
void wire_tear(const struct wire *w);   /* end of stream without TLS close_notify */
void wire_reset(const struct wire *w);  /* RST, at once */

#endif
