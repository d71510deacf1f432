/* The calls that ask. */
#include "base/err.h"
#include "fake_bulk_parts.h"

#include <stdio.h>

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
        return fake_said(b, 404);
    }
    j->polls++;
    fake_head(b, 200);
    cloud_tell(c, j, &b->job, world_service_ms(w));
    if (!c->rules->status_hides && j->tag[0] != '\0') {
        fake_show_tag(b, j->tag);
    }
    return fake_over(b, 0);
}

/* One item more; false: the connection breaks here. */
static bool tell(struct bulk *b, const struct bulk_item *item, uint64_t *seen)
{
    if (fake_call.ev.what == EV_CUT && *seen >= (uint64_t)fake_call.ev.arg) {
        return false;
    }
    if ((*seen)++ >= fake_call.told) {
        fake_call.told++;
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
        return fake_said(b, 404);
    }
    fake_head(b, 200);
    for (unsigned i = 0; i < j->rows; i++) {
        if (cloud_row_fails(c, j, i)) {
            failed++;
            (void)snprintf(text, sizeof text, named ? "R%05u: bad e-mail" : "bad e-mail",
                           j->row[i]);
            if (!tell(b, &(struct bulk_item){.text = text, .type = ""}, &seen)) {
                return fake_broken(b, ERR_HTTP_TRUNCATED);
            }
        }
    }
    j->asked_empty = j->asked_empty || failed == 0;
    return fake_over(b, 0);
}

static enum want answer_list(struct bulk *b)
{
    struct cloud *c = &the_world->s.cloud;
    int64_t now_ms = world_service_ms(the_world);
    uint64_t seen = 0;

    fake_head(b, 200);
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
            return fake_broken(b, ERR_HTTP_TRUNCATED);
        }
    }
    c->lists++;
    return fake_over(b, 0);
}

static enum want answer_objects(struct bulk *b)
{
    static const char *const name[] = {"account", "contact", "lead"};
    struct cloud *c = &the_world->s.cloud;
    bool no_lead = c->calls[CLOUD_OBJECTS] <= c->rules->no_lead;
    uint64_t seen = 0;

    fake_head(b, 200);
    for (unsigned i = 0; i < (no_lead ? 2 : 3); i++) {
        if (!tell(b, &(struct bulk_item){.text = name[i], .type = ""}, &seen)) {
            return fake_broken(b, ERR_HTTP_TRUNCATED);
        }
    }
    return fake_over(b, 0);
}

enum want fake_step_get(struct bulk *b, const struct now *now)
{
    b->x.sent = SENT_ALL;
    if (fake_call.ev.what == EV_SLOW && fake_call.ev.arg-- > 0) {
        return fake_wait(now, WANT_READ);
    }
    if (fake_call.ev.what == EV_STATUS) {
        the_world->s.cloud.lists = (uint16_t)(the_world->s.cloud.lists + (b->call == BULK_JOBS));
        return fake_said(b, (uint16_t)fake_call.ev.arg);
    }
    switch (b->call) {
    case BULK_STATUS:
        return fake_call.ev.what == EV_CUT ? fake_broken(b, ERR_HTTP_TRUNCATED) : answer_status(b);
    case BULK_ERRORS:
        return answer_errors(b);
    case BULK_JOBS:
        return answer_list(b);
    default:
        return answer_objects(b);
    }
}
