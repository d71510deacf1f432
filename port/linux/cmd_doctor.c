/* doctor: one line for each thing that must be right. */
#include "base/err.h"
#include "linux/clock.h"
#include "linux/doctor.h"

static void put_text(struct app *a, const char *state, const char *check, const char *what,
                     const char *fix)
{
    struct line l;

    line_set(&l, state);
    line_pad(&l, 6);
    line_put(&l, check);
    line_pad(&l, 20);
    out_text(&a->out, l.text);
    out_text(&a->out, what);
    out_text(&a->out, fix[0] != '\0' ? "; " : "");
    out_text(&a->out, fix);
    out_text(&a->out, "\n");
}

static void put_json(struct app *a, const char *state, const char *check, const char *what,
                     const char *fix)
{
    json_out_object(&a->json);
    json_out_put_string(&a->json, "check", check);
    json_out_put_string(&a->json, "state", state);
    json_out_put_string(&a->json, "what", what);
    json_out_put_string(&a->json, "fix", fix);
    json_out_end(&a->json);
}

void doctor_say(struct doctor *d, enum doctor_state state, const char *check, const char *what,
                const char *fix)
{
    static const char *const word[] = {
        [DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_FAIL] = "FAIL", [DOCTOR_SKIP] = "skip"};

    if (app_json(d->app)) {
        put_json(d->app, word[state], check, what, fix);
    } else {
        put_text(d->app, word[state], check, what, fix);
    }
}

void doctor_fail(struct doctor *d, const char *check, int err, const char *what, const char *fix)
{
    struct line l;

    line_set(&l, err_what(err));
    line_put(&l, what[0] != '\0' ? ": " : "");
    line_put(&l, what);
    doctor_say(d, DOCTOR_FAIL, check, l.text, fix != NULL && fix[0] != '\0' ? fix : err_fix(err));
    d->worst = exit_worse(d->worst, err);
    d->fails++;
}

/* What is wrong in it is told before a command begins. */
static void check_configuration(struct doctor *d)
{
    const struct config *c = &d->app->config;

    doctor_say(d, DOCTOR_OK, "configuration",
               c->file[0] != '\0' ? c->file : "no file: flags, environment, built-in values", "");
}

static void check_clock(struct doctor *d)
{
    if (clock_now().wall_s < CLOCK_EARLIEST_S) {
        doctor_fail(d, "clock", ERR_CLOCK, "it shows a time before this program was built", NULL);
    } else if (!clock_synced()) {
        doctor_say(d, DOCTOR_WARN, "clock", "set, but no time server keeps it",
                   "start an NTP client, or sending may stop when it drifts");
    } else {
        doctor_say(d, DOCTOR_OK, "clock", "set and synchronised", "");
    }
}

static int begin_session(struct doctor *d)
{
    struct session *s = &d->app->session;
    int err = session_begin(s, &d->app->config, true);

    if (err == 0) {
        doctor_say(d, DOCTOR_OK, "files", "credentials and CA file can be read", "");
    } else {
        doctor_fail(d, "files", err, s->where.text, NULL);
    }
    return err;
}

static int run_doctor(struct app *a)
{
    struct doctor d = {.app = a};
    struct line l;

    if (app_json(a)) {
        json_out_key(&a->json, "checks");
        json_out_array(&a->json);
    }
    check_configuration(&d);
    check_clock(&d);
    if (begin_session(&d) == 0) {
        doctor_link(&d);
    } else {
        doctor_say(&d, DOCTOR_SKIP, "service", "nothing can be asked", "");
    }
    doctor_spool(&d);
    if (app_json(a)) {
        json_out_end(&a->json);
    }
    if (d.worst == 0) {
        return 0;
    }
    line_set(&l, "");
    line_u64(&l, d.fails);
    line_put(&l, d.fails == 1 ? " check failed" : " checks failed");
    return app_fail(a, d.worst, l.text, "see the line above that says FAIL");
}

const struct command cmd_doctor = {
    .name = "doctor",
    .words = "[OBJECT]",
    .summary = "look at everything that could keep records from the service",
    .help = "One line each: configuration, clock, files, resolver, connection, TLS, credentials,\n"
            "objects (those of the configuration, or OBJECT), and the spool: folder, file system,\n"
            "room, daemon, journal. The exit code is that of the worst FAIL. Run it as the "
            "daemon's user.\n",
    .letters = "",
    .least = 0,
    .most = 1,
    .offline = true, /* a session that cannot begin is one of its findings */
    .run = run_doctor,
};
