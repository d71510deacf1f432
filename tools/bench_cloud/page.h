/* page: what arrived, for a person: new contacts, jobs; plain HTML. */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include "text.h"

void page_show(struct text *out, const char *words); /* words "": everything */

#endif
