#include "linux/base_url.h"

#include "base/err.h"
#include "base/num.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool hex(char c)
{
    return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool host_char(char c)
{
    return letter(c) || digit(c) || (c != 0 && strchr("-._", c) != NULL);
}

/* RFC 3986 pchar without percent signs; a slash parts segments. */
static bool path_char(char c)
{
    return letter(c) || digit(c) || (c != 0 && strchr("-._~!$&'()*+,;=:@/", c) != NULL);
}

/* Copies len bytes of text: false when they do not fit. */
static bool keep(char *dst, size_t cap, const char *text, size_t len)
{
    if (len >= cap) {
        return false;
    }
    memcpy(dst, text, len);
    dst[len] = 0;
    return true;
}

/* Everything that is wrong wherever it stands, before the parts are looked at. */
static const char *wrong_anywhere(const char *text, enum base_url_kind kind)
{
    const char *host = strstr(text, "://");
    const char *at;

    for (at = text; *at != 0; at++) {
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f) {
            return "it has a space, control character or non-ASCII letter";
        }
    }
    if (host != NULL && memchr(host + 3, '@', strcspn(host + 3, "/?#")) != NULL) {
        return kind == URL_PROXY ? "user and password belong in proxy_credentials_file"
                                 : "it has a user or password in it";
    }
    if (strpbrk(text, "?#") != NULL) {
        return "it has a query or fragment";
    }
    return NULL;
}

static bool has_scheme(const char **at, const char *scheme)
{
    size_t len = strlen(scheme);

    if (strncasecmp(*at, scheme, len) != 0) {
        return false;
    }
    *at += len;
    return true;
}

/* The default port of the URL's scheme, *at behind it; or an error. */
static int take_scheme(const char **at, enum base_url_kind kind, const char **fault)
{
    if (has_scheme(at, "https://")) {
        *fault = "it must begin with http:// (the tunnel through it is TLS all the same)";
        return kind == URL_PROXY ? ERR_URL : 443;
    }
    if (has_scheme(at, "http://")) {
        *fault = "it must begin with https://";
        return kind == URL_SERVICE ? ERR_URL_HTTP : kind == URL_PROXY ? 8080 : 80;
    }
    *fault = kind == URL_PROXY ? "it must begin with http://" : "it must begin with https://";
    return ERR_URL;
}

static const char *take_ipv6(struct base_url *u, const char **at)
{
    const char *end = strchr(*at, ']');
    unsigned char bytes[16];

    if (end == NULL || !keep(u->host, sizeof(u->host), *at + 1, (size_t)(end - *at) - 1) ||
        inet_pton(AF_INET6, u->host, bytes) != 1) {
        return "no IPv6 address stands in its brackets";
    }
    *at = end + 1;
    return NULL;
}

static const char *take_name(struct base_url *u, const char **at)
{
    size_t len = 0;

    while (host_char((*at)[len])) {
        len++;
    }
    if (len == 0 || (*at)[0] == '.' || (*at)[0] == '-' || memmem(*at, len, "..", 2) != NULL) {
        return "it has no usable host name";
    }
    if (!keep(u->host, sizeof(u->host), *at, len)) {
        return "its host name is too long";
    }
    *at += len;
    return NULL;
}

static const char *take_port(struct base_url *u, const char **at)
{
    uint64_t port;
    size_t len;

    if (**at != ':') {
        return NULL;
    }
    len = strcspn(++*at, "/");
    if (num_u64_max(*at, len, UINT16_MAX, &port) < 0 || port == 0) {
        return "its port is not 1..65535";
    }
    u->port = (uint16_t)port;
    *at += len;
    return NULL;
}

static bool dot_segment(const char *path)
{
    const char *at;

    for (at = path; at != NULL; at = strchr(at + 1, '/')) {
        size_t len = strcspn(at + 1, "/");
        if ((len == 1 || len == 2) && memcmp(at + 1, "..", len) == 0) {
            return true;
        }
    }
    return false;
}

static const char *take_path(struct base_url *u, const char *at)
{
    size_t len = strlen(at), i;

    while (len > 0 && at[len - 1] == '/') {
        len--;
    }
    if (!keep(u->path, sizeof(u->path), at, len)) {
        return "its path is too long";
    }
    if (len > 0 && at[0] != '/') {
        return "an illegal character stands behind its host";
    }
    for (i = 0; i < len; i++) {
        if (at[i] == '%' && (!hex(at[i + 1]) || !hex(at[i + 2]))) {
            return "two hex digits must stand behind a percent sign";
        }
        if (at[i] != '%' && !path_char(at[i])) {
            return "its path has an illegal character";
        }
    }
    return len > 0 && dot_segment(u->path) ? "its path has a segment `.` or `..`" : NULL;
}

/* Host and port as text; the buffers have 8 bytes more than a host can fill. */
static void join(struct base_url *u, bool default_port)
{
    bool ipv6 = strchr(u->host, ':') != NULL;
    size_t len = strlen(u->host);
    char *at = u->authority;

    if (ipv6) {
        *at++ = '[';
    }
    memcpy(at, u->host, len);
    at += len;
    if (ipv6) {
        *at++ = ']';
    }
    memcpy(u->host_field, u->authority, sizeof(u->host_field));
    u->host_field[at - u->authority] = 0;
    *at++ = ':';
    num_print_u64(at, u->port);
    if (!default_port) {
        memcpy(u->host_field, u->authority, sizeof(u->host_field));
    }
}

static const char *take_parts(struct base_url *u, const char *at)
{
    const char *fault = *at == '[' ? take_ipv6(u, &at) : take_name(u, &at);

    fault = fault != NULL ? fault : take_port(u, &at);
    return fault != NULL ? fault : take_path(u, at);
}

int base_url_parse(struct base_url *u, const char *text, enum base_url_kind kind,
                   const char **fault)
{
    const char *at = text;
    int port;

    memset(u, 0, sizeof(*u));
    *fault = wrong_anywhere(text, kind);
    if (*fault != NULL) {
        return ERR_URL;
    }
    port = take_scheme(&at, kind, fault);
    if (port < 0) {
        return port;
    }
    u->port = (uint16_t)port;
    *fault = take_parts(u, at);
    if (*fault == NULL && kind == URL_PROXY && u->path[0] != 0) {
        *fault = "a proxy has no path";
    }
    if (*fault != NULL) {
        memset(u, 0, sizeof(*u));
        return ERR_URL;
    }
    join(u, u->port == port);
    return 0;
}
