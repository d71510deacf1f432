#include "base/device.h"
#include "base/err.h"

#include <errno.h>
#include <sys/random.h>

/* Never waits for the kernel's pool at boot (S03), and never makes do with less. */
int device_random(uint8_t *dst, size_t len)
{
    while (len > 0) {
        ssize_t n = getrandom(dst, len, GRND_NONBLOCK);

        if (n < 0 && errno != EINTR) {
            return ERR_ENTROPY;
        }
        if (n > 0) {
            dst += n;
            len -= (size_t)n;
        }
    }
    return 0;
}
