/* How calls begin and end, and what is held behind them: an object, or the account. */
#include "sync/uploader_parts.h"

#include "base/err.h"
#include "base/stream.h"

enum want uploader_later(struct uploader *u, uint64_t when_ms)
{
    u->wake_ms = when_ms < u->wake_ms ? when_ms : u->wake_ms;
    return WANT_TIME;
}

enum want uploader_idle(struct uploader *u)
{
    u->task = UPLOADER_IDLE;
    return WANT_STEP;
}

enum want uploader_call(struct uploader *u, enum uploader_task task, int err)
{
    u->task = (uint8_t)task;
    u->not_begun = err != 0;
    if (err != 0) { /* nothing of the call before is this one's */
        u->bulk->err = err;
        u->bulk->status = 0;
        u->bulk->retry_after_ms = 0;
        u->bulk->reply.head_done = false;
        u->bulk->x.sent = SENT_NOTHING;
        u->bulk->x.gate_open = false;
    }
    return WANT_STEP;
}

void uploader_call_worked(struct uploader *u)
{
    if (u->last_err != 0) {
        uploader_say_err(u, NEWS_RECOVERED, u->last_err);
    }
    u->last_err = 0;
    u->fresh_credentials = false;
    retry_succeeded(&u->retry, u->task == UPLOADER_POST);
}

static void keep_pause(struct uploader *u, const struct retry_case *c)
{
    int64_t now_ms = uploader_time_ms(u);
    struct entry e = {.type = ENTRY_PAUSE,
                      .is.until_ms = (now_ms < 0 ? 0 : now_ms) + c->retry_after_ms};

    if (retry_to_flash(c)) {
        (void)uploader_put(u, &e); /* lost at worst: then the service says it again */
    }
}

enum want uploader_call_failed(struct uploader *u)
{
    struct retry_case c = retry_case_of(u->bulk, &u->now);
    uint32_t pause_ms = retry_failed(&u->retry, &c, u->now.mono_ms, uploader_random());

    if (u->last_err != c.err) {
        uploader_say_err(u, NEWS_TROUBLE, c.err);
    }
    u->last_err = c.err;
    keep_pause(u, &c);
    u->task = UPLOADER_IDLE;
    return uploader_later(u, u->now.mono_ms + pause_ms);
}

void uploader_worse(struct uploader *u, int err)
{
    /* In the order of the exit codes; what is not listed is milder. */
    static const int order[] = {ERR_OUTCOME_UNKNOWN, ERR_JOB_FAILED, ERR_ROWS_FAILED};

    for (unsigned i = 0; i < COUNT(order) && u->worst != order[i]; i++) {
        if (err == order[i]) {
            u->worst = err;
            return;
        }
    }
    u->worst = u->worst == 0 ? err : u->worst;
}

enum want uploader_hold_object(struct uploader *u, uint16_t object, uint8_t reason, uint16_t http)
{
    struct entry_object *o = &u->ledger.object[object].is;
    struct uploader_news n = uploader_news_of(u, NULL);

    u->lane[object].try_ms = u->now.mono_ms + UPLOADER_HOLD_MS;
    u->lane[object].probe = false;
    u->lane[object].split_records = 0;
    if (o->hold == reason) {
        return WANT_STEP;
    }
    n.kind = reason == REASON_NONE ? NEWS_HOLD_OVER : NEWS_HOLD_OBJECT;
    n.object = o->name;
    n.reason = reason;
    n.http = http;
    o->hold = reason;
    o->http = http;
    (void)uploader_put_object(u, object); /* lost at worst: then it is found out again */
    uploader_say(u, &n);
    if (reason != REASON_NONE) {
        uploader_worse(u, reason == REASON_OBJECT ? ERR_OBJECT_UNKNOWN
                          : http != 0             ? ERR_NOT_ALLOWED
                                                  : u->bulk->err);
    }
    return WANT_STEP;
}

/* What was mended is tried at once, by one record. */
void uploader_test_holds(struct uploader *u)
{
    for (uint16_t i = 0; i < u->ledger.objects; i++) {
        u->lane[i].try_ms = u->now.mono_ms;
    }
}

void uploader_hold_account(struct uploader *u, uint16_t http)
{
    struct uploader_news n = uploader_news_of(u, NULL);

    u->account_ms = u->now.mono_ms + UPLOADER_HOLD_MS;
    u->account_probe = true;
    if (!u->account_held) {
        n.kind = NEWS_HOLD_ACCOUNT;
        n.reason = REASON_CREDENTIALS;
        n.http = http;
        uploader_say(u, &n);
    }
    u->account_held = true;
    uploader_worse(u, ERR_UNAUTHORIZED);
}

/* Names of the service's objects, as far as they concern us. */
static void take_object(void *ctx, const struct bulk_item *item)
{
    struct uploader *u = ctx;
    int at = ledger_object_at(&u->ledger, item->text);

    if (at >= 0) {
        u->lane[at].known = true;
    }
}

enum want uploader_ask_objects(struct uploader *u)
{
    const struct bulk_receiver to = {take_object, u};

    for (uint16_t i = 0; i < u->ledger.objects; i++) {
        u->lane[i].known = false;
    }
    return uploader_call(u, UPLOADER_OBJECTS, bulk_objects(u->bulk, &to, &u->now));
}

static bool refused_credentials(const struct uploader *u)
{
    return u->bulk->err == ERR_UNAUTHORIZED || u->bulk->err == ERR_FORBIDDEN;
}

enum want uploader_get_failed(struct uploader *u)
{
    enum want want = uploader_call_failed(u);

    if (refused_credentials(u)) {
        u->wants_credentials = !u->fresh_credentials;
        if (!u->wants_credentials) { /* they were read again already */
            uploader_hold_account(u, u->bulk->status);
        }
    }
    return want;
}

/* A list that cannot be had for good says nothing of the names in it. */
enum want uploader_objects_end(struct uploader *u)
{
    int err = u->bulk->err;
    bool listed = err == 0;

    if (!listed && (refused_credentials(u) || err_class(err) != CLASS_REJECTED)) {
        return uploader_get_failed(u);
    }
    uploader_call_worked(u);
    u->task = UPLOADER_IDLE;
    u->objects_asked = true;
    if (u->account_held) {
        uploader_say_kind(u, NULL, NEWS_HOLD_OVER);
    }
    u->account_held = false;
    for (uint16_t i = 0; i < u->ledger.objects; i++) {
        u->lane[i].looked = true;
        if (listed && !u->lane[i].known) {
            (void)uploader_hold_object(u, i, REASON_OBJECT, 0);
        } else if (u->ledger.object[i].is.hold == REASON_OBJECT) {
            (void)uploader_hold_object(u, i, REASON_NONE, 0);
        }
    }
    return WANT_STEP;
}
