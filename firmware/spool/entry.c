#include "spool/entry.h"

#include "base/crc32.h"
#include "base/err.h"
#include "base/stream.h"

#include <string.h>

enum { PAYLOAD_AT = 28, CRC_AT = 124 };

static const char MAGIC[8] = "OCBULKJ";

/* A cursor over little-endian fields; dst or src is the same memory. */
struct cursor {
    uint8_t *at;
};

static void put(struct cursor *c, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        *c->at++ = (uint8_t)(v >> 8 * i);
    }
}

static void put_bytes(struct cursor *c, const char *src, size_t len)
{
    memcpy(c->at, src, len);
    c->at += len;
}

static uint64_t get(const uint8_t **at, unsigned bytes)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < bytes; i++) {
        v |= (uint64_t) * (*at)++ << 8 * i;
    }
    return v;
}

static void get_bytes(const uint8_t **at, char *dst, size_t len)
{
    memcpy(dst, *at, len);
    *at += len;
}

static void write_head(struct cursor *c, const struct entry_head *h)
{
    put_bytes(c, MAGIC, sizeof MAGIC);
    put(c, h->version, 4);
    put(c, h->epoch, 4);
    put(c, h->spool, 8);
    put(c, h->host, 8);
    put(c, h->next_batch, 4);
    put(c, h->day, 4);
    put(c, h->day_bytes, 8);
    put(c, h->shows, 1);
}

static int read_head(const uint8_t *at, struct entry_head *h)
{
    if (memcmp(at, MAGIC, sizeof MAGIC) != 0) {
        return ERR_JOURNAL_ROT;
    }
    at += sizeof MAGIC;
    h->version = (uint32_t)get(&at, 4);
    h->epoch = (uint32_t)get(&at, 4);
    h->spool = get(&at, 8);
    h->host = get(&at, 8);
    h->next_batch = (uint32_t)get(&at, 4);
    h->day = (uint32_t)get(&at, 4);
    h->day_bytes = get(&at, 8);
    h->shows = (uint8_t)get(&at, 1);
    return 0;
}

static void write_object(struct cursor *c, const struct entry_object *o)
{
    put_bytes(c, o->name, ENTRY_NAME_LEN);
    put(c, o->cap_records, 4);
    put(c, o->cap_bytes, 8);
    put(c, o->freed, 4);
    put(c, o->dropped, 4);
    put(c, o->http, 2);
    put(c, o->hold, 1);
}

static void read_object(const uint8_t *at, struct entry_object *o)
{
    get_bytes(&at, o->name, ENTRY_NAME_LEN);
    o->name[ENTRY_NAME_LEN] = '\0';
    o->cap_records = (uint32_t)get(&at, 4);
    o->cap_bytes = get(&at, 8);
    o->freed = (uint32_t)get(&at, 4);
    o->dropped = (uint32_t)get(&at, 4);
    o->http = (uint16_t)get(&at, 2);
    o->hold = (uint8_t)get(&at, 1);
}

static bool has_id(uint8_t type)
{
    return type == ENTRY_CREATED || type == ENTRY_HELD;
}

static void write_range(struct cursor *c, const struct entry_range *r, uint8_t type)
{
    put(c, r->at, 8);
    put(c, r->end, 8);
    put(c, r->print, 8);
    put(c, r->records, 4);
    put(c, r->http, 2);
    put(c, r->attempt, 1);
    put(c, r->how | (r->whole ? 0x80u : 0), 1);
    if (has_id(type)) {
        put_bytes(c, r->id, ENTRY_ID_LEN);
    } else {
        put(c, r->body, 8);
        put(c, (uint64_t)r->told, 8);
        put(c, (uint64_t)r->failed, 8);
    }
}

static void read_range(const uint8_t *at, struct entry_range *r, uint8_t type)
{
    uint8_t how;

    r->at = get(&at, 8);
    r->end = get(&at, 8);
    r->print = get(&at, 8);
    r->records = (uint32_t)get(&at, 4);
    r->http = (uint16_t)get(&at, 2);
    r->attempt = (uint8_t)get(&at, 1);
    how = (uint8_t)get(&at, 1);
    r->how = how & 0x7F;
    r->whole = (how & 0x80) != 0;
    if (has_id(type)) {
        get_bytes(&at, r->id, ENTRY_ID_LEN);
        r->id[ENTRY_ID_LEN] = '\0';
    } else {
        r->body = get(&at, 8);
        r->told = (int64_t)get(&at, 8);
        r->failed = (int64_t)get(&at, 8);
    }
}

void entry_write(uint8_t dst[ENTRY_LEN], const struct entry *e, uint32_t epoch)
{
    struct cursor c = {dst};

    memset(dst, 0, ENTRY_LEN);
    put(&c, e->seq, 4);
    put(&c, e->type, 1);
    put(&c, e->reason, 1);
    put(&c, e->object, 2);
    put(&c, e->batch, 4);
    put(&c, e->segment, 4);
    put(&c, (uint64_t)e->time_ms, 8);
    put(&c, e->account, 4);
    if (e->type == ENTRY_HEAD) {
        write_head(&c, &e->is.head);
    } else if (e->type == ENTRY_OBJECT) {
        write_object(&c, &e->is.object);
    } else if (e->type == ENTRY_PAUSE) {
        put(&c, (uint64_t)e->is.until_ms, 8);
    } else {
        write_range(&c, &e->is.range, e->type);
    }
    c.at = dst + CRC_AT;
    put(&c, crc32_of(e->type == ENTRY_HEAD ? 0 : epoch, dst, CRC_AT), 4);
}

int entry_read(struct entry *e, const uint8_t src[ENTRY_LEN], uint32_t epoch)
{
    const uint8_t *at = src + CRC_AT, *payload = src + PAYLOAD_AT;
    uint8_t type = src[4];
    bool head = type == ENTRY_HEAD;

    if (type == ENTRY_NONE || type >= ENTRY_TYPES ||
        get(&at, 4) != crc32_of(head ? 0 : epoch, src, CRC_AT)) {
        return ERR_JOURNAL_ROT;
    }
    *e = (struct entry){.type = type, .reason = src[5]};
    at = src;
    e->seq = (uint32_t)get(&at, 4);
    at = src + 6;
    e->object = (uint16_t)get(&at, 2);
    e->batch = (uint32_t)get(&at, 4);
    e->segment = (uint32_t)get(&at, 4);
    e->time_ms = (int64_t)get(&at, 8);
    e->account = (uint32_t)get(&at, 4);
    if (head) {
        return read_head(payload, &e->is.head);
    }
    if (type == ENTRY_OBJECT) {
        read_object(payload, &e->is.object);
    } else if (type == ENTRY_PAUSE) {
        e->is.until_ms = (int64_t)get(&payload, 8);
    } else {
        read_range(payload, &e->is.range, type);
    }
    return 0;
}

bool entry_is_range(uint8_t type)
{
    return type >= ENTRY_LOW && type <= ENTRY_FINAL;
}

const char *reason_text(uint8_t reason)
{
    static const char *const text[REASONS] = {
        [REASON_NONE] = "none",
        [REASON_BODY] = "body incomplete",
        [REASON_REFUSED] = "the service refuses it",
        [REASON_TOO_LARGE] = "too large for the service",
        [REASON_RATE] = "the service asks to slow down",
        [REASON_ABSENT] = "proven absent",
        [REASON_UNKNOWN] = "sent, no clear answer",
        [REASON_TWO_JOBS] = "more than one job has its tag",
        [REASON_REPEATED] = "the answer named another batch's job",
        [REASON_MISMATCH] = "the job's counts do not fit",
        [REASON_EXPIRED] = "the service knows the job no longer",
        [REASON_CONFLICT] = "conflict behind an earlier attempt",
        [REASON_ACCOUNT] = "sent under another account",
        [REASON_CREDENTIALS] = "the service refuses the credentials",
        [REASON_PLACE] = "wrong hub or address",
        [REASON_SPACE] = "no room on flash",
        [REASON_JOURNAL] = "journal damaged or missing",
        [REASON_HOST] = "sent from another machine",
        [REASON_HAND] = "by hand",
        [REASON_POLICY] = "by policy",
        [REASON_ROW] = "row malformed",
        [REASON_FILE] = "file malformed",
        [REASON_ALL_REFUSED] = "record after record was refused",
        [REASON_OBJECT] = "the service has no such object",
        [REASON_CHANGED] = "changed on flash",
        [REASON_STOPPED] = "stopped",
        [REASON_REQUEST] = "no request can be made of it",
    };

    return reason < REASONS ? text[reason] : "unknown reason";
}
