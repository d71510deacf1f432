#include "linux/secret.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is wrong with a secret's bytes, or NULL. They stand in a header field, between commas. */
static const char *wrong(const char *value, size_t len)
{
    size_t at;

    if (len >= SECRET_CAP) {
        return ": longer than SECRET_CAP allows";
    }
    for (at = 0; at < len; at++) {
        if (value[at] <= ' ' || value[at] >= 0x7f || value[at] == ',') {
            return ": a secret has a space, comma, control or non-ASCII character in it";
        }
    }
    return len == 0 ? ": empty" : NULL;
}

size_t secret_trim(const char *value, size_t len)
{
    if (len > 0 && value[len - 1] == '\n') {
        len--;
    }
    return len > 0 && value[len - 1] == '\r' ? len - 1 : len;
}

int secret_put(char dst[SECRET_CAP], const char *value, size_t len, const char *place, char *where)
{
    const char *fault = wrong(value, len);

    if (fault != NULL) {
        return secret_fail(where, ERR_CREDENTIALS_FORM, place, fault);
    }
    memcpy(dst, value, len);
    dst[len] = 0;
    return 0;
}

/* A file whose rights are right, open; or an error. */
static int open_private(const char *path, bool ours, char *where)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int err = 0;

    if (fd < 0) {
        return secret_fail(where, ERR_CREDENTIALS_MISSING, path, ": ", strerror(errno));
    }
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        err = secret_fail(where, ERR_CREDENTIALS_FORM, path, ": not a regular file");
    } else if (ours && st.st_uid != geteuid() && st.st_uid != 0) {
        err = secret_fail(where, ERR_CREDENTIALS_OPEN, path,
                          ": its owner is neither this user nor root");
    } else if (ours && (st.st_mode & 077) != 0) {
        err = secret_fail(where, ERR_CREDENTIALS_OPEN, path, ": group or others have rights on it");
    }
    if (err < 0) {
        close(fd);
    }
    return err < 0 ? err : fd;
}

/* The whole file, closed; its length, or an error. */
static int read_all(int fd, char buf[SECRET_FILE_CAP], const char *path, char *where)
{
    size_t len = 0;
    ssize_t n = 1;

    while (n > 0 && len < SECRET_FILE_CAP) {
        n = read(fd, buf + len, SECRET_FILE_CAP - len);
        len += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    if (n < 0) {
        return secret_fail(where, ERR_CREDENTIALS_MISSING, path, ": ", strerror(errno));
    }
    return len < SECRET_FILE_CAP ? (int)len
                                 : secret_fail(where, ERR_CREDENTIALS_FORM, path, ": too long");
}

int secret_file(char buf[SECRET_FILE_CAP], const char *path, bool ours, char *where)
{
    int fd = open_private(path, ours, where);

    return fd < 0 ? fd : read_all(fd, buf, path, where);
}
