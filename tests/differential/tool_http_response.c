/* Reads replies from standard input, each as a length (4 bytes, little-endian) and its bytes, then
 * a clean end of connection. Writes a line for each: `done|closed STATUS keep|last BODY` with the
 * body in hexadecimal, or `refused ERROR`. Each is delivered whole, per byte and in odd pieces; a
 * difference between these is `SPLIT`. */
#include "base/err.h"
#include "reply/http_response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_CAP 262144

struct outcome {
    const char *word;
    int err;
    unsigned status;
    bool keep;
    size_t body_len;
    uint8_t body[REPLY_CAP];
};

static int take(void *ctx, const uint8_t *src, size_t len)
{
    struct outcome *o = ctx;

    memcpy(o->body + o->body_len, src, len);
    o->body_len += len;
    return 0;
}

static void read_reply(struct outcome *o, const uint8_t *src, size_t len, size_t step)
{
    const struct sink sink = {take, o};
    struct http_response r;
    size_t at = 0;
    bool early;

    memset(o, 0, sizeof *o);
    http_response_init(&r, NULL, 0, &sink);
    while (at < len && r.err == 0 && !r.done) {
        size_t n = len - at < step ? len - at : step;
        uint8_t *copy = malloc(n); /* so that a sanitizer sees a read too far */
        if (copy == NULL) {
            abort();
        }
        memcpy(copy, src + at, n);
        (void)http_response_push(&r, copy, n);
        free(copy);
        at += n;
    }
    early = r.done;
    o->err = http_response_finish(&r, true);
    o->word = early ? "done" : r.done ? "closed" : "refused";
    o->status = r.status;
    o->keep = r.keep;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->err == b->err && a->status == b->status && a->keep == b->keep &&
           strcmp(a->word, b->word) == 0 && a->body_len == b->body_len &&
           memcmp(a->body, b->body, a->body_len) == 0;
}

static void tell(const struct outcome *o)
{
    size_t at;

    if (o->err != 0) {
        printf("%s %s\n", o->word, err_name(o->err));
        return;
    }
    printf("%s %u %s ", o->word, o->status, o->keep ? "keep" : "last");
    for (at = 0; at < o->body_len; at++) {
        printf("%02x", o->body[at]);
    }
    printf("\n");
}

int main(void)
{
    static const size_t steps[] = {1, 7, 61};
    static uint8_t reply[REPLY_CAP];
    static struct outcome whole, other;
    uint8_t head[4];

    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        size_t len = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
        bool split = false;
        size_t at;

        if (len > REPLY_CAP || fread(reply, 1, len, stdin) != len) {
            return 1;
        }
        read_reply(&whole, reply, len, REPLY_CAP);
        for (at = 0; at < COUNT(steps); at++) {
            read_reply(&other, reply, len, steps[at]);
            split = split || !same(&whole, &other);
        }
        if (split) {
            printf("SPLIT\n");
        } else {
            tell(&whole);
        }
    }
    return 0;
}
