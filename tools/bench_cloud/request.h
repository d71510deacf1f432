/* request: one request from its first header to its answer. */
#ifndef BENCH_REQUEST_H
#define BENCH_REQUEST_H

#include "fault.h"
#include "wire.h"

struct upload;

struct request {
    struct MHD_Connection *con;
    char *target;       /* path and query as they came */
    const char *method; /* borrowed from con, as all that con gives */
    int connection;     /* counted from 1 */
    enum call call;
    const char *allow; /* the call's method; NULL: no such path */
    char *name;        /* the object or job in the path; may be NULL */
    const char *auth;  /* "ok", "bad" or "none" */
    struct verdict fault;
    struct wire wire;
    struct upload *upload;
    uint64_t body_len; /* bytes of the body that came */
    bool begun, logged;
};

#endif
