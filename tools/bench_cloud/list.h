/* list: the two paged answers, a job's errors and the jobs. */
#ifndef BENCH_LIST_H
#define BENCH_LIST_H

#include "reply.h"
#include "store.h"

void list_errors(const struct request *req, const struct job *j, struct reply *r);
void list_jobs(const struct request *req, struct reply *r);

#endif
