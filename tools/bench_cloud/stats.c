#include "stats.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_MAX = 1000, SECONDS = 600 };

static const char *const NAMES[STAT_COUNT] = {
    [STAT_CONNECTIONS] = "connections",
    [STAT_HANDSHAKES] = "handshakes",
    [STAT_RESUMED] = "resumed",
    [STAT_JOBS] = "jobs",
    [STAT_ROWS] = "rows",
    [STAT_ERRORS] = "row_errors",
    [STAT_BODY_BYTES] = "body_bytes",
    [STAT_CUT] = "cut_requests",
    [STAT_CALLBACKS] = "callbacks",
    [STAT_CALLBACKS_FAILED] = "callbacks_failed",
    [STAT_TURNED_AWAY] = "turned_away",
};
static const char *const ARRIVAL_NAMES[ARRIVALS] = {
    [ARRIVAL_CONNECTION] = "connections",
    [ARRIVAL_REQUEST] = "requests",
    [ARRIVAL_UPLOAD] = "uploads",
};

struct second {
    int64_t at; /* of the epoch */
    int64_t n[ARRIVALS];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t counts[STAT_COUNT], calls[CALL_COUNT];
static char *entries[LOG_MAX]; /* a ring; entry k stands at k % LOG_MAX */
static int64_t entry_n;
static struct second seconds[SECONDS]; /* a ring; second t stands at t % SECONDS */

void stats_add(enum stat what, int64_t n)
{
    pthread_mutex_lock(&lock);
    counts[what] += n;
    pthread_mutex_unlock(&lock);
}

void stats_arrival(enum arrival what)
{
    int64_t t = now_ms() / 1000;
    struct second *s = &seconds[t % SECONDS];

    pthread_mutex_lock(&lock);
    if (s->at != t) {
        *s = (struct second){.at = t};
    }
    s->n[what]++;
    pthread_mutex_unlock(&lock);
}

void stats_call(enum call call)
{
    stats_arrival(ARRIVAL_REQUEST);
    if (call == CALL_UPLOAD) {
        stats_arrival(ARRIVAL_UPLOAD);
    }
    pthread_mutex_lock(&lock);
    calls[call]++;
    pthread_mutex_unlock(&lock);
}

/* From the first second of the last 600 in which anything came, up to the last one. */
static void show_seconds(struct text *out)
{
    int64_t now = now_ms() / 1000, from = now + 1, to = from;

    for (int i = 0; i < SECONDS; i++) {
        const struct second *s = &seconds[i];

        if (s->at > now - SECONDS) {
            from = s->at < from ? s->at : from;
        }
    }
    text_printf(out, ",\"seconds\":{\"from\":%lld", (long long)from);
    for (int what = 0; what < ARRIVALS; what++) {
        text_printf(out, ",\"%s\":[", ARRIVAL_NAMES[what]);
        for (int64_t t = from; t < to; t++) {
            const struct second *s = &seconds[t % SECONDS];

            text_printf(out, "%s%lld", t == from ? "" : ",",
                        (long long)(s->at == t ? s->n[what] : 0));
        }
        text_puts(out, "]");
    }
    text_puts(out, "}");
}

void stats_show(struct text *out)
{
    pthread_mutex_lock(&lock);
    text_puts(out, "{\"requests\":{");
    for (int i = 0; i < CALL_COUNT; i++) {
        text_printf(out, "%s\"%s\":%lld", i == 0 ? "" : ",", call_name((enum call)i),
                    (long long)calls[i]);
    }
    text_puts(out, "}");
    for (int i = 0; i < STAT_COUNT; i++) {
        text_printf(out, ",\"%s\":%lld", NAMES[i], (long long)counts[i]);
    }
    show_seconds(out);
    text_puts(out, "}\n");
    pthread_mutex_unlock(&lock);
}

struct headers {
    struct text *out;
    const char *comma;
};

static enum MHD_Result put_header(void *ctx, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    struct headers *h = ctx;

    (void)kind;
    if (strcasecmp(key, "Authorization") == 0 || strcasecmp(key, "Cookie") == 0) {
        return MHD_YES;
    }
    text_puts(h->out, h->comma);
    text_jsons(h->out, key);
    text_puts(h->out, ":");
    text_jsons(h->out, value == NULL ? "" : value);
    h->comma = ",";
    return MHD_YES;
}

static char *describe(const struct request *req, int status)
{
    struct text t = {0};
    struct headers h = {&t, ""};

    text_printf(&t,
                "\"time\":%lld,\"connection\":%d,\"call\":\"%s\",\"method\":", (long long)now_ms(),
                req->connection, call_name(req->call));
    text_jsons(&t, req->method);
    text_puts(&t, ",\"target\":");
    text_jsons(&t, req->target);
    text_printf(&t, ",\"authorization\":\"%s\",\"headers\":{", req->auth);
    MHD_get_connection_values(req->con, MHD_HEADER_KIND, put_header, &h);
    text_printf(&t, "},\"body\":%llu,\"status\":%d}", (unsigned long long)req->body_len, status);
    return t.at;
}

void stats_log(const struct request *req, int status)
{
    char *entry = describe(req, status);

    pthread_mutex_lock(&lock);
    free(entries[entry_n % LOG_MAX]);
    entries[entry_n % LOG_MAX] = entry;
    entry_n++;
    pthread_mutex_unlock(&lock);
}

void stats_requests(struct text *out)
{
    int64_t k;

    pthread_mutex_lock(&lock);
    k = entry_n > LOG_MAX ? entry_n - LOG_MAX : 0;
    text_puts(out, "[");
    for (const char *comma = ""; k < entry_n; k++, comma = ",\n") {
        text_printf(out, "%s{\"n\":%lld,%s", comma, (long long)k, entries[k % LOG_MAX]);
    }
    text_puts(out, "]\n");
    pthread_mutex_unlock(&lock);
}

void stats_reset(void)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < LOG_MAX; i++) {
        free(entries[i]);
        entries[i] = NULL;
    }
    entry_n = 0;
    memset(counts, 0, sizeof counts);
    memset(seconds, 0, sizeof seconds);
    memset(calls, 0, sizeof calls);
    pthread_mutex_unlock(&lock);
}
