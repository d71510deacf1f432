/* upload: one multipart body, taken apart by libmicrohttpd's post-processor,
 * its part `file` streamed into rows. The job is made at the very end.
 *
 * Memory  upload_new gives, upload_free takes; free without commit leaves no row.
 * Calls   push in any pieces, then commit once.
 * Errors  What is wrong with the body is told by upload_fault: NULL, or why. */
#ifndef BENCH_UPLOAD_H
#define BENCH_UPLOAD_H

#include "request.h"
#include "store.h"

struct upload *upload_new(const struct request *req); /* NULL: no multipart body */
void upload_push(struct upload *u, const char *src, size_t len);
const char *upload_fault(struct upload *u); /* after the last byte */
const struct job *upload_commit(struct upload *u, const struct request *req);
bool upload_committed(const struct upload *u);
void upload_free(struct upload *u);

#endif
