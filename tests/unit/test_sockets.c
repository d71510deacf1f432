/* The port's socket calls with every answer of the system. This program's own poll, getsockopt,
 * send and recv stand in for the C library's and play what the test says. */
#include "base/err.h"
#include "sockets/lookup.h"
#include "sockets/sockets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FD = 99 }; /* no descriptor of this process */

/* What the next calls answer: a result, or -errno; each once, the last one again and again. */
static struct script {
    int answer[4];
    size_t count, calls;
} polls, sends, recvs;

static int so_error, flags_seen;
static nfds_t polled;

static int answer(struct script *s)
{
    size_t at = s->calls < s->count ? s->calls : s->count - 1;
    int n = s->answer[at];

    s->calls++;
    if (n < 0) {
        errno = -n;
        return -1;
    }
    return n;
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    (void)fds;
    (void)timeout;
    polled = n;
    return answer(&polls);
}

int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict len)
{
    assert_int_equal(fd, FD);
    assert_int_equal(level, SOL_SOCKET);
    assert_int_equal(name, SO_ERROR);
    assert_int_equal(*len, sizeof so_error);
    memcpy(value, &so_error, sizeof so_error);
    return 0;
}

ssize_t send(int fd, const void *src, size_t len, int flags)
{
    (void)src;
    assert_int_equal(fd, FD);
    int n = answer(&sends);

    flags_seen = flags;
    return n < 0 || (size_t)n < len ? n : (ssize_t)len;
}

ssize_t recv(int fd, void *dst, size_t cap, int flags)
{
    (void)dst;
    (void)flags;
    assert_int_equal(fd, FD);
    int n = answer(&recvs);

    return n < 0 || (size_t)n < cap ? n : (ssize_t)cap;
}

#define SAY(to, ...)                                                                               \
    ((to) = (struct script){{__VA_ARGS__}, sizeof((int[]){__VA_ARGS__}) / sizeof(int), 0})

static const struct sockets_options ANY = {SOCKETS_ANY, NULL};
static struct sockets s;
static struct net net;

static void begin(void)
{
    net = sockets_net(&s, &ANY);
    s.fd = FD;
    so_error = 0;
}

static void test_a_connection_is_there_when_the_socket_says_so(void **state)
{
    (void)state;
    begin();
    SAY(polls, 0);
    assert_int_equal(net.connected(net.ctx), NET_AGAIN);
    SAY(polls, -EINTR); /* a signal: nothing is known yet, and SO_ERROR would say 0 */
    assert_int_equal(net.connected(net.ctx), NET_AGAIN);
    SAY(polls, -ENOMEM);
    assert_int_equal(net.connected(net.ctx), NET_AGAIN);
    SAY(polls, 1);
    assert_int_equal(net.connected(net.ctx), 0);
    so_error = ECONNREFUSED;
    assert_int_equal(net.connected(net.ctx), ERR_CONNECT);
    assert_int_equal(s.sys, ECONNREFUSED);
}

static void test_sends(void **state)
{
    const uint8_t src[8] = {0};

    (void)state;
    begin();
    SAY(sends, 3);
    assert_int_equal(net.send(net.ctx, src, sizeof src), 3);
    assert_int_equal(flags_seen, MSG_NOSIGNAL); /* C20 */
    SAY(sends, -EINTR, -EINTR, 8);
    assert_int_equal(net.send(net.ctx, src, sizeof src), 8);
    SAY(sends, -EAGAIN);
    assert_int_equal(net.send(net.ctx, src, sizeof src), NET_AGAIN);
    SAY(sends, -EPIPE);
    assert_int_equal(net.send(net.ctx, src, sizeof src), ERR_NETWORK);
    assert_int_equal(s.sys, EPIPE);
}

static void test_receives(void **state)
{
    uint8_t dst[8];

    (void)state;
    begin();
    SAY(recvs, 8);
    assert_int_equal(net.recv(net.ctx, dst, sizeof dst), 8);
    SAY(recvs, 0);
    assert_int_equal(net.recv(net.ctx, dst, sizeof dst), NET_END);
    SAY(recvs, -EINTR, 1);
    assert_int_equal(net.recv(net.ctx, dst, sizeof dst), 1);
    SAY(recvs, -EWOULDBLOCK);
    assert_int_equal(net.recv(net.ctx, dst, sizeof dst), NET_AGAIN);
    SAY(recvs, -ECONNRESET);
    assert_int_equal(net.recv(net.ctx, dst, sizeof dst), ERR_NETWORK);
}

static void test_nothing_is_polled_that_is_closed(void **state)
{
    (void)state;
    begin();
    SAY(polls, 0);
    net.wait(net.ctx, WANT_READ | WANT_WRITE, 1);
    assert_int_equal(polled, 1);
    net.wait(net.ctx, WANT_TIME, 1);
    assert_int_equal(polled, 0);
    net.wait(net.ctx, WANT_LOOKUP, 1); /* none runs */
    assert_int_equal(polled, 0);
    s.fd = -1;
    net.wait(net.ctx, WANT_READ, UINT32_MAX);
    assert_int_equal(polled, 0);
    net.close(net.ctx, true); /* again: harmless */
}

/* Where a parent ignores SIGCHLD, Linux frees an ended child's number at once: the kill that stops
 * a look-up could hit somebody else. */
static void test_the_child_is_ours_until_we_wait_for_it(void **state)
{
    struct sigaction act;

    (void)state;
    assert_true(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    assert_int_equal(lookup_start("localhost", 1, AF_INET), 0);
    assert_int_equal(sigaction(SIGCHLD, NULL, &act), 0);
    assert_true(act.sa_handler == SIG_DFL);
    lookup_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_connection_is_there_when_the_socket_says_so),
        cmocka_unit_test(test_sends),
        cmocka_unit_test(test_receives),
        cmocka_unit_test(test_nothing_is_polled_that_is_closed),
        cmocka_unit_test(test_the_child_is_ours_until_we_wait_for_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
