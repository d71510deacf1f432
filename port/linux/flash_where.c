/* Which machine this is, since when it runs, and what its file system is worth. */
#include "base/fingerprint.h"
#include "linux/flash_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { ID_CAP = 128 };

#define FS_TMPFS 0x01021994u
#define FS_RAMFS 0x858458F6u

/* Bytes of the file, without white space at its end; 0: none. */
static size_t slurp(const char *path, char *dst)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    ssize_t n = -1;

    if (fd >= 0) {
        do {
            n = read(fd, dst, ID_CAP);
        } while (n < 0 && errno == EINTR);
        (void)close(fd);
    }
    while (n > 0 && (dst[n - 1] == '\n' || dst[n - 1] == ' ' || dst[n - 1] == 0)) {
        n--;
    }
    return n > 0 ? (size_t)n : 0;
}

static uint64_t finish(const struct fingerprint *f)
{
    uint64_t id = fingerprint_finish(f);

    return id != 0 ? id : 1;
}

uint64_t flash_boot(void)
{
    char id[ID_CAP];
    struct fingerprint f;

    fingerprint_init(&f);
    fingerprint_push(&f, (const uint8_t *)id, slurp("/proc/sys/kernel/random/boot_id", id));
    return finish(&f);
}

/* systemd puts an id of this boot alone over it when it cannot write the file: on a tmpfs. */
static size_t machine_id(char *dst)
{
    static const char path[] = "/etc/machine-id";
    size_t len = slurp(path, dst);
    struct statfs fs;

    return len == 32 && statfs(path, &fs) == 0 && (uint32_t)fs.f_type != FS_TMPFS ? len : 0;
}

static size_t add(struct fingerprint *f, const char *id, size_t len)
{
    fingerprint_push(f, (const uint8_t *)id, len);
    fingerprint_push(f, (const uint8_t *)"\n", 1);
    return len;
}

/* Only what stays the same over starts, and is told to every user alike. An image that was copied
 * to another machine has its machine-id, so the board's own number counts as well. What has
 * neither is small and calls its interfaces as the kernel does. */
uint64_t flash_host(void)
{
    static const char *const address[] = {
        "/sys/class/net/eth0/address", "/sys/class/net/eth1/address",
        "/sys/class/net/wlan0/address", "/sys/class/net/br-lan/address"};
    char id[ID_CAP];
    struct fingerprint f;
    struct utsname node;
    size_t len;

    fingerprint_init(&f);
    len = add(&f, id, machine_id(id));
    len += add(&f, id, slurp("/proc/device-tree/serial-number", id));
    for (size_t i = 0; len == 0 && i < sizeof address / sizeof address[0]; i++) {
        len = add(&f, id, slurp(address[i], id));
    }
    if (len == 0 && uname(&node) == 0) {
        (void)add(&f, node.nodename, strlen(node.nodename));
    }
    return finish(&f);
}

/* Of linux/magic.h, which musl's compiler does not find. Not here: overlayfs, which is worth what
 * its upper folder is worth, and does not tell what that is. */
const char *flash_weakness(const struct flash_dir *d)
{
    static const char ram[] = "it is in RAM: everything is lost with the power";
    static const char fat[] =
        "FAT has no journal and no rights: a power cut may damage any file, and "
        "whoever sees the card reads it";
    static const char net[] =
        "it is on another machine: what counts as written there, and whether a "
        "lock holds, is not ours to know";
    static const char fuse[] = "a program serves it (FUSE): what counts as written is up to that "
                               "program";
    static const struct {
        uint32_t magic;
        const char *lost;
    } known[] = {
        {FS_TMPFS, ram},    {FS_RAMFS, ram},    {0x4D44u, fat},     {0x2011BAB0u, fat},
        {0x6969u, net},     {0x517Bu, net},     {0xFF534D42u, net}, {0xFE534D42u, net},
        {0x01021997u, net}, {0x00C36400u, net}, {0x5346414Fu, net}, {0x65735546u, fuse},
    };
    struct statfs fs;

    if (fstatfs(d->fd, &fs) != 0) {
        return "it cannot be asked what it is";
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if ((uint32_t)fs.f_type == known[i].magic) {
            return known[i].lost;
        }
    }
    return NULL;
}
