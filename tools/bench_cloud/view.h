/* view: a job as the replies tell it, in any of the API's spellings. */
#ifndef BENCH_VIEW_H
#define BENCH_VIEW_H

#include "fault.h"
#include "store.h"

const char *view_state(const struct job *j, int64_t at_ms);
bool view_is_final(const struct job *j, int64_t at_ms);
bool view_is_expired(const struct job *j, const struct verdict *v); /* for who asks v's way */
void view_created(struct text *out, const struct job *j, const struct verdict *v);
void view_status(struct text *out, const struct job *j, const struct verdict *v);
void view_item(struct text *out, const struct job *j, const struct verdict *v);

#endif
