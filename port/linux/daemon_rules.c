#include "linux/daemon_rules.h"

#include "base/fingerprint.h"
#include "linux/clock.h"

#include <string.h>
#include <time.h>

static const char *set_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static void push_text(struct fingerprint *f, const char *text)
{
    fingerprint_push(f, (const uint8_t *)text, strlen(text) + 1);
}

/* Two accounts differ by it; what stands on flash leads back to no token, as it is one of 32 bits
 * and another one on another machine. */
uint32_t daemon_rules_account(const struct config *c, const struct credentials *credentials,
                              uint64_t salt)
{
    struct fingerprint f;
    uint64_t print;

    fingerprint_init(&f);
    fingerprint_push(&f, (const uint8_t *)&salt, sizeof salt);
    push_text(&f, c->url.authority);
    push_text(&f, c->url.path);
    push_text(&f, credentials->element_token);
    print = fingerprint_finish(&f);
    return (uint32_t)(print ^ print >> 32);
}

static struct schedule_rules schedule_of(const struct config_schedule *s)
{
    return (struct schedule_rules){
        .day_bytes = s->day_bytes,
        .splay_ms = s->splay_ms,
        .interval_ms = s->interval_ms,
        .hours_from = s->hours.from,
        .hours_until = s->hours.until,
    };
}

static uint8_t policy_of(uint8_t unknown)
{
    static const uint8_t policy[] = {[UNKNOWN_HOLD] = POLICY_HOLD,
                                     [UNKNOWN_RESEND] = POLICY_RESEND,
                                     [UNKNOWN_ACCEPT] = POLICY_ACCEPT};

    return policy[unknown];
}

void daemon_rules(struct uploader_rules *r, const struct config *c,
                  const struct credentials *credentials, uint64_t host)
{
    r->account = daemon_rules_account(c, credentials, host);
    r->poll_first_ms = c->job.poll_first_ms;
    r->poll_max_ms = c->job.poll_max_ms;
    r->deadline_ms = c->job.deadline_ms;
    r->absent_after_ms = c->job.absent_after_ms;
    r->interval_ms = c->schedule.interval_ms;
    r->retention_days = c->spool.retention_days;
    r->failed_days = c->spool.failed_days;
    r->quarantine_days = c->spool.quarantine_days;
    r->kept_max_bytes = c->spool.kept_max_bytes;
    r->seal_after_ms = c->spool.seal_after_ms;
    r->max_bytes = c->spool.max_bytes;
    r->headroom = c->spool.headroom;
    r->schedule = schedule_of(&c->schedule);
    r->open_max = c->job.open_max;
    r->on_unknown = policy_of(c->job.on_unknown);
    r->drop_oldest = c->spool.on_full == FULL_DROP_OLDEST;
}

void daemon_rules_object(const struct config *c, const char *name, struct uploader_object *out)
{
    const struct config_object *o = config_object(c, name);

    *out = (struct uploader_object){
        .columns = set_or_null(o->columns),
        .metadata = set_or_null(o->metadata),
        .identifier = set_or_null(o->identifier),
        .path = strcmp(o->path, "auto") == 0 ? NULL : o->path,
        .batch_bytes = o->batch_bytes,
        .batch_records = o->batch_records,
        .tag = o->tag == TAG_AUTO,
    };
}

void daemon_rules_clock(struct uploader_clock *out)
{
    time_t now = time(NULL);
    struct tm local;

    *out = (struct uploader_clock){.synced = clock_synced()};
    if (localtime_r(&now, &local) != NULL) {
        out->minute = (uint16_t)(local.tm_hour * 60 + local.tm_min);
    }
}
