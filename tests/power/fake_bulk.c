/* fake_bulk: stands in for firmware/bulk (bulk*.c) and all below it at link time, and plays the
 * cloud of the world. What it leaves in struct bulk is what the real one would.
 *
 * A call takes several steps, in each of which power may go: the look-up, pieces of the file, the
 * gate, the last bytes, the answer. What the service does, it does in the step in which it hears.
 */
#include "fake_bulk.h"
#include "base/err.h"
#include "bulk/bulk_parts.h"
#include "fake_bulk_parts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
struct fake_call fake_call;

void fake_bulk_off(void)
{
    memset(&fake_call, 0, sizeof fake_call);
    fake_call.phase = PH_OVER;
}

uint64_t fake_bulk_ready_ms(void)
{
    return fake_call.ready_ms;
}

static enum cloud_call kind(const struct bulk *b)
{
    static const uint8_t of[] = {
        [BULK_OBJECTS] = CLOUD_OBJECTS, [BULK_METADATA] = CLOUD_OBJECTS, [BULK_UPLOAD] = CLOUD_POST,
        [BULK_STATUS] = CLOUD_STATUS,   [BULK_ERRORS] = CLOUD_ERRORS,    [BULK_JOBS] = CLOUD_LIST,
        [BULK_CANCEL] = CLOUD_STATUS};

    return (enum cloud_call)of[b->call];
}

int bulk_init(struct bulk *b, const struct bulk_service *service,
              const struct exchange_options *options, const struct tls_options *tls,
              const struct net *net)
{
    (void)tls;
    (void)net;
    memset(b, 0, sizeof *b);
    b->service = service;
    b->x.options = options;
    return 0;
}

void bulk_free(struct bulk *b)
{
    (void)b;
}

static void begin_reply(struct bulk *b)
{
    memset(&b->reply, 0, sizeof b->reply);
    memset(b->field, 0, sizeof b->field);
    job_init(&b->job);
    tag_finder_init(&b->tags, b->service->spool_id);
    b->status = 0;
    b->retry_after_ms = 0;
    b->date[0] = b->request_id[0] = '\0';
}

static int begin(struct bulk *b, enum bulk_call what, const struct bulk_receiver *to,
                 const struct now *now)
{
    fake_bulk_off();
    b->call = what;
    b->to = to != NULL ? *to : (struct bulk_receiver){0};
    b->err = b->cause = 0;
    b->items = 0;
    begin_reply(b);
    b->x.sent = SENT_NOTHING;
    b->x.gate_open = false;
    b->x.bytes_out = 0;
    b->x.err = 0;
    b->x.attempt_ms = now->mono_ms + b->x.options->attempt_ms;
    b->x.state = EX_CONNECT;
    fake_call.b = b;
    fake_call.phase = PH_CONNECT;
    fake_call.ev = cloud_begin(&the_world->s.cloud, kind(b), world_service_ms(the_world));
    fake_call.ready_ms = now->mono_ms + STEP_MS;
    fake_call.deadline_ms = now->mono_ms + IDLE_MS;
    return 0;
}

static int begin_job(struct bulk *b, enum bulk_call what, const char *id,
                     const struct bulk_receiver *to, const struct now *now)
{
    (void)snprintf(b->id, sizeof b->id, "%s", id);
    return job_id_ok(id) ? begin(b, what, to, now) : ERR_JOB_ID;
}

int bulk_objects(struct bulk *b, const struct bulk_receiver *to, const struct now *now)
{
    return begin(b, BULK_OBJECTS, to, now);
}

int bulk_status(struct bulk *b, const char *id, const struct now *now)
{
    return begin_job(b, BULK_STATUS, id, NULL, now);
}

int bulk_errors(struct bulk *b, const char *id, const struct bulk_receiver *to,
                const struct now *now)
{
    return begin_job(b, BULK_ERRORS, id, to, now);
}

int bulk_jobs(struct bulk *b, const struct bulk_receiver *to, const struct now *now)
{
    return begin(b, BULK_JOBS, to, now);
}

int bulk_again(struct bulk *b, const struct now *now)
{
    const struct bulk_receiver to = b->to;
    uint64_t told = fake_call.told, items = b->items;
    int err = b->call == BULK_UPLOAD ? ERR_INTERNAL : begin(b, b->call, &to, now);

    fake_call.told = told;
    b->items = items;
    return err;
}

int bulk_upload(struct bulk *b, const struct bulk_upload *upload, const struct now *now)
{
    (void)begin(b, BULK_UPLOAD, NULL, now);
    fake_call.file = upload->file;
    fake_call.tagged = upload->tag != NULL;
    if (fake_call.tagged) {
        fake_call.tag = *upload->tag;
        tag_text(fake_call.tag_text, upload->tag);
    }
    (void)snprintf(fake_call.object, sizeof fake_call.object, "%s", upload->object);
    b->form.file_len = upload->file_len;
    return bulk_object_ok(upload->object);
}

uint64_t bulk_length(const struct bulk *b)
{
    return b->form.file_len + 400;
}

int bulk_object_ok(const char *object)
{
    return object[0] != '\0' ? 0 : ERR_OBJECT_NAME;
}

const char *bulk_request_id(const struct bulk *b)
{
    return b->request_id;
}

uint64_t exchange_deadline_ms(const struct exchange *x)
{
    (void)x;
    return fake_call.deadline_ms;
}

void bulk_drop(struct bulk *b)
{
    b->x.state = EX_IDLE;
    fake_bulk_off();
}

int bulk_status_err(uint16_t status)
{
    switch (status) {
    case 401:
        return ERR_UNAUTHORIZED;
    case 403:
        return ERR_FORBIDDEN;
    case 404:
        return ERR_NOT_FOUND;
    case 405:
    case 406:
    case 415:
        return ERR_NOT_ALLOWED;
    case 408:
        return ERR_SERVICE;
    case 409:
        return ERR_CONFLICT;
    case 413:
        return ERR_TOO_LARGE;
    case 429:
        return ERR_RATE_LIMITED;
    default:
        return status < 300   ? 0
               : status < 400 ? ERR_REDIRECTED
               : status < 500 ? ERR_BAD_REQUEST
                              : ERR_SERVICE;
    }
}

enum want fake_over(struct bulk *b, int err)
{
    b->err = err;
    b->x.state = EX_IDLE;
    fake_call.phase = PH_OVER;
    return WANT_NOTHING;
}

/* Without a whole answer; an upload whose gate was open is in doubt. */
enum want fake_broken(struct bulk *b, int err)
{
    b->x.err = err;
    if (b->call == BULK_UPLOAD && b->x.gate_open) {
        b->cause = err;
        err = ERR_OUTCOME_UNKNOWN;
    }
    return fake_over(b, err);
}

/* The head of a reply. */
void fake_head(struct bulk *b, uint16_t status)
{
    time_t now_s = (time_t)(world_service_ms(the_world) / 1000);
    struct tm tm;

    b->reply.head_done = b->reply.started = true;
    b->reply.status = b->status = status;
    b->field[FIELD_DATE].seen = true;
    (void)strftime(b->date, sizeof b->date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now_s, &tm));
    (void)snprintf(b->request_id, sizeof b->request_id, "req-%u",
                   (unsigned)the_world->s.cloud.calls[kind(b)]);
}

enum want fake_said(struct bulk *b, uint16_t status)
{
    bool doubt = b->call == BULK_UPLOAD && b->x.gate_open && (status >= 500 || status == 408);
    int err = bulk_status_err(status);

    fake_head(b, status);
    if (status == 429 || status == 503) {
        b->retry_after_ms = (uint32_t)fake_call.ev.arg2;
    }
    b->cause = doubt ? err : 0;
    return fake_over(b, doubt ? ERR_OUTCOME_UNKNOWN : err);
}

void fake_show_tag(struct bulk *b, const char *tag)
{
    tag_finder_push(&b->tags, "\"", 1);
    tag_finder_push(&b->tags, tag, TAG_LEN);
    tag_finder_push(&b->tags, "\"", 1);
}

enum want fake_wait(const struct now *now, enum want want)
{
    fake_call.ready_ms = now->mono_ms + STEP_MS;
    fake_call.deadline_ms = now->mono_ms + IDLE_MS;
    return want;
}

/* Power goes, or the network does. */
static bool struck(void)
{
    struct world *w = the_world;
    uint32_t n = w->s.net_steps++;

    if (n == w->net_cut) {
        sim_flash_cut(&w->flash, w->mode);
        longjmp(w->power, 1);
    }
    return w->net_fails > 0 && n >= w->net_fail && n - w->net_fail < w->net_fails;
}

enum want bulk_step(struct bulk *b, const struct now *now)
{
    if (fake_call.phase == PH_OVER || fake_call.b != b) {
        world_breach(the_world, "bulk_step without a call");
        return fake_over(b, ERR_INTERNAL);
    }
    if (struck() && fake_call.phase != PH_GATE) {
        return fake_broken(b, fake_call.phase == PH_CONNECT ? ERR_CONNECT : ERR_NETWORK);
    }
    if (fake_call.phase == PH_CONNECT) {
        if (fake_call.ev.what == EV_LINK) {
            return fake_broken(b, fake_call.ev.arg);
        }
        fake_call.phase = PH_BODY;
        b->x.state = EX_SEND;
        return fake_wait(now, WANT_WRITE);
    }
    return b->call == BULK_UPLOAD ? fake_step_upload(b, now) : fake_step_get(b, now);
}
