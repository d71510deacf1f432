/* dump: all that the store has, as JSON lines, told block by block, so that the size of it does not
 * matter. Jobs that are not yet visible are there too.
 *
 * A job's line: id, object, tag ("" when it has none), payload (callback-payload, or null), path,
 * file, callback, rows, errors, bytes, state, created, final, visible (epoch ms). A row's line:
 * job, object, tag, n (1 is the first data row), row (an array of strings), and bad when it was
 * refused.
 *
 * Memory  What is returned owns its state until MHD destroys it. */
#ifndef BENCH_DUMP_H
#define BENCH_DUMP_H

#include <microhttpd.h>

struct MHD_Response *dump_jobs(void);
struct MHD_Response *dump_rows(void);

#endif
