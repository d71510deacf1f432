/* The calls that send: the body up to the gate, what is behind it, and the answer. */
#include "base/err.h"
#include "checker.h"
#include "fake_bulk_parts.h"

#include <stdio.h>
#include <string.h>

/* What a job gets of a body. */
static struct cloud_job *make(bool rogue, int64_t late_ms)
{
    struct world *w = the_world;
    struct cloud_job *j =
        cloud_make(&w->s.cloud, fake_call.body, fake_call.len, world_service_ms(w) + late_ms);

    if (j == NULL) {
        world_breach(w, "the service has %d jobs", CLOUD_JOBS_MAX);
        return NULL;
    }
    if (j->rogue && !rogue) {
        world_breach(w, "invariant 3: a body that is not a header row and whole rows");
    }
    j->ours = true;
    j->rogue = rogue;
    memcpy(j->tag, fake_call.tag_text, sizeof j->tag);
    memcpy(j->object, fake_call.object, sizeof j->object);
    j->batch = fake_call.tag.batch;
    j->attempt = fake_call.tag.attempt;
    return j;
}

/* Another device sends as many rows at the same time. */
static void make_alike(const struct cloud_job *like)
{
    struct cloud *c = &the_world->s.cloud;
    struct tag tag = fake_call.tag;
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
        (void)snprintf(fake_call.job, sizeof fake_call.job, "%s", j->id);
        make_alike(j);
    }
}

/* The last bytes have come. */
static void hear_all(void)
{
    fake_call.heard = true;
    switch (fake_call.ev.what) {
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
        make_job(false, (int64_t)fake_call.ev.arg * 60000);
        return;
    default:
        make_job(false, 0);
    }
}

static void job_before(char dst[JOB_ID_CAP])
{
    const struct cloud *c = &the_world->s.cloud;
    unsigned n = 0;

    (void)sscanf(fake_call.job, "job-%u", &n);
    for (unsigned i = 0; i < c->jobs; i++) {
        if (c->job[i].ours && 1000 + i < n) {
            (void)snprintf(dst, JOB_ID_CAP, "%s", c->job[i].id);
        }
    }
}

static enum want answer_upload(struct bulk *b)
{
    b->status = 200;
    fake_head(b, 200);
    (void)snprintf(b->job.id, sizeof b->job.id, "%s", fake_call.job);
    (void)snprintf(b->job.word, sizeof b->job.word, "CREATED");
    b->job.known = true;
    if (fake_call.ev.what == EV_REPEAT_ID) {
        job_before(b->job.id);
    }
    if (fake_call.ev.what == EV_ILLEGAL_ID) {
        b->job.id[0] = '\0';
        b->job.err = ERR_JOB_ID;
        b->cause = ERR_JOB_ID;
        return fake_over(b, ERR_OUTCOME_UNKNOWN);
    }
    if (fake_call.tagged && !the_world->s.cloud.rules->status_hides) {
        fake_show_tag(b, fake_call.tag_text);
    }
    return fake_over(b, 0);
}

static enum want step_answer(struct bulk *b, const struct now *now)
{
    switch (fake_call.ev.what) {
    case EV_LOST:
    case EV_LOST_MADE:
    case EV_TWO_LOST:
    case EV_LATE:
        return fake_broken(b, ERR_NETWORK);
    case EV_SILENT:
    case EV_SILENT_MADE:
        if (now->mono_ms < fake_call.deadline_ms) {
            fake_call.ready_ms = fake_call.deadline_ms;
            return WANT_READ;
        }
        return fake_broken(b, ERR_ANSWER_DEADLINE);
    case EV_SLOW:
        if (fake_call.ev.arg > 0) {
            fake_call.ready_ms = now->mono_ms + 1000;
            fake_call.ev.arg--;
            return WANT_READ;
        }
        return answer_upload(b);
    case EV_STATUS:
    case EV_STATUS_MADE:
        return fake_said(b, (uint16_t)fake_call.ev.arg);
    default:
        return answer_upload(b);
    }
}

/* A good answer although the file has not ended. */
static enum want early_ok(struct bulk *b)
{
    make_job(true, 0);
    fake_head(b, 200);
    (void)snprintf(b->job.id, sizeof b->job.id, "%s", fake_call.job);
    b->cause = ERR_REPLY_SHAPE;
    return fake_over(b, ERR_OUTCOME_UNKNOWN);
}

/* What is played in front of the gate; WANT_NOTHING: it was. */
static enum want play_early(struct bulk *b)
{
    uint16_t refused = cloud_refuses(&the_world->s.cloud, fake_call.body, fake_call.len);
    bool here = fake_call.len >= (size_t)(fake_call.ev.what == EV_EARLY ? 50 : fake_call.ev.arg);

    if (refused != 0) {
        return fake_said(b, refused);
    }
    if (!here) {
        return WANT_WRITE;
    }
    switch (fake_call.ev.what) {
    case EV_EARLY:
        return fake_said(b, (uint16_t)fake_call.ev.arg);
    case EV_EARLY_OK:
        return early_ok(b);
    case EV_HALF:
        make_job(true, 0);
        return fake_broken(b, ERR_NETWORK);
    case EV_CUT:
        return fake_broken(b, ERR_NETWORK);
    case EV_STALL:
        return fake_broken(b, ERR_IDLE_DEADLINE);
    case EV_HOUR:
        the_world->s.true_ms += HOUR_MS;
        return fake_broken(b, ERR_ATTEMPT_DEADLINE);
    default:
        return WANT_WRITE;
    }
}

static enum want step_body(struct bulk *b, const struct now *now)
{
    int n = source_pull(&fake_call.file, fake_call.body + fake_call.len,
                        fake_call.len + PIECE <= BODY_CAP ? PIECE : BODY_CAP - fake_call.len);

    if (n < 0) {
        return fake_broken(b, n);
    }
    if (n == 0) {
        b->x.state = EX_GATE;
        b->x.sent = SENT_TO_GATE;
        fake_call.phase = PH_GATE;
        return WANT_GATE;
    }
    if (fake_call.len == 0) {
        the_world->s.cloud.bodies++;
        checker_body_begins(the_world, fake_call.tagged ? &fake_call.tag : NULL);
    }
    fake_call.len += (size_t)n;
    b->x.sent = SENT_SOME;
    b->x.bytes_out += (uint64_t)n;
    return play_early(b) == WANT_NOTHING ? WANT_NOTHING : fake_wait(now, WANT_WRITE);
}

void bulk_commit(struct bulk *b, const struct now *now)
{
    if (fake_call.phase != PH_GATE) {
        world_breach(the_world, "bulk_commit without WANT_GATE");
        return;
    }
    checker_gate_opens(the_world, fake_call.tagged ? &fake_call.tag : NULL, fake_call.body,
                       fake_call.len);
    b->x.gate_open = true;
    b->x.state = EX_SEND;
    fake_call.phase = PH_ANSWER;
    (void)fake_wait(now, WANT_WRITE);
}

enum want fake_step_upload(struct bulk *b, const struct now *now)
{
    if (fake_call.phase == PH_BODY) {
        return step_body(b, now);
    }
    if (fake_call.phase == PH_GATE) {
        return WANT_GATE;
    }
    if (!fake_call.heard) {
        hear_all();
        b->x.sent = SENT_ALL;
        fake_call.ready_ms = now->mono_ms + STEP_MS;
        fake_call.deadline_ms = now->mono_ms + ANSWER_MS;
        return WANT_READ;
    }
    return step_answer(b, now);
}
