#include "base/err.h"
#include "linux/clock.h"
#include "linux/doctor.h"
#include "linux/session_say.h"
#include "linux/utc.h"
#include "sync/service_time.h"

#include <string.h>

enum { SKEW_MAX_S = 60, EXPIRY_SOON_S = 14 * 86400 };

/* The way to the service, in order: a call that fails has got as far as one of them. */
enum stage { STAGE_LOOKUP, STAGE_CONNECT, STAGE_TLS, STAGE_CALL, STAGES };

static const char *const check_name[STAGES] = {[STAGE_LOOKUP] = "resolver",
                                               [STAGE_CONNECT] = "connection",
                                               [STAGE_TLS] = "tls",
                                               [STAGE_CALL] = "credentials"};

static enum stage stage_of(int err)
{
    switch (err) {
    case 0:
        return STAGES;
    case ERR_DNS:
    case ERR_DNS_DEADLINE:
        return STAGE_LOOKUP;
    case ERR_CONNECT:
    case ERR_CONNECT_DEADLINE:
    case ERR_PROXY:
    case ERR_PROXY_CREDENTIALS:
        return STAGE_CONNECT;
    case ERR_HANDSHAKE_DEADLINE:
    case ERR_TLS_RECORD:
    case ERR_TLS_MEMORY:
    case ERR_CA_FILE:
    case ERR_ENTROPY:
        return STAGE_TLS;
    default:
        return err_class(err) == CLASS_TLS ? STAGE_TLS : STAGE_CALL;
    }
}

static void take_object(void *ctx, const struct bulk_item *item)
{
    struct doctor *d = ctx;
    const struct app *a = d->app;

    d->objects++;
    for (unsigned i = 0; i < a->config.objects; i++) {
        d->known[i] |= strcmp(a->config.object[i].name, item->text) == 0;
    }
    if (a->args.words > 0) {
        d->asked_known |= strcmp(a->args.word[0], item->text) == 0;
    }
}

static void put_until(struct line *l, const struct trust_verdict *v)
{
    char text[UTC_CAP];

    utc_text(text, v->until_s * 1000);
    line_put(l, ", certificates good until ");
    line_put(l, text);
}

static void say_tls(struct doctor *d, const struct tls *tls)
{
    bool soon = tls->verdict.valid && tls->verdict.until_s - clock_now().wall_s < EXPIRY_SOON_S;
    struct line l;

    line_set(&l, tls_version(tls));
    line_put(&l, " ");
    line_put(&l, tls_cipher(tls));
    if (tls->verdict.valid) {
        put_until(&l, &tls->verdict);
    }
    doctor_say(d, soon ? DOCTOR_WARN : DOCTOR_OK, "tls", l.text,
               soon ? "the service must renew them in time" : "");
}

static void say_stage(struct doctor *d, enum stage stage)
{
    const struct session *s = &d->app->session;
    bool proxy = s->exchange.proxy_host != NULL;
    struct line l;

    line_set(&l, "");
    if (stage == STAGE_LOOKUP) {
        line_put(&l, proxy ? s->exchange.proxy_host : s->exchange.host);
        line_put(&l, " has an address");
        doctor_say(d, DOCTOR_OK, check_name[stage], l.text, "");
    } else if (stage == STAGE_CONNECT) {
        line_put(&l, proxy ? "through the proxy to " : "to ");
        line_put(&l, s->exchange.authority);
        doctor_say(d, DOCTOR_OK, check_name[stage], l.text, "");
    } else if (stage == STAGE_TLS) {
        say_tls(d, &s->bulk.x.tls);
    } else {
        line_put(&l, "taken; the service has ");
        line_u64(&l, d->objects);
        line_put(&l, " objects");
        doctor_say(d, DOCTOR_OK, check_name[stage], l.text, "");
    }
}

/* Where the call ended, without the service's words: they stand where one asks for them. */
static void fail_stage(struct doctor *d, enum stage stage, int err)
{
    const struct session *s = &d->app->session;
    bool refused = stage == STAGE_CALL && err_class(err) != CLASS_CREDENTIALS;
    struct line l;

    line_set(&l, s->exchange.authority);
    session_say_cause(s, err, &l);
    if (s->bulk.status != 0) {
        line_put(&l, ", HTTP ");
        line_u64(&l, s->bulk.status);
        line_put(&l, ", request id ");
        line_put(&l, bulk_request_id(&s->bulk));
    }
    doctor_fail(d, refused ? "service" : check_name[stage], err, l.text, NULL);
}

static void say_skew(struct doctor *d)
{
    struct service_time t = {0};
    struct now now = clock_now();
    struct line l;

    service_time_learn(&t, &d->app->session.bulk, &now);
    int64_t service_ms = service_time_ms(&t, now.mono_ms);
    int64_t ahead_s = now.wall_s - service_ms / 1000;

    if (service_ms < 0) {
        doctor_say(d, DOCTOR_SKIP, "clock", "the service tells no time to compare with", "");
        return;
    }
    line_set(&l, "");
    line_u64(&l, (uint64_t)(ahead_s < 0 ? -ahead_s : ahead_s));
    line_put(&l, ahead_s < 0 ? " s behind the service's" : " s ahead of the service's");
    if (ahead_s > SKEW_MAX_S || ahead_s < -SKEW_MAX_S) {
        doctor_say(d, DOCTOR_WARN, "clock", l.text, "set the clock (NTP)");
    } else {
        doctor_say(d, DOCTOR_OK, "clock", l.text, "");
    }
}

static void say_object(struct doctor *d, const char *name, bool known)
{
    if (known) {
        doctor_say(d, DOCTOR_OK, "object", name, "");
    } else {
        doctor_fail(d, "object", ERR_OBJECT_UNKNOWN, name, NULL);
    }
}

static void say_objects(struct doctor *d)
{
    const struct app *a = d->app;

    if (a->args.words > 0) {
        say_object(d, a->args.word[0], d->asked_known);
        return;
    }
    for (unsigned i = 0; i < a->config.objects; i++) {
        say_object(d, a->config.object[i].name, d->known[i]);
    }
}

void doctor_link(struct doctor *d)
{
    const struct bulk_receiver to = {take_object, d};
    int err = session_objects(&d->app->session, &to);
    enum stage reached = stage_of(err);

    for (int i = 0; i < STAGES; i++) {
        if (i < (int)reached) {
            say_stage(d, (enum stage)i);
        } else if (i == (int)reached) {
            fail_stage(d, reached, err);
        } else {
            doctor_say(d, DOCTOR_SKIP, check_name[i], "not reached", "");
        }
    }
    if (reached >= STAGE_CALL) {
        say_skew(d);
    }
    if (reached == STAGES) {
        say_objects(d);
    }
}
