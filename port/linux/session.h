/* session: everything one run needs to talk to the service, and the loop that waits.
 *
 * begin reads the credentials and opens the CA file; nothing is sent before the first call, and the
 * clock is not looked at: whoever cannot wait for it asks before (ERR_CLOCK). All
 * calls go over one connection while the service keeps it open. A GET that failed for a passing
 * reason is tried again SESSION_TRIES times with back-off; an upload never is, by itself.
 *
 * Memory  One struct, the TLS arena apart. The configuration is borrowed.
 * Errors  As bulk; from begin ERR_URL (no base_url), those of credentials, ERR_CA_FILE,
 *         ERR_CLIENT_CERT, ERR_TLS_MEMORY, ERR_ENTROPY; ERR_CANCELLED after a signal.
 *         `where` then says where in words. */
#ifndef OCBULK_PORT_SESSION_H
#define OCBULK_PORT_SESSION_H

#include "bulk/bulk.h"
#include "linux/config.h"
#include "linux/credentials.h"
#include "linux/disk.h"
#include "linux/line.h"
#include "linux/progress.h"
#include "sockets/sockets.h"
#include "sync/retry.h"

/* Asked before an upload's last piece goes out; an error keeps the gate shut and ends the call. */
struct session_gate {
    int (*open)(void *ctx);
    void *ctx;
};

struct session {
    const struct config *config;
    struct credentials credentials;
    struct proxy_credentials proxy;
    struct disk ca;
    struct sockets_options sockets_options;
    struct sockets sockets;
    struct net net;
    struct exchange_options exchange;
    struct tls_options tls;
    struct bulk_service service;
    struct bulk bulk;
    struct progress progress;
    struct session_gate gate; /* the owner's; all zero: it opens */
    bool quiet;               /* no meter */
    bool begun, ready;        /* TLS has its memory; bulk can be used */
    struct retry_case ended;  /* how the last call did */
    struct line where;
    char client_cert[CLIENT_PEM_CAP], client_key[CLIENT_PEM_CAP];
};

/* How often one thing was tried; all zero at first. */
struct session_tries {
    struct retry retry;
    unsigned made;
};

int session_begin(struct session *s, const struct config *config, bool quiet);
/* Reads everything again, for config: the files it names may be others. Not while a call runs: the
 * connection goes. 0, or an error as of begin and all stays as it was, unless s->ready is false:
 * then nothing can be called before this has worked. */
int session_again(struct session *s, const struct config *config);
void session_end(struct session *s);

int session_objects(struct session *s, const struct bulk_receiver *to);
int session_metadata(struct session *s, const char *object, const struct bulk_receiver *to);
int session_status(struct session *s, const char *id);
int session_errors(struct session *s, const char *id, const struct bulk_receiver *to);
int session_jobs(struct session *s, const struct bulk_receiver *to);
int session_cancel(struct session *s, const char *id);
/* One attempt. records: how many the batch has, for the meter. */
int session_upload(struct session *s, const struct bulk_upload *upload, uint64_t records);

/* Before another try of what s->ended tells of: 0 when the pause is over, ERR_CANCELLED, or its
 * error when it is not worth one. */
int session_pause(struct session *s, struct session_tries *t);
int session_sleep(struct session *s, uint32_t ms); /* 0, or ERR_CANCELLED */
uint32_t session_random(void);

#endif
