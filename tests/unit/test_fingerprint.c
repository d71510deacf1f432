#include "base/fingerprint.h"
#include "base/stream.h"
#include "edge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#define LEN_MAX 67

static uint64_t print_of(const uint8_t *src, size_t len)
{
    struct fingerprint f;

    fingerprint_init(&f);
    fingerprint_push(&f, src, len);
    return fingerprint_finish(&f);
}

static void fill(uint8_t *dst, size_t len)
{
    for (size_t at = 0; at < len; at++) {
        dst[at] = (uint8_t)(at * 37 + at / 3);
    }
}

/* By another implementation, in Python; pattern(n) = bytes((i * 37 + i // 3) & 255 for i in
 * range(n)):
 *
 *     M, ALL = 0xC6A4A7935BD1E995, 2**64 - 1
 *     def add(h, w):
 *         w = w * M & ALL
 *         return (h ^ (w ^ w >> 47) * M & ALL) * M & ALL
 *     def fingerprint(b):
 *         h = 0x9E3779B97F4A7C15
 *         words = len(b) // 8 + 1
 *         for i in range(words):
 *             h = add(h, int.from_bytes(b[8 * i:8 * i + 8], "little"))
 *         h = add(h, len(b))
 *         h = (h ^ h >> 47) * M & ALL
 *         return h ^ h >> 47 */
static void gives_the_values_of_another_implementation(void **state)
{
    static const struct {
        const char *text; /* NULL: the pattern */
        size_t len;
        uint64_t want;
    } rows[] = {
        {"", 0, UINT64_C(0x448D54E41BD674E4)},
        {"a", 1, UINT64_C(0x780183D986F45B10)},
        {"abc", 3, UINT64_C(0x65D88D68EDA03020)},
        {"12345678", 8, UINT64_C(0x91F94F8196F55C85)},
        {"123456789", 9, UINT64_C(0xD5863E908B27DC75)},
        {"The quick brown fox jumps over the lazy dog", 43, UINT64_C(0xD3E1ED7FDA2F4C3A)},
        {NULL, 1, UINT64_C(0x3416B48F28E5724F)},
        {NULL, 7, UINT64_C(0x013804ACD3F5E168)},
        {NULL, 8, UINT64_C(0xE599CE699FC4ED77)},
        {NULL, 9, UINT64_C(0x9D18F80D0A8F6178)},
        {NULL, 15, UINT64_C(0x9A4B94AB00C25895)},
        {NULL, 16, UINT64_C(0x87E0910D8F99A70D)},
        {NULL, 17, UINT64_C(0x2103DD5AD8F67ED4)},
        {NULL, 31, UINT64_C(0xEC12340289B480A6)},
        {NULL, 32, UINT64_C(0x1042552B9E8C8DB8)},
        {NULL, 33, UINT64_C(0xB0860B01245D6D40)},
        {NULL, 63, UINT64_C(0x95C59F05FF6F931E)},
        {NULL, 64, UINT64_C(0x28880AD170BE339C)},
        {NULL, 65, UINT64_C(0xCC66D338CC59385A)},
    };
    uint8_t pattern[LEN_MAX];

    (void)state;
    fill(pattern, sizeof pattern);
    for (size_t at = 0; at < COUNT(rows); at++) {
        const void *src = rows[at].text != NULL ? (const void *)rows[at].text : pattern;
        const uint8_t *edge = (const uint8_t *)edge_copy(src, rows[at].len);

        assert_int_equal(print_of(edge, rows[at].len), rows[at].want);
    }
}

/* Cut in three, so at any alignment, with any number of bytes pending; and asked in between. */
static void is_the_same_however_it_is_cut(void **state)
{
    uint8_t bytes[LEN_MAX];

    (void)state;
    fill(bytes, sizeof bytes);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        const uint8_t *src = (const uint8_t *)edge_copy(bytes, len);
        uint64_t want = print_of(src, len);

        for (size_t a = 0; a <= len; a++) {
            for (size_t b = a; b <= len; b++) {
                struct fingerprint f;

                fingerprint_init(&f);
                fingerprint_push(&f, src, a);
                assert_int_equal(fingerprint_finish(&f), print_of(src, a));
                fingerprint_push(&f, src + a, b - a);
                fingerprint_push(&f, src + b, len - b);
                assert_int_equal(fingerprint_finish(&f), want);
            }
        }
    }
}

static void goes_on_from_a_copy(void **state)
{
    uint8_t bytes[LEN_MAX];

    (void)state;
    fill(bytes, sizeof bytes);
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        struct fingerprint f, kept;

        fingerprint_init(&f);
        fingerprint_push(&f, bytes, cut);
        kept = f;
        fingerprint_push(&f, (const uint8_t *)"something else", 14);
        f = kept;
        fingerprint_push(&f, bytes + cut, sizeof bytes - cut);
        assert_int_equal(fingerprint_finish(&f), print_of(bytes, sizeof bytes));
    }
}

static void shows_each_changed_bit(void **state)
{
    uint8_t bytes[LEN_MAX];

    (void)state;
    for (size_t len = 1; len <= sizeof bytes; len++) {
        fill(bytes, sizeof bytes);
        uint64_t was = print_of(bytes, len);

        for (size_t bit = 0; bit < 8 * len; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_true(print_of(bytes, len) != was);
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

/* Any two changed bits: a step that left the highest bit alone would lose some of these. */
static void shows_each_two_changed_bits(void **state)
{
    uint8_t bytes[24];

    (void)state;
    fill(bytes, sizeof bytes);
    uint64_t was = print_of(bytes, sizeof bytes);

    for (size_t a = 0; a < 8 * sizeof bytes; a++) {
        bytes[a / 8] ^= (uint8_t)(1u << a % 8);
        for (size_t b = a + 1; b < 8 * sizeof bytes; b++) {
            bytes[b / 8] ^= (uint8_t)(1u << b % 8);
            assert_true(print_of(bytes, sizeof bytes) != was);
            bytes[b / 8] ^= (uint8_t)(1u << b % 8);
        }
        bytes[a / 8] ^= (uint8_t)(1u << a % 8);
    }
}

static void shows_swapped_words(void **state)
{
    uint8_t bytes[64], swapped[64];

    (void)state;
    for (size_t at = 0; at < sizeof bytes; at++) {
        bytes[at] = (uint8_t)at;
    }
    for (size_t a = 0; a < 8; a++) {
        for (size_t b = a + 1; b < 8; b++) {
            memcpy(swapped, bytes, sizeof bytes);
            memcpy(swapped + 8 * a, bytes + 8 * b, 8);
            memcpy(swapped + 8 * b, bytes + 8 * a, 8);
            assert_true(print_of(swapped, sizeof swapped) != print_of(bytes, sizeof bytes));
        }
    }
}

/* Zeros fill the last word up: only the length tells how many were there. */
static void tells_zeros_apart_by_their_number(void **state)
{
    const uint8_t zeros[LEN_MAX] = {0};
    uint64_t seen[LEN_MAX + 1];

    (void)state;
    for (size_t len = 0; len <= sizeof zeros; len++) {
        seen[len] = print_of(zeros, len);
        for (size_t at = 0; at < len; at++) {
            assert_true(seen[at] != seen[len]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_values_of_another_implementation),
        cmocka_unit_test(is_the_same_however_it_is_cut),
        cmocka_unit_test(goes_on_from_a_copy),
        cmocka_unit_test(shows_each_changed_bit),
        cmocka_unit_test(shows_each_two_changed_bits),
        cmocka_unit_test(shows_swapped_words),
        cmocka_unit_test(tells_zeros_apart_by_their_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
