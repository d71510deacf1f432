/* http_date: the dates of HTTP (RFC 9110 5.6.7) and the wait that Retry-After asks for (10.2.3).
 *
 * All three forms are read, to the letter: `Sun, 06 Nov 1994 08:49:37 GMT`,
 * `Sunday, 06-Nov-94 08:49:37 GMT` (years 1977..2076) and `Sun Nov  6 08:49:37 1994`. The weekday
 * must be one but is not compared with the date. No clock is read: a date in Retry-After is
 * measured against the reply's own Date, so that the device's clock does not matter (C38, S19).
 *
 * Memory  Keeps nothing.
 * Errors  ERR_VALUE: none of the three forms, or no day of the calendar. */
#ifndef OCBULK_REPLY_HTTP_DATE_H
#define OCBULK_REPLY_HTTP_DATE_H

#include <stdint.h>

/* out_s: seconds since 1970, as time() counts. 0, or ERR_VALUE: *out_s stays. */
int http_date_parse(const char *text, int64_t *out_s);

/* `value` and `date` of the headers Retry-After and Date, without outer white space, "" when
 * absent. RETRY_AFTER_MIN_MS..RETRY_AFTER_MAX_MS, also for 0, a past date, or more than these; 0
 * when no wait was said that can be understood. */
uint32_t retry_after_ms(const char *value, const char *date);

#endif
