#include "reply/http_date.h"

#include "base/err.h"
#include "base/num.h"
#include "base/stream.h"
#include "config/limits.h"

#include <stdbool.h>
#include <string.h>

#define DAY_S 86400

enum part { PART_YEAR, PART_MONTH, PART_DAY, PART_HOUR, PART_MINUTE, PART_SECOND, PART_COUNT };

/* W and w: a weekday in full and in short; m: a month; D: a day with a space for a zero; numbers
 * below. All else stands for itself. */
enum { FORM_IMF, FORM_SHORT_YEAR, FORM_ASCTIME };

static const char *const FORMS[] = {
    [FORM_IMF] = "%w, %d %m %Y %H:%M:%S GMT",
    [FORM_SHORT_YEAR] = "%W, %d-%m-%y %H:%M:%S GMT",
    [FORM_ASCTIME] = "%w %m %D %H:%M:%S %Y",
};

static const struct number {
    char letter;
    uint8_t part, digits;
    uint16_t max;
} NUMBERS[] = {
    {'Y', PART_YEAR, 4, 9999}, {'y', PART_YEAR, 2, 99}, {'d', PART_DAY, 2, 31},
    {'1', PART_DAY, 1, 9},     {'H', PART_HOUR, 2, 23}, {'M', PART_MINUTE, 2, 59},
    {'S', PART_SECOND, 2, 60},
};

static const char *const WEEKDAYS[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Each take_ returns what is behind, or NULL. */
static const char *take_weekday(const char *text, bool in_full)
{
    size_t at;

    for (at = 0; at < COUNT(WEEKDAYS); at++) {
        size_t len = in_full ? strlen(WEEKDAYS[at]) : 3;
        if (strncmp(text, WEEKDAYS[at], len) == 0) {
            return text + len;
        }
    }
    return NULL;
}

static const char *take_month(const char *text, uint32_t *part)
{
    uint32_t at;

    for (at = 0; at < 12; at++) {
        if (strncmp(text, MONTHS + (size_t)at * 3, 3) == 0) {
            part[PART_MONTH] = at + 1;
            return text + 3;
        }
    }
    return NULL;
}

static const char *take_number(const char *text, char letter, uint32_t *part)
{
    const struct number *n = NUMBERS;
    uint64_t v;

    while (n->letter != letter) {
        n++;
    }
    if (num_u64_max(text, n->digits, n->max, &v) != 0) {
        return NULL;
    }
    part[n->part] = (uint32_t)v;
    return text + n->digits;
}

static const char *take_part(const char *text, char letter, uint32_t *part)
{
    switch (letter) {
    case 'W':
    case 'w':
        return take_weekday(text, letter == 'W');
    case 'm':
        return take_month(text, part);
    case 'D':
        return *text == ' ' ? take_number(text + 1, '1', part) : take_number(text, 'd', part);
    default:
        return take_number(text, letter, part);
    }
}

static bool matches(const char *text, const char *form, uint32_t *part)
{
    for (; *form != 0 && text != NULL; form++) {
        if (*form == '%') {
            text = take_part(text, *++form, part);
        } else {
            text = *text == *form ? text + 1 : NULL;
        }
    }
    return text != NULL && *text == 0;
}

static uint32_t days_in(uint32_t year, uint32_t month)
{
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    if (month == 2) {
        return leap ? 29 : 28;
    }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* Days since 1970; years are counted from March, so that the leap day comes last. */
static int64_t days_since_1970(uint32_t year, uint32_t month, uint32_t day)
{
    int64_t y = (int64_t)year - (month < 3 ? 1 : 0);
    int64_t month_from_march = (month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

int http_date_parse(const char *text, int64_t *out_s)
{
    uint32_t part[PART_COUNT] = {0};
    size_t at = 0;

    while (at < COUNT(FORMS) && !matches(text, FORMS[at], part)) {
        at++;
    }
    if (at == COUNT(FORMS)) {
        return ERR_VALUE;
    }
    if (at == FORM_SHORT_YEAR) {
        part[PART_YEAR] += part[PART_YEAR] < 77 ? 2000 : 1900;
    }
    if (part[PART_YEAR] == 0 || part[PART_DAY] == 0 ||
        part[PART_DAY] > days_in(part[PART_YEAR], part[PART_MONTH])) {
        return ERR_VALUE;
    }
    *out_s = days_since_1970(part[PART_YEAR], part[PART_MONTH], part[PART_DAY]) * DAY_S +
             part[PART_HOUR] * 3600 + part[PART_MINUTE] * 60 + part[PART_SECOND];
    return 0;
}

static uint32_t clamp_ms(int64_t wait_s)
{
    if (wait_s > RETRY_AFTER_MAX_MS / 1000) {
        return RETRY_AFTER_MAX_MS;
    }
    return wait_s < RETRY_AFTER_MIN_MS / 1000 ? RETRY_AFTER_MIN_MS : (uint32_t)wait_s * 1000;
}

uint32_t retry_after_ms(const char *value, const char *date)
{
    size_t len = strlen(value);
    uint64_t wait_s = RETRY_AFTER_MAX_MS / 1000;
    int64_t until_s, sent_s;

    if (len > 0 && strspn(value, "0123456789") == len) {
        (void)num_u64_max(value, len, wait_s, &wait_s); /* more than that is that */
        return clamp_ms((int64_t)wait_s);
    }
    if (http_date_parse(value, &until_s) != 0 || http_date_parse(date, &sent_s) != 0) {
        return 0;
    }
    return clamp_ms(until_s - sent_s);
}
