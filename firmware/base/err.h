/* err: every failure ocbulk can name, in one enum.
 *
 * A count and an error share an int: counts are >= 0, errors negative. A name says the cause,
 * never the remedy; the remedy stands in the table behind err_fix. Where it happened (file, line,
 * byte, host, status) is told by the module that failed.
 * ERR_WAIT is no failure: "nothing now, call again"; it never sticks. */
#ifndef OCBULK_BASE_ERR_H
#define OCBULK_BASE_ERR_H

/* What kind of hand a failure needs; the program turns it into its exit code. */
enum err_class {
    CLASS_NONE,
    CLASS_INTERNAL,    /* our fault */
    CLASS_CONFIG,      /* usage or configuration */
    CLASS_INPUT,       /* the CSV file */
    CLASS_CREDENTIALS, /* who we are */
    CLASS_TLS,         /* who they are, or what time it is */
    CLASS_TEMPORARY,   /* nothing was taken: safe to run again */
    CLASS_REJECTED,    /* the service said no */
    CLASS_ROWS,        /* some rows were not stored */
    CLASS_UNKNOWN,     /* the body left, no clear answer came */
    CLASS_RUNNING,     /* not final yet */
    CLASS_BUSY,        /* another process has it */
    CLASS_STORAGE      /* flash */
};

/* clang-format off */
/* X(name, class, what happened, what the person can do) */
#define ERR_LIST(X) \
    X(WAIT, NONE, "not ready yet", "call again") \
    X(INTERNAL, INTERNAL, "internal error", "report it with the output of `ocbulk --version`") \
    X(NO_ROOM, INTERNAL, "a fixed buffer is too small", "raise its limit in config/limits.h") \
    X(USAGE, CONFIG, "wrong usage", "see `ocbulk --help`") \
    X(CONFIG, CONFIG, "wrong configuration", "correct the line named; `ocbulk config` shows what is in force") \
    X(URL, CONFIG, "the base URL is not usable", "write it as https://host[:port]/elements/api-v2") \
    X(URL_HTTP, CONFIG, "the base URL is not HTTPS", "use https://; secrets are never sent in the clear") \
    X(METADATA, CONFIG, "the object's metadata is not one JSON object", "correct `metadata` of the object's section") \
    X(VALUE, CONFIG, "a value has characters that a request must not carry", "remove control characters, CR and LF from it") \
    X(CREDENTIALS_MISSING, CREDENTIALS, "credentials are missing", "write element_token and user_secret into the credentials file") \
    X(CREDENTIALS_OPEN, CREDENTIALS, "the credentials file can be read by others", "chmod 600 the file") \
    X(CREDENTIALS_FORM, CREDENTIALS, "the credentials file is malformed", "one `key = value` a line: element_token, user_secret, organization_secret") \
    X(FILE_OPEN, INPUT, "cannot read the file", "check its path and rights") \
    X(FILE_KIND, INPUT, "not a regular file", "name a CSV file on flash") \
    X(FILE_READ, INPUT, "reading the file failed", "check the flash; nothing was lost here") \
    X(FILE_WRITE, STORAGE, "writing the file failed", "check free space and rights") \
    X(SOURCE_CHANGED, INPUT, "the file changed while it was being sent", "send a file that nobody writes to any more") \
    X(CSV_EMPTY, INPUT, "the file has no header row", "the first row must name the fields") \
    X(CSV_UTF16, INPUT, "the file is UTF-16", "save it as UTF-8") \
    X(CSV_UTF8, INPUT, "bytes that are not UTF-8", "save the file as UTF-8") \
    X(CSV_NUL, INPUT, "a NUL byte", "the file is damaged or no text: export it again") \
    X(CSV_QUOTE, INPUT, "a quote where RFC 4180 allows none", "quote the whole field and double the quotes inside it") \
    X(CSV_UNCLOSED, INPUT, "a quoted field is never closed", "close the quote that was opened here") \
    X(CSV_CR, INPUT, "a carriage return without line feed", "use LF or CRLF line ends") \
    X(CSV_FIELDS, INPUT, "the row has another number of fields than the header", "add or remove commas, or quote the field that has one inside") \
    X(CSV_TOO_LONG, INPUT, "the record is longer than the limit", "look for a quote that is never closed, or split the field") \
    X(CSV_FAULTS, INPUT, "the file has faults", "correct the lines named, then check again") \
    X(COLUMNS, INPUT, "the header row is not the one that `columns` names", "correct the file's header row, or `columns` of the object's section") \
    X(NOT_SENT, ROWS, "a part of the file was not sent", "go on with --from-record as shown; what was sent before is in its jobs") \
    X(HTTP_STATUS_LINE, TEMPORARY, "the reply does not start as HTTP/1.1 does", "check base_url and proxy: something else answers there") \
    X(HTTP_HEADER, TEMPORARY, "a malformed header in the reply", "check what stands between device and service") \
    X(HTTP_LENGTH, TEMPORARY, "the reply's length is contradictory", "check what stands between device and service") \
    X(HTTP_CHUNK, TEMPORARY, "malformed chunked framing in the reply", "check what stands between device and service") \
    X(HTTP_LIMIT, TEMPORARY, "the reply's head is larger than the limit", "check what stands between device and service") \
    X(HTTP_INTERIM, TEMPORARY, "too many interim replies, or an upgrade nobody asked for", "check what stands between device and service") \
    X(HTTP_TRUNCATED, TEMPORARY, "the reply was cut off", "try again") \
    X(JSON_SYNTAX, TEMPORARY, "the reply is not JSON", "check base_url; a captive portal may answer instead of the service") \
    X(JSON_DEPTH, TEMPORARY, "the reply's JSON is nested too deeply", "report it: no documented reply is") \
    X(JSON_TOO_LARGE, TEMPORARY, "an element of the reply is larger than the buffer", "raise its limit in config/limits.h") \
    X(REPLY_SHAPE, TEMPORARY, "the reply is JSON of an unexpected shape", "check base_url and hub") \
    X(JOB_ID, TEMPORARY, "the reply's job id is missing or illegal", "look at `ocbulk jobs`") \
    X(DNS, TEMPORARY, "the host name cannot be resolved", "check the resolver and base_url") \
    X(DNS_DEADLINE, TEMPORARY, "the name look-up took too long", "check the resolver") \
    X(CONNECT, TEMPORARY, "no connection to the host", "check the route and the port") \
    X(CONNECT_DEADLINE, TEMPORARY, "connecting took too long", "check the route, or raise connect_timeout") \
    X(NETWORK, TEMPORARY, "the connection broke", "check the link; safe to try again") \
    X(CLOSED, TEMPORARY, "the peer closed the connection without an answer", "try again") \
    X(PROXY, TEMPORARY, "the proxy refused the tunnel", "check proxy and no_proxy") \
    X(PROXY_CREDENTIALS, CREDENTIALS, "the proxy wants other credentials", "correct proxy_credentials_file") \
    X(HANDSHAKE_DEADLINE, TEMPORARY, "the TLS handshake took too long", "check the link, or raise handshake_timeout") \
    X(IDLE_DEADLINE, TEMPORARY, "nothing moved for too long", "check the link, or raise idle_timeout") \
    X(ANSWER_DEADLINE, TEMPORARY, "no answer in time", "raise answer_timeout if the service is slow") \
    X(ATTEMPT_DEADLINE, TEMPORARY, "the attempt took too long as a whole", "send smaller batches, or raise attempt_timeout") \
    X(TLS_HANDSHAKE, TLS, "the TLS handshake failed", "look at the TLS error: versions or ciphers may not meet") \
    X(TLS_RECORD, TEMPORARY, "a damaged or oversized TLS record", "check what stands between device and service") \
    X(TLS_MEMORY, INTERNAL, "the TLS arena is too small", "raise TLS_ARENA_CAP in config/limits.h") \
    X(TLS_NAME, TLS, "the certificate is for another name", "check base_url: it must use a name the certificate has") \
    X(TLS_UNKNOWN_CA, TLS, "the certificate's issuer is not trusted", "check ca_file; a captive portal or proxy may be in between") \
    X(TLS_CHAIN_INCOMPLETE, TLS, "the server's chain is incomplete", "have the server send its intermediate, or add it to ca_file") \
    X(TLS_EXPIRED, TLS, "a certificate has expired", "check the device's clock, else the service must renew it") \
    X(TLS_FUTURE, TLS, "a certificate is not valid yet", "check the device's clock") \
    X(TLS_WEAK, TLS, "a certificate uses a weak key or hash", "the service must renew it") \
    X(TLS_USAGE, TLS, "the certificate is not meant for a server", "the service must use a server certificate") \
    X(TLS_PIN, TLS, "no certificate of the path has the pinned key", "check pin; somebody may be in between") \
    X(TLS_INVALID, TLS, "the certificate is malformed or not allowed", "look at the flags shown") \
    X(CLOCK, TLS, "the device's clock is not set", "set the clock (NTP); certificates cannot be checked before") \
    X(CA_FILE, CONFIG, "no usable certificate in the CA file", "check ca_file; install the system's ca-certificates") \
    X(CLIENT_CERT, CONFIG, "the client certificate or its key cannot be used", "check client_cert and client_key") \
    X(ENTROPY, TEMPORARY, "no random numbers yet", "wait: the device has just booted") \
    X(OBJECT_NAME, CONFIG, "not a possible object name", "`ocbulk objects` lists the names") \
    X(OBJECT_VERB, CONFIG, "this object name is a verb of the API", "`ocbulk objects` lists the names") \
    X(OBJECT_UNKNOWN, CONFIG, "the service has no such object", "`ocbulk objects` lists the names") \
    X(UNAUTHORIZED, CREDENTIALS, "the service refuses the credentials (401)", "check element_token and user_secret") \
    X(FORBIDDEN, CREDENTIALS, "the service's provider refuses the access (403)", "check the rights of the connected account") \
    X(NOT_FOUND, REJECTED, "the service knows no such thing (404)", "check base_url, hub and the id") \
    X(NOT_ALLOWED, REJECTED, "the service does not take this call here", "check base_url, hub and object") \
    X(BAD_REQUEST, REJECTED, "the service refuses the request", "read its words; check the file and the object's metadata") \
    X(CONFLICT, REJECTED, "the service sees a conflict (409)", "look at `ocbulk jobs`") \
    X(TOO_LARGE, REJECTED, "the batch is too large for the service (413)", "lower batch_records or batch_bytes") \
    X(RATE_LIMITED, TEMPORARY, "the service asks to slow down (429)", "wait as long as it says") \
    X(SERVICE, TEMPORARY, "the service has a fault", "try again later") \
    X(REDIRECTED, CONFIG, "the service redirects elsewhere", "check base_url; a captive portal may be in between") \
    X(STATUS, REJECTED, "a status that is not expected here", "check base_url and hub") \
    X(OUTCOME_UNKNOWN, UNKNOWN, "the whole body was sent but no clear answer came", "look at `ocbulk jobs` before you send it again") \
    X(JOB_FAILED, REJECTED, "the job failed", "read its errors: `ocbulk errors JOB`") \
    X(JOB_MISMATCH, UNKNOWN, "the job's counts do not match the rows sent", "look at `ocbulk status JOB` and `ocbulk errors JOB`") \
    X(ROWS_FAILED, ROWS, "some rows were not stored", "read the reasons: `ocbulk errors JOB`") \
    X(STILL_RUNNING, RUNNING, "the job is still running", "go on with `ocbulk status JOB --wait`") \
    X(CANCELLED, TEMPORARY, "stopped on request", "run it again") \
    X(FLASH_NONE, STORAGE, "no such file on flash", "check the spool's folder") \
    X(FLASH_EXISTS, STORAGE, "the file is there already", "look who else writes into the spool's folder") \
    X(FLASH_READ, STORAGE, "reading flash failed", "check the flash; what is on it stays as it is") \
    X(FLASH_WRITE, STORAGE, "writing flash failed", "check the flash; what is on it stays as it is") \
    X(FLASH_FULL, STORAGE, "the flash is full", "make room; nothing that waits is thrown away for it") \
    X(FLASH_READONLY, STORAGE, "the flash is read-only", "check why it was mounted so; a worn flash does that") \
    X(SPOOL_FULL, STORAGE, "the spool is full", "let it send, or raise max_bytes; `ocbulk queue` shows what waits") \
    X(SPOOL_DIR, STORAGE, "the spool's folder cannot be used", "check `dir` of [spool] and its rights") \
    X(LOCKED, BUSY, "another process is at it", "wait for it; `ocbulk queue` needs no waiting") \
    X(JOURNAL_VERSION, STORAGE, "the journal is of an unknown version", "use the ocbulk that wrote it, or a later one") \
    X(JOURNAL_ROT, STORAGE, "the journal is damaged", "what it may concern is held: `ocbulk queue`") \
    X(BATCH_NONE, CONFIG, "no such batch", "`ocbulk queue` lists them") \
    X(BATCH_STATE, BUSY, "the batch is in a state in which that cannot be done", "look at it again: `ocbulk queue`") \
    X(BATCH_STALE, BUSY, "the batch has changed meanwhile", "look at it again: `ocbulk queue`") \
    X(BATCH_REPEAT, CONFIG, "a part of these rows is stored already, and the service does not tell which", "`ocbulk retry BATCH --all` sends all of them; the part that is stored will be there twice") \
    X(JOB_TAKEN, CONFIG, "this job has another batch's records", "look at `ocbulk jobs` for the right one") \
    X(UNSENT, TEMPORARY, "records still wait to be sent", "run it again; `ocbulk queue` shows what they wait for") \
    X(HELD, UNKNOWN, "batches wait for a hand", "`ocbulk queue` says what for") \
    X(FIELD, CONFIG, "no such column", "`columns` of the object's section names them") \
    X(RECORD, CONFIG, "this is no record", "give NAME=VALUE words, one JSON object, or CSV rows") \
    X(SIGNATURE, CREDENTIALS, "the callback's signature is not right", "check callback_key_file against the service's key") \
    X(CALLBACK, CONFIG, "this is no callback", "the service POSTs a job's JSON") \
    X(STDIN, CONFIG, "standard input cannot be uploaded", "write the records to a file: what was read from a pipe cannot be sent again after a cut")
/* clang-format on */

#define ERR_AT(name, class, what, fix) ERR_AT_##name,
enum err_at { ERR_LIST(ERR_AT) ERR_COUNT };
#undef ERR_AT

#define ERR_CODE(name, class, what, fix) ERR_##name = -1 - ERR_AT_##name,
enum err { ERR_LIST(ERR_CODE) ERR_NONE = 0 };
#undef ERR_CODE

const char *err_name(int err); /* "CSV_QUOTE"; "OK" for err >= 0; never NULL */
const char *err_what(int err); /* what happened; never NULL */
const char *err_fix(int err);  /* what the person can do; never NULL */
enum err_class err_class(int err);

#endif
