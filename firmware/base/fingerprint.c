#include "base/fingerprint.h"

#define FACTOR UINT64_C(0xC6A4A7935BD1E995)
#define SHIFT  47

/* The golden ratio: words of zeros at the start are seen too. */
#define START UINT64_C(0x9E3779B97F4A7C15)

/* Compilers make one load of it where the machine has one. */
static uint64_t little_endian(const uint8_t *src)
{
    return (uint64_t)src[0] | (uint64_t)src[1] << 8 | (uint64_t)src[2] << 16 |
           (uint64_t)src[3] << 24 | (uint64_t)src[4] << 32 | (uint64_t)src[5] << 40 |
           (uint64_t)src[6] << 48 | (uint64_t)src[7] << 56;
}

static uint64_t add(uint64_t mix, uint64_t word)
{
    word *= FACTOR;
    word ^= word >> SHIFT;
    word *= FACTOR;
    mix ^= word;
    return mix * FACTOR;
}

static void push_byte(struct fingerprint *f, uint8_t byte)
{
    f->tail |= (uint64_t)byte << 8 * (f->len & 7);
    f->len++;
    if ((f->len & 7) == 0) {
        f->mix = add(f->mix, f->tail);
        f->tail = 0;
    }
}

/* words >= 1: asking behind each of them saves an instruction in twelve. Returns their end. */
static const uint8_t *push_words(struct fingerprint *f, const uint8_t *src, size_t words)
{
    const uint8_t *end = src + 8 * words;
    uint64_t mix = f->mix;

    do {
        mix = add(mix, little_endian(src));
        src += 8;
    } while (src != end);
    f->mix = mix;
    f->len += 8 * (uint64_t)words;
    return end;
}

void fingerprint_init(struct fingerprint *f)
{
    *f = (struct fingerprint){.mix = START};
}

void fingerprint_push(struct fingerprint *f, const uint8_t *src, size_t len)
{
    const uint8_t *end = src + len;

    while (src < end && (f->len & 7) != 0) {
        push_byte(f, *src++);
    }
    if (end - src >= 8) {
        src = push_words(f, src, (size_t)(end - src) / 8);
    }
    while (src < end) {
        push_byte(f, *src++);
    }
}

uint64_t fingerprint_finish(const struct fingerprint *f)
{
    uint64_t mix = add(add(f->mix, f->tail), f->len);

    mix ^= mix >> SHIFT;
    mix *= FACTOR;
    return mix ^ mix >> SHIFT;
}
