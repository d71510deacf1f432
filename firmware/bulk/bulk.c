#include "bulk/bulk.h"

#include "base/err.h"
#include "base/fingerprint.h"
#include "base/text.h"
#include "bulk/bulk_parts.h"
#include "bulk/metadata.h"
#include "reply/http_date.h"

#include <string.h>

int bulk_init(struct bulk *b, const struct bulk_service *service,
              const struct exchange_options *options, const struct tls_options *tls,
              const struct net *net)
{
    memset(b, 0, sizeof *b); /* a compound literal would stand on the stack first */
    b->service = service;
    return exchange_init(&b->x, options, tls, net);
}

void bulk_free(struct bulk *b)
{
    exchange_free(&b->x);
}

static void prepare(struct bulk *b, enum bulk_call call, const struct bulk_receiver *to)
{
    b->call = call;
    b->to = to != NULL ? *to : (struct bulk_receiver){0};
    b->err = b->cause = 0;
    b->items = b->skip = 0;
    b->redirects = 0;
    b->pages = 0;
    b->redirect[0] = b->page[0] = b->name[0] = b->id[0] = b->tag[0] = '\0';
    bulk_reply_begin(b); /* also for a call that fails before it is sent */
    b->x.sent = SENT_NOTHING;
    b->x.gate_open = false;
}

static int take_object(struct bulk *b, const char *object)
{
    int err = bulk_object_ok(object);

    if (err == 0 && percent_encode(b->id, sizeof b->id, object) < 0) {
        err = ERR_OBJECT_NAME;
    }
    return err;
}

static int start_job(struct bulk *b, enum bulk_call call, const char *id,
                     const struct bulk_receiver *to, const struct now *now)
{
    prepare(b, call, to);
    if (!job_id_ok(id)) {
        return ERR_JOB_ID;
    }
    (void)text_copy(b->id, sizeof b->id, id);
    return bulk_send(b, now);
}

int bulk_objects(struct bulk *b, const struct bulk_receiver *to, const struct now *now)
{
    prepare(b, BULK_OBJECTS, to);
    return bulk_send(b, now);
}

int bulk_metadata(struct bulk *b, const char *object, const struct bulk_receiver *to,
                  const struct now *now)
{
    prepare(b, BULK_METADATA, to);
    int err = take_object(b, object);

    return err != 0 ? err : bulk_send(b, now);
}

static const char *take_name(struct bulk *b, const struct bulk_upload *upload)
{
    if (upload->tag != NULL) {
        tag_text(b->tag, upload->tag);
    }
    if (upload->name != NULL) {
        return upload->name;
    }
    memcpy(b->tag_file, b->tag, TAG_LEN);
    memcpy(b->tag_file + TAG_LEN, ".csv", sizeof ".csv");
    return b->tag_file;
}

/* With nothing to add, the user's text goes out as it is. */
static int take_metadata(struct bulk *b, const struct bulk_upload *upload)
{
    const struct metadata m = {.user = upload->metadata,
                               .tag = upload->tag != NULL ? b->tag : NULL,
                               .identifier = upload->identifier};

    b->form.metadata = m.user;
    if (m.tag == NULL && m.identifier == NULL) {
        return 0;
    }
    b->form.metadata = b->metadata;
    return metadata_text(b->metadata, sizeof b->metadata, &m, &b->json);
}

int bulk_upload(struct bulk *b, const struct bulk_upload *upload, const struct now *now)
{
    prepare(b, BULK_UPLOAD, NULL);
    int err = take_object(b, upload->object);

    multipart_boundary(b->boundary, upload->random);
    b->form = (struct multipart_form){.boundary = b->boundary,
                                      .file_name = take_name(b, upload),
                                      .file = upload->file,
                                      .file_len = upload->file_len};
    if (err == 0 && upload->path) {
        err = percent_encode(b->name, sizeof b->name, b->form.file_name);
    }
    if (err >= 0) {
        err = take_metadata(b, upload);
    }
    if (err >= 0) {
        err = multipart_init(&b->multipart, &b->form);
    }
    return err != 0 ? err : bulk_send(b, now);
}

int bulk_status(struct bulk *b, const char *id, const struct now *now)
{
    return start_job(b, BULK_STATUS, id, NULL, now);
}

int bulk_errors(struct bulk *b, const char *id, const struct bulk_receiver *to,
                const struct now *now)
{
    return start_job(b, BULK_ERRORS, id, to, now);
}

int bulk_jobs(struct bulk *b, const struct bulk_receiver *to, const struct now *now)
{
    prepare(b, BULK_JOBS, to);
    return bulk_send(b, now);
}

int bulk_cancel(struct bulk *b, const char *id, const struct now *now)
{
    return start_job(b, BULK_CANCEL, id, NULL, now);
}

int bulk_again(struct bulk *b, const struct now *now)
{
    if (b->call == BULK_UPLOAD) {
        return ERR_INTERNAL;
    }
    b->skip = b->page_items > b->skip ? b->page_items : b->skip;
    b->err = 0;
    b->redirects = 0;
    b->redirect[0] = '\0';
    return bulk_send(b, now);
}

static enum want end_with(struct bulk *b, int err)
{
    b->err = err;
    return WANT_NOTHING;
}

static enum want send_more(struct bulk *b, const struct now *now)
{
    int err = bulk_send(b, now);

    return err == 0 ? WANT_STEP : end_with(b, err);
}

static enum want follow_redirect(struct bulk *b, const struct now *now)
{
    bool get = b->call != BULK_UPLOAD && b->call != BULK_CANCEL;

    if (!get || b->redirects == REDIRECTS_MAX || bulk_same_origin(b) != 0) {
        return end_with(b, ERR_REDIRECTED);
    }
    b->redirects++;
    return send_more(b, now);
}

/* Pages that go round would never end. One token is marked, a later one each time their number has
 * doubled (Brent), so that a round of any length comes back to its mark. */
static bool goes_round(struct bulk *b)
{
    struct fingerprint token;

    fingerprint_init(&token);
    fingerprint_push(&token, (const uint8_t *)b->page_token, strlen(b->page_token));
    uint64_t print = fingerprint_finish(&token);
    bool round = b->pages > 0 && print == b->page_mark;

    b->pages++;
    if ((b->pages & (b->pages - 1)) == 0) {
        b->page_mark = print;
    }
    return round;
}

static enum want next_page(struct bulk *b, const struct now *now)
{
    char page[sizeof b->page]; /* a page that is asked for again keeps its own token */
    bool paged = b->call == BULK_ERRORS || b->call == BULK_JOBS;

    if (!paged || !b->field[FIELD_PAGE_TOKEN].seen || b->page_token[0] == '\0') {
        return end_with(b, b->field[FIELD_PAGE_TOKEN].over && paged ? ERR_NO_ROOM : 0);
    }
    if (goes_round(b) || percent_encode(page, sizeof page, b->page_token) < 0) {
        return end_with(b, ERR_REPLY_SHAPE);
    }
    memcpy(b->page, page, sizeof page);
    b->redirect[0] = '\0';
    b->redirects = 0;
    b->skip = 0;
    return send_more(b, now);
}

/* Whether a job may have been made although nobody said so clearly. */
static bool in_doubt(const struct bulk *b, int err)
{
    bool answered = b->reply.head_done && bulk_status_err(b->status) != 0;
    bool refused = answered && b->status < 500 && b->status != 408;

    if (b->call != BULK_UPLOAD || err == 0) {
        return false;
    }
    /* 2xx before the last piece went out: a job of half a file, perhaps. */
    return b->x.gate_open ? !refused : b->reply.head_done && !answered;
}

static enum want conclude(struct bulk *b, const struct now *now)
{
    int err = b->x.err;
    int said = 0;

    if (b->reply.head_done) {
        b->status = b->reply.status;
        said = bulk_status_err(b->status);
        b->retry_after_ms = retry_after_ms(b->retry_after, b->date);
    }
    if (said != 0) { /* the status says more than how its body ended */
        err = said;
    } else if (err == 0) {
        err = bulk_reply_end(b);
    }
    if (err == 0 && b->call == BULK_UPLOAD && b->x.sent != SENT_ALL) {
        err = ERR_REPLY_SHAPE;
    }
    if (in_doubt(b, err)) {
        b->cause = err;
        return end_with(b, ERR_OUTCOME_UNKNOWN);
    }
    if (err == ERR_REDIRECTED) {
        return follow_redirect(b, now);
    }
    return err == 0 ? next_page(b, now) : end_with(b, err);
}

enum want bulk_step(struct bulk *b, const struct now *now)
{
    enum want want = exchange_step(&b->x, now);

    return want == WANT_NOTHING ? conclude(b, now) : want;
}

void bulk_commit(struct bulk *b, const struct now *now)
{
    multipart_open_gate(&b->multipart);
    exchange_go_on(&b->x, now);
}

void bulk_drop(struct bulk *b)
{
    exchange_close(&b->x, true);
}

uint64_t bulk_length(const struct bulk *b)
{
    return multipart_len(&b->multipart);
}

const char *bulk_request_id(const struct bulk *b)
{
    return b->request_id[0] != '\0' ? b->request_id : b->job.request_id;
}
