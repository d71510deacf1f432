#include "serve.h"

#include "admin.h"
#include "cert.h"
#include "http.h"
#include "options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DAEMON_MAX = 3, MEMORY = 128 * 1024, IDLE_S = 75, TRIES = 20, SEGMENT = 1400 };
enum { BACKLOG = 4096, STACK = 1024 * 1024 }; /* a fleet may come at once */
enum {
    HOW =
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static struct MHD_Daemon *daemons[DAEMON_MAX];
static int daemon_n;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_cloud: %s: %s\n", what, why);
    exit(2);
}

static socklen_t set_address(union address *a, const char *host, int port)
{
    memset(a, 0, sizeof *a);
    if (inet_pton(AF_INET, host, &a->v4.sin_addr) == 1) {
        a->v4.sin_family = AF_INET;
        a->v4.sin_port = htons((uint16_t)port);
        return sizeof a->v4;
    }
    if (inet_pton(AF_INET6, host, &a->v6.sin6_addr) == 1) {
        a->v6.sin6_family = AF_INET6;
        a->v6.sin6_port = htons((uint16_t)port);
        return sizeof a->v6;
    }
    die(host, "is no address");
    return 0;
}

/* A socket, or -1 with errno. Its segments are those of a real network: over the
 * 64 KiB ones of the loopback a peer's kernel takes megabytes at once, and the
 * peer has sent all before it can hear of an early answer or a cut. */
static int listen_on(const char *host, int port)
{
    union address a;
    socklen_t len = set_address(&a, host, port);
    int segment = SEGMENT, on = 1, fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!opt.no_store) {
        setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
    }
    if (a.any.sa_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    if (bind(fd, &a.any, len) != 0 || listen(fd, BACKLOG) != 0) {
        int err = errno;
        close(fd);
        errno = err;
        return -1;
    }
    return fd;
}

static int must_listen(const char *host, int port)
{
    int fd = listen_on(host, port);

    if (fd < 0) {
        die(host, strerror(errno));
    }
    return fd;
}

static int port_of(int fd)
{
    union address a;
    socklen_t len = sizeof a;

    if (getsockname(fd, &a.any, &len) != 0) {
        die("getsockname", strerror(errno));
    }
    return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

/* The same port on ::1; a machine without IPv6 does without. False: it is taken. */
static bool listen_twin(int port, int *fd)
{
    *fd = listen_on("::1", port);
    return *fd >= 0 || errno != EADDRINUSE;
}

static int listen_service(int fds[2])
{
    int tries = 0;

    fds[1] = -1;
    if (opt.listen != NULL) {
        fds[0] = must_listen(opt.listen, opt.port);
        return port_of(fds[0]);
    }
    for (;;) {
        fds[0] = must_listen("127.0.0.1", opt.port);
        if (listen_twin(port_of(fds[0]), &fds[1])) {
            return port_of(fds[0]);
        }
        if (opt.port != 0 || ++tries == TRIES) {
            die("::1", strerror(EADDRINUSE));
        }
        close(fds[0]);
    }
}

static void keep(struct MHD_Daemon *d)
{
    if (d == NULL) {
        die("libmicrohttpd", "does not start (certificate, key or --tls?)");
    }
    daemons[daemon_n++] = d;
}

static void start_service(int fd, const struct cert *c)
{
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, c->chain},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, c->key},
        {opt.tls == NULL ? MHD_OPTION_END : MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)opt.tls},
        {MHD_OPTION_END, 0, NULL},
    };

    if (opt.plain) {
        tls[0].option = MHD_OPTION_END;
    }
    keep(MHD_start_daemon(
        HOW | (opt.plain ? 0 : MHD_USE_TLS), 0, NULL, NULL, http_handle, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_ARRAY, tls, MHD_OPTION_URI_LOG_CALLBACK,
        http_begin, NULL, MHD_OPTION_NOTIFY_COMPLETED, http_done, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, http_connection, NULL, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)opt.threads, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_END));
}

struct ports serve_start(void)
{
    struct cert c = {NULL, NULL};
    struct ports p;
    int fds[2], admin;

    if (!opt.plain) {
        c = cert_get(opt.cert, opt.key);
        http_tickets();
    }
    p.service = listen_service(fds);
    admin = must_listen("127.0.0.1", opt.admin_port);
    p.admin = port_of(admin);
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0) {
            start_service(fds[i], &c);
        }
    }
    keep(MHD_start_daemon(HOW, 0, NULL, NULL, admin_handle, NULL, MHD_OPTION_LISTEN_SOCKET, admin,
                          MHD_OPTION_NOTIFY_COMPLETED, admin_done, NULL,
                          MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_END));
    free(c.chain);
    free(c.key);
    return p;
}

void serve_stop(void)
{
    for (int i = 0; i < daemon_n; i++) {
        MHD_stop_daemon(daemons[i]);
    }
}
