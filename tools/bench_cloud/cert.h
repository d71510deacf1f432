/* cert: the server's key and certificate chain as PEM, read or made.
 *
 * Memory  The texts live as long as the program.
 * Errors  None come back: a file that cannot be used ends the program. */
#ifndef BENCH_CERT_H
#define BENCH_CERT_H

struct cert {
    char *chain, *key;
};

struct cert cert_get(const char *chain_file, const char *key_file); /* NULL, NULL: made fresh */

#endif
