#include "base/err.h"
#include "base/stream.h"
#include "link/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "edge.h"

struct ip_row {
    const char *name, *host;
    size_t want;
    const char *bytes; /* in hexadecimal */
};

static const struct ip_row IPS[] = {
    {"four decimal numbers", "192.0.2.10", 4, "c000020a"},
    {"all zeros", "0.0.0.0", 4, "00000000"},
    {"all ones", "255.255.255.255", 4, "ffffffff"},
    {"a number over 255 is no address", "192.0.2.256", 0, NULL},
    {"four digits are no address", "192.0.2.0010", 0, NULL},
    {"a leading zero is no address: some read it as octal", "192.0.2.010", 0, NULL},
    {"two zeros are no address", "192.0.2.00", 0, NULL},
    {"three numbers are no address", "192.0.2", 0, NULL},
    {"five numbers are no address", "192.0.2.10.1", 0, NULL},
    {"a final dot is no address", "192.0.2.10.", 0, NULL},
    {"a first dot is no address", ".192.0.2.10", 0, NULL},
    {"an empty number is no address", "192..2.10", 0, NULL},
    {"a number alone is no address", "3221225994", 0, NULL},
    {"hexadecimal is no address", "0xc0.0.2.10", 0, NULL},
    {"a space behind is no address", "192.0.2.10 ", 0, NULL},
    {"a sign is no address", "+192.0.2.10", 0, NULL},
    {"a name is no address", "localhost", 0, NULL},
    {"a name of digits and letters is no address", "192.0.2.example", 0, NULL},
    {"an empty host is no address", "", 0, NULL},
    {"eight groups", "2001:db8:0:1:2:3:4:5", 16, "20010db8000000010002000300040005"},
    {"capital letters", "2001:DB8::AF", 16, "20010db80000000000000000000000af"},
    {"a gap in the middle", "2001:db8::10", 16, "20010db8000000000000000000000010"},
    {"a gap in front", "::1", 16, "00000000000000000000000000000001"},
    {"a gap behind", "fe80::", 16, "fe800000000000000000000000000000"},
    {"a gap alone", "::", 16, "00000000000000000000000000000000"},
    {"a gap for one group", "1:2:3:4:5:6:7::", 16, "00010002000300040005000600070000"},
    {"a gap for one group in front", "::2:3:4:5:6:7:8", 16, "00000002000300040005000600070008"},
    {"leading zeros in a group", "2001:0db8::0010", 16, "20010db8000000000000000000000010"},
    {"a dotted end", "::ffff:192.0.2.10", 16, "00000000000000000000ffffc000020a"},
    {"a dotted end behind six groups", "1:2:3:4:5:6:192.0.2.10", 16,
     "000100020003000400050006c000020a"},
    {"a dotted end behind a gap alone", "::192.0.2.10", 16, "000000000000000000000000c000020a"},
    {"a dotted end that is too far behind", "1:2:3:4:5:6:7:192.0.2.10", 0, NULL},
    {"a dotted end that is too early", "1:2:192.0.2.10", 0, NULL},
    {"a dotted end that is none", "::ffff:192.0.2", 0, NULL},
    {"a dotted end with more behind", "::192.0.2.10:1", 0, NULL},
    {"seven groups are no address", "1:2:3:4:5:6:7", 0, NULL},
    {"nine groups are no address", "1:2:3:4:5:6:7:8:9", 0, NULL},
    {"a gap for nothing is no address", "1:2:3:4:5:6:7:8::", 0, NULL},
    {"a gap for nothing in front is no address", "::1:2:3:4:5:6:7:8", 0, NULL},
    {"two gaps are no address", "1::2::3", 0, NULL},
    {"three colons are no address", "1:::2", 0, NULL},
    {"three colons alone are no address", ":::", 0, NULL},
    {"a colon alone is no address", ":", 0, NULL},
    {"a first colon is no address", ":1:2:3:4:5:6:7", 0, NULL},
    {"a final colon is no address", "1:2:3:4:5:6:7:", 0, NULL},
    {"a final colon behind a gap is no address", "::1:", 0, NULL},
    {"five digits in a group are no address", "12345::", 0, NULL},
    {"a letter beyond f is no address", "2001:db8::g", 0, NULL},
    {"a zone is no address", "fe80::1%eth0", 0, NULL},
    {"brackets are no address", "[::1]", 0, NULL},
    {"a name with a port is no address", "localhost:443", 0, NULL},
};

static void to_hex(char *dst, const uint8_t *src, size_t len)
{
    dst[0] = '\0';
    for (size_t i = 0; i < len; i++) {
        snprintf(dst + 2 * i, 3, "%02x", src[i]);
    }
}

static void tells_addresses_from_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(IPS); i++) {
        const struct ip_row *row = &IPS[i];
        uint8_t ip[16] = {0};
        char hex[33];
        size_t n = trust_ip(edge_copy(row->host, strlen(row->host) + 1), ip);

        to_hex(hex, ip, n);
        if (n != row->want || (n > 0 && strcmp(hex, row->bytes) != 0)) {
            fail_msg("%s: %zu %s", row->name, n, hex);
        }
    }
}

/* What the port's resolver takes for an address, trust must take for one too, and the same. */
static void agrees_with_the_resolver(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(IPS); i++) {
        uint8_t want[16] = {0}, got[16] = {0};
        size_t n = inet_pton(AF_INET, IPS[i].host, want) == 1    ? 4
                   : inet_pton(AF_INET6, IPS[i].host, want) == 1 ? 16
                                                                 : 0;

        if (trust_ip(IPS[i].host, got) != n || memcmp(want, got, n) != 0) {
            fail_msg("%s: inet_pton says %zu", IPS[i].name, n);
        }
    }
}

struct dns_row {
    const char *name, *pattern, *host;
    bool want;
};

static const struct dns_row NAMES[] = {
    {"the same name", "bench.example.net", "bench.example.net", true},
    {"the same name in other letters", "Bench.Example.NET", "bENCH.example.net", true},
    {"another name", "bench.example.net", "other.example.net", false},
    {"a name that is longer", "example.net", "bench.example.net", false},
    {"a name that is shorter", "bench.example.net", "example.net", false},
    {"a name that only begins the same", "bench.example.net", "bench.example.net.evil.test", false},
    {"a wildcard for one label", "*.example.net", "bench.example.net", true},
    {"a wildcard in other letters", "*.EXAMPLE.net", "bench.example.NET", true},
    {"a wildcard takes no two labels", "*.example.net", "a.bench.example.net", false},
    {"a wildcard takes no missing label", "*.example.net", "example.net", false},
    {"a wildcard takes no empty label", "*.example.net", ".example.net", false},
    {"a wildcard of another domain", "*.example.net", "bench.example.org", false},
    {"a wildcard alone", "*", "localhost", false},
    {"a wildcard and a dot", "*.", "localhost.", false},
    {"a wildcard as a part of a label", "b*.example.net", "bench.example.net", false},
    {"a wildcard behind", "bench.*.net", "bench.example.net", false},
    {"two wildcards", "*.*.net", "bench.example.net", false},
    {"a wildcard as host", "*.example.net", "*.example.net", true},
    {"an empty pattern", "", "localhost", false},
    {"an empty host", "localhost", "", false},
    {"both empty", "", "", false},
};

static void matches_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        const struct dns_row *row = &NAMES[i];
        size_t len = strlen(row->pattern);
        const char *pattern = edge_copy(row->pattern, len);

        if (trust_dns(pattern, len, row->host) != row->want) {
            fail_msg("%s: not %d", row->name, row->want);
        }
    }
    assert_false(trust_dns("localhost\0.evil.test", 20, "localhost"));
    assert_false(trust_dns("localhost\0", 10, "localhost"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_addresses_from_names),
        cmocka_unit_test(agrees_with_the_resolver),
        cmocka_unit_test(matches_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
