/* bulk_parts: what the three files of bulk share; not for owners. */
#ifndef OCBULK_BULK_BULK_PARTS_H
#define OCBULK_BULK_BULK_PARTS_H

#include "bulk/bulk.h"

int bulk_send(struct bulk *b, const struct now *now); /* builds the request and starts it */
void bulk_reply_begin(struct bulk *b); /* forgets the reply before, all that was told of it */
int bulk_reply_end(struct bulk *b);    /* 0 or an error of the reply's content */
int bulk_status_err(uint16_t status);  /* 0 for 2xx */
int bulk_same_origin(struct bulk *b);  /* takes the redirect's target: 0 or ERR_REDIRECTED */

#endif
