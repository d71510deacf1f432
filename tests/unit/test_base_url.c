#include "base/err.h"
#include "base/stream.h"
#include "linux/base_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "edge.h"

#define HOST_255                                                                                   \
    "a23456789a23456789a23456789a23456789a23456789a23456789a23456789a"                             \
    "a23456789a23456789a23456789a23456789a23456789a23456789a23456789a"                             \
    "a23456789a23456789a23456789a23456789a23456789a23456789a23456789a"                             \
    "a23456789a23456789a23456789a23456789a23456789a23456789a23456789"

static int parse(struct base_url *u, const char *text, enum base_url_kind kind, const char **fault)
{
    return base_url_parse(u, edge_copy(text, strlen(text) + 1), kind, fault);
}

static void takes_urls_apart(void **state)
{
    static const struct {
        const char *name, *text;
        enum base_url_kind kind;
        const char *host, *authority, *host_field, *path;
        unsigned port;
    } rows[] = {
        {"the seed's address",
         "https://api.openconnectors.us2.ext.hana.ondemand.com/elements/api-v2", URL_SERVICE,
         "api.openconnectors.us2.ext.hana.ondemand.com",
         "api.openconnectors.us2.ext.hana.ondemand.com:443",
         "api.openconnectors.us2.ext.hana.ondemand.com", "/elements/api-v2", 443},
        {"no path", "https://a", URL_SERVICE, "a", "a:443", "a", "", 443},
        {"a slash alone is no path", "https://a/", URL_SERVICE, "a", "a:443", "a", "", 443},
        {"slashes at the end go", "https://a/b//", URL_SERVICE, "a", "a:443", "a", "/b", 443},
        {"a port", "https://a:8443/b", URL_SERVICE, "a", "a:8443", "a:8443", "/b", 8443},
        {"the default port, written out", "https://a:443", URL_SERVICE, "a", "a:443", "a", "", 443},
        {"a port with leading zeros", "https://a:0443", URL_SERVICE, "a", "a:443", "a", "", 443},
        {"the highest port", "https://a:65535", URL_SERVICE, "a", "a:65535", "a:65535", "", 65535},
        {"IPv4", "https://192.0.2.10/x", URL_SERVICE, "192.0.2.10", "192.0.2.10:443", "192.0.2.10",
         "/x", 443},
        {"IPv6 (S01)", "https://[2001:db8::1]/x", URL_SERVICE, "2001:db8::1", "[2001:db8::1]:443",
         "[2001:db8::1]", "/x", 443},
        {"IPv6 with a port", "https://[::1]:8443", URL_SERVICE, "::1", "[::1]:8443", "[::1]:8443",
         "", 8443},
        {"a scheme in capitals", "HTTPS://A.b", URL_SERVICE, "A.b", "A.b:443", "A.b", "", 443},
        {"a host with an underscore", "https://a_b", URL_SERVICE, "a_b", "a_b:443", "a_b", "", 443},
        {"a percent sign with its digits", "https://a/b%2Fc", URL_SERVICE, "a", "a:443", "a",
         "/b%2Fc", 443},
        {"an at sign and a colon in the path", "https://a/b@c:d", URL_SERVICE, "a", "a:443", "a",
         "/b@c:d", 443},
        {"dots inside a segment", "https://a/..b/.c/d..", URL_SERVICE, "a", "a:443", "a",
         "/..b/.c/d..", 443},
        {"a host of 255 bytes", "https://" HOST_255, URL_SERVICE, HOST_255, HOST_255 ":443",
         HOST_255, "", 443},
        {"a proxy", "http://proxy:3128", URL_PROXY, "proxy", "proxy:3128", "proxy:3128", "", 3128},
        {"a proxy with a slash", "http://proxy:3128/", URL_PROXY, "proxy", "proxy:3128",
         "proxy:3128", "", 3128},
        {"a proxy's default port", "http://proxy", URL_PROXY, "proxy", "proxy:8080", "proxy", "",
         8080},
        {"a callback in the clear", "http://a/cb", URL_CALLBACK, "a", "a:80", "a", "/cb", 80},
        {"a callback", "https://a/cb", URL_CALLBACK, "a", "a:443", "a", "/cb", 443},
        {"the other scheme's port is no default", "http://a:443", URL_CALLBACK, "a", "a:443",
         "a:443", "", 443},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        struct base_url u;
        const char *fault;
        if (parse(&u, rows[at].text, rows[at].kind, &fault) != 0 ||
            strcmp(u.host, rows[at].host) != 0 || strcmp(u.authority, rows[at].authority) != 0 ||
            strcmp(u.host_field, rows[at].host_field) != 0 || strcmp(u.path, rows[at].path) != 0 ||
            u.port != rows[at].port) {
            fail_msg("%s: %s, %s, %s, %s, %u, %s", rows[at].name, u.host, u.authority, u.host_field,
                     u.path, u.port, fault != NULL ? fault : "");
        }
    }
}

static void refuses_what_is_no_plain_url(void **state)
{
    static const struct {
        const char *name, *text;
        enum base_url_kind kind;
        int want;
        const char *fault; /* a part of it */
    } rows[] = {
        {"empty", "", URL_SERVICE, ERR_URL, "https://"},
        {"http", "http://a/b", URL_SERVICE, ERR_URL_HTTP, "https://"},
        {"another scheme", "ftp://a", URL_SERVICE, ERR_URL, "https://"},
        {"no scheme", "a.example/elements", URL_SERVICE, ERR_URL, "https://"},
        {"a scheme alone", "https:", URL_SERVICE, ERR_URL, "https://"},
        {"no host", "https://", URL_SERVICE, ERR_URL, "host"},
        {"a path and no host", "https:///x", URL_SERVICE, ERR_URL, "host"},
        {"a port and no host", "https://:443", URL_SERVICE, ERR_URL, "host"},
        {"a host that begins with a dot", "https://.a", URL_SERVICE, ERR_URL, "host"},
        {"a host that begins like an option", "https://-a", URL_SERVICE, ERR_URL, "host"},
        {"two dots in the host", "https://a..b", URL_SERVICE, ERR_URL, "host"},
        {"a host of 256 bytes", "https://x" HOST_255, URL_SERVICE, ERR_URL, "too long"},
        {"an illegal letter in the host", "https://a*b", URL_SERVICE, ERR_URL, "behind its host"},
        {"a percent sign in the host", "https://a%41", URL_SERVICE, ERR_URL, "behind its host"},
        {"a user and password (C37)", "https://user:pass@a/b", URL_SERVICE, ERR_URL, "password"},
        {"a user alone", "https://user@a/b", URL_SERVICE, ERR_URL, "password"},
        {"an empty user", "https://@a/b", URL_SERVICE, ERR_URL, "password"},
        {"a query", "https://a/b?c=d", URL_SERVICE, ERR_URL, "query"},
        {"an empty query", "https://a/b?", URL_SERVICE, ERR_URL, "query"},
        {"a query right behind the host", "https://a?b", URL_SERVICE, ERR_URL, "query"},
        {"a fragment", "https://a/b#c", URL_SERVICE, ERR_URL, "fragment"},
        {"a space", "https://a/b c", URL_SERVICE, ERR_URL, "space"},
        {"a CR", "https://a/b\r\nX: y", URL_SERVICE, ERR_URL, "control"},
        {"a tab", "https://a/\tb", URL_SERVICE, ERR_URL, "control"},
        {"a DEL", "https://a/\x7f", URL_SERVICE, ERR_URL, "control"},
        {"a letter beyond ASCII", "https://\xc3\xa4.example", URL_SERVICE, ERR_URL, "non-ASCII"},
        {"port 0", "https://a:0", URL_SERVICE, ERR_URL, "port"},
        {"port 65536", "https://a:65536", URL_SERVICE, ERR_URL, "port"},
        {"a port that overflows", "https://a:18446744073709552059", URL_SERVICE, ERR_URL, "port"},
        {"an empty port", "https://a:/b", URL_SERVICE, ERR_URL, "port"},
        {"a port with a sign", "https://a:+443", URL_SERVICE, ERR_URL, "port"},
        {"a bare IPv6 address", "https://2001:db8::1/", URL_SERVICE, ERR_URL, "port"},
        {"a bracket that is never closed", "https://[::1", URL_SERVICE, ERR_URL, "IPv6"},
        {"empty brackets", "https://[]", URL_SERVICE, ERR_URL, "IPv6"},
        {"a name in brackets", "https://[a]", URL_SERVICE, ERR_URL, "IPv6"},
        {"an IPv6 zone", "https://[fe80::1%25eth0]", URL_SERVICE, ERR_URL, "IPv6"},
        {"letters behind the brackets", "https://[::1]a", URL_SERVICE, ERR_URL, "behind its host"},
        {"half a percent escape", "https://a/b%2", URL_SERVICE, ERR_URL, "hex"},
        {"a percent sign alone", "https://a/b%", URL_SERVICE, ERR_URL, "hex"},
        {"a percent escape that is none", "https://a/%zz", URL_SERVICE, ERR_URL, "hex"},
        {"a backslash in the path", "https://a/b\\c", URL_SERVICE, ERR_URL, "illegal"},
        {"a quote in the path", "https://a/\"", URL_SERVICE, ERR_URL, "illegal"},
        {"a segment of two dots", "https://a/b/../c", URL_SERVICE, ERR_URL, ".."},
        {"a segment of two dots at the end", "https://a/b/..", URL_SERVICE, ERR_URL, ".."},
        {"a segment of one dot", "https://a/./b", URL_SERVICE, ERR_URL, "."},
        {"a path of 256 bytes", "https://a/" HOST_255, URL_SERVICE, ERR_URL, "too long"},
        {"a proxy with TLS", "https://proxy:3128", URL_PROXY, ERR_URL, "http://"},
        {"a proxy without scheme", "proxy:3128", URL_PROXY, ERR_URL, "http://"},
        {"a proxy with a path", "http://proxy/x", URL_PROXY, ERR_URL, "no path"},
        {"a proxy with its password (C37)", "http://user:pass@proxy:3128", URL_PROXY, ERR_URL,
         "proxy_credentials_file"},
        {"a callback by another scheme", "ftp://a", URL_CALLBACK, ERR_URL, "https://"},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        struct base_url u;
        const char *fault = NULL;
        int got = parse(&u, rows[at].text, rows[at].kind, &fault);
        if (got != rows[at].want || fault == NULL || strstr(fault, rows[at].fault) == NULL) {
            fail_msg("%s: %d, %s", rows[at].name, got, fault != NULL ? fault : "no fault");
        }
        if (u.host[0] != 0 || strstr(fault, "pass@") != NULL) {
            fail_msg("%s: a part is left", rows[at].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_urls_apart),
        cmocka_unit_test(refuses_what_is_no_plain_url),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
