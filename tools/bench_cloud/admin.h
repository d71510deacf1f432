/* admin: the plain port on 127.0.0.1: faults, statistics, rows, the page. */
#ifndef BENCH_ADMIN_H
#define BENCH_ADMIN_H

#include <microhttpd.h>

enum MHD_Result admin_handle(void *cls, struct MHD_Connection *con, const char *url,
                             const char *method, const char *version, const char *src, size_t *len,
                             void **ctx);
void admin_done(void *cls, struct MHD_Connection *con, void **ctx,
                enum MHD_RequestTerminationCode why);

#endif
