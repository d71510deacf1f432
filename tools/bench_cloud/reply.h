/* reply: an answer, and how the faults bend it on its way out.
 *
 * Memory  A reply owns its texts; reply_send frees them.
 * Errors  send returns what the handler must return to libmicrohttpd: MHD_NO
 *         when the connection is over. */
#ifndef BENCH_REPLY_H
#define BENCH_REPLY_H

#include "request.h"

struct reply {
    unsigned int id; /* of the request, set by reply_new */
    int status;
    const char *type; /* Content-Type */
    struct text head; /* further headers, each "Name: value\n" */
    struct text body;
};

struct reply reply_new(void); /* an empty 200 */
void reply_error(struct reply *r, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void reply_replace(struct reply *r, const struct verdict *v); /* by the answer v wants */
enum MHD_Result reply_send(struct request *req, struct reply *r);
enum MHD_Result reply_early(struct request *req, struct reply *r); /* body not read to its end */
void reply_interim(struct request *req, long n);
enum MHD_Result reply_none(struct request *req); /* the connection just ends */

#endif
