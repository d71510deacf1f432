/* serve: the listening sockets and the daemons behind them.
 *
 * The service listens on both loopback addresses with one port number, so that
 * "localhost" works whichever address a client tries; the admin port only on
 * 127.0.0.1. Every connection has a thread of its own.
 * Errors  A port that cannot be had ends the program. */
#ifndef BENCH_SERVE_H
#define BENCH_SERVE_H

struct ports {
    int service, admin;
};

struct ports serve_start(void);
void serve_stop(void);

#endif
