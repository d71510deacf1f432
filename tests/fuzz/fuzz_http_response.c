/* Replies by chance: no byte is read or written where none may be, and the outcome is the same
 * whether they come whole, per byte or in odd pieces. The first byte chooses how.
 *
 * clang -g -O1 -std=c99 -fsanitize=fuzzer,address,undefined -Ifirmware -iquote . -iquote config \
 *     tests/fuzz/fuzz_http_response.c firmware/reply/http_*.c firmware/base/[a-z]*.c -o fuzz */
#include "reply/http_date.h"
#include "reply/http_response.h"

#include "config/limits.h"

#include <stdlib.h>
#include <string.h>

#define CONNECT 1u
#define CLEAN   2u

struct outcome {
    struct http_response r;
    struct http_field field[3];
    char retry[33], date[33], note[5];
    uint64_t body; /* a sum of the bytes at their places */
    uint64_t body_len;
    size_t used;
    int err;
};

static void hold(bool what)
{
    if (!what) {
        abort();
    }
}

static int take(void *ctx, const uint8_t *src, size_t len)
{
    struct outcome *o = ctx;
    size_t at;

    hold(len > 0);
    for (at = 0; at < len; at++) {
        o->body = o->body * 31 + src[at];
    }
    o->body_len += len;
    return 0;
}

static void read_reply(struct outcome *o, const uint8_t *src, size_t len, size_t step, uint8_t how)
{
    const struct sink sink = {take, o};

    memset(o, 0, sizeof *o);
    o->field[0] = (struct http_field){.name = "Retry-After", .value = o->retry, .cap = 33};
    o->field[1] = (struct http_field){.name = "Date", .value = o->date, .cap = 33};
    o->field[2] = (struct http_field){.name = "x", .value = o->note, .cap = 5};
    http_response_init(&o->r, o->field, 3, &sink);
    o->r.to_connect = (how & CONNECT) != 0;
    while (o->used < len && o->r.err == 0 && !o->r.done) {
        size_t n = len - o->used < step ? len - o->used : step;
        int used = http_response_push(&o->r, src + o->used, n);
        hold(used < 0 || (size_t)used == n || (o->r.done && (size_t)used < n));
        o->used += used > 0 ? (size_t)used : n;
    }
    o->err = http_response_finish(&o->r, (how & CLEAN) != 0);
    hold(o->r.body_bytes == o->body_len);
    hold(o->r.done == (o->err == 0));
    hold(o->r.head_done ? o->r.status >= 200 && o->r.status <= 999 : o->r.status == 0);
}

static void hold_same(const struct outcome *a, const struct outcome *b)
{
    hold(a->err == b->err && a->r.status == b->r.status && a->r.keep == b->r.keep);
    hold(a->body == b->body && a->body_len == b->body_len);
    hold(a->err != 0 || a->used == b->used);
    hold(strcmp(a->retry, b->retry) == 0 && strcmp(a->date, b->date) == 0);
    hold(strcmp(a->note, b->note) == 0 && a->field[2].over == b->field[2].over);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole, other;
    uint32_t wait_ms;

    if (size < 2) {
        return 0;
    }
    read_reply(&whole, data + 1, size - 1, size, data[0]);
    read_reply(&other, data + 1, size - 1, 1, data[0]);
    hold_same(&whole, &other);
    read_reply(&other, data + 1, size - 1, 2 + data[0] / 4u, data[0]);
    hold_same(&whole, &other);
    wait_ms = retry_after_ms(whole.retry, whole.date);
    hold(wait_ms == 0 || (wait_ms >= RETRY_AFTER_MIN_MS && wait_ms <= RETRY_AFTER_MAX_MS));
    return 0;
}
