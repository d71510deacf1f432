/* record_in: records from a stream of bytes, one after the other, or from words.
 *
 * A stream that begins with { is JSON, see record_json (as is one that begins with [, so that it is
 * told there); any other is CSV with a header row, whose rows are taken as csv finds them: a last
 * row without a line end is one, as the end of the stream says so. A row that is none ends it all
 * with its place; what came before has been told.
 *
 * Memory  One struct; a record's texts stand in it until the next call.
 * Calls   init, then next until it is not 1. ERR_WAIT from the source is handed on: call again.
 * Errors  Those of csv (a row's fault), ERR_RECORD, ERR_COLUMNS, ERR_CSV_EMPTY (no header row),
 *         ERR_CSV_TOO_LONG (ADD_RECORD_CAP), those of the source; `where` in words. */
#ifndef OCBULK_PORT_LINUX_RECORD_IN_H
#define OCBULK_PORT_LINUX_RECORD_IN_H

#include "base/stream.h"
#include "linux/record_columns.h"
#include "linux/record_json.h"
#include "record/csv.h"

enum record_kind { RECORD_UNTOLD, RECORD_CSV, RECORD_JSON };

struct record_in {
    struct source source;
    enum record_kind kind;
    bool end;      /* of the source */
    bool told;     /* the JSON object in text was handed out */
    uint64_t line; /* where the record begins, or is wrong */
    struct csv csv;
    struct record_json json;
    struct record_columns names; /* the CSV's own header row */
    uint64_t row_at;             /* where the row in `text` begins, in the stream */
    size_t text_len;
    size_t at, len; /* bytes of buf that are used up, and there */
    struct record record;
    struct line where;
    uint8_t buf[SCAN_CAP];
    char text[ADD_RECORD_CAP]; /* a CSV row, or the texts of a JSON object */
};

void record_in_init(struct record_in *in, const struct source *source);
/* 1: in->record; 0: no more; or an error. */
int record_in_next(struct record_in *in);
/* NAME=VALUE words: 0 and in->record, or ERR_RECORD, ERR_CSV_UTF8. */
int record_in_words(struct record_in *in, const char *const *word, unsigned words);

#endif
