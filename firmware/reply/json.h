/* json: one small JSON text (RFC 8259) on jsmn, with the shape checked that jsmn lets pass.
 *
 * Used for the pieces json_items cuts. jsmn's strict mode accepts `{"a"}`, `{,}`, bare words that
 * start like true, and more; json_parse refuses all of it.
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

enum json_kind { JSON_NULL, JSON_TRUE, JSON_FALSE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_token {
    int kind;       /* jsmn's type */
    int start, end; /* bytes in the text */
    int size;       /* children */
};

struct json {
    const char *text;
    size_t len;
    int count; /* tokens in use */
    struct json_token token[JSON_TOKENS_MAX];
};

/* Parses exactly one value with white space around it: 0 or an error. */
int json_parse(struct json *j, const char *text, size_t len);

/* A value as the API's replies use it: kind and, for scalars, its text. */
struct json_value {
    enum json_kind kind;
    const char *text; /* raw bytes between the quotes, or the number's or word's */
    size_t len;
};

/* Decodes a JSON string's escapes to UTF-8 with a final 0; bytes below 0x20 and 0x7F, and lone
 * surrogates, become U+FFFD, so that the service's words cannot drive a terminal. Returns the
 * length; a text longer than cap is cut at a character (json_text) or ERR_NO_ROOM (json_exact). */
int json_text(char *dst, size_t cap, const struct json_value *v);
int json_exact(char *dst, size_t cap, const struct json_value *v);
bool json_is(const struct json_value *v, const char *text); /* a string or number equal to text */
/* Decimal digits, as number or string, into *out; false when absent, not digits, or over 2^63-1. */
bool json_count(const struct json_value *v, uint64_t *out);

#endif
