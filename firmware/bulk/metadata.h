/* metadata: the text of an upload's part metaData: the user's JSON object with what ocbulk adds.
 *
 * Ours go in front of the user's members, which stay byte for byte: "callback-payload" with the
 * tag, "identifierFieldName" with the identifier; not one that the user's object has itself, at its
 * top level, however it is escaped there.
 *
 * Memory  All strings are borrowed for the call only. scratch is overwritten.
 * Errors  ERR_METADATA (the user's text is not one JSON object), ERR_NO_ROOM. */
#ifndef OCBULK_BULK_METADATA_H
#define OCBULK_BULK_METADATA_H

#include "reply/json_items.h"

struct metadata {
    const char *user;       /* text of one JSON object, or NULL */
    const char *tag;        /* needs no escape in JSON; or NULL */
    const char *identifier; /* escaped on the way; or NULL */
};

/* Writes the text with its final 0 into dst: its length, or an error. cap is 1..INT_MAX. */
int metadata_text(char *dst, size_t cap, const struct metadata *m, struct json_items *scratch);

#endif
