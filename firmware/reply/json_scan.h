/* json_scan: checks JSON text (RFC 8259) of any size, byte by byte, and tells what each byte is.
 *
 * The whole grammar and nothing else: no comments, no trailing commas, no BOM, strings in valid
 * UTF-8 (RFC 3629) without control characters. Escaped lone surrogates pass, as the RFC has them.
 * json and json_items both stand on it: jsmn alone accepts far more.
 *
 * Memory  Keeps no reference to input; one bit for each level of nesting.
 * Calls   init, byte for each byte, finish. No I/O; may be dropped anywhere.
 * Errors  ERR_JSON_SYNTAX, ERR_JSON_DEPTH (more than JSON_DEPTH_MAX levels). They stick. */
#ifndef OCBULK_REPLY_JSON_SCAN_H
#define OCBULK_REPLY_JSON_SCAN_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a byte is. SPACE stands between tokens; TEXT is of a string (quotes too), number or word. */
enum json_mark { JSON_SPACE, JSON_TEXT, JSON_COLON, JSON_COMMA, JSON_OPEN, JSON_CLOSE };

struct json_scan {
    uint32_t stack; /* one bit a level, the innermost lowest: 1 object, 0 array */
    uint8_t depth;  /* levels open */
    uint8_t state;
    bool key;          /* the string being read is a key */
    uint8_t left;      /* bytes due of an escape or a UTF-8 character */
    uint8_t low, high; /* what the next byte of that character may be */
    const char *word;  /* letters due of true, false or null */
    int err;
};

void json_scan_init(struct json_scan *s);
int json_scan_byte(struct json_scan *s, char c); /* an enum json_mark, or an error */
int json_scan_finish(struct json_scan *s);       /* 0, or ERR_JSON_SYNTAX for an unfinished text */

bool json_scan_between(const struct json_scan *s); /* not inside a string, number or word */
bool json_scan_key_due(const struct json_scan *s); /* the next string is a key */
/* A whole number ends in front of c, which is still to be given to json_scan_byte: only the byte
 * behind a number tells its end. */
bool json_scan_number_ends(const struct json_scan *s, char c);
/* Inside a string: how many of these bytes are plain characters, which need not be given one by
 * one. 0 elsewhere. */
size_t json_scan_plain(const struct json_scan *s, const char *src, size_t len);

#endif
