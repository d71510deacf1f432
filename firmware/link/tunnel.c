#include "link/tunnel.h"

#include "base/err.h"

int tunnel_init(struct tunnel *t, const struct net *net, const char *authority,
                const char *credentials)
{
    const struct http_header header[] = {
        {"Proxy-Authorization", {credentials}},
    };
    const struct http_request_spec spec = {
        .method = "CONNECT",
        .target = {authority},
        .host = authority,
        .header = header,
        .headers = credentials != NULL ? 1 : 0,
    };
    const struct sink none = {0};

    *t = (struct tunnel){.net = net, .want = WANT_WRITE};
    http_response_init(&t->response, NULL, 0, &none);
    t->response.to_connect = true;
    return http_request_init(&t->request, &spec);
}

static int flush(struct tunnel *t)
{
    while (t->out_at < t->out_len) {
        int n = t->net->send(t->net->ctx, t->out + t->out_at, (size_t)(t->out_len - t->out_at));

        if (n == NET_AGAIN) {
            t->want = WANT_WRITE;
            return ERR_WAIT;
        }
        if (n <= 0) {
            return ERR_NETWORK;
        }
        t->out_at = (uint8_t)(t->out_at + n);
    }
    return 0;
}

static int send_request(struct tunnel *t)
{
    for (;;) {
        int n = flush(t);

        if (n != 0) {
            return n;
        }
        n = http_request_pull(&t->request, t->out, sizeof t->out);
        if (n <= 0) {
            t->sent = n == 0;
            return n;
        }
        t->out_len = (uint8_t)n;
        t->out_at = 0;
    }
}

static int verdict(struct tunnel *t)
{
    t->status = t->response.status;
    if (t->status == 407) {
        return ERR_PROXY_CREDENTIALS;
    }
    return t->status >= 200 && t->status < 300 ? 0 : ERR_PROXY;
}

static int read_reply(struct tunnel *t)
{
    while (!t->response.head_done) {
        uint8_t byte;
        int n = t->net->recv(t->net->ctx, &byte, 1);

        if (n == NET_AGAIN) {
            t->want = WANT_READ;
            return ERR_WAIT;
        }
        if (n == NET_END) {
            return ERR_CLOSED;
        }
        n = n < 0 ? n : http_response_push(&t->response, &byte, 1);
        if (n < 0) {
            return n;
        }
    }
    return verdict(t);
}

int tunnel_step(struct tunnel *t)
{
    int err = t->sent ? 0 : send_request(t);

    return err == 0 ? read_reply(t) : err;
}
