/* options: the command line. Set once by options_read, before any thread. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>

struct options {
    int port, admin_port; /* 0: a free one */
    const char *listen;   /* an address instead of the two loopback ones; NULL: those */
    const char *cert, *key, *tls, *db, *token, *user, *org, *callback_key, *port_file, *faults;
    int threads; /* connections at once, one thread each */
    bool plain, no_store, quiet;
};

extern struct options opt;

void options_read(int argc, char **argv); /* exits on --help, --version and mistakes */

#endif
