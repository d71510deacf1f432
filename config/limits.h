/* limits: every size and deadline that is fixed when ocbulk is built. Bytes unless a name says
 * otherwise. "RAM" is what one unit costs; run-time settings stand in ocbulk.conf. */
#ifndef OCBULK_CONFIG_LIMITS_H
#define OCBULK_CONFIG_LIMITS_H

/* record */
#define CSV_RECORD_MAX (1024 * 1024) /* bytes of one record, 1K..64M; no RAM: records stream */

/* request */
#define BOUNDARY_LEN    32   /* letters and digits, 16..70; RAM: once */
#define OBJECT_NAME_CAP 65   /* bytes with the final 0; RAM: 4 times, and for each object */
#define URL_PART_CAP    256  /* host or base path, bytes with the final 0; RAM: 16 times */
#define SECRET_CAP      513  /* one secret, bytes with the final 0; RAM: 5 times and a third */
#define METADATA_CAP    2048 /* metaData text of an object, bytes with the final 0 */
#define METADATA_ROOM   384 /* what is added to it, tag and identifier; RAM: once, with the above */

/* reply */
#define HTTP_LINE_MAX       8192  /* bytes of one header line or status line; no RAM: they stream */
#define HTTP_HEAD_MAX       65536 /* bytes of a whole reply head, interim ones apart; no RAM */
#define HTTP_INTERIM_MAX    8     /* 1xx replies before the final one */
#define HTTP_CHUNK_LINE_MAX 1024  /* bytes of a chunk-size line with its extensions; no RAM */
#define JSON_DEPTH_MAX      32    /* nesting of a reply; RAM: 1 bit a level */
#define JSON_PIECE_CAP      1024  /* one scalar or member of a reply; RAM: once */
#define JSON_TOKENS_MAX     48    /* jsmn tokens for one piece; RAM: 16 bytes each */
#define JOB_ID_CAP          65    /* bytes with the final 0 */
#define STATUS_WORD_CAP     33    /* a job's status as it came, bytes with the final 0 */
#define MESSAGE_CAP         257   /* the service's words, cut to fit, bytes with the final 0 */
#define REQUEST_ID_CAP      65    /* Elements-Request-Id, bytes with the final 0 */
#define PAGE_TOKEN_CAP      513   /* Elements-Next-Page-Token, bytes with the final 0 */
#define REPLY_SKIM_MAX      (1024 * 1024) /* bytes of an error reply read to keep the connection */
#define RETRY_AFTER_MIN_MS  1000 /* shortest and longest wait that Retry-After can ask for; ms */
#define RETRY_AFTER_MAX_MS  3600000

/* link */
#define NET_ADDRS_MAX 8 /* addresses tried for one name; RAM: 29 bytes each */
#if defined(OCBULK_PROFILE_TINY)
#define TLS_ARENA_CAP (56 * 1024) /* bytes for all of mbedTLS; RAM: once */
#else
#define TLS_ARENA_CAP (76 * 1024) /* bytes for all of mbedTLS; RAM: once */
#endif
#define EXCHANGE_TX_CAP 16384 /* bytes waiting to be sent: one full TLS record; RAM: once */
#define EXCHANGE_RX_CAP 2048  /* bytes taken from TLS at a time; RAM: once */
/* Buffers sent from one look for an early reply to the next, 1..255: a look is a system call, and
 * nearly always in vain. No RAM. */
#define EXCHANGE_LOOK_EVERY 8
#define RATE_PIECE_MIN      1024  /* bytes sent at a time under limit_rate, at least */
#define TRUST_CHUNK_CAP     12288 /* bytes of the bundle read at a time; within EXCHANGE_TX_CAP */
#define TRUST_ROOTS_MAX     4     /* candidate roots for one chain, their DER within what is left */
#define TRUST_DETAIL_CAP    192   /* what is wrong with a chain, in words; RAM: once */
#define CLOCK_EARLIEST_S                                                                           \
    1793491200                  /* 2026-11-01: an earlier wall clock is not set; raise it at       \
                                   each release */
#define TLS_PINS_MAX      4     /* RAM: 32 bytes each */
#define TLS_SESSION_MAX_S 86400 /* seconds a session may be resumed, 0..86400 */
#define REDIRECTS_MAX     3     /* for GET, on the same origin */

/* sync */
#define RETRY_FIRST_MS      1000     /* ms of the first pause behind a failure, at most */
#define RETRY_CAP_MS        900000   /* ms of the longest one, at most */
#define RETRY_NOTE_MS       60000    /* ms; a longer pause of the service's is kept on flash */
#define RETRY_HOUR_MS       3600000  /* ms that the service lets a transfer take */
#define CLOCK_BEHIND_MAX_MS 86400000 /* ms a clock behind the last good time is not believed */
#define CLOCK_LOOK_MS       10000    /* ms between two looks at a clock that is not good */

/* spool */
#define SPOOL_OBJECTS_MAX       16 /* objects with a folder in outbox/, 1..64; RAM: 200 bytes each */
#define LEDGER_MAX              64    /* batches that are not final, 8..4096; RAM: 160 bytes each */
#define JOURNAL_COMPACT_MIN     65536 /* bytes of the journal from which on it is compacted */
#define RESERVE_LEN             8192  /* bytes given up when the flash is full; flash: once */
#define KEPT_BUF_CAP            512   /* bytes written at a time to held/, failed/, quarantine/ */
#define UPLOADER_FLASH_MS       10000 /* ms from a failure of flash to the next try */
#define UPLOADER_FLASH_MAX_MS   900000 /* ms between two tries of flash, at the most */
#define SEEK_LEARN_ITEMS        200    /* jobs looked at to find out whether the list shows tags */
#define SEEK_BAD_LISTS          3 /* lists in a row that cannot be read before none is believed to come */
#define UPLOADER_HOLD_MS        3600000 /* ms from a hold of object or account to its own test */
#define UPLOADER_LOCKED_MS      1000 /* ms to the next look at an outbox that a producer has locked */
#define COLUMN_NAME_CAP         256 /* bytes of a column's name that is compared; stack: twice */
#define UPLOADER_NAP_MS         86400000 /* ms that nothing is waited for, at the most */
#define UPLOADER_STOP_MS        20000    /* ms that an answer is waited for when told to stop */
#define UPLOADER_LATE_MS        900000   /* ms between two looks at a job past its deadline */
#define UPLOADER_EXPIRE_MS      259200000 /* ms from which on an unknown job is expired: three days */
#define UPLOADER_SEEK_MS        60000     /* ms between two passes over the job list, at first */
#define UPLOADER_SEEK_MAX_MS    900000    /* and at the most */
#define UPLOADER_MISMATCH_POLLS 3         /* looks more at counts that do not fit */
#define UPLOADER_MISMATCH_MS    20000     /* ms between them */
#define UPLOADER_TIDY_MS        3600000   /* ms between two looks at what is kept too long */
#define UPLOADER_GROW_AFTER     16 /* batches taken before a learned limit is doubled, 1..255 */
#define UPLOADER_REFUSED_MAX    2  /* refused batches in a row before the object is held */
#define SEEK_CANDIDATES_MAX                                                                        \
    8 /* look-alikes asked one by one in a pass, 1..255; RAM: 80 bytes each */
#define SEEK_ASKED_MAX      64 /* look-alikes that are not asked again, 1..255; RAM: 8 bytes each */
#define ADOPT_NAMES_MAX     4  /* names of outbox/ at a time; stack: 256 bytes each */
#define FAILED_ROW_CAP      4096  /* bytes of a row that is matched to errors; no RAM of its own */
#define IDS_SEEN_MAX        64    /* job ids that an answer must not repeat; RAM: 8 bytes each */
#define QUARANTINE_ROWS_MAX 20    /* bad rows of one file; the rest of it goes with the next one */
#define OUTBOX_BUF_CAP      4096  /* bytes of .open looked at in a read, 512..; RAM: once */
#define OUTBOX_SLICE        65536 /* bytes of records between two looks at max_bytes; no RAM */
#define ADD_RECORD_CAP      65536 /* bytes of one record that `add` takes; RAM: twice */
#define ADD_RUN_MAX         16    /* records of one stream before others get their turn; no RAM */
#define FLASH_LIST_CAP      2048  /* bytes of a folder read at a time, 512..; stack: once */
#define FLASH_STILL_S       5     /* s a file is left alone whose writers the kernel cannot tell */

/* program */
#define CHECK_FAULTS_MAX       100  /* faults that `check` prints; the others are counted */
#define CONFIG_OBJECTS_MAX     8    /* sections [object NAME], 1..255; RAM: 190 bytes each */
#define CONFIG_KEYS_MAX        48   /* keys of the fixed sections; RAM: 8 bytes each */
#define CONFIG_OBJECT_KEYS_MAX 8    /* keys of an object; RAM: 8 bytes each, per object */
#define CONFIG_TEXT_CAP        8192 /* texts of the configuration file together; RAM: once */
#define CONFIG_ERROR_CAP       384  /* where a configuration is wrong, in words */
#define LOG_LINE_CAP           1024 /* bytes of one message; stack: once */
#define OUT_CAP                1024 /* bytes written at a time; RAM: once for each stream */
#define OUT_SECRETS_MAX        8    /* secrets masked in whatever is written; RAM: 8 bytes each */
#define LIMIT_RATE_BATCH_S     3000 /* s in which limit_rate must let a batch through */
#define CLIENT_PEM_CAP         8192 /* client certificate chain, and its key; RAM: twice, if used */
#define SESSION_TRIES          3    /* attempts of a GET, and of an upload that made no job */
#define SESSION_PAUSE_MAX_MS   60000 /* ms a command waits for the service; longer is told */
#define SESSION_WAIT_MAX_MS    1000  /* ms between two looks at a signal that came just too early */
#define SESSION_STOP_MS        20000 /* ms after a signal to wait for an upload's answer */
#define OPEN_JOBS_MAX          16    /* jobs `upload --wait` follows at once, see open_max */
#define REASONS_MAX            5   /* reasons shown of a job's failed rows; RAM: MESSAGE_CAP each */
#define COLUMNS_MAX            128 /* columns compared with the service's; RAM: 264 bytes each */
#define HEADER_CAP             4096  /* bytes of a header row that is compared; RAM: once */
#define SCAN_CAP               16384 /* bytes of a file looked at in a read; RAM: once */
#define UPLOAD_JOURNAL_CAP                                                                         \
    4096                          /* bytes of the path of an upload's journal; RAM: as used, twice \
                                   */
#define UPLOAD_DONE_MAX    4096   /* batches of a journal looked at in a pass; RAM: 1 bit each */
#define JOB_YOUNG_MS       600000 /* ms in which a new job may still be unknown to its service */
#define SAY_HOUR_MAX       60     /* lines of one kind that the daemon says in an hour */
#define SAY_AGAIN_MS       3600000 /* ms: that hour, and to the same failure said again */
#define REPORT_PACE_MS     1000    /* ms between two writings of status_file, metrics_file */
#define RUN_WAIT_MS        600000  /* ms that `run --once` takes at the most, by default */
#define RUN_AGAIN_MS       60000   /* ms to the next try when a session cannot be had */
#define HAND_WAIT_MS       5000    /* ms that a command waits for the daemon to do as asked */
#define HAND_LOOK_MS       50      /* ms between two looks for its answer, 1..999 */
#define WAKE_SEEN_MAX      32      /* callbacks known when they come again; RAM: 8 bytes each */
#define WAKE_BURST_MAX     8       /* datagrams the daemon reads before it sees to the rest */
#define CALLBACK_BODY_MAX  65536   /* bytes of a callback's body; no RAM: it streams */
#define CALLBACK_READ_MS   30000   /* ms for all of it */
#define SIGNATURE_KEYS_MAX 2       /* keys that may sign callbacks; RAM: 710 bytes each */

#if TRUST_CHUNK_CAP + 2048 > EXCHANGE_TX_CAP
#error "TRUST_CHUNK_CAP leaves no room for a root"
#endif
#if BOUNDARY_LEN < 16 || BOUNDARY_LEN > 70
#error "BOUNDARY_LEN must be 16..70 (RFC 2046)"
#endif
#if JSON_DEPTH_MAX > 32
#error "JSON_DEPTH_MAX must fit the 32 bits of json_items' stack"
#endif

#endif
