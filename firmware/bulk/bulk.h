/* bulk: the calls of the Open Connectors Bulk API, one at a time, over one exchange (API page,
 * "Calls"). Lists of any length come item by item; pages are followed by their token.
 *
 * Memory  Service, upload, its source and the item receiver are borrowed until the call is over.
 *         Names in a call (object, id) are copied. What an item points to lives until its
 *         receiver returns.
 * Calls   init once; then one start at a time, bulk_step until WANT_NOTHING, waiting in between as
 *         for exchange. WANT_GATE (upload only): all but the closing delimiter has been sent; call
 *         bulk_commit, or bulk_drop and the service makes no job. The receiver must not call bulk.
 *         bulk_again repeats a failed GET, or its failed page without telling items twice.
 * Tags    An upload's is its file name (unless it has another), and stands in metaData (unless the
 *         user's has the key) and in the callback's URL; without tag and identifier nothing is
 *         added. Those in replies are to be believed when the call has ended without an error.
 * Redirects  Followed for GET on the same origin, REDIRECTS_MAX times.
 * Errors  start: ERR_OBJECT_NAME, _OBJECT_VERB, _JOB_ID, _VALUE, _NO_ROOM, _METADATA, those of
 *         multipart.
 *         b->err: 0, those of exchange and of json_items, by status ERR_UNAUTHORIZED, _FORBIDDEN,
 *         _NOT_FOUND, _NOT_ALLOWED, _BAD_REQUEST, _CONFLICT, _TOO_LARGE, _RATE_LIMITED, _SERVICE,
 *         _REDIRECTED, _STATUS; ERR_REPLY_SHAPE also for the status of another job than the one
 *         asked for; for an upload ERR_OUTCOME_UNKNOWN with the reason in b->cause: the gate was
 *         open and no clear answer came. Any other upload error: no job was made. */
#ifndef OCBULK_BULK_BULK_H
#define OCBULK_BULK_BULK_H

#include "link/exchange.h"
#include "reply/job_json.h"
#include "reply/json_items.h"
#include "request/multipart.h"
#include "spool/tag.h"

struct bulk_service {
    const char *host; /* for the Host header: name or [IPv6], with :port if not 443 */
    const char *base; /* base path, such as "/elements/api-v2", no slash at the end */
    const char *hub;  /* or NULL */
    const char *elements_version, *callback_url, *user_agent;      /* or NULL */
    const char *element_token, *user_secret, *organization_secret; /* the last one: or NULL */
    uint64_t spool_id; /* whose tags to look for in replies that tell of jobs; 0: none */
};

enum bulk_call {
    BULK_OBJECTS,
    BULK_METADATA,
    BULK_UPLOAD,
    BULK_STATUS,
    BULK_ERRORS,
    BULK_JOBS,
    BULK_CANCEL
};

struct bulk_item {
    const char *text;              /* an object's name, a field's name, an error's words */
    const char *type;              /* METADATA: the field's type, or empty */
    bool required, read_only;      /* METADATA */
    const struct job *job;         /* JOBS */
    const struct tag_finder *tags; /* JOBS: the tags that stand in this item */
};

struct bulk_receiver {
    void (*item)(void *ctx, const struct bulk_item *item);
    void *ctx;
};

struct bulk_upload {
    const char *object;
    const char *name;       /* file name, in ?path= and of the part; NULL with a tag: TAG.csv */
    bool path;              /* send ?path=/name */
    const char *metadata;   /* text of one JSON object, or NULL */
    const char *identifier; /* "identifierFieldName" of metaData, or NULL */
    const struct tag *tag;  /* "callback-payload" of metaData, ?ocb= of the callback; or NULL */
    uint8_t random[BOUNDARY_LEN];
    struct source file;
    uint64_t file_len;
};

enum bulk_field {
    FIELD_DATE,
    FIELD_RETRY_AFTER,
    FIELD_REQUEST_ID,
    FIELD_PAGE_TOKEN,
    FIELD_LOCATION,
    BULK_FIELDS
};

struct bulk {
    struct exchange x;
    const struct bulk_service *service;
    struct bulk_receiver to;
    enum bulk_call call;
    int err;                 /* of the call, once step says WANT_NOTHING */
    int cause;               /* behind ERR_OUTCOME_UNKNOWN */
    uint16_t status;         /* HTTP status, 0: none came */
    struct job job;          /* UPLOAD, STATUS, CANCEL; of a failed call: the service's words */
    struct tag_finder tags;  /* UPLOAD, STATUS: the tags that stand in the reply */
    uint64_t items;          /* told to the receiver by this call */
    uint32_t retry_after_ms; /* the service's wish, 0: none */
    /* bulk's own */
    struct http_request request;
    struct http_header header[7];
    struct source body;
    struct multipart multipart;
    struct multipart_form form;
    struct http_response reply;
    struct http_field field[BULK_FIELDS];
    struct json_items json;
    uint64_t page_items, skip; /* complete ones of this page; those a repeat leaves out */
    uint64_t page_mark;        /* fingerprint of a token seen */
    uint32_t pages;            /* of this list so far */
    uint8_t redirects;
    bool required, read_only, named;
    char boundary[BOUNDARY_LEN + 1];
    char id[3 * OBJECT_NAME_CAP]; /* object, percent-encoded, or job id */
    char name[3 * URL_PART_CAP];  /* upload's name, percent-encoded */
    char tag[TAG_CAP];            /* the upload's, or empty */
    char tag_file[TAG_CAP + 4];   /* TAG.csv, where the upload has no name of its own */
    char metadata[METADATA_CAP + METADATA_ROOM];
    char page[3 * PAGE_TOKEN_CAP];   /* next page's token, percent-encoded; empty: first page */
    char redirect[URL_PART_CAP * 2]; /* target of a redirect, or empty */
    char text[MESSAGE_CAP], type[STATUS_WORD_CAP];
    char date[40], retry_after[40], request_id[REQUEST_ID_CAP];
    char page_token[PAGE_TOKEN_CAP], location[URL_PART_CAP * 2];
};

int bulk_init(struct bulk *b, const struct bulk_service *service,
              const struct exchange_options *options, const struct tls_options *tls,
              const struct net *net);
void bulk_free(struct bulk *b);

int bulk_objects(struct bulk *b, const struct bulk_receiver *to, const struct now *now);
int bulk_metadata(struct bulk *b, const char *object, const struct bulk_receiver *to,
                  const struct now *now);
int bulk_upload(struct bulk *b, const struct bulk_upload *upload, const struct now *now);
int bulk_status(struct bulk *b, const char *id, const struct now *now);
int bulk_errors(struct bulk *b, const char *id, const struct bulk_receiver *to,
                const struct now *now);
int bulk_jobs(struct bulk *b, const struct bulk_receiver *to, const struct now *now);
int bulk_cancel(struct bulk *b, const char *id, const struct now *now);
int bulk_again(struct bulk *b, const struct now *now); /* not for an upload */

enum want bulk_step(struct bulk *b, const struct now *now);
void bulk_commit(struct bulk *b, const struct now *now); /* opens the gate */
void bulk_drop(struct bulk *b);                          /* ends the call and its connection */
uint64_t bulk_length(const struct bulk *b); /* bytes of the upload's body, multipart included */
const char *bulk_request_id(const struct bulk *b); /* Elements-Request-Id, or "" */

int bulk_object_ok(const char *object); /* 0, ERR_OBJECT_NAME or ERR_OBJECT_VERB */

#endif
