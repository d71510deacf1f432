/* Where items are: an item begins where list_depth levels are open (0 the single object, 1 a
 * top-level array, 2 the array under the key, NOWHERE none of them), and its members stand one
 * level deeper. What is deeper still, or elsewhere, is scanned and dropped.
 *
 * piece holds one member or element as a text of its own, from its first byte until it is told;
 * it is JSON whenever it is handed to json_parse, also when the value was cut. */
#include "reply/json_items.h"

#include "base/err.h"

#include <string.h>

#if JSON_PIECE_CAP < 64 || JSON_PIECE_CAP > 32768
#error "JSON_PIECE_CAP must be 64..32768"
#endif

#define NOWHERE 0xFF

enum {
    ITEMS_OUTSIDE, /* nothing is kept */
    ITEMS_KEY,     /* a key is being kept, of an item's member or to compare with `under` */
    ITEMS_MEMBER,  /* a member's value comes */
    ITEMS_LIST,    /* the key was `under`: the array comes */
    ITEMS_VALUE,   /* a scalar is being kept */
    ITEMS_NESTED   /* inside an array or object that is told at its end */
};

void json_items_init(struct json_items *it, const char *under)
{
    memset(it, 0, sizeof(*it));
    it->under = under;
    it->list_depth = NOWHERE;
    it->state = ITEMS_OUTSIDE;
    json_scan_init(&it->scan);
}

static void begin_piece(struct json_items *it, char bracket, uint8_t state)
{
    it->piece[0] = bracket;
    it->len = 1;
    it->value_at = 1;
    it->cut = false;
    it->over = false;
    it->state = state;
}

/* Keeps bytes of a key or scalar as far as there is room for them and a closing bracket. */
static void keep(struct json_items *it, const char *src, size_t len)
{
    size_t cap = it->state == ITEMS_KEY ? JSON_KEY_MAX + 3 : JSON_PIECE_CAP - 1;
    size_t n;

    if (it->state != ITEMS_KEY && it->state != ITEMS_VALUE) {
        return;
    }
    n = len < cap - it->len ? len : cap - it->len;
    memcpy(it->piece + it->len, src, n);
    it->len = (uint16_t)(it->len + n);
    if (n < len && it->state == ITEMS_KEY) {
        it->over = true;
    } else if (n < len) {
        it->cut = true;
    }
}

/* Makes JSON again of a value that did not fit: room is left for its bracket, not for its quote. */
static void shorten(struct json_items *it)
{
    size_t at = it->value_at + 1u;

    if (it->piece[it->value_at] == '"') {
        it->len = (uint16_t)(at + json_whole(it->piece + at, JSON_PIECE_CAP - 2 - at));
        it->piece[it->len++] = '"';
        return;
    }
    while (it->piece[it->len - 1] < '0' || it->piece[it->len - 1] > '9') {
        it->len--; /* a number must not end in its point, e or sign */
    }
}

/* The piece is whole: parse it and make it the event. */
static int tell(struct json_items *it)
{
    bool member = it->piece[0] == '{';
    int err;

    it->state = ITEMS_OUTSIDE;
    if (it->over) {
        return 0;
    }
    if (it->cut) {
        shorten(it);
    }
    it->piece[it->len++] = member ? '}' : ']';
    err = json_parse(&it->json, it->piece, it->len);
    if (err != 0) {
        return err;
    }
    if (member) {
        it->key = json_at(&it->json, 1);
    }
    it->value = json_at(&it->json, member ? 2 : 1);
    it->value.len =
        it->value.kind == JSON_ARRAY || it->value.kind == JSON_OBJECT ? 0 : it->value.len;
    it->event = member ? JSON_MEMBER : JSON_ELEMENT;
    it->end_due = !member;
    return 0;
}

static void end_item(struct json_items *it)
{
    it->event = JSON_ITEM_END;
    it->items++;
    it->end_due = false;
}

/* The first byte of a string, number or word. */
static void begin_text(struct json_items *it, bool key)
{
    int depth = it->scan.depth;
    bool watched = it->list_depth == NOWHERE && it->under != NULL && depth == 1;

    if (it->state == ITEMS_MEMBER) {
        it->state = ITEMS_VALUE;
        it->value_at = it->len;
    } else if (it->state == ITEMS_LIST) {
        it->state = ITEMS_OUTSIDE;
    } else if (it->state == ITEMS_OUTSIDE && key && (watched || depth == it->list_depth + 1)) {
        begin_piece(it, '{', ITEMS_KEY);
    } else if (it->state == ITEMS_OUTSIDE && !key && depth == it->list_depth && depth > 0) {
        begin_piece(it, '[', ITEMS_VALUE);
    }
}

static void end_key(struct json_items *it)
{
    struct json_value key = {JSON_STRING, it->piece + 2, it->len - 3u};

    if (it->list_depth != NOWHERE) {
        it->piece[it->len++] = ':';
        it->state = ITEMS_MEMBER;
    } else {
        it->state = !it->over && json_is(&key, it->under) ? ITEMS_LIST : ITEMS_OUTSIDE;
    }
}

static int take_text(struct json_items *it, char c, bool first, bool key)
{
    if (first) {
        begin_text(it, key);
    }
    keep(it, &c, 1);
    if (!json_scan_between(&it->scan)) {
        return 0;
    }
    if (it->state == ITEMS_KEY) {
        end_key(it);
        return 0;
    }
    return it->state == ITEMS_VALUE ? tell(it) : 0;
}

/* A nested value is told as an empty one of its kind. */
static void begin_nested(struct json_items *it, char bracket)
{
    it->piece[it->len++] = bracket;
    it->piece[it->len++] = bracket == '{' ? '}' : ']';
    it->state = ITEMS_NESTED;
}

static void begin_list(struct json_items *it, int depth)
{
    it->list_depth = (uint8_t)depth;
    it->found = true;
}

static void take_open(struct json_items *it, char bracket)
{
    int depth = it->scan.depth - 1;

    switch (it->state) {
    case ITEMS_MEMBER:
        begin_nested(it, bracket);
        break;
    case ITEMS_LIST:
        it->state = ITEMS_OUTSIDE;
        if (bracket == '[') {
            begin_list(it, 2);
        }
        break;
    case ITEMS_OUTSIDE:
        if (depth == 0 && (bracket == '[' || it->under == NULL)) {
            begin_list(it, bracket == '[' ? 1 : 0);
        } else if (depth == it->list_depth && bracket == '[') {
            begin_piece(it, '[', ITEMS_OUTSIDE);
            begin_nested(it, bracket);
        }
        break;
    default: /* deeper in a nested value */
        break;
    }
}

static int take_close(struct json_items *it)
{
    int depth = it->scan.depth;

    if (it->state == ITEMS_NESTED) {
        int told_at = it->list_depth + (it->piece[0] == '{' ? 1 : 0);
        return depth == told_at ? tell(it) : 0;
    }
    if (depth == it->list_depth) {
        end_item(it);
    } else if (depth + 1 == it->list_depth) {
        it->list_depth = NOWHERE;
    }
    return 0;
}

static int take_byte(struct json_items *it, char c)
{
    bool key = json_scan_key_due(&it->scan);
    bool first = json_scan_between(&it->scan);
    int mark = json_scan_byte(&it->scan, c);

    switch (mark) {
    case JSON_TEXT:
        return take_text(it, c, first, key);
    case JSON_OPEN:
        take_open(it, c);
        return 0;
    case JSON_CLOSE:
        return take_close(it);
    default:
        return mark < 0 ? mark : 0;
    }
}

/* Bytes used: a run inside a string, one byte, or none where the end of a number is the event. */
static int step(struct json_items *it, const char *src, size_t len)
{
    size_t plain = json_scan_plain(&it->scan, src, len);
    int err;

    if (plain > 0) {
        keep(it, src, plain);
        return (int)plain;
    }
    if (it->state == ITEMS_VALUE && json_scan_number_ends(&it->scan, *src)) {
        return tell(it);
    }
    err = take_byte(it, *src);
    return err < 0 ? err : 1;
}

int json_items_push(struct json_items *it, const char *src, size_t len)
{
    size_t used = 0, cap = len < INT32_MAX ? len : INT32_MAX;

    it->event = JSON_NOTHING;
    if (it->end_due) {
        end_item(it);
        return 0;
    }
    while (used < cap && it->event == JSON_NOTHING && it->err == 0) {
        int n = step(it, src + used, cap - used);
        if (n < 0) {
            it->err = n;
        } else {
            used += (size_t)n;
            it->byte += (uint64_t)n;
        }
    }
    return it->err != 0 ? it->err : (int)used;
}

int json_items_finish(struct json_items *it)
{
    it->event = JSON_NOTHING;
    if (it->err == 0) {
        it->err = json_scan_finish(&it->scan);
    }
    if (it->err == 0 && !it->found) {
        it->err = ERR_REPLY_SHAPE;
    }
    return it->err;
}
