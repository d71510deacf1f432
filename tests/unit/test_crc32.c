#include "base/crc32.h"
#include "base/stream.h"
#include "edge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

/* The definition, bit by bit. */
static uint32_t by_bits(const uint8_t *src, size_t len)
{
    uint32_t crc = 0xFFFFFFFF;
    size_t at;
    int bit;

    for (at = 0; at < len; at++) {
        crc ^= src[at];
        for (bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
        }
    }
    return ~crc;
}

static void gives_the_published_values(void **state)
{
    static const struct {
        const char *input;
        uint32_t want;
    } rows[] = {
        {"", 0},
        {"a", 0xE8B7BE43},
        {"abc", 0x352441C2},
        {"123456789", 0xCBF43926},
        {"The quick brown fox jumps over the lazy dog", 0x414FA339},
    };
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(rows); at++) {
        size_t len = strlen(rows[at].input);
        const uint8_t *src = (const uint8_t *)edge_copy(rows[at].input, len);
        assert_int_equal(crc32_update(0, src, len), rows[at].want);
    }
}

/* Each byte value at each place of a step, so that every entry of every table is read. */
static void agrees_with_the_definition_for_every_byte_at_every_place(void **state)
{
    uint8_t bytes[16];
    unsigned place, value;

    (void)state;
    for (place = 0; place < sizeof(bytes); place++) {
        for (value = 0; value < 256; value++) {
            memset(bytes, 0x5A, sizeof(bytes));
            bytes[place] = (uint8_t)value;
            assert_int_equal(crc32_update(0, bytes, sizeof(bytes)), by_bits(bytes, sizeof(bytes)));
        }
    }
}

static void is_the_same_however_it_is_cut(void **state)
{
    uint8_t bytes[67];
    size_t len, cut;

    (void)state;
    for (len = 0; len < sizeof(bytes); len++) {
        bytes[len] = (uint8_t)(len * 37 + len / 3);
    }
    for (len = 0; len <= sizeof(bytes); len++) {
        const uint8_t *src = (const uint8_t *)edge_copy(bytes, len);
        uint32_t want = by_bits(bytes, len);
        for (cut = 0; cut <= len; cut++) {
            uint32_t crc = crc32_update(0, src, cut);
            assert_int_equal(crc32_update(crc, src + cut, len - cut), want);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_published_values),
        cmocka_unit_test(agrees_with_the_definition_for_every_byte_at_every_place),
        cmocka_unit_test(is_the_same_however_it_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
