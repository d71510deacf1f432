/* What is written to the journal, and what is told of it. */
#include "sync/uploader_parts.h"

#include "base/err.h"

int64_t uploader_time_ms(const struct uploader *u)
{
    return service_time_ms(&u->time, u->now.mono_ms);
}

uint32_t uploader_random(void)
{
    uint32_t r = 0;

    (void)device_random((uint8_t *)&r, sizeof r); /* without any, the pause is the shortest */
    return r;
}

/* What was cut to its end has something to be cut again. */
static void reopen(struct uploader *u, const struct entry *e)
{
    struct uploader_lane *lane = &u->lane[e->object];

    lane->empty = false;
    if (lane->done >= e->segment && ledger_find(&u->ledger, e->batch) == NULL) {
        lane->done = e->segment - 1;
    }
}

/* What leads to room, or is known nowhere else. */
static bool settles(uint8_t type)
{
    return entry_is_range(type) && type != ENTRY_INTENT && type != ENTRY_COMMIT;
}

int uploader_put(struct uploader *u, struct entry *e)
{
    int err = ledger_check(&u->ledger, e);

    if (err != 0) { /* written, it would be rot to each start */
        u->err = ERR_INTERNAL;
        return err;
    }
    e->time_ms = uploader_time_ms(u);
    err = journal_put(&u->journal, e);
    if (err == ERR_FLASH_FULL && settles(e->type) && uploader_give_room(u)) {
        err = journal_put(&u->journal, e);
    }
    if (err != 0) {
        return uploader_flash(u, err);
    }
    (void)uploader_flash(u, 0);
    (void)ledger_apply(&u->ledger, e);
    if (e->type == ENTRY_VOID) {
        reopen(u, e);
    }
    return 0;
}

int uploader_put_range(struct uploader *u, const struct range *r, uint8_t type, uint8_t reason)
{
    struct entry e = ledger_entry(r, type);

    e.reason = reason;
    return uploader_put(u, &e);
}

int uploader_put_object(struct uploader *u, uint16_t object)
{
    struct entry e = {
        .type = ENTRY_OBJECT, .object = object, .is.object = u->ledger.object[object].is};

    return uploader_put(u, &e);
}

int uploader_put_final(struct uploader *u, const struct range *r, enum final_how how,
                       uint8_t reason, int64_t told, int64_t failed)
{
    struct entry e = ledger_entry(r, ENTRY_FINAL);

    e.reason = reason;
    e.is.range.how = (uint8_t)how;
    e.is.range.told = told;
    e.is.range.failed = failed;
    e.is.range.body = 0;
    return uploader_put(u, &e);
}

void uploader_learn(struct uploader *u, uint8_t shows)
{
    struct entry e = {.type = ENTRY_HEAD};
    struct entry_head *h = &u->journal.head;

    if ((h->shows & shows) == shows) {
        return;
    }
    h->shows |= shows;
    h->next_batch = u->ledger.next_batch;
    h->day = u->ledger.day;
    h->day_bytes = u->ledger.day_bytes;
    (void)uploader_put(u, &e); /* lost at worst: then it is learned again */
}

struct uploader_news uploader_news_of(const struct uploader *u, const struct range *r)
{
    struct uploader_news n = {
        .object = "", .id = "", .file = "", .request_id = "", .told = -1, .failed = -1};

    if (r != NULL) {
        n.object = u->ledger.object[r->object].is.name;
        n.id = r->is.id;
        n.batch = r->batch;
        n.segment = r->segment;
        n.records = r->is.records;
        n.reason = r->reason;
        n.http = r->is.http;
    }
    return n;
}

void uploader_say(struct uploader *u, const struct uploader_news *n)
{
    if (u->rules->say != NULL) {
        u->rules->say(u->rules->ctx, n);
    }
}

void uploader_say_kind(struct uploader *u, const struct range *r, enum uploader_news_kind kind)
{
    struct uploader_news n = uploader_news_of(u, r);

    n.kind = (uint8_t)kind;
    uploader_say(u, &n);
}

void uploader_say_err(struct uploader *u, enum uploader_news_kind kind, int err)
{
    struct uploader_news n = uploader_news_of(u, NULL);

    n.kind = (uint8_t)kind;
    n.err = err;
    if (u->task > UPLOADER_PLAN) {
        n.http = u->bulk->status;
        n.request_id = bulk_request_id(u->bulk);
    }
    uploader_say(u, &n);
}

int uploader_flash(struct uploader *u, int err)
{
    if (err == 0) {
        if (u->flash_was != 0) {
            uploader_say_err(u, NEWS_RECOVERED, u->flash_was);
        }
        u->flash_err = u->flash_was = 0;
        u->flash_pause_ms = 0;
        return 0;
    }
    if (u->flash_was != err) {
        uploader_say_err(u, NEWS_TROUBLE, err);
    }
    u->flash_err = u->flash_was = err;
    u->flash_pause_ms = u->flash_pause_ms == 0 ? UPLOADER_FLASH_MS : 2 * u->flash_pause_ms;
    if (u->flash_pause_ms > UPLOADER_FLASH_MAX_MS) {
        u->flash_pause_ms = UPLOADER_FLASH_MAX_MS;
    }
    u->flash_ms = u->now.mono_ms + u->flash_pause_ms;
    return err;
}
