/* trust_name: what a host in a URL is, and whether a name in a certificate stands for it.
 *
 * Addresses as RFC 4291 2.2 and four plain decimal numbers, no zone, no leading zero: neither
 * octal nor short forms, so that resolver and certificate can never mean two addresses.
 * DNS names as RFC 9525 6.3: letters without case, one wildcard as the whole first label. */
#ifndef OCBULK_LINK_TRUST_NAME_H
#define OCBULK_LINK_TRUST_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t trust_ip(const char *host, uint8_t out[16]); /* 4 or 16 bytes, or 0: host is a name */
bool trust_dns(const char *pattern, size_t len, const char *host); /* host: not an address */

#endif
