/* lookup on Linux: a child asks the system's resolver, so that its time and memory are its own and
 * a silent name server cannot hold us (S06). It closes all but its pipe and dies with its parent.
 * Hidden state: the one look-up there can be. `fd` is -1 when none runs. */
#include "sockets/lookup.h"

#include "base/err.h"
#include "base/num.h"
#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FDS_MAX = 256 }; /* looked at on an older kernel */

static struct {
    int fd;
    pid_t child;
} job = {.fd = -1};

struct answer {
    uint8_t count;
    struct net_addr addr[NET_ADDRS_MAX];
};

/* All but the standard three and its pipe: one call where the kernel has it (5.9). */
static void close_others(int keep)
{
#if defined(SYS_close_range)
    if ((keep == 3 || syscall(SYS_close_range, 3u, (unsigned)keep - 1, 0u) == 0) &&
        syscall(SYS_close_range, (unsigned)keep + 1, UINT_MAX, 0u) == 0) {
        return;
    }
#endif
    for (int fd = 3; fd < FDS_MAX; fd++) {
        if (fd != keep) {
            (void)close(fd);
        }
    }
}

static void gather(struct answer *a, const struct addrinfo *list)
{
    for (const struct addrinfo *i = list; i != NULL && a->count < NET_ADDRS_MAX; i = i->ai_next) {
        struct net_addr *to = &a->addr[a->count];

        if (i->ai_addrlen <= sizeof to->bytes) {
            to->len = (uint8_t)i->ai_addrlen;
            memcpy(to->bytes, i->ai_addr, i->ai_addrlen);
            a->count++;
        }
    }
}

static void child_main(int out, pid_t parent, const char *host, uint16_t port, int family)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    struct answer a = {0};
    char service[NUM_U64_CAP];

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(1); /* it died before we could ask for the signal */
    }
    close_others(out);
    (void)num_print_u64(service, port);
    if (getaddrinfo(host, service, &hints, &list) == 0) {
        gather(&a, list);
    }
    _exit(write(out, &a, sizeof a) == (ssize_t)sizeof a ? 0 : 1);
}

void lookup_stop(void)
{
    if (job.fd < 0) {
        return;
    }
    (void)close(job.fd);
    (void)kill(job.child, SIGKILL);
    while (waitpid(job.child, NULL, 0) < 0 && errno == EINTR) {
    }
    job.fd = -1;
}

int lookup_start(const char *host, uint16_t port, int family)
{
    int ends[2];
    pid_t parent = getpid();

    lookup_stop();
    (void)signal(SIGCHLD, SIG_DFL); /* where it is ignored the child's number is not ours to kill */
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return ERR_DNS;
    }
    job.child = fork();
    if (job.child == 0) {
        child_main(ends[1], parent, host, port, family);
    }
    (void)close(ends[1]);
    if (job.child < 0) {
        (void)close(ends[0]);
        return ERR_DNS;
    }
    job.fd = ends[0];
    return 0;
}

int lookup_result(struct net_addr *out, size_t cap)
{
    struct answer a = {0};
    ssize_t n;

    do { /* an answer is smaller than PIPE_BUF: it comes whole */
        n = read(job.fd, &a, sizeof a);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) {
        return NET_AGAIN;
    }
    lookup_stop();
    if (n != (ssize_t)sizeof a || a.count == 0) {
        return ERR_DNS;
    }
    if (a.count > cap) {
        a.count = (uint8_t)cap;
    }
    memcpy(out, a.addr, a.count * sizeof a.addr[0]);
    return a.count;
}

int lookup_fd(void)
{
    return job.fd;
}
