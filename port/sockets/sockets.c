#include "sockets/sockets.h"

#include "base/err.h"
#include "sockets/lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(struct sockets *s, int err)
{
    s->sys = errno;
    return err;
}

static bool take_literal(struct net_addr *a, const char *host, uint16_t port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        a->len = sizeof v4;
        memcpy(a->bytes, &v4, sizeof v4);
    } else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
        a->len = sizeof v6;
        memcpy(a->bytes, &v6, sizeof v6);
    } else {
        return false;
    }
    return true;
}

static int sockets_resolve(void *ctx, const char *host, uint16_t port)
{
    static const int af[] = {
        [SOCKETS_ANY] = AF_UNSPEC, [SOCKETS_IPV4] = AF_INET, [SOCKETS_IPV6] = AF_INET6};
    struct sockets *s = ctx;
    int err = 0;

    lookup_stop();
    s->literal = take_literal(&s->addr, host, port);
    if (!s->literal) {
        err = lookup_start(host, port, af[s->options->family]);
    }
    s->looking = !s->literal && err == 0;
    return err == 0 ? 0 : fail(s, err);
}

static int sockets_resolved(void *ctx, struct net_addr *out, size_t cap)
{
    struct sockets *s = ctx;
    int n = 1;

    if (s->literal) {
        out[0] = s->addr;
        return n;
    }
    n = lookup_result(out, cap);
    s->looking = n == NET_AGAIN;
    return n;
}

static bool set_up(const struct sockets *s)
{
    int on = 1;
    int flags = fcntl(s->fd, F_GETFL, 0);

    if (flags < 0 || fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        return false;
    }
    (void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(s->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#if defined(SO_BINDTODEVICE)
    const char *dev = s->options->interface;

    if (dev != NULL && dev[0] != '\0' &&
        setsockopt(s->fd, SOL_SOCKET, SO_BINDTODEVICE, dev, (socklen_t)strlen(dev)) != 0) {
        return false;
    }
#endif
    return true;
}

static int sockets_open(void *ctx, const struct net_addr *addr)
{
    struct sockets *s = ctx;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } to = {0};

    memcpy(&to, addr->bytes, addr->len);
    s->fd = socket(to.any.sa_family, SOCK_STREAM, 0);
    if (s->fd < 0 || !set_up(s)) {
        return fail(s, ERR_CONNECT);
    }
    if (connect(s->fd, &to.any, addr->len) != 0 && errno != EINPROGRESS && errno != EINTR) {
        return fail(s, ERR_CONNECT);
    }
    return 0;
}

static int sockets_connected(void *ctx)
{
    struct sockets *s = ctx;
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};
    int cause = 0;
    socklen_t len = sizeof cause;

    if (poll(&p, 1, 0) <= 0) { /* or a signal came: SO_ERROR would be 0 all the same */
        return NET_AGAIN;
    }
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &cause, &len) != 0 || cause != 0) {
        errno = cause != 0 ? cause : errno;
        return fail(s, ERR_CONNECT);
    }
    return 0;
}

static int sockets_send(void *ctx, const uint8_t *src, size_t len)
{
    struct sockets *s = ctx;
    ssize_t n;

    do {
        n = send(s->fd, src, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        return (int)n;
    }
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? NET_AGAIN : fail(s, ERR_NETWORK);
}

static int sockets_recv(void *ctx, uint8_t *dst, size_t cap)
{
    struct sockets *s = ctx;
    ssize_t n;

    do {
        n = recv(s->fd, dst, cap, 0);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) {
        return n > 0 ? (int)n : NET_END;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK ? NET_AGAIN : fail(s, ERR_NETWORK);
}

int sockets_watch(const struct sockets *s, unsigned want, short *events)
{
    bool look_up = (want & WANT_LOOKUP) != 0;

    *events = (short)((look_up || (want & WANT_READ) != 0 ? POLLIN : 0) |
                      (!look_up && (want & WANT_WRITE) != 0 ? POLLOUT : 0));
    return *events == 0 ? -1 : look_up ? lookup_fd() : s->fd;
}

static void sockets_wait(void *ctx, unsigned want, uint32_t timeout_ms)
{
    struct pollfd p;

    p.fd = sockets_watch(ctx, want, &p.events);
    /* A signal ends the wait as well: the owner looks at its flags and steps again. */
    (void)poll(&p, p.fd >= 0 ? 1 : 0, timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms);
}

static void sockets_close(void *ctx, bool abort)
{
    struct sockets *s = ctx;
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (s->looking) {
        lookup_stop();
        s->looking = false;
    }
    if (s->fd < 0) {
        return;
    }
    if (abort) { /* a stalled peer would keep memory in the stack for long */
        (void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    (void)close(s->fd);
    s->fd = -1;
}

struct net sockets_net(struct sockets *s, const struct sockets_options *options)
{
    *s = (struct sockets){.options = options, .fd = -1};
    return (struct net){
        .ctx = s,
        .resolve = sockets_resolve,
        .resolved = sockets_resolved,
        .open = sockets_open,
        .connected = sockets_connected,
        .send = sockets_send,
        .recv = sockets_recv,
        .wait = sockets_wait,
        .close = sockets_close,
    };
}
