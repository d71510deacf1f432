/* The look-up child against a resolver of our own: this getaddrinfo stands in front of libc's. */
#include "base/err.h"
#include "limits.h"
#include "sockets/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 20

/* What the resolver does hangs on the name, as the child shares nothing else with the test. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    static struct sockaddr_in to[MANY];
    static struct addrinfo entry[MANY];
    int count = strcmp(host, "many.example") == 0 ? MANY : 1;

    if (strcmp(host, "silent.example") == 0) {
        (void)pause();
    }
    if (strcmp(host, "dies.example") == 0) {
        _exit(3);
    }
    if (strcmp(host, "none.example") == 0) {
        return EAI_NONAME;
    }
    for (int i = 0; i < count; i++) {
        to[i] =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(service))};
        to[i].sin_addr.s_addr = htonl(0x0A000001u + (uint32_t)i);
        entry[i] = (struct addrinfo){.ai_family = hints->ai_family,
                                     .ai_addr = (struct sockaddr *)&to[i],
                                     .ai_addrlen = sizeof to[i],
                                     .ai_next = i + 1 < count ? &entry[i + 1] : NULL};
    }
    *list = entry;
    return 0;
}

static int result(struct net_addr *out, size_t cap)
{
    struct pollfd p = {.fd = lookup_fd(), .events = POLLIN};

    assert_true(p.fd >= 0);
    assert_int_equal(poll(&p, 1, 30000), 1);
    return lookup_result(out, cap);
}

static void no_child_is_left(void)
{
    assert_int_equal(lookup_fd(), -1);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void test_gives_address_and_port(void **state)
{
    struct net_addr addr[2];
    struct sockaddr_in got;

    (void)state;
    assert_int_equal(lookup_start("one.example", 8443, AF_INET), 0);
    assert_int_equal(result(addr, 2), 1);
    assert_int_equal(addr[0].len, sizeof got);
    memcpy(&got, addr[0].bytes, sizeof got);
    assert_int_equal(ntohs(got.sin_port), 8443);
    assert_int_equal(ntohl(got.sin_addr.s_addr), 0x0A000001);
    no_child_is_left();
}

static void test_more_addresses_than_fit_are_cut(void **state)
{
    struct net_addr addr[NET_ADDRS_MAX];

    (void)state;
    assert_int_equal(lookup_start("many.example", 1, AF_INET), 0);
    assert_int_equal(result(addr, NET_ADDRS_MAX), NET_ADDRS_MAX);
    assert_int_equal(lookup_start("many.example", 1, AF_INET), 0);
    assert_int_equal(result(addr, 2), 2);
    no_child_is_left();
}

static void test_failures_are_one_error(void **state)
{
    static const char *const host[] = {"none.example", "dies.example"};
    struct net_addr addr[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(lookup_start(host[i], 1, AF_INET), 0);
        assert_int_equal(result(addr, 2), ERR_DNS);
        no_child_is_left();
    }
}

/* S06: a resolver that never answers holds nobody: asking is not waiting, and stop is at once. */
static void test_a_silent_resolver_is_left_behind(void **state)
{
    struct net_addr addr[2];

    (void)state;
    assert_int_equal(lookup_start("silent.example", 1, AF_INET), 0);
    assert_int_equal(lookup_result(addr, 2), NET_AGAIN);
    lookup_stop();
    no_child_is_left();
    assert_int_equal(lookup_start("silent.example", 1, AF_INET), 0);
    assert_int_equal(lookup_start("one.example", 1, AF_INET), 0); /* drops the one before */
    assert_int_equal(result(addr, 2), 1);
    no_child_is_left();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gives_address_and_port),
        cmocka_unit_test(test_more_addresses_than_fit_are_cut),
        cmocka_unit_test(test_failures_are_one_error),
        cmocka_unit_test(test_a_silent_resolver_is_left_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
