/* exchange: one attempt at one request: look up, connect each address in turn, handshake, verify,
 * send while reading, ask before the last piece, receive. The connection is kept for the next
 * request when the service allows it.
 *
 * Memory  Options, request source and response are borrowed until the attempt is over.
 * Calls   init once. start, then step until WANT_NOTHING; wait for what step says, at most until
 *         exchange_deadline_ms. WANT_GATE: everything but the request's last piece is with the
 *         peer's socket; open the gate of the source and call exchange_go_on, or exchange_close.
 *         May be closed at any time.
 * Time    Absolute deadlines, checked first in each step: connect_ms for each address, handshake_ms
 *         for tunnel and TLS together, idle_ms without a byte that the socket took while sending,
 *         answer_ms from the last byte sent, attempt_ms for all of it. A step does a bounded piece
 *         of work, whatever the peer sends. Under limit_rate a step that may not send yet says
 *         WANT_TIME, and WANT_READ for an early reply; exchange_deadline_ms is then when it may,
 *         and that wait is no idleness.
 * Replies While the body goes out replies are looked for: with the first buffer, then with every
 *         EXCHANGE_LOOK_EVERY-th (with each on a connection that had no reply yet), when the socket
 *         was full, and in front of the gate. A final status ends the sending and is the result;
 *         that connection is never used again (C10, C11). A broken write is followed by a look for
 *         a reply. A connection that ends before the first byte of the request was sent is
 *         replaced within the attempt (C11, C21). The address that served is tried first next
 *         time; after an error the name is looked up again.
 * Errors  x->err, with x->sent and x->reply->started telling what may have reached the service:
 *         ERR_DNS, _DNS_DEADLINE, _CONNECT, _CONNECT_DEADLINE, _HANDSHAKE_DEADLINE,
 *         _IDLE_DEADLINE, _ANSWER_DEADLINE, _ATTEMPT_DEADLINE, _NETWORK, _CLOSED, those of
 *         tunnel, tls, trust, http_response and of the source. */
#ifndef OCBULK_LINK_EXCHANGE_H
#define OCBULK_LINK_EXCHANGE_H

#include "link/rate.h"
#include "link/tls.h"
#include "link/tunnel.h"
#include "reply/http_response.h"

struct exchange_options {
    const char *host; /* as in the URL, IPv6 without brackets */
    uint16_t port;
    const char *authority;  /* host:port for CONNECT; IPv6 in brackets */
    const char *proxy_host; /* NULL: none */
    uint16_t proxy_port;
    const char *proxy_credentials; /* a whole Basic value, or NULL */
    uint32_t lookup_ms, connect_ms, handshake_ms, idle_ms, answer_ms, attempt_ms;
    uint32_t limit_rate; /* bytes of requests a second, at most; 0: any */
};

enum exchange_sent { SENT_NOTHING, SENT_SOME, SENT_TO_GATE, SENT_ALL };
enum exchange_state {
    EX_IDLE, /* no request; perhaps a kept connection */
    EX_LOOKUP,
    EX_CONNECT,
    EX_TUNNEL,
    EX_HANDSHAKE,
    EX_SEND,
    EX_GATE,
    EX_RECEIVE
};

struct exchange {
    const struct exchange_options *options;
    const struct net *net;
    struct tls tls;
    struct tunnel tunnel;
    struct source request;
    struct http_response *reply;
    struct net_addr addr[NET_ADDRS_MAX];
    uint8_t addrs, addr_at;
    uint8_t state;   /* enum exchange_state */
    uint8_t want;    /* enum want, of the last step */
    uint8_t sent;    /* enum exchange_sent */
    uint8_t look_in; /* buffers to be sent before a reply is looked for again */
    bool connected;  /* a verified connection is open */
    bool reused;     /* this request runs on a kept one */
    bool gate_open, write_broken;
    int err;                       /* of the attempt */
    uint64_t phase_ms, attempt_ms; /* absolute deadlines */
    uint64_t bytes_out;            /* of this request, given to TLS */
    struct rate rate;
    uint64_t limited_ms; /* until then limit_rate lets nothing go; 0: it does */
    size_t piece;        /* bytes of a send that is to be repeated; 0: none */
    size_t tx_len, tx_at;
    uint32_t connections; /* opened so far */
    uint8_t tx[EXCHANGE_TX_CAP];
    uint8_t rx[EXCHANGE_RX_CAP];
};

int exchange_init(struct exchange *x, const struct exchange_options *options,
                  const struct tls_options *tls, const struct net *net);
void exchange_start(struct exchange *x, const struct source *request, struct http_response *reply,
                    const struct now *now);
enum want exchange_step(struct exchange *x, const struct now *now);
void exchange_go_on(struct exchange *x, const struct now *now); /* the gate is open */
uint64_t exchange_deadline_ms(const struct exchange *x);        /* the next one, absolute */
void exchange_close(struct exchange *x, bool keep_session);     /* drops request and connection */
void exchange_free(struct exchange *x);

#endif
