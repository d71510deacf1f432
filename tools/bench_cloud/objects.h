/* objects: what this service knows, and the fields of each. */
#ifndef BENCH_OBJECTS_H
#define BENCH_OBJECTS_H

#include "text.h"

enum { OBJECT_COUNT = 5 };

const char *objects_name(int at); /* 0 .. OBJECT_COUNT - 1 */
bool objects_know(const char *name);
bool objects_fields(const char *name, long more, struct text *out); /* the metadata reply */

#endif
