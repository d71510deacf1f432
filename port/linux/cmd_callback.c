#include "base/err.h"
#include "base/num.h"
#include "bulk/signature.h"
#include "linux/app.h"
#include "linux/callback_keys.h"
#include "linux/clock.h"
#include "linux/log.h"
#include "linux/wake.h"
#include "reply/job_json.h"
#include "reply/json_items.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How a request ends: what the caller is told, which is a status alone, and what the log says. */
enum answer {
    ANSWER_NONE, /* not decided yet */
    ANSWER_TAKEN,
    ANSWER_METHOD,
    ANSWER_NO_LENGTH,
    ANSWER_LENGTH,
    ANSWER_TOO_LARGE,
    ANSWER_UNSIGNED,
    ANSWER_SHA1,
    ANSWER_SIGNATURE,
    ANSWER_CUT,
    ANSWER_SLOW,
    ANSWER_BODY,
    ANSWER_COUNT
};

#define ANSWER_FAULT "500 Internal Server Error"

static const struct {
    const char *status, *why;
} ANSWER[ANSWER_COUNT] = {
    [ANSWER_TAKEN] = {"204 No Content", NULL},
    [ANSWER_METHOD] = {"405 Method Not Allowed\r\nAllow: POST", "it is no POST"},
    [ANSWER_NO_LENGTH] = {"411 Length Required", "the length of its body is missing"},
    [ANSWER_LENGTH] = {"400 Bad Request", "the length of its body is no number"},
    [ANSWER_TOO_LARGE] = {"413 Content Too Large", "its body is larger than CALLBACK_BODY_MAX"},
    [ANSWER_UNSIGNED] = {"403 Forbidden", "no Elements-Webhook-Signature came with it: check that "
                                          "the instance has a signature key, and that the web "
                                          "server hands on this header"},
    [ANSWER_SHA1] = {"403 Forbidden", "it is signed with sha1=, which is obsolete"},
    [ANSWER_SIGNATURE] = {"403 Forbidden", "no key of callback_key_file has signed it"},
    [ANSWER_CUT] = {"400 Bad Request", "its body was cut off"},
    [ANSWER_SLOW] = {"400 Bad Request", "its body took too long"},
    [ANSWER_BODY] = {"400 Bad Request", "it is signed, but no job's id is told in it"},
};

struct callback {
    struct callback_keys keys;
    struct signature signature;
    struct json_items json;
    struct job job;
};

static void put_status(struct app *a, const char *status)
{
    out_text(&a->out, "Status: ");
    out_text(&a->out, status);
    out_text(&a->out, "\r\nContent-Type: text/plain\r\n\r\n");
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL ? value : "";
}

/* What the head alone decides; *len is the body's. */
static enum answer judge_head(uint64_t *len)
{
    const char *length = variable("CONTENT_LENGTH");
    const char *signature = variable("HTTP_ELEMENTS_WEBHOOK_SIGNATURE");

    if (strcmp(variable("REQUEST_METHOD"), "POST") != 0) {
        return ANSWER_METHOD;
    }
    if (length[0] == '\0') {
        return ANSWER_NO_LENGTH;
    }
    if (num_u64(length, strlen(length), len) != 0) {
        return length[strspn(length, "0123456789")] == '\0' ? ANSWER_TOO_LARGE : ANSWER_LENGTH;
    }
    if (*len > CALLBACK_BODY_MAX) {
        return ANSWER_TOO_LARGE;
    }
    if (signature[0] == '\0') {
        return ANSWER_UNSIGNED;
    }
    return strncmp(signature, "sha1=", 5) == 0 ? ANSWER_SHA1 : ANSWER_NONE;
}

/* Bytes of the body, 0 at its end, or -1 when the time is over. */
static int read_some(uint8_t *dst, size_t cap, uint64_t deadline_ms)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    ssize_t n = -1;

    while (n < 0) {
        uint64_t now_ms = clock_now().mono_ms;
        int ready = now_ms < deadline_ms ? poll(&p, 1, (int)(deadline_ms - now_ms)) : 0;

        if (ready == 0) {
            return -1;
        }
        n = ready > 0 ? read(STDIN_FILENO, dst, cap) : -1;
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return 0;
        }
    }
    return (int)n;
}

/* Read on the way, believed only once the signature fits; what is wrong with it sticks. */
static void take_json(struct callback *c, const char *src, size_t len)
{
    while (len > 0 && c->json.err == 0) {
        int n = json_items_push(&c->json, src, len);

        if (n < 0) {
            return;
        }
        if (c->json.event == JSON_MEMBER) {
            (void)job_take(&c->job, &c->json.key, &c->json.value);
        }
        src += n;
        len -= (size_t)n;
    }
}

static enum answer read_body(struct callback *c, uint64_t len)
{
    uint64_t deadline_ms = clock_now().mono_ms + CALLBACK_READ_MS;

    while (len > 0) {
        uint8_t buf[1024];
        int n = read_some(buf, len < sizeof buf ? (size_t)len : sizeof buf, deadline_ms);

        if (n <= 0) {
            return n < 0 ? ANSWER_SLOW : ANSWER_CUT;
        }
        signature_push(&c->signature, buf, (size_t)n);
        take_json(c, (const char *)buf, (size_t)n);
        len -= (uint64_t)n;
    }
    return ANSWER_NONE;
}

static enum answer judge_body(struct callback *c)
{
    const char *signature = variable("HTTP_ELEMENTS_WEBHOOK_SIGNATURE");

    if (signature_finish(&c->signature, signature, strlen(signature)) != 0) {
        return ANSWER_SIGNATURE;
    }
    if (json_items_finish(&c->json) != 0 || c->json.items != 1 || c->job.err != 0 ||
        !job_id_ok(c->job.id)) {
        return ANSWER_BODY;
    }
    return ANSWER_TAKEN;
}

static enum answer judge(struct callback *c, uint64_t len)
{
    enum answer answer;

    signature_init(&c->signature, c->keys.key, c->keys.keys);
    json_items_init(&c->json, NULL);
    job_init(&c->job);
    answer = read_body(c, len);
    return answer == ANSWER_NONE ? judge_body(c) : answer;
}

static void hand_on(const struct app *a, const struct job *job)
{
    const char *run_dir = a->config.spool.run_dir;
    struct wake_hint hint;

    memcpy(hint.job, job->id, sizeof hint.job);
    memcpy(hint.status, job->word, sizeof hint.status);
    log_put(LOG_AT_INFO, "callback: job ", hint.job, " ", hint.status);
    if (!wake_send(run_dir, &hint)) {
        log_put(LOG_AT_NOTICE, "callback: nobody takes it at ", run_dir,
                "/wake; the daemon looks by itself when it runs");
    }
}

static int run_callback(struct app *a)
{
    static struct callback c;
    char where[CONFIG_ERROR_CAP];
    uint64_t len = 0;
    enum answer answer;
    int err;

    if (getenv("REQUEST_METHOD") == NULL) {
        return app_fail(a, ERR_CALLBACK, "REQUEST_METHOD is not set",
                        "let a web server call it as a CGI program, see Callbacks in the README");
    }
    err = callback_keys_load(&c.keys, a->config.service.callback_key_file, where);
    if (err != 0) {
        return app_fail(a, err, where,
                        "write the key into a file that belongs to the web server's user, chmod "
                        "600, and name it as callback_key_file");
    }
    answer = judge_head(&len);
    answer = answer == ANSWER_NONE ? judge(&c, len) : answer;
    if (answer == ANSWER_TAKEN) {
        hand_on(a, &c.job);
    } else {
        log_put(LOG_AT_WARNING, "callback refused: ", ANSWER[answer].why);
    }
    put_status(a, ANSWER[answer].status);
    signature_wipe(&c.signature);
    callback_keys_wipe(&c.keys);
    return 0;
}

static void fail_callback(struct app *a)
{
    if (getenv("GATEWAY_INTERFACE") != NULL) {
        put_status(a, ANSWER_FAULT);
    }
}

const struct command cmd_callback = {
    .name = "callback",
    .words = "",
    .summary = "CGI: take a signed callback of the service, and wake the daemon",
    .help =
        "The device's own web server calls it, as its own user. Of the configuration it needs\n"
        "callback_key_file and run_dir; it reads no credentials and does not go near the spool.\n"
        "The body is believed when one of the keys has signed it; it is then a hint alone, which\n"
        "the daemon confirms by the job's status.\n"
        "Answers: 204 taken; 403 signature missing or wrong; 405 no POST; 411, 413 and 400 for\n"
        "what else is wrong with the request; 500 for a fault of the configuration or key file.\n"
        "Exit code 0 when the request was answered, whatever the answer; with 500 its fault's.\n"
        "There is no --json: stdout is the answer.\n",
    .letters = "",
    .offline = true,
    .fail = fail_callback,
    .run = run_callback,
};
