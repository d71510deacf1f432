/* json_items: cuts a JSON reply of any size into items, one scalar at a time, in fixed memory.
 *
 * The items of a reply are the elements of its top-level array; or, where `under` names a key, the
 * elements of the array that a top-level object has under that key; else the one top-level object
 * is itself the single item. Each item is told as its top-level members (key and value) or, when
 * it is no object, as one value without a key; then JSON_ITEM_END. A member's text is buffered and
 * goes through json (jsmn) before it is told. A nested value is told as JSON_ARRAY or JSON_OBJECT
 * without text; a string or number that is longer than JSON_PIECE_CAP is told with `cut` set and
 * what fits of its beginning, whole characters. A member whose key is longer than JSON_KEY_MAX is
 * not told. All of it is checked in full (json_scan), the skipped parts too, and a reply is refused
 * with its first wrong byte: what was told before stands. A BOM is refused. Keys may come twice.
 * So a status reply or a list needs the memory of one scalar.
 *
 * Memory  Keeps no reference to input. value and key point into the struct until the next push.
 * Calls   init, push until the input is used up, finish. push returns early at each event, and may
 *         use no byte for it: the event is the progress. The last byte's event is its own.
 * Errors  ERR_JSON_SYNTAX, ERR_JSON_DEPTH; finish: ERR_JSON_SYNTAX for an unfinished text (an
 *         empty one too), ERR_REPLY_SHAPE for a whole one without items to tell: the top level is
 *         neither array nor object, or there is no array under `under`. They stick. */
#ifndef OCBULK_REPLY_JSON_ITEMS_H
#define OCBULK_REPLY_JSON_ITEMS_H

#include "limits.h"
#include "reply/json.h"
#include "reply/json_scan.h"

#define JSON_KEY_MAX (JSON_PIECE_CAP / 2) /* bytes of a key as it stands in the text */

enum json_event { JSON_NOTHING, JSON_MEMBER, JSON_ELEMENT, JSON_ITEM_END };

struct json_items {
    const char *under;     /* NULL: see above */
    enum json_event event; /* what the last push ended with */
    struct json_value key; /* JSON_MEMBER only */
    struct json_value value;
    bool cut;       /* value is longer than the buffer: only its beginning is there */
    uint64_t items; /* complete items so far */
    uint64_t byte;  /* bytes consumed; after an error, the offset of the wrong byte */
    /* the cutter's own */
    struct json_scan scan;
    uint8_t state;
    uint8_t list_depth; /* levels open where an item begins; see json_items.c */
    bool found;         /* the items' place was there */
    bool over;          /* the key is too long: its member is not told */
    bool end_due;       /* the element's JSON_ITEM_END comes next */
    uint16_t value_at, len;
    int err;
    struct json json;
    char piece[JSON_PIECE_CAP]; /* `{"key":value}` or `[value]` */
};

void json_items_init(struct json_items *it, const char *under);
/* Bytes used (0..len), or an error; it->event says what is to be read now. */
int json_items_push(struct json_items *it, const char *src, size_t len);
int json_items_finish(struct json_items *it); /* 0, or an error */

#endif
