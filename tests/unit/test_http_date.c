#include "base/err.h"
#include "base/stream.h"
#include "config/limits.h"
#include "edge.h"
#include "reply/http_date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SEED 20261125u

static const char *at_edge(const char *text)
{
    return edge_copy(text, strlen(text) + 1);
}

static const struct {
    const char *name, *text;
    int64_t want_s;
} GOOD[] = {
    {"the RFC's own date", "Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
    {"the same in the form of RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
    {"the same as asctime writes it", "Sun Nov  6 08:49:37 1994", 784111777},
    {"asctime with a day of two digits", "Wed Nov 25 03:28:00 2026", 1795577280},
    {"C38: the reply's date", "Wed, 25 Nov 2026 03:28:00 GMT", 1795577280},
    {"the epoch", "Thu, 01 Jan 1970 00:00:00 GMT", 0},
    {"a second before the epoch", "Wed, 31 Dec 1969 23:59:59 GMT", -1},
    {"past 32 bits", "Tue, 19 Jan 2038 03:14:08 GMT", 2147483648},
    {"past 32 bits without sign", "Sun, 07 Feb 2106 06:28:16 GMT", 4294967296},
    {"the last second of year 9999", "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
    {"the first second of year 1", "Mon, 01 Jan 0001 00:00:00 GMT", -62135596800},
    {"a leap day", "Thu, 29 Feb 2024 12:00:00 GMT", 1709208000},
    {"a leap day of a century", "Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
    {"a leap second is the next one", "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
    {"a short year of the future", "Friday, 31-Jan-76 00:00:00 GMT", 3347654400},
    {"a short year of the past", "Friday, 31-Jan-77 00:00:00 GMT", 223516800},
    {"a weekday that is another", "Mon, 25 Nov 2026 03:28:00 GMT", 1795577280},
};

static const struct {
    const char *name, *text;
} BAD[] = {
    {"nothing", ""},
    {"a word", "soon"},
    {"a number", "120"},
    {"white space before", " Wed, 25 Nov 2026 03:28:00 GMT"},
    {"white space behind", "Wed, 25 Nov 2026 03:28:00 GMT "},
    {"more behind", "Wed, 25 Nov 2026 03:28:00 GMT0"},
    {"cut in the zone", "Wed, 25 Nov 2026 03:28:00 GM"},
    {"cut in the seconds", "Wed, 25 Nov 2026 03:28:0"},
    {"cut in the year", "Wed, 25 Nov 20"},
    {"cut in the weekday", "We"},
    {"another zone", "Wed, 25 Nov 2026 03:28:00 UTC"},
    {"a numeric zone", "Wed, 25 Nov 2026 03:28:00 +0000"},
    {"no zone", "Wed, 25 Nov 2026 03:28:00"},
    {"a weekday of no week", "Wen, 25 Nov 2026 03:28:00 GMT"},
    {"a weekday in small letters", "wed, 25 Nov 2026 03:28:00 GMT"},
    {"a full weekday in the short form", "Wednesday, 25 Nov 2026 03:28:00 GMT"},
    {"a short weekday in the form of RFC 850", "Wed, 25-Nov-26 03:28:00 GMT"},
    {"four digits of the year in the form of RFC 850", "Wednesday, 25-Nov-2026 03:28:00 GMT"},
    {"a month of no year", "Wed, 25 Nvo 2026 03:28:00 GMT"},
    {"a month cut out of two", "Wed, 25 anF 2026 03:28:00 GMT"},
    {"a month in capitals", "Wed, 25 NOV 2026 03:28:00 GMT"},
    {"a day of one digit", "Wed, 5 Nov 2026 03:28:00 GMT"},
    {"a day with a space for a zero in the first form", "Sun,  6 Nov 1994 08:49:37 GMT"},
    {"day 0", "Wed, 00 Nov 2026 03:28:00 GMT"},
    {"day 0 as asctime writes it", "Sun Nov  0 08:49:37 1994"},
    {"day 31 of a month of 30", "Wed, 31 Nov 2026 03:28:00 GMT"},
    {"day 32", "Wed, 32 Dec 2026 03:28:00 GMT"},
    {"a leap day in another year", "Wed, 29 Feb 2026 03:28:00 GMT"},
    {"a leap day in a century without", "Wed, 29 Feb 2100 03:28:00 GMT"},
    {"year 0", "Wed, 01 Feb 0000 03:28:00 GMT"},
    {"a year with a sign", "Wed, 25 Nov +026 03:28:00 GMT"},
    {"hour 24", "Wed, 25 Nov 2026 24:00:00 GMT"},
    {"minute 60", "Wed, 25 Nov 2026 03:60:00 GMT"},
    {"second 61", "Wed, 25 Nov 2026 03:28:61 GMT"},
    {"a time without seconds", "Wed, 25 Nov 2026 03:28 GMT"},
    {"a date of ISO 8601", "2026-11-25T03:28:00Z"},
    {"asctime with a zone", "Wed Nov 25 03:28:00 2026 GMT"},
    {"asctime with one space before a day of one digit", "Sun Nov 6 08:49:37 1994"},
};

static void the_three_forms_are_read(void **state)
{
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(GOOD); at++) {
        int64_t got_s = 0;
        int err = http_date_parse(at_edge(GOOD[at].text), &got_s);
        if (err != 0 || got_s != GOOD[at].want_s) {
            fail_msg("%s: %s, %lld", GOOD[at].name, err_name(err), (long long)got_s);
        }
    }
}

static void all_else_is_refused(void **state)
{
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(BAD); at++) {
        int64_t got_s = 7;
        int err = http_date_parse(at_edge(BAD[at].text), &got_s);
        if (err != ERR_VALUE || got_s != 7) {
            fail_msg("%s: %s, %lld", BAD[at].name, err_name(err), (long long)got_s);
        }
    }
}

static uint32_t random_below(uint32_t *seed, uint32_t n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)*seed * n) >> 32);
}

/* Against the C library's calendar: each day of years 1900..2199, at a time by chance. */
static void every_day_is_the_c_librarys(void **state)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};
    uint32_t seed = SEED;
    int64_t day;

    (void)state;
    printf("seed %u\n", SEED);
    for (day = -25567; day < 84006; day++) {
        time_t want = (time_t)(day * 86400 + random_below(&seed, 86400));
        struct tm tm;
        size_t at;

        assert_non_null(gmtime_r(&want, &tm));
        for (at = 0; at < COUNT(forms); at++) {
            char text[64];
            int64_t got = 0;

            if (at == 1 && (tm.tm_year < 77 || tm.tm_year > 176)) {
                continue;
            }
            assert_true(strftime(text, sizeof text, forms[at], &tm) > 0);
            assert_int_equal(http_date_parse(at_edge(text), &got), 0);
            assert_int_equal(got, want);
        }
    }
}

#define DATE  "Wed, 25 Nov 2026 03:28:00 GMT"
#define MIN_1 RETRY_AFTER_MIN_MS
#define MAX_1 RETRY_AFTER_MAX_MS

static const struct {
    const char *name, *value, *date;
    uint32_t want_ms;
} WAITS[] = {
    {"C38: a date is measured against the reply's own", "Wed, 25 Nov 2026 03:30:00 GMT", DATE,
     120000},
    {"C38: whatever year the service thinks it is", "Sun Nov  6 08:51:37 1994",
     "Sunday, 06-Nov-94 08:49:37 GMT", 120000},
    {"C38: seconds", "120", DATE, 120000},
    {"C38: seconds need no date", "120", "", 120000},
    {"C38: 0 is the shortest wait", "0", DATE, MIN_1},
    {"C38: a minus sign says nothing", "-5", DATE, 0},
    {"C38: more than an hour is an hour", "99999999999", DATE, MAX_1},
    {"C38: more than 64 bits is an hour", "99999999999999999999999999", DATE, MAX_1},
    {"C38: a word says nothing", "soon", DATE, 0},
    {"C38: a past date is the shortest wait", "Wed, 25 Nov 2026 03:27:59 GMT", DATE, MIN_1},
    {"C38: a date long past is the shortest wait", "Mon, 01 Jan 0001 00:00:00 GMT", DATE, MIN_1},
    {"C38: the same date is the shortest wait", DATE, DATE, MIN_1},
    {"C38: a far date is an hour", "Fri, 31 Dec 9999 23:59:59 GMT", DATE, MAX_1},
    {"C38: no header says nothing", "", DATE, 0},
    {"a date without Date says nothing", "Wed, 25 Nov 2026 03:30:00 GMT", "", 0},
    {"a date with a bad Date says nothing", "Wed, 25 Nov 2026 03:30:00 GMT", "now", 0},
    {"S19: 60 is a minute", "60", "", 60000},
    {"a second is a second", "1", "", 1000},
    {"an hour is an hour", "3600", "", MAX_1},
    {"a second less is less", "3599", "", 3599000},
    {"a second more is an hour", "3601", "", MAX_1},
    {"leading zeros are digits", "0000000000000000000000000000120", "", 120000},
    {"a plus sign says nothing", "+5", DATE, 0},
    {"a fraction says nothing", "1.5", DATE, 0},
    {"a unit says nothing", "5s", DATE, 0},
    {"two values say nothing", "5, 6", DATE, 0},
    {"an hour to the date", "Wed, 25 Nov 2026 04:28:00 GMT", DATE, MAX_1},
    {"a second to the date", "Wed, 25 Nov 2026 03:28:01 GMT", DATE, 1000},
};

static void the_wait_is_what_the_header_says_within_bounds(void **state)
{
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(WAITS); at++) {
        uint32_t got_ms = retry_after_ms(at_edge(WAITS[at].value), WAITS[at].date);
        if (got_ms != WAITS[at].want_ms) {
            fail_msg("%s: %u", WAITS[at].name, (unsigned)got_ms);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_forms_are_read),
        cmocka_unit_test(all_else_is_refused),
        cmocka_unit_test(every_day_is_the_c_librarys),
        cmocka_unit_test(the_wait_is_what_the_header_says_within_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
