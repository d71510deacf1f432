#include "wire.h"

#include "pause.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

enum { WAIT_MS = 60000, LINGER_MS = 2000, NARROW_BYTES = 16384 };

struct wire wire_of(struct MHD_Connection *con)
{
    const union MHD_ConnectionInfo *fd, *tls;
    struct wire w = {-1, NULL};

    fd = MHD_get_connection_info(con, MHD_CONNECTION_INFO_CONNECTION_FD);
    tls = MHD_get_connection_info(con, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (fd != NULL) {
        w.fd = fd->connect_fd;
    }
    if (tls != NULL) {
        w.tls = (gnutls_session_t)tls->tls_session;
    }
    return w;
}

static ssize_t put_some(const struct wire *w, const char *src, size_t len)
{
    ssize_t n;

    if (w->tls == NULL) {
        return send(w->fd, src, len, MSG_NOSIGNAL);
    }
    n = gnutls_record_send(w->tls, src, len);
    if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED) {
        errno = EAGAIN;
        return -1;
    }
    errno = n < 0 ? EPIPE : 0;
    return n;
}

static void push_out(const struct wire *w)
{
    int off = 0, on = 1;

    setsockopt(w->fd, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
    setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool wire_put(const struct wire *w, const char *src, size_t len)
{
    while (len > 0) {
        ssize_t n = put_some(w, src, len);

        if (n > 0) {
            src += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN || errno == EINTR) {
            struct pollfd p = {w->fd, POLLOUT, 0};
            if (poll(&p, 1, WAIT_MS) == 0) {
                return false;
            }
        } else {
            return false;
        }
    }
    push_out(w);
    return true;
}

void wire_drip(const struct wire *w, const char *src, size_t len, long gap_ms)
{
    for (size_t i = 0; i < len && wire_put(w, src + i, 1); i++) {
        if (!pause_ms(gap_ms)) {
            return;
        }
    }
}

void wire_narrow(const struct wire *w)
{
    int bytes = NARROW_BYTES;

    setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

void wire_linger(const struct wire *w)
{
    int64_t until = now_ms() + LINGER_MS;
    char waste[16384];

    if (w->tls != NULL) {
        gnutls_bye(w->tls, GNUTLS_SHUT_WR);
    }
    shutdown(w->fd, SHUT_WR);
    while (now_ms() < until && !pause_over()) {
        struct pollfd p = {w->fd, POLLIN, 0};
        if (poll(&p, 1, 100) > 0 && recv(w->fd, waste, sizeof waste, MSG_DONTWAIT) <= 0) {
            return;
        }
    }
}

void wire_tear(const struct wire *w)
{
    shutdown(w->fd, SHUT_RDWR);
}

/* Connecting to nothing is how Linux resets a connection while it stays open. */
void wire_reset(const struct wire *w)
{
    struct sockaddr none = {.sa_family = AF_UNSPEC};

    (void)connect(w->fd, &none, sizeof none);
}
