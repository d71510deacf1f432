/* base_url: an absolute URL (RFC 3986) taken apart, strictly, for requests and proxies.
 *
 * A host is a name ([A-Za-z0-9._-], as look-ups take it), an IPv4 address or a bracketed IPv6
 * address without zone. The path loses its trailing slashes; its bytes are those RFC 3986 allows,
 * percent signs stand before two hex digits, and no segment is `.` or `..`.
 * Refused: anything else, above all user:password@, query, fragment, control characters, spaces.
 *
 * Memory  Nothing is borrowed.
 * Errors  ERR_URL, ERR_URL_HTTP (the scheme is http where it must be https). *fault then says in
 *         words what is wrong, without a byte of the URL, which may hold a password. */
#ifndef OCBULK_PORT_BASE_URL_H
#define OCBULK_PORT_BASE_URL_H

#include "limits.h"

#include <stdint.h>

enum base_url_kind {
    URL_SERVICE,  /* https, default port 443 */
    URL_PROXY,    /* http, default port 8080, no path */
    URL_CALLBACK, /* http or https, default port 80 or 443 */
};

struct base_url {
    char host[URL_PART_CAP];           /* IPv6 without brackets; empty: no URL */
    char authority[URL_PART_CAP + 8];  /* host:port as CONNECT wants it, IPv6 in brackets */
    char host_field[URL_PART_CAP + 8]; /* as the Host field wants it: without a default port */
    char path[URL_PART_CAP];           /* empty, or begins with a slash and ends without one */
    uint16_t port;
};

/* 0, or an error with *fault set. */
int base_url_parse(struct base_url *u, const char *text, enum base_url_kind kind,
                   const char **fault);

#endif
