/* Sends FILE as an upload up to the gate, prints what was sent, and drops it there
 * at the end of standard input.
 * tool_gate CONFIG OBJECT FILE: `length=N sent=N gate=N` in bytes of the body. */
#include "base/err.h"
#include "linux/clock.h"
#include "linux/scan.h"
#include "linux/session.h"

#include <stdio.h>

static struct config config;
static struct session session;
static struct scan scan;
static struct batch_source source;
static struct config_error e;

static int send_to_gate(const char *object)
{
    struct bulk *b = &session.bulk;
    struct bulk_upload up = {.object = object,
                             .name = "gate.csv",
                             .path = true,
                             .file = {batch_source_pull, &source},
                             .file_len = scan.first.len};
    struct now now = clock_now();
    int err = device_random(up.random, sizeof up.random);

    batch_source_init(&source, &scan.file, &scan.first);
    err = err == 0 ? bulk_upload(b, &up, &now) : err;
    while (err == 0) {
        now = clock_now();
        enum want want = bulk_step(b, &now);

        if (want == WANT_NOTHING) {
            return b->err != 0 ? b->err : ERR_INTERNAL;
        }
        if (want == WANT_GATE) {
            return 0;
        }
        if (want != WANT_STEP) {
            session.net.wait(session.net.ctx, want, 1000);
        }
    }
    return err;
}

int main(int argc, char **argv)
{
    const struct batch_limits limits = {UINT64_MAX, UINT64_MAX};
    const struct config_flag none[] = {{0}};
    int err = argc == 4 ? config_load(&config, argv[1], none, &e) : ERR_USAGE;

    err = err == 0 ? session_begin(&session, &config, true) : err;
    err = err == 0 ? scan_open(&scan, argv[3], &limits) : err;
    err = err == 0 ? scan_all(&scan, 1) : err;
    err = err == 0 ? send_to_gate(argv[2]) : err;
    if (err != 0) {
        fprintf(stderr, "tool_gate: %s: %s %s\n", err_what(err), session.where.text, e.where);
        return 1;
    }
    const struct bulk *b = &session.bulk;
    unsigned long long head = http_request_head_len(&b->request);

    printf("length=%llu sent=%llu gate=%llu\n", (unsigned long long)bulk_length(b),
           (unsigned long long)b->x.bytes_out - head,
           (unsigned long long)multipart_gate_len(&b->multipart));
    (void)fflush(stdout);
    (void)getchar(); /* an abort throws away what the peer has not read: the test says when */
    bulk_drop(&session.bulk);
    scan_close(&scan);
    session_end(&session);
    return 0;
}
