/* json_items: cuts a JSON reply of any size into items, one scalar at a time, in fixed memory.
 *
 * The items of a reply are the elements of its top-level array; or, where `under` names a key, the
 * elements of the array that a top-level object has under that key; else the one top-level object
 * is itself the single item. Each item is told as its top-level members (key and value) or, when
 * it is no object, as one value without a key; then JSON_ITEM_END. A member's text is buffered and
 * goes through json (jsmn) before it is told. A nested value, or a member that is longer than
 * JSON_PIECE_CAP, is skipped with its brackets, strings and literals checked, and told as kind
 * JSON_ARRAY or JSON_OBJECT, or as JSON_STRING with `cut` set. So a status reply or a list needs
 * the memory of one scalar.
 *
 * Memory  Keeps no reference to input. value and key point into the struct until the next push.
 * Calls   init, push until the input is used up, finish. push returns early at each event.
 * Errors  ERR_JSON_SYNTAX, ERR_JSON_DEPTH, ERR_REPLY_SHAPE (top level is neither array nor
 *         object, or `under` holds no array); finish: ERR_JSON_SYNTAX for an unfinished text (an
 *         empty one too). They stick. */
#ifndef OCBULK_REPLY_JSON_ITEMS_H
#define OCBULK_REPLY_JSON_ITEMS_H

#include "limits.h"
#include "reply/json.h"

enum json_event { JSON_NOTHING, JSON_MEMBER, JSON_ELEMENT, JSON_ITEM_END };

struct json_items {
    const char *under; /* NULL: see above */
    enum json_event event; /* what the last push ended with */
    struct json_value key; /* JSON_MEMBER only */
    struct json_value value;
    bool cut;          /* value is longer than the buffer: only its beginning is there */
    uint64_t items;    /* complete items so far */
    /* the scanner's own */
    uint64_t byte;     /* bytes consumed */
    uint32_t stack;    /* one bit a level: 1 object, 0 array */
    uint8_t depth, item_depth, state, flags;
    uint16_t len;
    int err;
    struct json json;
    char piece[JSON_PIECE_CAP];
};

void json_items_init(struct json_items *it, const char *under);
/* Bytes used (0..len), or an error; it->event says what is to be read now. */
int json_items_push(struct json_items *it, const char *src, size_t len);
int json_items_finish(struct json_items *it); /* 0, or an error */

#endif
