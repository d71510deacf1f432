#include "link/tls_platform.h"

#include "base/err.h"
#include "mbedtls/error.h"
#include "mbedtls/memory_buffer_alloc.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/sha1.h"
#include "mbedtls/x509.h"
#if defined(MBEDTLS_PSA_CRYPTO_C)
#include "psa/crypto.h"
#endif

#include <stdarg.h>

static struct now clocks;

void tls_platform_set_time(const struct now *now)
{
    clocks = *now;
}

long long tls_wall_time(long long *out)
{
    if (out != NULL) {
        *out = clocks.wall_s;
    }
    return clocks.wall_s;
}

mbedtls_ms_time_t mbedtls_ms_time(void)
{
    return (mbedtls_ms_time_t)clocks.mono_ms;
}

/* Civil date from days since 1970 (Hinnant's algorithm): no libc time zone code is pulled in. */
struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *tt, struct tm *tm_buf)
{
    int64_t days = *tt / 86400, left = *tt % 86400;

    if (left < 0) {
        left += 86400;
        days--;
    }
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;

    *tm_buf = (struct tm){0};
    tm_buf->tm_mday = (int)(doy - (153 * mp + 2) / 5 + 1);
    tm_buf->tm_mon = (int)month - 1;
    tm_buf->tm_year = (int)(yoe + era * 400 + (month <= 2) - 1900);
    tm_buf->tm_hour = (int)(left / 3600);
    tm_buf->tm_min = (int)(left / 60 % 60);
    tm_buf->tm_sec = (int)(left % 60);
    return tm_buf;
}

int tls_random(void *ctx, unsigned char *dst, size_t len)
{
    (void)ctx;
    return device_random(dst, len) == 0 ? 0 : MBEDTLS_ERR_X509_FATAL_ERROR;
}

#if defined(MBEDTLS_PSA_CRYPTO_C)
psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
                                             uint8_t *output, size_t output_size,
                                             size_t *output_length)
{
    (void)context;
    if (device_random(output, output_size) != 0) {
        return PSA_ERROR_INSUFFICIENT_ENTROPY;
    }
    *output_length = output_size;
    return PSA_SUCCESS;
}
#endif

/* There is no SHA-1: a signature with it cannot be verified, whoever asks. */
void mbedtls_sha1_init(mbedtls_sha1_context *ctx)
{
    (void)ctx;
}

void mbedtls_sha1_free(mbedtls_sha1_context *ctx)
{
    (void)ctx;
}

void mbedtls_sha1_clone(mbedtls_sha1_context *dst, const mbedtls_sha1_context *src)
{
    (void)dst;
    (void)src;
}

int mbedtls_sha1_starts(mbedtls_sha1_context *ctx)
{
    (void)ctx;
    return MBEDTLS_ERR_PLATFORM_FEATURE_UNSUPPORTED;
}

int mbedtls_sha1_update(mbedtls_sha1_context *ctx, const unsigned char *input, size_t ilen)
{
    (void)ctx;
    (void)input;
    (void)ilen;
    return MBEDTLS_ERR_PLATFORM_FEATURE_UNSUPPORTED;
}

int mbedtls_sha1_finish(mbedtls_sha1_context *ctx, unsigned char output[20])
{
    (void)ctx;
    (void)output;
    return MBEDTLS_ERR_PLATFORM_FEATURE_UNSUPPORTED;
}

struct text {
    char *dst;
    size_t cap, len;
};

static void put(struct text *t, char c)
{
    if (t->len + 1 < t->cap) {
        t->dst[t->len] = c;
    }
    t->len++;
}

static void put_text(struct text *t, const char *s)
{
    while (*s != '\0') {
        put(t, *s++);
    }
}

static void put_number(struct text *t, unsigned v, unsigned base, unsigned width)
{
    char digit[10]; /* of 2^32 - 1 in base 10 */
    unsigned n = 0;

    do {
        digit[n++] = "0123456789ABCDEF"[v % base];
        v /= base;
    } while (v > 0);
    for (; width > n; width--) {
        put(t, '0');
    }
    while (n > 0) {
        put(t, digit[--n]);
    }
}

static void put_signed(struct text *t, int v, unsigned width)
{
    if (v < 0) {
        put(t, '-');
    }
    put_number(t, v < 0 ? 0u - (unsigned)v : (unsigned)v, 10, width);
}

int tls_snprintf(char *dst, size_t cap, const char *format, ...)
{
    struct text t = {dst, cap, 0};
    va_list arg;

    va_start(arg, format);
    while (*format != '\0') {
        unsigned width = 0;
        char c = *format++;

        if (c != '%') {
            put(&t, c);
            continue;
        }
        while (*format >= '0' && *format <= '9') {
            width = width * 10 + (unsigned)(*format++ - '0');
        }
        c = *format != '\0' ? *format++ : '%';
        if (c == 's') {
            put_text(&t, va_arg(arg, const char *));
        } else if (c == 'c') {
            put(&t, (char)va_arg(arg, int));
        } else if (c == 'd') {
            put_signed(&t, va_arg(arg, int), width);
        } else if (c == 'u' || c == 'X') {
            put_number(&t, va_arg(arg, unsigned), c == 'u' ? 10 : 16, width);
        } else {
            put(&t, c);
        }
    }
    va_end(arg);
    if (cap > 0) {
        dst[t.len < cap ? t.len : cap - 1] = '\0';
    }
    return (int)t.len;
}

int tls_fprintf(void *stream, const char *format, ...)
{
    (void)stream;
    (void)format;
    return 0;
}

int tls_platform_begin(uint8_t *arena, size_t cap)
{
    mbedtls_memory_buffer_alloc_init(arena, cap);
#if defined(MBEDTLS_PSA_CRYPTO_C)
    psa_status_t status = psa_crypto_init();

    if (status != PSA_SUCCESS) {
        return status == PSA_ERROR_INSUFFICIENT_ENTROPY ? ERR_ENTROPY : ERR_TLS_MEMORY;
    }
#endif
    return 0;
}

size_t tls_platform_peak(void)
{
    size_t bytes = 0, blocks = 0;

    mbedtls_memory_buffer_alloc_max_get(&bytes, &blocks);
    return bytes + blocks * 4 * sizeof(size_t);
}

size_t tls_platform_used(void)
{
    size_t bytes = 0, blocks = 0;

    mbedtls_memory_buffer_alloc_cur_get(&bytes, &blocks);
    return bytes;
}

void tls_platform_end(void)
{
#if defined(MBEDTLS_PSA_CRYPTO_C)
    mbedtls_psa_crypto_free();
#endif
    mbedtls_memory_buffer_alloc_free();
}
