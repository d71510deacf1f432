/* fake_bulk: stands in for firmware/bulk (bulk*.c) and all below it at link time, and plays the
 * cloud of the world. What it leaves in struct bulk is what the real one would.
 *
 * A call takes several steps, in each of which power may go: the look-up, pieces of the file, the
 * gate, the last bytes, the answer. What the service does, it does in the step in which it hears.
 */
#include "fake_bulk.h"
#include "base/err.h"
#include "bulk/bulk_parts.h"
#include "checker.h"
#include "world.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    PIECE = 100,
    BODY_CAP = 16384,
    STEP_MS = 40,
    IDLE_MS = 60000,
    ANSWER_MS = 300000,
    YOUNG_MS = 600000,
    HOUR_MS = 3900000
};

enum phase { PH_CONNECT, PH_BODY, PH_GATE, PH_ANSWER, PH_OVER };

/* The call at work; power takes it. */
static struct {
    struct bulk *b;
    struct cloud_event ev;
    enum phase phase;
    struct source file;
    struct tag tag;
    char tag_text[TAG_CAP];
    char object[16];
    uint8_t body[BODY_CAP];
    size_t len;
    bool tagged, heard;
    uint64_t ready_ms, deadline_ms;
    char job[CLOUD_ID_CAP]; /* made by this call */
    uint64_t told;          /* items, over repeats */
} call;

void fake_bulk_off(void)
{
    memset(&call, 0, sizeof call);
    call.phase = PH_OVER;
}

uint64_t fake_bulk_ready_ms(void)
{
    return call.ready_ms;
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
    call.b = b;
    call.phase = PH_CONNECT;
    call.ev = cloud_begin(&the_world->s.cloud, kind(b), world_service_ms(the_world));
    call.ready_ms = now->mono_ms + STEP_MS;
    call.deadline_ms = now->mono_ms + IDLE_MS;
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
    uint64_t told = call.told, items = b->items;
    int err = b->call == BULK_UPLOAD ? ERR_INTERNAL : begin(b, b->call, &to, now);

    call.told = told;
    b->items = items;
    return err;
}

int bulk_upload(struct bulk *b, const struct bulk_upload *upload, const struct now *now)
{
    (void)begin(b, BULK_UPLOAD, NULL, now);
    call.file = upload->file;
    call.tagged = upload->tag != NULL;
    if (call.tagged) {
        call.tag = *upload->tag;
        tag_text(call.tag_text, upload->tag);
    }
    (void)snprintf(call.object, sizeof call.object, "%s", upload->object);
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
    return call.deadline_ms;
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

static enum want over(struct bulk *b, int err)
{
    b->err = err;
    b->x.state = EX_IDLE;
    call.phase = PH_OVER;
    return WANT_NOTHING;
}

/* Without a whole answer; an upload whose gate was open is in doubt. */
static enum want broken(struct bulk *b, int err)
{
    b->x.err = err;
    if (b->call == BULK_UPLOAD && b->x.gate_open) {
        b->cause = err;
        err = ERR_OUTCOME_UNKNOWN;
    }
    return over(b, err);
}

/* The head of a reply. */
static void head(struct bulk *b, uint16_t status)
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

static enum want said(struct bulk *b, uint16_t status)
{
    bool doubt = b->call == BULK_UPLOAD && b->x.gate_open && (status >= 500 || status == 408);
    int err = bulk_status_err(status);

    head(b, status);
    if (status == 429 || status == 503) {
        b->retry_after_ms = (uint32_t)call.ev.arg2;
    }
    b->cause = doubt ? err : 0;
    return over(b, doubt ? ERR_OUTCOME_UNKNOWN : err);
}

static enum want wait(const struct now *now, enum want want)
{
    call.ready_ms = now->mono_ms + STEP_MS;
    call.deadline_ms = now->mono_ms + IDLE_MS;
    return want;
}

/* What a job gets of a body. */
static struct cloud_job *make(bool rogue, int64_t late_ms)
{
    struct world *w = the_world;
    struct cloud_job *j =
        cloud_make(&w->s.cloud, call.body, call.len, world_service_ms(w) + late_ms);

    if (j == NULL) {
        world_breach(w, "the service has %d jobs", CLOUD_JOBS_MAX);
        return NULL;
    }
    if (j->rogue && !rogue) {
        world_breach(w, "invariant 3: a body that is not a header row and whole rows");
    }
    j->ours = true;
    j->rogue = rogue;
    memcpy(j->tag, call.tag_text, sizeof j->tag);
    memcpy(j->object, call.object, sizeof j->object);
    j->batch = call.tag.batch;
    j->attempt = call.tag.attempt;
    return j;
}

/* Another device sends as many rows at the same time. */
static void make_alike(const struct cloud_job *like)
{
    struct cloud *c = &the_world->s.cloud;
    struct tag tag = call.tag;
    struct cloud_job *j;

    if (c->rules->look_alikes && c->jobs < CLOUD_JOBS_MAX) {
        tag.spool ^= 0x1234;
        j = &c->job[c->jobs];
        *j = *like;
        j->ours = false;
        tag_text(j->tag, &tag);
        (void)snprintf(j->id, sizeof j->id, "job-%u", 1000u + c->jobs);
        c->jobs++;
    }
}

static void make_job(bool rogue, int64_t late_ms)
{
    struct cloud_job *j = make(rogue, late_ms);

    if (j != NULL) {
        (void)snprintf(call.job, sizeof call.job, "%s", j->id);
        make_alike(j);
    }
}

/* The last bytes have come. */
static void hear_all(void)
{
    call.heard = true;
    switch (call.ev.what) {
    case EV_STATUS:
    case EV_LOST:
    case EV_SILENT:
        return;
    case EV_TWO:
    case EV_TWO_LOST:
        make_job(false, 0);
        make_job(true, 0);
        return;
    case EV_LATE:
        make_job(false, (int64_t)call.ev.arg * 60000);
        return;
    default:
        make_job(false, 0);
    }
}

static void job_before(char dst[JOB_ID_CAP])
{
    const struct cloud *c = &the_world->s.cloud;
    unsigned n = 0;

    (void)sscanf(call.job, "job-%u", &n);
    for (unsigned i = 0; i < c->jobs; i++) {
        if (c->job[i].ours && 1000 + i < n) {
            (void)snprintf(dst, JOB_ID_CAP, "%s", c->job[i].id);
        }
    }
}

static enum want answer_upload(struct bulk *b)
{
    b->status = 200;
    head(b, 200);
    (void)snprintf(b->job.id, sizeof b->job.id, "%s", call.job);
    (void)snprintf(b->job.word, sizeof b->job.word, "CREATED");
    b->job.known = true;
    if (call.ev.what == EV_REPEAT_ID) {
        job_before(b->job.id);
    }
    if (call.ev.what == EV_ILLEGAL_ID) {
        b->job.id[0] = '\0';
        b->job.err = ERR_JOB_ID;
        b->cause = ERR_JOB_ID;
        return over(b, ERR_OUTCOME_UNKNOWN);
    }
    if (call.tagged && !the_world->s.cloud.rules->status_hides) {
        tag_finder_push(&b->tags, "\"", 1);
        tag_finder_push(&b->tags, call.tag_text, TAG_LEN);
        tag_finder_push(&b->tags, "\"", 1);
    }
    return over(b, 0);
}

static enum want step_answer(struct bulk *b, const struct now *now)
{
    switch (call.ev.what) {
    case EV_LOST:
    case EV_LOST_MADE:
    case EV_TWO_LOST:
    case EV_LATE:
        return broken(b, ERR_NETWORK);
    case EV_SILENT:
    case EV_SILENT_MADE:
        if (now->mono_ms < call.deadline_ms) {
            call.ready_ms = call.deadline_ms;
            return WANT_READ;
        }
        return broken(b, ERR_ANSWER_DEADLINE);
    case EV_SLOW:
        if (call.ev.arg > 0) {
            call.ready_ms = now->mono_ms + 1000;
            call.ev.arg--;
            return WANT_READ;
        }
        return answer_upload(b);
    case EV_STATUS:
    case EV_STATUS_MADE:
        return said(b, (uint16_t)call.ev.arg);
    default:
        return answer_upload(b);
    }
}

/* A good answer although the file has not ended. */
static enum want early_ok(struct bulk *b)
{
    make_job(true, 0);
    head(b, 200);
    (void)snprintf(b->job.id, sizeof b->job.id, "%s", call.job);
    b->cause = ERR_REPLY_SHAPE;
    return over(b, ERR_OUTCOME_UNKNOWN);
}

/* What is played in front of the gate; WANT_NOTHING: it was. */
static enum want play_early(struct bulk *b)
{
    uint16_t refused = cloud_refuses(&the_world->s.cloud, call.body, call.len);
    bool here = call.len >= (size_t)(call.ev.what == EV_EARLY ? 50 : call.ev.arg);

    if (refused != 0) {
        return said(b, refused);
    }
    if (!here) {
        return WANT_WRITE;
    }
    switch (call.ev.what) {
    case EV_EARLY:
        return said(b, (uint16_t)call.ev.arg);
    case EV_EARLY_OK:
        return early_ok(b);
    case EV_HALF:
        make_job(true, 0);
        return broken(b, ERR_NETWORK);
    case EV_CUT:
        return broken(b, ERR_NETWORK);
    case EV_STALL:
        return broken(b, ERR_IDLE_DEADLINE);
    case EV_HOUR:
        the_world->s.true_ms += HOUR_MS;
        return broken(b, ERR_ATTEMPT_DEADLINE);
    default:
        return WANT_WRITE;
    }
}

static enum want step_body(struct bulk *b, const struct now *now)
{
    int n = source_pull(&call.file, call.body + call.len,
                        call.len + PIECE <= BODY_CAP ? PIECE : BODY_CAP - call.len);

    if (n < 0) {
        return broken(b, n);
    }
    if (n == 0) {
        b->x.state = EX_GATE;
        b->x.sent = SENT_TO_GATE;
        call.phase = PH_GATE;
        return WANT_GATE;
    }
    if (call.len == 0) {
        the_world->s.cloud.bodies++;
        checker_body_begins(the_world, call.tagged ? &call.tag : NULL);
    }
    call.len += (size_t)n;
    b->x.sent = SENT_SOME;
    b->x.bytes_out += (uint64_t)n;
    return play_early(b) == WANT_NOTHING ? WANT_NOTHING : wait(now, WANT_WRITE);
}

void bulk_commit(struct bulk *b, const struct now *now)
{
    if (call.phase != PH_GATE) {
        world_breach(the_world, "bulk_commit without WANT_GATE");
        return;
    }
    checker_gate_opens(the_world, call.tagged ? &call.tag : NULL, call.body, call.len);
    b->x.gate_open = true;
    b->x.state = EX_SEND;
    call.phase = PH_ANSWER;
    (void)wait(now, WANT_WRITE);
}

static enum want step_upload(struct bulk *b, const struct now *now)
{
    if (call.phase == PH_BODY) {
        return step_body(b, now);
    }
    if (call.phase == PH_GATE) {
        return WANT_GATE;
    }
    if (!call.heard) {
        hear_all();
        b->x.sent = SENT_ALL;
        call.ready_ms = now->mono_ms + STEP_MS;
        call.deadline_ms = now->mono_ms + ANSWER_MS;
        return WANT_READ;
    }
    return step_answer(b, now);
}

static enum want answer_status(struct bulk *b)
{
    struct world *w = the_world;
    struct cloud *c = &w->s.cloud;
    struct cloud_job *j = cloud_find(c, b->id, world_service_ms(w));

    bool young =
        j != NULL && j->polls < c->rules->young && world_service_ms(w) < j->made_ms + YOUNG_MS;

    if (j == NULL || young) {
        if (j != NULL) {
            j->polls++;
        }
        return said(b, 404);
    }
    j->polls++;
    head(b, 200);
    cloud_tell(c, j, &b->job, world_service_ms(w));
    if (!c->rules->status_hides && j->tag[0] != '\0') {
        tag_finder_push(&b->tags, "\"", 1);
        tag_finder_push(&b->tags, j->tag, TAG_LEN);
        tag_finder_push(&b->tags, "\"", 1);
    }
    return over(b, 0);
}

/* One item more; false: the connection breaks here. */
static bool tell(struct bulk *b, const struct bulk_item *item, uint64_t *seen)
{
    if (call.ev.what == EV_CUT && *seen >= (uint64_t)call.ev.arg) {
        return false;
    }
    if ((*seen)++ >= call.told) {
        call.told++;
        b->items++;
        if (b->to.item != NULL) {
            b->to.item(b->to.ctx, item);
        }
    }
    return true;
}

static enum want answer_errors(struct bulk *b)
{
    struct cloud *c = &the_world->s.cloud;
    struct cloud_job *j = cloud_find(c, b->id, world_service_ms(the_world));
    bool named = c->rules->errors_named;
    uint64_t seen = 0, failed = 0;
    char text[64];

    if (j == NULL) {
        return said(b, 404);
    }
    head(b, 200);
    for (unsigned i = 0; i < j->rows; i++) {
        if (cloud_row_fails(c, j, i)) {
            failed++;
            (void)snprintf(text, sizeof text, named ? "R%05u: bad e-mail" : "bad e-mail",
                           j->row[i]);
            if (!tell(b, &(struct bulk_item){.text = text, .type = ""}, &seen)) {
                return broken(b, ERR_HTTP_TRUNCATED);
            }
        }
    }
    j->asked_empty = j->asked_empty || failed == 0;
    return over(b, 0);
}

static enum want answer_list(struct bulk *b)
{
    struct cloud *c = &the_world->s.cloud;
    int64_t now_ms = world_service_ms(the_world);
    uint64_t seen = 0;

    head(b, 200);
    for (unsigned i = c->jobs; i-- > 0;) {
        struct cloud_job *j = &c->job[i];
        struct tag_finder tags;
        struct job job;

        if (cloud_find(c, j->id, now_ms) != j) {
            continue;
        }
        job_init(&job);
        (void)snprintf(job.id, sizeof job.id, "%s", j->id);
        (void)snprintf(job.object, sizeof job.object, "%s", j->object);
        (void)snprintf(job.word, sizeof job.word, "RUNNING");
        job.known = job.upload = true;
        job.created_ms = j->made_ms;
        tag_finder_init(&tags, b->service->spool_id);
        if (!c->rules->list_hides && j->tag[0] != '\0') {
            tag_finder_push(&tags, j->tag, TAG_LEN);
            tag_finder_push(&tags, "\"", 1);
        }
        if (!tell(b, &(struct bulk_item){.job = &job, .tags = &tags}, &seen)) {
            return broken(b, ERR_HTTP_TRUNCATED);
        }
    }
    c->lists++;
    return over(b, 0);
}

static enum want answer_objects(struct bulk *b)
{
    static const char *const name[] = {"account", "contact", "lead"};
    struct cloud *c = &the_world->s.cloud;
    bool no_lead = c->calls[CLOUD_OBJECTS] <= c->rules->no_lead;
    uint64_t seen = 0;

    head(b, 200);
    for (unsigned i = 0; i < (no_lead ? 2 : 3); i++) {
        if (!tell(b, &(struct bulk_item){.text = name[i], .type = ""}, &seen)) {
            return broken(b, ERR_HTTP_TRUNCATED);
        }
    }
    return over(b, 0);
}

static enum want step_get(struct bulk *b, const struct now *now)
{
    b->x.sent = SENT_ALL;
    if (call.ev.what == EV_SLOW && call.ev.arg-- > 0) {
        return wait(now, WANT_READ);
    }
    if (call.ev.what == EV_STATUS) {
        the_world->s.cloud.lists = (uint16_t)(the_world->s.cloud.lists + (b->call == BULK_JOBS));
        return said(b, (uint16_t)call.ev.arg);
    }
    switch (b->call) {
    case BULK_STATUS:
        return call.ev.what == EV_CUT ? broken(b, ERR_HTTP_TRUNCATED) : answer_status(b);
    case BULK_ERRORS:
        return answer_errors(b);
    case BULK_JOBS:
        return answer_list(b);
    default:
        return answer_objects(b);
    }
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
    if (call.phase == PH_OVER || call.b != b) {
        world_breach(the_world, "bulk_step without a call");
        return over(b, ERR_INTERNAL);
    }
    if (struck() && call.phase != PH_GATE) {
        return broken(b, call.phase == PH_CONNECT ? ERR_CONNECT : ERR_NETWORK);
    }
    if (call.phase == PH_CONNECT) {
        if (call.ev.what == EV_LINK) {
            return broken(b, call.ev.arg);
        }
        call.phase = PH_BODY;
        b->x.state = EX_SEND;
        return wait(now, WANT_WRITE);
    }
    return b->call == BULK_UPLOAD ? step_upload(b, now) : step_get(b, now);
}
