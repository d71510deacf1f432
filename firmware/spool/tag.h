/* tag: the name that an attempt at a batch carries to the service, and finding it in replies
 * (spool page, "A batch and its tag").
 *
 * As text "oc-SPOOL-BATCH-PRINT-AT", lower-case hexadecimal of 16, 8, 8 and 2 digits: it needs no
 * escape in a URL, a file name or JSON, so raw bytes of a reply can be searched for it, wherever in
 * it a service may show it, and in a JSON text within a string too.
 * A tag is found where neither a letter nor a digit stands before or behind it; an escape in front
 * (%2F, \u002f, \n) is none. It is found with the byte behind it: in JSON there always is one.
 *
 * Memory  Keeps no reference to input.
 * Calls   init, push at any cut, clear between two items: it forgets what was found, and half a
 *         tag with it. count, first and foreign hold at any time.
 * Errors  None: what is no tag is no fault. */
#ifndef OCBULK_SPOOL_TAG_H
#define OCBULK_SPOOL_TAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAG_LEN 40 /* bytes of a tag's text */
#define TAG_CAP 41 /* with its final 0 */

struct tag {
    uint64_t spool;
    uint32_t batch, print; /* print: the batch's CRC */
    uint8_t attempt;
};

struct tag_finder {
    uint8_t count;    /* distinct tags of ours since the last clear: 0, 1, or 2 for more than one */
    bool foreign;     /* a tag of another spool was there */
    struct tag first; /* of ours; count > 0 */
    /* the finder's own */
    uint64_t spool_id;
    struct tag now; /* what has been read of a tag */
    uint8_t at;     /* bytes of it */
    uint8_t run;    /* letters and digits in a row up to here, from 6 on all alike */
    char lead;      /* the byte in front of them */
};

void tag_text(char dst[TAG_CAP], const struct tag *tag);
bool tag_parse(const char *text, size_t len, struct tag *out); /* exactly a tag; else *out stays */

void tag_finder_init(struct tag_finder *f, uint64_t spool_id);
void tag_finder_push(struct tag_finder *f, const char *src, size_t len);
void tag_finder_clear(struct tag_finder *f);

#endif
