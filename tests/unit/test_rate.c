#include "link/rate.h"

#include "base/stream.h"
#include "limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint32_t RATES[] = {1,     100,    1024,    1500,      4096,
                                 10000, 102400, 1 << 20, 100 << 20, 1 << 30};

static void pieces_are_a_quarter_of_a_second(void **state)
{
    (void)state;
    assert_int_equal(rate_piece(1), RATE_PIECE_MIN);
    assert_int_equal(rate_piece(4 * RATE_PIECE_MIN + 3), RATE_PIECE_MIN);
    assert_int_equal(rate_piece(40000), 10000);
    assert_int_equal(rate_piece(4 * EXCHANGE_TX_CAP), EXCHANGE_TX_CAP);
    assert_int_equal(rate_piece(UINT32_MAX), EXCHANGE_TX_CAP);
}

/* Sends len bytes as fast as it may, from now_ms on; the time when the last piece went. */
static uint64_t send(struct rate *r, uint32_t per_s, uint64_t len, uint64_t now_ms)
{
    while (len > 0) {
        size_t piece = len < rate_piece(per_s) ? (size_t)len : rate_piece(per_s);
        uint64_t from_ms = rate_from_ms(r, per_s, piece, now_ms);

        assert_true(from_ms >= now_ms);
        if (from_ms > now_ms) { /* one look, and it is right */
            assert_true(rate_from_ms(r, per_s, piece, from_ms - 1) == from_ms);
            assert_true(rate_from_ms(r, per_s, piece, from_ms) == from_ms);
        }
        now_ms = from_ms;
        rate_take(r, piece);
        len -= piece;
    }
    return now_ms;
}

/* In t ms no more than t of the rate, one piece and a ms of it, and no less but for a ms. */
static void the_rate_is_kept_and_used(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(RATES); i++) {
        uint64_t per_s = RATES[i], piece = rate_piece(RATES[i]), pieces = 1000;
        uint64_t begin_ms = 5000000, len = pieces * piece;
        struct rate r = {0};
        uint64_t took_ms = send(&r, RATES[i], len, begin_ms) - begin_ms;

        assert_true(len <= (took_ms + 1) * per_s / 1000 + piece);
        assert_true(took_ms == 0 || len > (took_ms - 1) * per_s / 1000);
    }
}

static void what_was_not_used_is_not_saved_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(RATES); i++) {
        size_t piece = rate_piece(RATES[i]);
        struct rate r = {0};
        uint64_t now_ms = 1ull << 40;

        now_ms = send(&r, RATES[i], 5 * (uint64_t)piece, now_ms) + (1ull << 40);
        assert_int_equal(rate_from_ms(&r, RATES[i], piece, now_ms), now_ms);
        rate_take(&r, piece);
        for (unsigned sent = RATES[i] / 1000; sent >= piece; sent -= (unsigned)piece) {
            rate_take(&r, piece);
        }
        assert_true(rate_from_ms(&r, RATES[i], piece, now_ms) > now_ms);
    }
}

/* 200,000 bytes at 100,000 a second: two seconds, but for what the bucket holds. */
static void two_seconds_are_two_seconds(void **state)
{
    struct rate r = {0};

    (void)state;
    assert_int_equal(send(&r, 100000, 200000, 5000), 5000 + 2000 - (16384 + 100) / 100);
}

/* A clock that has just begun to run. */
static void an_empty_bucket_fills(void **state)
{
    struct rate r = {0};

    (void)state;
    assert_int_equal(rate_from_ms(&r, 4096, 1024, 0), 250);
    assert_int_equal(rate_from_ms(&r, 4096, 1024, 100), 250);
    assert_int_equal(rate_from_ms(&r, 4096, 512, 125), 125);
    rate_take(&r, 512);
    assert_int_equal(rate_from_ms(&r, 4096, 1024, 125), 375);
    r = (struct rate){0}; /* so long that bytes do not count any more */
    assert_int_equal(rate_from_ms(&r, 1 << 30, 16384, 1ull << 34), 1ull << 34);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_a_quarter_of_a_second),
        cmocka_unit_test(the_rate_is_kept_and_used),
        cmocka_unit_test(what_was_not_used_is_not_saved_up),
        cmocka_unit_test(two_seconds_are_two_seconds),
        cmocka_unit_test(an_empty_bucket_fills),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
