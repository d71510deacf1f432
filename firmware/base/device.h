/* device: what a port gives the firmware. Every call answers at once; none blocks but net wait.
 *
 * A port fills these structs; ctx is handed back to each call. Results outside the ranges stated
 * here are a fault of the port. See port/linux and port/sockets for the Linux ones. */
#ifndef OCBULK_BASE_DEVICE_H
#define OCBULK_BASE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Answers of the socket seam that are neither a count nor an error. */
enum { NET_AGAIN = -1000, NET_END = -1001 };

/* What a step waits for; a set of bits. */
enum want {
    WANT_NOTHING = 0, /* finished: done or failed */
    WANT_READ = 1,    /* the socket to be readable */
    WANT_WRITE = 2,   /* the socket to be writable */
    WANT_LOOKUP = 4,  /* the name look-up */
    WANT_TIME = 8,    /* the clock alone */
    WANT_GATE = 16,   /* the owner: everything but the last piece has been sent */
    WANT_STEP = 32    /* no wait: step again */
};

/* One address to connect to, as opaque to the firmware as a sockaddr. */
struct net_addr {
    uint8_t len;       /* bytes in use */
    uint8_t bytes[28]; /* a sockaddr_in or sockaddr_in6 of the port */
};

/* One connection at a time. err codes: ERR_DNS, ERR_CONNECT, ERR_NETWORK. */
struct net {
    void *ctx;
    /* Starts a look-up of a name or address literal; a new start drops the old. 0 or ERR_DNS. */
    int (*resolve)(void *ctx, const char *host, uint16_t port);
    /* Count of addresses (1..cap), NET_AGAIN, or ERR_DNS; after anything but NET_AGAIN it is over.
     */
    int (*resolved)(void *ctx, struct net_addr *out, size_t cap);
    /* Opens a socket and starts to connect; 0 or ERR_CONNECT at once (no route and the like). */
    int (*open)(void *ctx, const struct net_addr *addr);
    int (*connected)(void *ctx); /* 0 when connected, NET_AGAIN, or ERR_CONNECT */
    /* Bytes taken (1..len), NET_AGAIN, or ERR_NETWORK. Raises no signal. */
    int (*send)(void *ctx, const uint8_t *src, size_t len);
    /* Bytes (1..cap), NET_AGAIN, NET_END when the peer has closed, or ERR_NETWORK. */
    int (*recv)(void *ctx, uint8_t *dst, size_t cap);
    /* Blocks until what is wanted, or timeout_ms passed, or a signal came. */
    void (*wait)(void *ctx, unsigned want, uint32_t timeout_ms);
    /* Closes socket and look-up, if any; abort: without lingering (RST). */
    void (*close)(void *ctx, bool abort);
};

/* One file on flash, open for reading. */
struct file {
    void *ctx;
    int64_t (*size)(void *ctx); /* bytes now, or ERR_FILE_READ */
    /* Bytes (1..cap), 0 at or beyond the end, or ERR_FILE_READ. */
    int (*read_at)(void *ctx, uint64_t at, uint8_t *dst, size_t cap);
};

/* Time is an argument everywhere: the driver reads the clocks before each step. */
struct now {
    uint64_t mono_ms; /* never steps back */
    int64_t wall_s;   /* seconds since 1970 */
};

/* Cryptographic random bytes: 0, or ERR_ENTROPY while the device has none yet. Named, not passed
 * in a struct, because mbedTLS asks for it through a symbol of its own. */
int device_random(uint8_t *dst, size_t len);

#endif
