/* checker_parts: what the files of checker share. */
#ifndef OCBULK_TESTS_POWER_CHECKER_PARTS_H
#define OCBULK_TESTS_POWER_CHECKER_PARTS_H

#include "checker.h"

struct checker_note {
    struct world *w;
    uint32_t segment;
};

/* What a name of queue/OBJECT/NUMBER.csv says; false: it is none. */
bool checker_queue_name(const char *name, char object[24], uint32_t *segment);
void checker_new_segment(struct world *w, const char *object, uint32_t segment);
/* For rows_scan over a segment, with a checker_note: where its rows are. */
void checker_note_row(void *arg, unsigned row, size_t at, size_t end);

#endif
