/* fingerprint: 64 bits that tell one run of bytes from another; no defence against an adversary.
 *
 * MurmurHash64A by Austin Appleby (public domain), a word of 8 little-endian bytes a step, with two
 * differences that let it stream: the last bytes are padded with zeros to a word, and the length is
 * a word of its own at the end instead of at the start. A step can be undone for a known word, and
 * for a known state; so a change within one word always shows.
 *
 * Memory  The struct is the whole state: an assignment copies it, to go on from there later.
 * Calls   init, push any number of bytes, finish at any time. Any cut gives the same value, on any
 *         machine, at any alignment. */
#ifndef OCBULK_BASE_FINGERPRINT_H
#define OCBULK_BASE_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

struct fingerprint {
    uint64_t mix;  /* of all whole words */
    uint64_t tail; /* the bytes behind them, the first one lowest */
    uint64_t len;  /* bytes pushed */
};

void fingerprint_init(struct fingerprint *f);
void fingerprint_push(struct fingerprint *f, const uint8_t *src, size_t len);
uint64_t fingerprint_finish(const struct fingerprint *f); /* the value so far; *f can go on */

#endif
