/* json_out: writes JSON (RFC 8259) on one line, in fixed memory, valid whatever the strings hold.
 *
 * Strings are UTF-8; bytes that are none become U+FFFD, control characters are escaped, and
 * registered secrets are masked (see out). Commas and colons come by themselves.
 *
 * Memory  One bit a level; `out` is borrowed.
 * Calls   In an object: json_key, then one value; in an array: values. Each open has its end.
 *         Contracts are asserted. Errors are those of `out`. */
#ifndef OCBULK_PORT_JSON_OUT_H
#define OCBULK_PORT_JSON_OUT_H

#include "linux/out.h"

#include <stdbool.h>
#include <stdint.h>

struct json_out {
    struct out *out;
    uint32_t objects; /* one bit a level: 1 object, 0 array; the innermost lowest */
    uint8_t depth;    /* 0..32 */
    bool comma;       /* a value stands before this one */
    bool keyed;       /* a key waits for its value */
};

void json_out_init(struct json_out *j, struct out *out);
void json_out_object(struct json_out *j);
void json_out_array(struct json_out *j);
void json_out_end(struct json_out *j); /* of the innermost; the outermost also ends the line */
void json_out_key(struct json_out *j, const char *key);
void json_out_string(struct json_out *j, const char *text); /* NULL: null */
void json_out_string_len(struct json_out *j, const char *text, size_t len);
void json_out_u64(struct json_out *j, uint64_t v);
void json_out_bool(struct json_out *j, bool v);
void json_out_null(struct json_out *j);

/* A member at a time. */
void json_out_put_string(struct json_out *j, const char *key, const char *text);
void json_out_put_u64(struct json_out *j, const char *key, uint64_t v);
void json_out_put_count(struct json_out *j, const char *key, int64_t v); /* below 0: null */
void json_out_put_bool(struct json_out *j, const char *key, bool v);

#endif
