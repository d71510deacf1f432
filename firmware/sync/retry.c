#include "sync/retry.h"

#include "base/err.h"
#include "base/stream.h"
#include "bulk/bulk.h"
#include "sync/backoff.h"

enum { TIMEOUTS_MAX = 2, LIMITED_MAX = 3 }; /* in a row, before a batch is halved */

/* What an end is about. */
enum about {
    ABOUT_LINK,    /* the way there and back */
    ABOUT_BATCH,   /* its bytes on flash */
    ABOUT_OBJECT,  /* what the configuration says of it */
    ABOUT_ACCOUNT, /* who we are */
    ABOUT_OURS,    /* the program or its configuration; what no call can end with */
    /* said by a complete reply */
    ABOUT_PLACE, /* not here */
    ABOUT_RECORDS,
    ABOUT_CONFLICT,
    ABOUT_SIZE,
    ABOUT_RATE,
    ABOUT_SERVICE /* a fault of its own */
};

struct about_row {
    int16_t of; /* an err or a status */
    uint8_t about;
};

static const uint8_t BY_CLASS[] = {
    [CLASS_NONE] = ABOUT_OURS,           [CLASS_INTERNAL] = ABOUT_OURS,
    [CLASS_CONFIG] = ABOUT_OURS,         [CLASS_INPUT] = ABOUT_BATCH,
    [CLASS_CREDENTIALS] = ABOUT_ACCOUNT, [CLASS_TLS] = ABOUT_LINK,
    [CLASS_TEMPORARY] = ABOUT_LINK,      [CLASS_REJECTED] = ABOUT_OURS,
    [CLASS_ROWS] = ABOUT_OURS,           [CLASS_UNKNOWN] = ABOUT_LINK,
    [CLASS_RUNNING] = ABOUT_OURS,        [CLASS_BUSY] = ABOUT_OURS,
    [CLASS_STORAGE] = ABOUT_OURS,
};

/* Where its class says too little of an error. */
static const struct about_row BY_ERR[] = {
    {ERR_TLS_MEMORY, ABOUT_LINK}, /* what a handshake takes is a matter of chance, too */
    {ERR_OBJECT_NAME, ABOUT_OBJECT},
    {ERR_OBJECT_VERB, ABOUT_OBJECT},
    {ERR_OBJECT_UNKNOWN, ABOUT_OBJECT},
    {ERR_METADATA, ABOUT_OBJECT},
    {ERR_VALUE, ABOUT_OBJECT},
    {ERR_NO_ROOM, ABOUT_OBJECT}, /* its name or metadata: one object must not stop the others */
    {ERR_FLASH_NONE, ABOUT_BATCH},
    {ERR_FLASH_READ, ABOUT_BATCH},
    {ERR_JOB_MISMATCH, ABOUT_OURS},
    {ERR_HELD, ABOUT_OURS},
};

static const struct about_row BY_STATUS[] = {
    {400, ABOUT_RECORDS},  {401, ABOUT_ACCOUNT}, {403, ABOUT_ACCOUNT}, {408, ABOUT_SERVICE},
    {409, ABOUT_CONFLICT}, {413, ABOUT_SIZE},    {422, ABOUT_RECORDS}, {429, ABOUT_RATE},
};

static enum about look_up(const struct about_row *row, size_t rows, int of, enum about otherwise)
{
    for (size_t i = 0; i < rows; i++) {
        if (row[i].of == of) {
            return (enum about)row[i].about;
        }
    }
    return otherwise;
}

/* The status says more than how its body ended. What 3xx and 4xx mean beyond the table is taken for
 * a wrong address: that hold touches no record and ends by itself. */
static enum about about_of(const struct retry_case *c)
{
    if (c->status >= 300) {
        return look_up(BY_STATUS, COUNT(BY_STATUS), c->status,
                       c->status < 500 ? ABOUT_PLACE : ABOUT_SERVICE);
    }
    return look_up(BY_ERR, COUNT(BY_ERR), c->err, (enum about)BY_CLASS[err_class(c->err)]);
}

/* Time ran out while the body was on its way, by our clock or by the service's. */
static bool timed_out(const struct retry_case *c)
{
    return c->begun && !c->gate_open &&
           (c->status == 408 || c->err == ERR_IDLE_DEADLINE || c->err == ERR_ATTEMPT_DEADLINE);
}

bool retry_refused(const struct retry_case *c)
{
    bool in_doubt = c->gate_open && (c->status == 408 || c->status >= 500);

    return c->upload && c->err != 0 && c->status >= 300 && !in_doubt;
}

/* The table's rows for a POST that made no job. */
static enum retry_action after_post(const struct retry_case *c, enum about about)
{
    bool too_long = c->hour || (timed_out(c) && c->body_timeouts >= TIMEOUTS_MAX);
    bool too_much = c->hour || (c->retry_after_ms == 0 && c->limited >= LIMITED_MAX);

    switch (about) {
    case ABOUT_LINK:
        return !c->begun ? RETRY_WAIT : too_long ? RETRY_HALVE : RETRY_AGAIN;
    case ABOUT_BATCH:
        return RETRY_HOLD_BATCH;
    case ABOUT_OBJECT:
    case ABOUT_PLACE:
        return RETRY_HOLD_OBJECT;
    case ABOUT_ACCOUNT: /* without a status it was the proxy, or reading them */
        if (!c->credentials_fresh) {
            return RETRY_CREDENTIALS;
        }
        return c->status == 0 ? RETRY_WAIT : RETRY_HOLD_ACCOUNT;
    case ABOUT_RECORDS:
        return RETRY_SPLIT;
    case ABOUT_CONFLICT:
        return c->committed_before ? RETRY_HOLD_BATCH : RETRY_SPLIT;
    case ABOUT_SIZE:
        return RETRY_HALVE;
    case ABOUT_RATE:
        return too_much ? RETRY_HALVE : RETRY_VOID;
    case ABOUT_SERVICE:
        return too_long ? RETRY_HALVE : RETRY_VOID;
    default:
        return RETRY_GIVE_UP;
    }
}

static enum retry_action after_get(const struct retry_case *c, enum about about)
{
    if (about == ABOUT_ACCOUNT && !c->credentials_fresh) {
        return RETRY_CREDENTIALS;
    }
    /* What was asked was fit to be asked. */
    return c->begun || about == ABOUT_LINK || about == ABOUT_ACCOUNT ? RETRY_WAIT : RETRY_GIVE_UP;
}

enum retry_action retry_of(const struct retry_case *c)
{
    if (c->err == 0) {
        return RETRY_DONE;
    }
    if (c->upload && c->gate_open && !retry_refused(c)) {
        return RETRY_UNKNOWN;
    }
    return c->upload ? after_post(c, about_of(c)) : after_get(c, about_of(c));
}

bool retry_soon(const struct retry_case *c)
{
    enum retry_action action = retry_of(c);
    bool same = action == RETRY_WAIT || action == RETRY_AGAIN || action == RETRY_VOID ||
                action == RETRY_HALVE;

    return same && err_class(c->err) == CLASS_TEMPORARY && c->err != ERR_CANCELLED;
}

struct retry_case retry_case_of(const struct bulk *b, const struct now *now)
{
    const struct exchange *x = &b->x;
    uint64_t end_ms = now->mono_ms + x->options->attempt_ms;
    uint64_t took_ms = end_ms > x->attempt_ms ? end_ms - x->attempt_ms : 0;

    return (struct retry_case){
        .upload = b->call == BULK_UPLOAD,
        .err = b->err,
        .status = b->status,
        .begun = x->sent != SENT_NOTHING || b->status != 0,
        .gate_open = x->gate_open,
        .hour = x->sent != SENT_NOTHING && took_ms >= RETRY_HOUR_MS,
        .retry_after_ms = b->retry_after_ms,
    };
}

static uint8_t one_more(uint8_t n)
{
    return n < UINT8_MAX ? (uint8_t)(n + 1) : n;
}

void retry_count(struct retry_run *run, struct retry_case *c)
{
    bool limited = c->status == 429 && c->retry_after_ms == 0;

    if (c->upload && c->begun) { /* else nobody has met this batch */
        run->body_timeouts = timed_out(c) ? one_more(run->body_timeouts) : 0;
        run->limited = limited ? one_more(run->limited) : 0;
    }
    c->body_timeouts = run->body_timeouts;
    c->limited = run->limited;
}

uint32_t retry_failed(struct retry *r, const struct retry_case *c, uint64_t now_ms, uint32_t random)
{
    struct retry_lane *lane = c->upload ? &r->post : &r->get;
    uint32_t pause_ms = backoff_ms(lane->tries, RETRY_FIRST_MS, RETRY_CAP_MS, random);

    pause_ms += c->retry_after_ms;
    lane->tries = one_more(lane->tries);
    lane->unheard = !c->begun;
    lane->from_ms = now_ms + pause_ms;
    if (c->retry_after_ms > 0) {
        retry_rest(r, pause_ms, now_ms);
    }
    return pause_ms;
}

/* Whatever succeeds shows that the way is open again. */
void retry_succeeded(struct retry *r, bool upload)
{
    r->get = (struct retry_lane){0};
    if (upload || r->post.unheard) {
        r->post = (struct retry_lane){0};
    }
}

uint64_t retry_from_ms(const struct retry *r, bool upload)
{
    uint64_t from_ms = upload ? r->post.from_ms : r->get.from_ms;

    return from_ms > r->rest_ms ? from_ms : r->rest_ms;
}

bool retry_to_flash(const struct retry_case *c)
{
    return c->retry_after_ms > RETRY_NOTE_MS;
}

uint32_t retry_left_ms(int64_t until_ms, int64_t written_ms, int64_t now_ms)
{
    int64_t since_ms = now_ms >= 0 ? now_ms : written_ms;

    if (until_ms < 0 || since_ms < 0) {
        return RETRY_AFTER_MAX_MS;
    }
    if (until_ms <= since_ms) {
        return 0;
    }
    return until_ms - since_ms < RETRY_AFTER_MAX_MS ? (uint32_t)(until_ms - since_ms)
                                                    : RETRY_AFTER_MAX_MS;
}

void retry_rest(struct retry *r, uint32_t left_ms, uint64_t now_ms)
{
    uint64_t until_ms = now_ms + left_ms;

    r->rest_ms = until_ms > r->rest_ms ? until_ms : r->rest_ms;
}
