#include "linux/wake.h"

#include "base/err.h"
#include "base/fingerprint.h"
#include "base/text.h"
#include "linux/words.h"
#include "reply/job_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* One byte more than the longest hint, so that what is cut off is too long all the same. */
#define DATAGRAM_CAP (JOB_ID_CAP + STATUS_WORD_CAP)

static int address(struct sockaddr_un *a, const char *run_dir, const char *name)
{
    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    if (strlen(run_dir) + strlen(name) >= sizeof a->sun_path) {
        errno = ENAMETOOLONG;
        return ERR_CONFIG;
    }
    words(a->sun_path, sizeof a->sun_path, run_dir, name);
    return 0;
}

static int open_socket(void)
{
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* A socket that nobody listens on refuses; it is what a daemon left that was killed. */
static bool somebody_listens(int fd, const struct sockaddr_un *at)
{
    return connect(fd, (const struct sockaddr *)at, sizeof *at) == 0;
}

/* Bound beside and renamed: whoever sends finds the old socket or the new one with its rights. */
static int bind_renamed(int fd, const struct sockaddr_un *at, const struct sockaddr_un *fresh)
{
    (void)unlink(fresh->sun_path);
    if (bind(fd, (const struct sockaddr *)fresh, sizeof *fresh) != 0) {
        return ERR_CONFIG;
    }
    if (chmod(fresh->sun_path, 0666) != 0 || rename(fresh->sun_path, at->sun_path) != 0) {
        int why = errno;

        (void)unlink(fresh->sun_path);
        errno = why;
        return ERR_CONFIG;
    }
    return 0;
}

int wake_open(struct wake *w, const char *run_dir)
{
    struct sockaddr_un at, fresh;
    int err = address(&at, run_dir, "/wake");

    memset(w, 0, sizeof *w);
    w->fd = -1;
    if (err != 0 || (err = address(&fresh, run_dir, "/wake.new")) != 0) {
        return err;
    }
    if (mkdir(run_dir, 0711) == 0) {
        (void)chmod(run_dir, 0711); /* whatever the umask says */
    }
    w->fd = open_socket();
    if (w->fd < 0) {
        return ERR_CONFIG;
    }
    err = somebody_listens(w->fd, &at) ? ERR_LOCKED : bind_renamed(w->fd, &at, &fresh);
    if (err != 0) {
        int why = errno;

        wake_close(w);
        errno = why;
    }
    return err;
}

int wake_fd(const struct wake *w)
{
    return w->fd;
}

void wake_close(struct wake *w)
{
    if (w->fd >= 0) {
        (void)close(w->fd);
    }
    w->fd = -1;
}

static bool status_ok(const char *status)
{
    for (; *status != '\0'; status++) {
        if ((unsigned char)*status < ' ' || *status == 0x7F) {
            return false;
        }
    }
    return true;
}

static bool read_hint(struct wake_hint *out, char *text)
{
    char *status = strchr(text, ' ');

    if (status == NULL) {
        return false;
    }
    *status++ = '\0';
    return job_id_ok(text) && status_ok(status) &&
           text_copy(out->job, sizeof out->job, text) >= 0 &&
           text_copy(out->status, sizeof out->status, status) >= 0;
}

/* False when no datagram waits. */
static bool next(const struct wake *w, struct wake_hint *out)
{
    char text[DATAGRAM_CAP + 1];
    ssize_t len = recv(w->fd, text, sizeof text - 1, MSG_DONTWAIT);

    memset(out, 0, sizeof *out);
    if (len < 0) {
        return false;
    }
    text[len] = '\0';
    if (strlen(text) != (size_t)len || !read_hint(out, text)) {
        memset(out, 0, sizeof *out);
    }
    return true;
}

bool wake_take(struct wake *w, struct wake_hint *out)
{
    unsigned left = WAKE_BURST_MAX;
    bool repeated = true;

    while (repeated && left > 0 && next(w, out)) {
        repeated = wake_seen(w, out);
        left--;
    }
    return !repeated;
}

bool wake_seen(struct wake *w, const struct wake_hint *hint)
{
    struct fingerprint f;
    uint64_t value;

    if (hint->job[0] == '\0') {
        return false;
    }
    fingerprint_init(&f);
    fingerprint_push(&f, (const uint8_t *)hint->job, strlen(hint->job) + 1);
    fingerprint_push(&f, (const uint8_t *)hint->status, strlen(hint->status));
    value = fingerprint_finish(&f);
    for (size_t i = 0; i < WAKE_SEEN_MAX; i++) {
        if (w->seen[i] == value) {
            return true;
        }
    }
    w->seen[w->at] = value;
    w->at = (uint8_t)((w->at + 1u) % WAKE_SEEN_MAX);
    return false;
}

bool wake_send(const char *run_dir, const struct wake_hint *hint)
{
    struct sockaddr_un at;
    char text[DATAGRAM_CAP + 1] = "";
    size_t len = hint == NULL || hint->job[0] == '\0'
                     ? 0
                     : words(text, sizeof text, hint->job, " ", hint->status);
    int fd = address(&at, run_dir, "/wake") == 0 ? open_socket() : -1;
    ssize_t sent = -1;

    if (fd >= 0) {
        sent = sendto(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&at,
                      sizeof at);
        (void)close(fd);
    }
    return sent >= 0;
}
