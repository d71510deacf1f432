/* tunnel: CONNECT through an HTTP proxy (RFC 9110 9.3.6), before TLS begins.
 *
 * Memory  Borrows the options for the run. Proxy credentials go only into this request.
 * Calls   init, step until it is no longer ERR_WAIT (`want` says what for). Deadlines are the
 *         owner's. Bytes behind the proxy's reply belong to TLS: the tunnel takes single bytes,
 *         so it never reads too far.
 * Errors  ERR_PROXY (`status` says how it was refused), ERR_PROXY_CREDENTIALS (407), ERR_CLOSED,
 *         ERR_NETWORK, ERR_VALUE, those of http_response. */
#ifndef OCBULK_LINK_TUNNEL_H
#define OCBULK_LINK_TUNNEL_H

#include "base/device.h"
#include "reply/http_response.h"
#include "request/http_request.h"

struct tunnel {
    const struct net *net;
    struct http_request request;
    struct http_response response;
    uint8_t out[64];
    uint8_t out_len, out_at;
    uint8_t want; /* enum want */
    bool sent;
    uint16_t status;
};

/* authority: host:port of the service; credentials: a whole Basic value, or NULL. 0 or ERR_VALUE.
 */
int tunnel_init(struct tunnel *t, const struct net *net, const char *authority,
                const char *credentials);
int tunnel_step(struct tunnel *t); /* 0 when open, ERR_WAIT, or an error */

#endif
