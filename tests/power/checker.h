/* checker: holds a world against the twelve invariants of the spool page, by their numbers; it
 * knows the truth of both sides. What it finds goes to world_breach. */
#ifndef OCBULK_TESTS_POWER_CHECKER_H
#define OCBULK_TESTS_POWER_CHECKER_H

#include "world.h"

/* While it runs. tag: NULL when the upload has none. */
void checker_body_begins(struct world *w, const struct tag *tag);
void checker_gate_opens(struct world *w, const struct tag *tag, const uint8_t *body, size_t len);
void checker_find_rows(struct world *w); /* where they are in queue/ now */
void checker_flash(struct world *w, const struct sim_entry *e);

void checker_look(struct world *w);  /* fills in w->s.place from what is durable */
void checker_start(struct world *w); /* behind a cut, before anything runs */
void checker_rest(struct world *w);  /* nothing waits any more */

#endif
