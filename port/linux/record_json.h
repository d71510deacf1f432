/* record_json: a record from one JSON object (RFC 8259), as its bytes arrive.
 *
 * Strings are taken with their escapes read, numbers and true and false as they stand, null as
 * nothing. A nested value, an escaped NUL and half a surrogate pair are refused: no field can have
 * them. Objects follow each other with white space between: one a line, or one over several lines.
 *
 * Memory  `text` is the caller's and must live as long as the record; names and values stand in it.
 * Calls   init, push until the record is whole, init for the next; end at the end of input.
 * Errors  ERR_RECORD, ERR_CSV_TOO_LONG (text is full); `why` in words, may be empty. */
#ifndef OCBULK_PORT_LINUX_RECORD_JSON_H
#define OCBULK_PORT_LINUX_RECORD_JSON_H

#include "linux/record.h"
#include "reply/json_scan.h"

#include <stdint.h>

struct record_json {
    struct json_scan scan;
    struct record *record;
    char *text;
    size_t cap, len;
    size_t token_at; /* where the string, number or word begins that is being read */
    bool token, value, begun;
    uint64_t lines;  /* line feeds so far, of all objects */
    uint64_t line;   /* where this one begins */
    const char *why; /* never NULL */
};

void record_json_init(struct record_json *j, struct record *record, char *text, size_t cap);
/* Bytes used, *whole: the record is; or an error. */
int record_json_push(struct record_json *j, const uint8_t *src, size_t len, bool *whole);
int record_json_end(struct record_json *j); /* 0, or ERR_RECORD: it ends in the middle of one */

#endif
