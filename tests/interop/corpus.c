/* corpus: requests by our encoder, for other people's parsers to judge.
 *
 * Writes records of seven netstrings (`length:bytes,`) to standard output: the case's sentence, the
 * boundary, "+" or "-" for metadata, its text, the file name before any escape, the file, and the
 * whole request. The same bytes in every run; the sample is taken from the file named. */
#include "base/err.h"
#include "bulk/metadata.h"
#include "bytes.h"
#include "limits.h"
#include "request/http_request.h"
#include "request/multipart.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = (1 << 20) + 1, BOUNDARIES = 10000 };

static char file[FILE_MAX];
static char request[FILE_MAX + 8192];
static uint32_t seed = 20260101;

static uint8_t next_random(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint8_t)(seed >> 24);
}

static void die(const char *why)
{
    (void)fprintf(stderr, "corpus: %s\n", why);
    exit(1);
}

static void netstring(const char *text, size_t len)
{
    (void)printf("%zu:", len);
    (void)fwrite(text, 1, len, stdout);
    (void)putchar(',');
}

/* Pull sizes take turns, so that all are judged. */
static size_t pull_all(struct http_request *r, struct multipart *m)
{
    static const size_t steps[] = {1, 2, 17, 100, 512, 1460, 4096, 16384};
    static size_t turn;
    const size_t step = steps[turn++ % COUNT(steps)];
    size_t len = 0;

    for (;;) {
        size_t cap = sizeof request - len < step ? sizeof request - len : step;
        int n = http_request_pull(r, (uint8_t *)request + len, cap);

        if (n == ERR_WAIT && !m->open) {
            multipart_open_gate(m);
        } else if (n < 0) {
            die(err_name(n));
        } else if (n == 0) {
            return len;
        } else {
            len += (size_t)n;
        }
    }
}

static void emit(const char *sentence, const struct multipart_form *form)
{
    struct multipart m;
    struct http_request r;
    char path[3 * 255 + 1];
    const struct source body = {multipart_pull, &m};
    const struct http_header header[] = {
        {"Authorization", {"Element ", "zfY0u+/Qm4x=", ", User ", "uL2b9/0aQ1w="}},
        {"User-Agent", {"ocbulk/0.1.0"}},
        {"Content-Type", {"multipart/form-data; boundary=", form->boundary}},
    };
    struct http_request_spec spec = {
        .method = "POST",
        .target = {"/elements/api-v2", "/hubs/", "marketing", "/bulk/contact?path=/", path},
        .host = "localhost",
        .header = header,
        .headers = COUNT(header),
        .body = &body};

    if (multipart_init(&m, form) != 0 || percent_encode(path, sizeof path, form->file_name) < 0) {
        die(sentence);
    }
    spec.body_len = multipart_len(&m);
    if (http_request_init(&r, &spec) != 0) {
        die(sentence);
    }
    netstring(sentence, strlen(sentence));
    netstring(form->boundary, strlen(form->boundary));
    netstring(form->metadata != NULL ? "+" : "-", 1);
    netstring(form->metadata != NULL ? form->metadata : "",
              form->metadata != NULL ? strlen(form->metadata) : 0);
    netstring(form->file_name, strlen(form->file_name));
    netstring(file, (size_t)form->file_len);
    netstring(request, pull_all(&r, &m));
}

/* One form with the first len bytes of `file`; NULL stands for what is usual. */
static void form(const char *sentence, const char *name, const char *metadata, size_t len)
{
    struct bytes source = {.src = file, .len = len};
    char boundary[BOUNDARY_LEN + 1];
    uint8_t random[BOUNDARY_LEN];
    size_t at;

    for (at = 0; at < sizeof random; at++) {
        random[at] = next_random();
    }
    multipart_boundary(boundary, random);
    emit(sentence, &(struct multipart_form){boundary,
                                            metadata,
                                            name != NULL ? name : "batch-000001.csv",
                                            {bytes_pull, &source},
                                            len});
}

static size_t put(const char *text)
{
    memcpy(file, text, strlen(text));
    return strlen(text);
}

static void sample(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t len;

    if (f == NULL) {
        die("cannot open the sample");
        return;
    }
    len = fread(file, 1, sizeof file, f);
    (void)fclose(f);
    form("the seed's sample", "sample.csv", NULL, len);
    form("the seed's sample with metaData", "sample.csv",
         "{\"identifierFieldName\":\"C_EmailAddress\"}", len);
}

static void names(void)
{
    static const char *const name[] = {
        "a.csv",
        "oc-0123456789abcdef-00000001-89abcdef-01",
        "site \"A\"\r\nX-Evil: 1 caf\xC3\xA9.csv",
        "\"a.csv",
        "a.csv\"",
        "\"",
        "\r\n",
        "\r\n\r\nbody",
        "a\"; name=\"metaData",
        "\\",
        "a\\",
        "a\\\\",
        "a\\\"b\\c.csv",
        "a; b=c.csv",
        "a=b&c+d.csv",
        "100%.csv",
        "\xE6\x97\xA5\xE6\x9C\xAC.csv",
        "it's a 'name'.csv",
        "<a> (b) [c] {d} @ , : ? #.csv",
        "a*=UTF-8''b.csv",
    };
    char longest[256] = {0};
    size_t at, len = put("a,b\r\n1,2\r\n");

    for (at = 0; at < COUNT(name); at++) {
        form("a file name", name[at], NULL, len);
        form("a file name behind metaData", name[at], "{}", len);
    }
    memset(longest, 'n', 255);
    form("a file name of 255 bytes", longest, NULL, len);
}

static void metadata(void)
{
    size_t len = put("a,b\n1,2\n");

    form("metaData with line ends between its keys", NULL, "{\r\n \"a\": 1,\n \"b\": [2]\r\n}",
         len);
    form("metaData with quotes and non-ASCII", NULL, "{\"a\":\"\\\"caf\xC3\xA9\\\\\"}", len);
    form("empty metaData", NULL, "", len);
    form("an empty file behind metaData", NULL, "{}", 0);
}

#define TAG "oc-0123456789abcdef-00000001-89abcdef-01"

/* An attempt of a spool: its tag is the name and stands in metaData. */
static void tagged(void)
{
    static struct json_items scratch;
    static char text[METADATA_CAP + METADATA_ROOM];
    const struct metadata m = {"{\"action\": \"upsert\"}", TAG, "caf\xC3\xA9 \"1\"\\"};

    if (metadata_text(text, sizeof text, &m, &scratch) < 0) {
        die("no metaData for a tag");
    }
    form("a tagged batch", TAG ".csv", text, put("a,b\r\n1,2\r\n"));
}

/* A body that ends in, or is made of, what looks like a delimiter. */
static void lookalikes(void)
{
    static const char boundary[] = "b0123456789abcdef0";
    static const char delimiter[] = "\r\n--b0123456789abcdef0";
    static const char *const tail[] = {"", "\r", "\n", "\r\n", "--", "\r\n--\r\n", "x"};
    size_t cut, at;

    for (cut = 0; cut < sizeof delimiter - 1; cut++) {
        for (at = 0; at < COUNT(tail); at++) {
            struct bytes source = {.src = file};
            size_t len = 0, times;

            for (times = 0; times < 3; times++) {
                memcpy(file + len, delimiter, cut);
                len += cut;
            }
            len += (size_t)snprintf(file + len, 64, "%s", tail[at]);
            source.len = len;
            emit("starts of the delimiter",
                 &(struct multipart_form){
                     boundary, NULL, "batch-000001.csv", {bytes_pull, &source}, len});
        }
    }
}

static void sizes(void)
{
    size_t size, at;

    for (at = 0; at < sizeof file; at++) {
        file[at] = (char)next_random();
    }
    form("an empty file", NULL, NULL, 0);
    for (size = 1; size < FILE_MAX; size *= 2) {
        form("a power of two, less one, of random bytes", NULL, NULL, size - 1);
        form("a power of two of random bytes", NULL, NULL, size);
        form("a power of two, and one, of random bytes", NULL, NULL, size + 1);
    }
}

/* C01: whatever the random bytes, each parser finds the boundary. */
static void boundaries(void)
{
    size_t len = put("a\r\n--\r\n-"), at;

    for (at = 0; at < BOUNDARIES; at++) {
        form("a generated boundary", NULL, NULL, len);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        die("usage: corpus SAMPLE");
    }
    (void)fprintf(stderr, "seed %u\n", (unsigned)seed);
    sample(argv[1]);
    names();
    metadata();
    tagged();
    lookalikes();
    sizes();
    boundaries();
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
