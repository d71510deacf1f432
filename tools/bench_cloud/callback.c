#include "callback.h"

#include "options.h"
#include "pause.h"
#include "stats.h"
#include "store.h"
#include "view.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { LOOK_MS = 100, ANSWER_S = 10 };

static pthread_t thread;

static void put_signature(struct text *out, const struct text *body)
{
    unsigned char mac[32];
    gnutls_datum_t raw = {mac, sizeof mac}, coded;

    gnutls_hmac_fast(GNUTLS_MAC_SHA256, opt.callback_key, strlen(opt.callback_key), body->at,
                     body->len, mac);
    if (gnutls_base64_encode2(&raw, &coded) == 0) {
        text_printf(out, "Elements-Webhook-Signature: sha256=%.*s\r\n", (int)coded.size,
                    coded.data);
        gnutls_free(coded.data);
    }
}

/* "http://host[:port]/path"; false for anything else. */
static bool split_url(char *url, char **host, char **port, char **path)
{
    char *end;

    if (strncmp(url, "http://", 7) != 0) {
        return false;
    }
    *host = url + 7;
    *path = strchr(*host, '/');
    end = *path == NULL ? *host + strlen(*host) : *path;
    *path = text_copy(*path == NULL ? "/" : *path);
    *end = '\0';
    *port = strchr(*host, ':');
    if (*port == NULL) {
        *port = (char *)"80";
    } else {
        *(*port)++ = '\0';
    }
    return true;
}

static int dial(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    struct timeval wait = {ANSWER_S, 0};
    int fd = -1;

    if (getaddrinfo(host, port, &hints, &list) != 0) {
        return -1;
    }
    for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

/* Whether the answer is a 2xx. */
static bool post(const char *host, const char *port, const struct text *request)
{
    int fd = dial(host, port);
    char line[13] = {0};
    bool ok;

    if (fd < 0) {
        return false;
    }
    ok = send(fd, request->at, request->len, MSG_NOSIGNAL) == (ssize_t)request->len &&
         recv(fd, line, 12, MSG_WAITALL) == 12 && strncmp(line, "HTTP/1.", 7) == 0 &&
         line[9] == '2';
    close(fd);
    return ok;
}

static void put_body(struct text *out, const struct job *j)
{
    text_printf(out,
                "{\"id\":\"%" PRId64 "\",\"status\":\"%s\",\"recordsCount\":%" PRId64
                ",\"recordsFailedCount\":%" PRId64 ",\"fileFormat\":\"csv\"}",
                j->id, view_state(j, now_ms()), j->rows, j->errors);
}

static bool call(const struct job *j)
{
    struct text body = {0}, request = {0};
    char *url = text_copy(j->text[JOB_CALLBACK]), *host, *port, *path;
    bool ok = false;

    if (split_url(url, &host, &port, &path)) {
        put_body(&body, j);
        text_printf(&request,
                    "POST %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n"
                    "Content-Type: application/json\r\nContent-Length: %zu\r\n"
                    "elements-webhook-id: %" PRId64 "\r\n",
                    path, host, port, body.len, j->id);
        if (opt.callback_key != NULL) {
            put_signature(&request, &body);
        }
        text_puts(&request, "\r\n");
        text_put(&request, body.at, body.len);
        ok = post(host, port, &request);
        free(path);
    }
    free(url);
    text_free(&body);
    text_free(&request);
    return ok;
}

static void *run(void *ctx)
{
    struct job j = {0};

    while (pause_ms(LOOK_MS)) {
        while (!pause_over() && store_callback_due(&j)) {
            stats_add(call(&j) ? STAT_CALLBACKS : STAT_CALLBACKS_FAILED, 1);
            job_free(&j);
        }
    }
    return ctx;
}

void callback_start(void)
{
    pthread_create(&thread, NULL, run, NULL);
}

void callback_stop(void)
{
    pthread_join(thread, NULL);
}
