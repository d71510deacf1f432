/* json: one small JSON text (RFC 8259) on jsmn, with the shape checked that jsmn lets pass.
 *
 * Used for the pieces json_items cuts. jsmn accepts `{"a"}`, `{,}`, bare words that start like
 * true, and more, even in strict mode (S12); json_scan goes over the text first and refuses that.
 *
 * Memory  Tokens are the caller's struct; text is borrowed and never changed.
 * Errors  ERR_JSON_SYNTAX, ERR_JSON_TOO_LARGE (more than JSON_TOKENS_MAX tokens),
 *         ERR_JSON_DEPTH, ERR_NO_ROOM. */
#ifndef OCBULK_REPLY_JSON_H
#define OCBULK_REPLY_JSON_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
    JSON_NULL,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json_token {
    enum json_kind kind;
    int start, end; /* bytes in the text, of a string without its quotes */
    int size;       /* elements of an array, members of an object, 1 for a key, else 0 */
};

struct json {
    const char *text;
    int count; /* tokens in use, each in front of what it contains; 0 after an error */
    struct json_token token[JSON_TOKENS_MAX];
};

/* A value as the API's replies use it: kind and, for scalars, its text. */
struct json_value {
    enum json_kind kind;
    const char *text; /* raw bytes between the quotes, or the number's or word's */
    size_t len;
};

/* Parses exactly one value with white space around it: 0 or an error. */
int json_parse(struct json *j, const char *text, size_t len);
struct json_value json_at(const struct json *j, int token); /* token is 0..count-1 */
/* Checks a text of any length, such as the user's metadata: its kind, or an error. */
int json_check(const char *text, size_t len);

/* Decodes a JSON string's escapes to UTF-8 with a final 0; control characters (below 0x20, 0x7F to
 * 0x9F) and lone surrogates become U+FFFD, so that the service's words cannot drive a terminal.
 * Numbers and words come as they stand; null (C25), arrays and objects are empty. Returns the
 * length; a text longer than cap (at least 1) is cut at a character (json_text), or is
 * ERR_NO_ROOM with dst empty (json_exact). */
int json_text(char *dst, size_t cap, const struct json_value *v);
int json_exact(char *dst, size_t cap, const struct json_value *v);
bool json_is(const struct json_value *v, const char *text); /* a string or number equal to text */
/* Decimal digits, as number or string, into *out; false when absent, not digits, or over 2^63-1. */
bool json_count(const struct json_value *v, uint64_t *out);
/* Bytes of the whole characters in the first len raw bytes of a string: where it may be cut. */
size_t json_whole(const char *text, size_t len);

#endif
