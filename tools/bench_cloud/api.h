/* api: the calls of the bulk service. */
#ifndef BENCH_API_H
#define BENCH_API_H

#include "reply.h"

void api_route(struct request *req, const char *path);       /* sets call, name and allow */
void api_authorize(struct request *req);                     /* sets auth */
bool api_refuse(const struct request *req, struct reply *r); /* 401, 404, 405 */
void api_answer(struct request *req, struct reply *r);       /* anything but an upload */
void api_uploaded(struct request *req, struct reply *r);

#endif
