/* http: a request of the service, from libmicrohttpd's callbacks to an answer. */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include <microhttpd.h>

void *http_begin(void *cls, const char *target, struct MHD_Connection *con);
enum MHD_Result http_handle(void *cls, struct MHD_Connection *con, const char *url,
                            const char *method, const char *version, const char *src, size_t *len,
                            void **ctx);
void http_done(void *cls, struct MHD_Connection *con, void **ctx,
               enum MHD_RequestTerminationCode why);
void http_connection(void *cls, struct MHD_Connection *con, void **socket_ctx,
                     enum MHD_ConnectionNotificationCode code);
void http_tickets(void); /* makes the key of the session tickets; before any daemon */

#endif
