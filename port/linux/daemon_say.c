#include "linux/daemon_say.h"

#include "base/err.h"
#include "linux/log.h"
#include "linux/session_say.h"
#include "spool/kept.h"

void daemon_say_span(struct line *l, uint64_t ms)
{
    static const struct {
        uint32_t worth_s;
        const char *unit;
    } unit[] = {{86400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}};
    uint64_t s = ms / 1000;
    size_t at = 0;

    while (at < COUNT(unit) - 1 && s < 2 * (uint64_t)unit[at].worth_s) {
        at++;
    }
    line_u64(l, s / unit[at].worth_s);
    line_put(l, unit[at].unit);
}

/* "contact: batch 7 (500 records), job 1234": what of it is known. */
static void put_subject(struct line *l, const struct uploader_news *n)
{
    line_put(l, n->object);
    line_put(l, n->object[0] != '\0' ? ": " : "");
    if (n->batch != 0) {
        line_put(l, "batch ");
        line_u64(l, n->batch);
    } else if (n->segment != 0) {
        line_put(l, "segment ");
        line_u64(l, n->segment);
    }
    if (n->records != 0) {
        line_put(l, " (");
        line_u64(l, n->records);
        line_put(l, n->records == 1 ? " record)" : " records)");
    }
    if (n->id[0] != '\0') {
        line_put(l, ", job ");
        line_put(l, n->id);
    }
}

/* Why, as far as one is told: "; the service refuses it, HTTP 422, FLASH_FULL, request id …". */
static void put_why(struct line *l, const struct uploader_news *n)
{
    if (n->reason != REASON_NONE && n->kind != NEWS_UNKNOWN) {
        line_put(l, "; ");
        line_put(l, reason_text(n->reason));
    }
    if (n->http != 0) {
        line_put(l, ", HTTP ");
        line_u64(l, n->http);
    }
    if (n->err != 0) {
        line_put(l, ", ");
        line_put(l, err_name(n->err));
    }
    if (n->request_id[0] != '\0') {
        line_put(l, ", request id ");
        line_put(l, n->request_id);
    }
}

static void put_kept(struct line *l, enum kept_folder folder, const struct uploader_news *n)
{
    line_put(l, "; see ");
    line_put(l, kept_folder_name(folder));
    line_put(l, "/");
    line_put(l, n->object);
}

static void put_counted(struct line *l, int64_t n, const char *word)
{
    line_put(l, ", ");
    if (n < 0) {
        line_put(l, "some");
    } else {
        line_u64(l, (uint64_t)n);
    }
    line_put(l, word);
}

static enum log_level put_final(struct line *l, const struct uploader_news *n)
{
    switch (n->how) {
    case FINAL_DONE:
        line_put(l, n->id[0] != '\0' ? ": all stored" : ": taken as stored");
        return LOG_AT_NOTICE;
    case FINAL_PARTIAL:
        put_counted(l, n->failed, " failed, the others are stored");
        put_kept(l, KEPT_FAILED, n);
        return LOG_AT_WARNING;
    case FINAL_FAILED:
        line_put(l, ": failed; a part may be stored");
        put_kept(l, KEPT_FAILED, n);
        return LOG_AT_WARNING;
    case FINAL_QUARANTINED:
        line_put(l, ": cannot be sent");
        put_kept(l, KEPT_QUARANTINE, n);
        return LOG_AT_WARNING;
    default:
        line_put(l, ": thrown away");
        return LOG_AT_WARNING;
    }
}

static const struct {
    const char *text; /* behind the subject */
    enum log_level level;
} said[NEWS_KINDS] = {
    [NEWS_ADOPTED] = {" taken over from outbox", LOG_AT_INFO},
    [NEWS_CREATED] = {" taken by the service", LOG_AT_INFO},
    [NEWS_FINAL] = {"", LOG_AT_NOTICE}, /* see put_final */
    [NEWS_HELD] = {" waits for a hand, `ocbulk queue` shows it", LOG_AT_WARNING},
    [NEWS_MOVED] = {" set apart in held/", LOG_AT_NOTICE},
    [NEWS_UNKNOWN] = {" was sent, no clear answer came; it is looked for", LOG_AT_WARNING},
    [NEWS_ADOPTED_JOB] = {" found by its tag", LOG_AT_NOTICE},
    [NEWS_RESENT] = {" is sent again", LOG_AT_NOTICE},
    [NEWS_VOID] = {" was not taken and is cut anew", LOG_AT_INFO},
    [NEWS_LATE] = {" takes longer than `deadline`; it is looked at less often", LOG_AT_WARNING},
    [NEWS_QUARANTINED] = {" cannot be sent and is set apart in quarantine/", LOG_AT_WARNING},
    [NEWS_DROPPED] = {" was thrown away", LOG_AT_WARNING},
    [NEWS_HOLD_OBJECT] = {"nothing of it is sent until that is mended; tried each hour",
                          LOG_AT_WARNING},
    [NEWS_HOLD_ACCOUNT] = {"nothing is sent until that is mended; tried each hour", LOG_AT_WARNING},
    [NEWS_HOLD_OVER] = {"sending goes on", LOG_AT_NOTICE},
    [NEWS_ROT] = {"what waited is held, `ocbulk queue` shows it; new records are sent",
                  LOG_AT_ERROR},
    [NEWS_ORPHAN] = {" is known to nobody and is set apart in quarantine/", LOG_AT_WARNING},
};

static void log_unsaid(struct say_pace *p, enum log_level level)
{
    struct line l;

    if (p->unsaid == 0) {
        return;
    }
    line_set(&l, "");
    line_u64(&l, p->unsaid);
    log_put(level, "and ", l.text, " more lines like the next one, in an hour");
    p->unsaid = 0;
}

/* Whether the hour has room for one more line of this kind. */
static bool may_say(struct say_pace *p, enum log_level level, uint64_t now_ms)
{
    if (!log_wants(level)) {
        return false;
    }
    if (p->said == 0 || now_ms - p->hour_ms >= SAY_AGAIN_MS) {
        log_unsaid(p, level);
        p->hour_ms = now_ms;
        p->said = 0;
    }
    if (p->said >= SAY_HOUR_MAX) {
        p->unsaid = (uint16_t)(p->unsaid + (p->unsaid < UINT16_MAX));
        return false;
    }
    p->said++;
    return true;
}

/* Whether this cause is new, or was said an hour ago. */
static bool new_cause(struct say_trouble *t, const struct uploader_news *n, uint64_t now_ms)
{
    unsigned at = 0;

    while (at < SAY_CAUSES && (t->cause[at].err != n->err || t->cause[at].http != n->http)) {
        at++;
    }
    if (at < SAY_CAUSES && now_ms - t->cause[at].said_ms < SAY_AGAIN_MS) {
        return false;
    }
    if (at == SAY_CAUSES) {
        at = t->at;
        t->at = (uint8_t)((t->at + 1u) % SAY_CAUSES);
    }
    t->cause[at].err = n->err;
    t->cause[at].http = n->http;
    t->cause[at].said_ms = now_ms;
    return true;
}

static void say_trouble(struct daemon_say *s, struct say_trouble *t, const struct uploader_news *n,
                        uint64_t now_ms)
{
    struct line l;

    if (t->tries == 0) {
        *t = (struct say_trouble){.since_ms = now_ms};
    }
    t->tries++;
    if (!new_cause(t, n, now_ms)) {
        return;
    }
    line_set(&l, "");
    if (t == &s->call) {
        line_put(&l, ": ");
        line_put(&l, s->session->exchange.authority);
        session_say_cause(s->session, n->err, &l);
    }
    put_why(&l, n);
    if (t->tries > 1) {
        line_put(&l, ", since ");
        daemon_say_span(&l, now_ms - t->since_ms);
    }
    log_put(LOG_AT_WARNING, err_what(n->err), l.text,
            t == &s->call ? "; it is tried again" : "; nothing is lost, it is tried again");
}

static void say_recovered(struct daemon_say *s, struct say_trouble *t, uint64_t now_ms)
{
    const struct retry *r = &s->uploader->retry;
    uint32_t tries = (uint32_t)r->get.tries + r->post.tries;
    struct line l;

    if (t->tries == 0) {
        return;
    }
    tries = t == &s->flash || tries < t->tries ? t->tries : tries;
    line_set(&l, t == &s->call ? "the service answers again, after " : "flash works again, after ");
    daemon_say_span(&l, now_ms - t->since_ms);
    line_put(&l, " and ");
    line_u64(&l, tries);
    line_put(&l, tries == 1 ? " failed try" : " failed tries");
    log_put(LOG_AT_NOTICE, l.text);
    t->tries = 0;
}

static void say_line(struct daemon_say *s, const struct uploader_news *n, uint64_t now_ms)
{
    enum log_level level = said[n->kind].level;
    struct line l;

    line_set(&l, "");
    put_subject(&l, n);
    line_put(&l, said[n->kind].text);
    if (n->kind == NEWS_FINAL) {
        level = put_final(&l, n);
    }
    put_why(&l, n);
    if (may_say(&s->pace[n->kind], level, now_ms)) {
        log_put(level, l.text);
    }
}

void daemon_say(struct daemon_say *s, const struct uploader_news *n, uint64_t now_ms)
{
    struct say_trouble *t = err_class(n->err) == CLASS_STORAGE ? &s->flash : &s->call;

    if (n->kind == NEWS_TROUBLE) {
        say_trouble(s, t, n, now_ms);
    } else if (n->kind == NEWS_RECOVERED) {
        say_recovered(s, t, now_ms);
    } else {
        say_line(s, n, now_ms);
    }
}
