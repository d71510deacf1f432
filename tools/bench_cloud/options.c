#include "options.h"

#include "fault.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

struct options opt = {
    .db = "",
    .token = "bench-element-token",
    .user = "bench-user-secret=",
    .threads = 64,
};

static const char HELP[] =
    "usage: bench_cloud [options]\n"
    "A stand-in for the bulk service, to test uploaders against on your own machine: objects,\n"
    "metadata, multipart uploads of CSV, jobs, row errors, job list, cancel, signed callbacks,\n"
    "a page where you see what arrived, and an admin port that makes it misbehave on purpose.\n"
    "It keeps no secrets and listens on loopback only unless told otherwise.\n"
    "\n"
    "  --port N           port of the service (0, the default: a free one)\n"
    "  --admin-port N     plain HTTP on 127.0.0.1: faults, statistics, rows, the page\n"
    "  --listen ADDRESS   listen there instead of on 127.0.0.1 and ::1\n"
    "  --cert FILE        certificate chain (PEM); without it a fresh self-signed one for\n"
    "  --key FILE         localhost is made, and kept in FILE when FILE does not exist\n"
    "  --tls PRIORITY     GnuTLS priority string, as NORMAL:-VERS-TLS1.3\n"
    "  --plain            no TLS at all\n"
    "  --token T          element token wanted (bench-element-token)\n"
    "  --user S           user secret wanted (bench-user-secret=)\n"
    "  --org S            organization secret wanted (any, or none)\n"
    "  --callback-key K   sign callbacks with K\n"
    "  --db FILE          keep jobs and rows there (a temporary file)\n"
    "  --no-store         count rows and forget them: for benchmarks\n"
    "  --faults FILE      start with this fault script; see --help-faults\n"
    "  --threads N        connections at once (64); others wait until one is over\n"
    "  --port-file FILE   write port=N, admin=N, page=N there when ready\n"
    "  -q, --quiet        no line at start\n"
    "  --help, --help-faults, --version\n"
    "\n"
    "Admin port:  GET /            the page: new contacts, jobs\n"
    "             GET /stats       counters as JSON, and what came in each second of the last 600\n"
    "             GET /requests    the last requests as JSON\n"
    "             GET /rows?job=N[&from=N&max=N]  [header, row, ...] as JSON\n"
    "             GET /all-rows    every row of every job: JSON lines of job, object, tag, n, "
    "row,\n"
    "                              and bad when it was refused\n"
    "             GET /jobs        every job, oldest first: JSON lines of id, object, tag, "
    "payload,\n"
    "                              path, file, callback, state, rows, errors, bytes, created, "
    "final,\n"
    "                              visible (times in ms since 1970)\n"
    "             GET /digest?job=N  rows and SHA-256 over each cell + 0x1F, each row + 0x1E\n"
    "             GET /faults      the script, with what is left of each line\n"
    "             POST /faults     the body replaces the script; PUT adds to it\n"
    "             POST /outage?ms=N  reset every connection for N ms; GET tells what is left\n"
    "             POST /reset      forget jobs, rows, faults and counters\n"
    "SIGTERM or SIGINT ends it with status 0.\n";

/* clang-format off */
enum {
    O_PORT = 256, O_ADMIN, O_LISTEN, O_CERT, O_KEY, O_TLS, O_PLAIN, O_TOKEN, O_USER, O_ORG,
    O_CALLBACK_KEY, O_DB, O_NO_STORE, O_FAULTS, O_THREADS, O_PORT_FILE, O_HELP, O_HELP_FAULTS,
    O_VERSION
};
/* clang-format on */

static const struct option LONG[] = {
    {"port", required_argument, NULL, O_PORT},
    {"admin-port", required_argument, NULL, O_ADMIN},
    {"listen", required_argument, NULL, O_LISTEN},
    {"cert", required_argument, NULL, O_CERT},
    {"key", required_argument, NULL, O_KEY},
    {"tls", required_argument, NULL, O_TLS},
    {"plain", no_argument, NULL, O_PLAIN},
    {"token", required_argument, NULL, O_TOKEN},
    {"user", required_argument, NULL, O_USER},
    {"org", required_argument, NULL, O_ORG},
    {"callback-key", required_argument, NULL, O_CALLBACK_KEY},
    {"db", required_argument, NULL, O_DB},
    {"no-store", no_argument, NULL, O_NO_STORE},
    {"faults", required_argument, NULL, O_FAULTS},
    {"threads", required_argument, NULL, O_THREADS},
    {"port-file", required_argument, NULL, O_PORT_FILE},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, O_HELP},
    {"help-faults", no_argument, NULL, O_HELP_FAULTS},
    {"version", no_argument, NULL, O_VERSION},
    {NULL, 0, NULL, 0},
};

static int number(const char *name, const char *s, long max)
{
    char *end;
    long n = strtol(s, &end, 10);

    if (*s == '\0' || *end != '\0' || n < 0 || n > max) {
        fprintf(stderr, "bench_cloud: --%s: '%s' is no number from 0 to %ld\n", name, s, max);
        exit(2);
    }
    return (int)n;
}

static void say(const char *text)
{
    fputs(text, stdout);
    exit(0);
}

static void set_number(int which, const char *value)
{
    switch (which) {
    case O_PORT:
        opt.port = number("port", value, 65535);
        break;
    case O_ADMIN:
        opt.admin_port = number("admin-port", value, 65535);
        break;
    default:
        opt.threads = number("threads", value, 4096);
        break;
    }
}

static const char **text_option(int which)
{
    switch (which) {
    case O_LISTEN:
        return &opt.listen;
    case O_CERT:
        return &opt.cert;
    case O_KEY:
        return &opt.key;
    case O_TLS:
        return &opt.tls;
    case O_TOKEN:
        return &opt.token;
    case O_USER:
        return &opt.user;
    case O_ORG:
        return &opt.org;
    case O_CALLBACK_KEY:
        return &opt.callback_key;
    case O_DB:
        return &opt.db;
    case O_FAULTS:
        return &opt.faults;
    case O_PORT_FILE:
        return &opt.port_file;
    default:
        return NULL;
    }
}

static void set(int which)
{
    const char **text = text_option(which);

    if (text != NULL) {
        *text = optarg;
        return;
    }
    switch (which) {
    case O_PLAIN:
        opt.plain = true;
        break;
    case O_NO_STORE:
        opt.no_store = true;
        break;
    case 'q':
        opt.quiet = true;
        break;
    case O_HELP:
        say(HELP);
        break;
    case O_HELP_FAULTS:
        fault_help();
        exit(0);
        break;
    case O_VERSION:
        say("bench_cloud 0.1.0\n");
        break;
    case '?':
        fputs("try bench_cloud --help\n", stderr);
        exit(2);
    default:
        set_number(which, optarg);
        break;
    }
}

void options_read(int argc, char **argv)
{
    int got;

    while ((got = getopt_long(argc, argv, "q", LONG, NULL)) >= 0) {
        set(got);
    }
    if (optind < argc || (opt.cert == NULL) != (opt.key == NULL)) {
        fprintf(stderr, "bench_cloud: %s\n",
                optind < argc ? "no arguments are taken" : "--cert and --key go together");
        exit(2);
    }
}
