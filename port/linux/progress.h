/* progress: one line on a terminal that tells how far an upload is.
 *
 * Bytes, percent, records, rate and time left, redrawn at most every 200 ms, cut to the terminal's
 * width; no colours, so NO_COLOR changes nothing. Silent when stderr is no terminal.
 * Time is an argument. */
#ifndef OCBULK_PORT_PROGRESS_H
#define OCBULK_PORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_LINE_CAP 200 /* bytes with the final 0 */

struct progress {
    uint64_t total, done; /* bytes; total 0: not known */
    uint64_t records;
    uint64_t begun_ms, drawn_ms;
    bool on, drawn;
};

void progress_begin(struct progress *p, uint64_t total, bool quiet, uint64_t now_ms);
void progress_step(struct progress *p, uint64_t done, uint64_t records, uint64_t now_ms);
void progress_end(struct progress *p); /* erases the line */

/* The line itself, at most `width` columns (and PROGRESS_LINE_CAP - 1): its length. */
size_t progress_line(const struct progress *p, char *dst, unsigned width, uint64_t now_ms);

#endif
