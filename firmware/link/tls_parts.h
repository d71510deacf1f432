/* tls_parts: what the two files of tls share; not for owners. */
#ifndef OCBULK_LINK_TLS_PARTS_H
#define OCBULK_LINK_TLS_PARTS_H

#include "link/tls.h"

int tls_map(struct tls *t, int ret, int other); /* mbedTLS' number as ours, else `other` */
void tls_offer_pss(struct tls *t, bool offer);  /* from the next start on */

#endif
