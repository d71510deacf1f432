#include "linux/session.h"

#include "base/err.h"
#include "linux/clock.h"
#include "linux/log.h"
#include "linux/session_say.h"
#include "linux/stop.h"

static int fail_at(struct session *s, int err, const char *where)
{
    line_set(&s->where, where);
    return err;
}

uint32_t session_random(void)
{
    uint32_t r = 0;

    (void)device_random((uint8_t *)&r, sizeof r); /* without any, the pause is the shortest */
    return r;
}

static uint32_t until(uint64_t deadline_ms, uint64_t now_ms, uint32_t most_ms)
{
    uint64_t left = deadline_ms > now_ms ? deadline_ms - now_ms : 0;

    return left < most_ms ? (uint32_t)left : most_ms;
}

int session_sleep(struct session *s, uint32_t ms)
{
    uint64_t end = clock_now().mono_ms + ms;

    for (;;) {
        uint64_t now_ms = clock_now().mono_ms;

        if (stop_asked() > 0) {
            return ERR_CANCELLED;
        }
        if (now_ms >= end) {
            return 0;
        }
        s->net.wait(s->net.ctx, WANT_TIME, until(end, now_ms, SESSION_WAIT_MAX_MS));
    }
}

/* A stop before the gate ends the call at once; behind it the answer is worth waiting for. */
static int stopped(const struct session *s, uint64_t since_ms, uint64_t now_ms)
{
    bool patient = s->bulk.call == BULK_UPLOAD && s->bulk.x.gate_open && stop_asked() < 2 &&
                   now_ms - since_ms < SESSION_STOP_MS;

    if (patient) {
        return 0;
    }
    return s->bulk.call == BULK_UPLOAD && s->bulk.x.gate_open ? ERR_OUTCOME_UNKNOWN : ERR_CANCELLED;
}

/* The head is counted in what went out, and is no part of the batch. */
static void show_progress(struct session *s, uint64_t records, uint64_t now_ms)
{
    uint64_t total = s->progress.total, out = s->bulk.x.bytes_out;

    out = out < total ? out : total;
    progress_step(&s->progress, out, total > 0 ? records * out / total : 0, now_ms);
}

static int open_gate(struct session *s, const struct now *now)
{
    int err = s->gate.open != NULL ? s->gate.open(s->gate.ctx) : 0;

    if (err == 0) {
        bulk_commit(&s->bulk, now);
    } else {
        bulk_drop(&s->bulk);
    }
    return err;
}

static int drive(struct session *s, uint64_t records)
{
    struct bulk *b = &s->bulk;
    uint64_t since_ms = 0;

    for (;;) {
        struct now now = clock_now();
        enum want want = bulk_step(b, &now);

        if (want == WANT_NOTHING) {
            return b->err;
        }
        if (want == WANT_GATE && stop_asked() == 0) {
            int err = open_gate(s, &now);

            if (err != 0) {
                return err;
            }
            continue;
        }
        if (b->call == BULK_UPLOAD) {
            show_progress(s, records, now.mono_ms);
        }
        if (stop_asked() > 0) {
            since_ms = since_ms == 0 ? now.mono_ms : since_ms;
            int err = stopped(s, since_ms, now.mono_ms);

            if (err != 0) {
                bulk_drop(b);
                b->cause = ERR_CANCELLED;
                return err;
            }
        }
        if (want != WANT_STEP) {
            s->net.wait(s->net.ctx, want,
                        until(exchange_deadline_ms(&b->x), now.mono_ms, SESSION_WAIT_MAX_MS));
        }
    }
}

/* err: of the start; when that failed nothing was sent, and it concerns no host. */
static int run(struct session *s, int err, uint64_t records)
{
    struct now now;

    if (err != 0) {
        s->ended = (struct retry_case){.upload = s->bulk.call == BULK_UPLOAD, .err = err};
        return fail_at(s, err, "");
    }
    err = drive(s, records);
    now = clock_now();
    s->ended = retry_case_of(&s->bulk, &now);
    s->ended.err = err; /* it may have been stopped */
    session_say_call(s, err);
    if (err != 0) {
        session_say_where(s, err);
    }
    return err;
}

int session_pause(struct session *s, struct session_tries *t)
{
    const struct retry_case *c = &s->ended;
    uint32_t pause_ms;

    if (!retry_soon(c) || c->retry_after_ms > SESSION_PAUSE_MAX_MS || ++t->made >= SESSION_TRIES) {
        return c->err;
    }
    log_put(c->upload ? LOG_AT_WARNING : LOG_AT_INFO, c->upload ? "no job was made, " : "",
            "trying again: ", err_what(c->err), ": ", s->where.text);
    pause_ms = retry_failed(&t->retry, c, clock_now().mono_ms, session_random());
    return session_sleep(s, pause_ms);
}

/* Whatever was asked and may be asked again without harm is. */
static int get(struct session *s, int err)
{
    struct session_tries tries = {0};
    bool started = err == 0;

    err = run(s, err, 0);
    while (err != 0 && started && session_pause(s, &tries) == 0) {
        struct now now = clock_now();

        err = run(s, bulk_again(&s->bulk, &now), 0);
    }
    return err;
}

int session_objects(struct session *s, const struct bulk_receiver *to)
{
    struct now now = clock_now();

    return get(s, bulk_objects(&s->bulk, to, &now));
}

int session_metadata(struct session *s, const char *object, const struct bulk_receiver *to)
{
    struct now now = clock_now();

    return get(s, bulk_metadata(&s->bulk, object, to, &now));
}

int session_status(struct session *s, const char *id)
{
    struct now now = clock_now();

    return get(s, bulk_status(&s->bulk, id, &now));
}

int session_errors(struct session *s, const char *id, const struct bulk_receiver *to)
{
    struct now now = clock_now();

    return get(s, bulk_errors(&s->bulk, id, to, &now));
}

int session_jobs(struct session *s, const struct bulk_receiver *to)
{
    struct now now = clock_now();

    return get(s, bulk_jobs(&s->bulk, to, &now));
}

int session_cancel(struct session *s, const char *id)
{
    struct now now = clock_now();

    return get(s, bulk_cancel(&s->bulk, id, &now));
}

int session_upload(struct session *s, const struct bulk_upload *upload, uint64_t records)
{
    struct now now = clock_now();
    int err = bulk_upload(&s->bulk, upload, &now);

    progress_begin(&s->progress, err == 0 ? bulk_length(&s->bulk) : 0, s->quiet, now.mono_ms);
    bool sent = err == 0;

    err = run(s, err, records);
    progress_end(&s->progress);
    if (!sent) {
        line_set(&s->where, "file name ");
        line_put(&s->where, upload->name);
    }
    return err;
}
