#include "link/trust_name.h"

#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t ip4(const char *s, uint8_t *out)
{
    for (int i = 0; i < 4; i++) {
        bool zero = *s == '0';
        unsigned v = 0;
        int digits = 0;

        for (; *s >= '0' && *s <= '9' && digits < 3; s++, digits++) {
            v = v * 10 + (unsigned)(*s - '0');
        }
        if (digits == 0 || (zero && digits > 1) || v > 255 || *s != (i < 3 ? '.' : '\0')) {
            return 0;
        }
        s++;
        out[i] = (uint8_t)v;
    }
    return 4;
}

/* One group at s, or the dotted end: its bytes in out (room for 4), *s moved; 0 when it is none. */
static size_t ip6_group(const char **s, uint8_t *out)
{
    const char *from = *s;
    unsigned v = 0;
    int digits = 0;

    for (; digits < 4 && hex_value(**s) >= 0; (*s)++, digits++) {
        v = v << 4 | (unsigned)hex_value(**s);
    }
    if (digits > 0 && **s == '.') {
        *s = from + strlen(from);
        return ip4(from, out);
    }
    out[0] = (uint8_t)(v >> 8);
    out[1] = (uint8_t)v;
    return digits > 0 ? 2 : 0;
}

/* Groups of up to four hex digits; one "::" stands for the zeros that are missing. */
static size_t ip6(const char *s, uint8_t out[16])
{
    enum { NO_GAP = 17 };
    uint8_t tmp[16 + 4] = {0};
    size_t at = 0, gap = NO_GAP;

    if (s[0] == ':' && s[1] != ':') {
        return 0;
    }
    while (*s != '\0') {
        if (s[0] == ':' && s[1] == ':' && gap == NO_GAP) {
            gap = at;
            s += 2;
            continue;
        }
        if (at > 0 && at != gap && *s++ != ':') {
            return 0;
        }
        size_t n = ip6_group(&s, tmp + at);

        at += n;
        if (n == 0 || at > 16) {
            return 0;
        }
    }
    if (gap == NO_GAP ? at != 16 : at == 16) {
        return 0;
    }
    gap = gap == NO_GAP ? at : gap;
    memset(out, 0, 16);
    memcpy(out, tmp, gap);
    memcpy(out + 16 - (at - gap), tmp + gap, at - gap);
    return 16;
}

size_t trust_ip(const char *host, uint8_t out[16])
{
    return strchr(host, ':') != NULL ? ip6(host, out) : ip4(host, out);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool trust_dns(const char *pattern, size_t len, const char *host)
{
    size_t host_len = strlen(host);

    if (len > 2 && pattern[0] == '*' && pattern[1] == '.') {
        size_t label = strcspn(host, ".");

        if (label == 0) {
            return false;
        }
        pattern++;
        len--;
        host += label;
        host_len -= label;
    }
    if (len != host_len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (lower(pattern[i]) != lower(host[i])) {
            return false;
        }
    }
    return len > 0;
}
