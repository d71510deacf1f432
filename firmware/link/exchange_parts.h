/* exchange_parts: what the three files of exchange share; not for owners.
 *
 * Each step looks once at what its state awaits and says what to wait for next. */
#ifndef OCBULK_LINK_EXCHANGE_PARTS_H
#define OCBULK_LINK_EXCHANGE_PARTS_H

#include "link/exchange.h"

enum want exchange_wait(struct exchange *x, unsigned want);
enum want exchange_enter(struct exchange *x, enum exchange_state state, uint64_t deadline_ms);
enum want exchange_finish(struct exchange *x, int err); /* the attempt is over */
void exchange_hang_up(struct exchange *x, bool keep_session, bool abort);

/* exchange_connect.c: from the name to a verified connection */
enum want exchange_connect(struct exchange *x, const struct now *now); /* from the start */
enum want exchange_next_address(struct exchange *x, const struct now *now, int err);
enum want exchange_lookup(struct exchange *x, const struct now *now);
enum want exchange_connected(struct exchange *x, const struct now *now);
enum want exchange_tunnel(struct exchange *x, const struct now *now);
enum want exchange_handshake(struct exchange *x, const struct now *now);

/* exchange_talk.c: request out, reply in */
enum want exchange_send(struct exchange *x, const struct now *now);
enum want exchange_receive(struct exchange *x);

#endif
