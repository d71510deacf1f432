/* What follows from each end of a call. The wanted actions are written down from the spool page,
 * "Requests and failures", by the names of errors and by statuses; replies go through the real
 * bulk. */
#include "sync/retry.h"

#include "fake_exchange.h"
#include "limits.h"

#include <stdio.h>

#define MINUTE 60000u
#define HOUR   3600000u

static const struct exchange_options OPTIONS = {.attempt_ms = 3900000};

/* Ends of a call without any status. */
static const struct group {
    const char *names;
    enum retry_action unsent, shut, get_unsent, get_sent; /* of a POST; of a GET */
} GROUPS[] = {
    {"DNS DNS_DEADLINE CONNECT CONNECT_DEADLINE NETWORK CLOSED PROXY HANDSHAKE_DEADLINE "
     "IDLE_DEADLINE ANSWER_DEADLINE ATTEMPT_DEADLINE ENTROPY CANCELLED CLOCK TLS_HANDSHAKE "
     "TLS_RECORD TLS_MEMORY TLS_NAME TLS_UNKNOWN_CA TLS_CHAIN_INCOMPLETE TLS_EXPIRED TLS_FUTURE "
     "TLS_WEAK TLS_USAGE TLS_PIN TLS_INVALID HTTP_STATUS_LINE HTTP_HEADER HTTP_LENGTH HTTP_CHUNK "
     "HTTP_LIMIT HTTP_INTERIM HTTP_TRUNCATED JSON_SYNTAX JSON_DEPTH JSON_TOO_LARGE REPLY_SHAPE "
     "JOB_ID RATE_LIMITED SERVICE OUTCOME_UNKNOWN UNSENT",
     RETRY_WAIT, RETRY_AGAIN, RETRY_WAIT, RETRY_WAIT},
    {"PROXY_CREDENTIALS CREDENTIALS_MISSING CREDENTIALS_OPEN CREDENTIALS_FORM UNAUTHORIZED "
     "FORBIDDEN SIGNATURE",
     RETRY_CREDENTIALS, RETRY_CREDENTIALS, RETRY_CREDENTIALS, RETRY_CREDENTIALS},
    {"FILE_OPEN FILE_KIND FILE_READ SOURCE_CHANGED CSV_EMPTY CSV_UTF16 CSV_UTF8 CSV_NUL CSV_QUOTE "
     "CSV_UNCLOSED CSV_CR CSV_FIELDS CSV_TOO_LONG CSV_FAULTS COLUMNS FLASH_NONE FLASH_READ",
     RETRY_HOLD_BATCH, RETRY_HOLD_BATCH, RETRY_GIVE_UP, RETRY_WAIT},
    {"OBJECT_NAME OBJECT_VERB OBJECT_UNKNOWN METADATA VALUE NO_ROOM", RETRY_HOLD_OBJECT,
     RETRY_HOLD_OBJECT, RETRY_GIVE_UP, RETRY_WAIT},
    /* the last: what no call can end with, and faults of ours and of the configuration */
    {"", RETRY_GIVE_UP, RETRY_GIVE_UP, RETRY_GIVE_UP, RETRY_WAIT},
};

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word)) {
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}

static void hold(const char *name, const char *where, struct retry_case c, enum retry_action want)
{
    enum retry_action got = retry_of(&c);

    if (got != want) {
        fail_msg("%s, %s: action %d, not %d", name, where, got, want);
    }
}

static void every_error_has_one_action(void **state)
{
    (void)state;
    for (int err = -1; err >= -ERR_COUNT; err--) {
        const struct group *g = GROUPS, *last = &GROUPS[COUNT(GROUPS) - 1];
        const char *name = err_name(err);

        while (g < last && !has_word(g->names, name)) {
            g++;
        }
        struct retry_case c = {.upload = true, .err = err};

        hold(name, "nothing of the POST sent", c, g->unsent);
        c.begun = true;
        c.body_timeouts = 1;
        hold(name, "cut in the body", c, g->shut);
        c.gate_open = true;
        hold(name, "the gate open", c, RETRY_UNKNOWN);
        c = (struct retry_case){.err = err};
        hold(name, "nothing of the GET sent", c, g->get_unsent);
        c.begun = true;
        hold(name, "the GET sent", c, g->get_sent);
    }
}

static const struct status_row {
    unsigned from, to;
    enum retry_action shut, open; /* the first row that has a status is its own */
} STATUSES[] = {
    {100, 199, RETRY_AGAIN, RETRY_UNKNOWN}, /* no reply yet, and none came */
    {200, 299, RETRY_AGAIN, RETRY_UNKNOWN}, /* early, or unreadable */
    {400, 400, RETRY_SPLIT, RETRY_SPLIT},
    {401, 401, RETRY_CREDENTIALS, RETRY_CREDENTIALS},
    {403, 403, RETRY_CREDENTIALS, RETRY_CREDENTIALS},
    {408, 408, RETRY_VOID, RETRY_UNKNOWN},
    {409, 409, RETRY_SPLIT, RETRY_SPLIT},
    {413, 413, RETRY_HALVE, RETRY_HALVE},
    {422, 422, RETRY_SPLIT, RETRY_SPLIT},
    {429, 429, RETRY_VOID, RETRY_VOID},
    {300, 499, RETRY_HOLD_OBJECT, RETRY_HOLD_OBJECT}, /* 3xx, 404, 405, 406, 415, and the rest */
    {500, 599, RETRY_VOID, RETRY_UNKNOWN},
};

/* The case of one upload that is answered so. */
static struct retry_case answered(const char *reply, bool gate)
{
    const struct attempt a = {.reply = reply, .gate = gate};

    begin(&a, 1);
    b.x.options = &OPTIONS;
    (void)upload();
    b.x.attempt_ms = NOW.mono_ms + OPTIONS.attempt_ms;
    return retry_case_of(&b, &NOW);
}

static struct retry_case polled(const char *reply)
{
    const struct attempt a = {.reply = reply};

    begin(&a, 1);
    b.x.options = &OPTIONS;
    (void)finish_call(bulk_status(&b, "1234", &NOW));
    return retry_case_of(&b, &NOW);
}

static void every_status_has_one_action(void **state)
{
    (void)state;
    for (unsigned status = 100; status <= 599; status++) {
        const struct status_row *row = STATUSES;
        char reply[80];

        while (status < row->from || status > row->to) {
            row++;
        }
        snprintf(reply, sizeof reply, "HTTP/1.1 %u X\r\nContent-Length: 0\r\n\r\n", status);
        struct retry_case shut = answered(reply, false), open = answered(reply, true);

        hold(reply, "the gate shut", shut, row->shut);
        hold(reply, "the gate open", open, row->open);
        /* a complete 4xx or 5xx before the gate opened is VOID first, and no job was made */
        assert_int_equal(retry_refused(&shut), status >= 300);
        assert_int_equal(retry_refused(&open), status >= 300 && status < 500 && status != 408);
        hold(reply, "a GET", polled(reply),
             status == 401 || status == 403 ? RETRY_CREDENTIALS : RETRY_WAIT);
    }
}

static void what_went_well_is_done(void **state)
{
    (void)state;
    hold("200", "", answered(CREATED, true), RETRY_DONE);
    hold("200", "", polled(BODY("200 OK", 32, "{\"id\":\"1234\",\"status\":\"RUNNING\"}")),
         RETRY_DONE);
}

/* The call before says nothing of one that could not be started. */
static void what_was_not_begun_was_not_sent(void **state)
{
    struct bulk_upload up = {.object = "jobs", .name = "f.csv"};

    (void)state;
    for (int gate = 0; gate < 2; gate++) {
        hold("200", "", answered(gate ? CREATED : BODY("503 Later", 0, ""), gate),
             gate ? RETRY_DONE : RETRY_VOID);
        int err = bulk_upload(&b, &up, &NOW);
        struct retry_case c = retry_case_of(&b, &NOW);

        assert_int_equal(err, ERR_OBJECT_VERB);
        assert_false(c.begun || c.gate_open || c.hour || retry_refused(&c));
        c.err = ERR_ENTROPY;
        hold("ENTROPY", "not begun", c, RETRY_WAIT);
        c.err = err;
        hold("OBJECT_VERB", "not begun", c, RETRY_HOLD_OBJECT);
    }
}

static void credentials_are_read_again_once(void **state)
{
    struct retry_case c = answered(BODY("401 No", 0, ""), false);

    (void)state;
    c.credentials_fresh = true;
    hold("401", "again", c, RETRY_HOLD_ACCOUNT);
    c = answered(BODY("403 No", 0, ""), true);
    c.credentials_fresh = true;
    hold("403", "again", c, RETRY_HOLD_ACCOUNT);
    c = polled(BODY("401 No", 0, ""));
    c.credentials_fresh = true;
    hold("401", "a GET again", c, RETRY_WAIT);
    c = (struct retry_case){
        .upload = true, .err = ERR_PROXY_CREDENTIALS, .credentials_fresh = true};
    hold("407", "again", c, RETRY_WAIT); /* nothing was sent: nothing is written */
}

static void a_conflict_after_a_commit_is_held(void **state)
{
    struct retry_case c = answered(BODY("409 No", 0, ""), false);

    (void)state;
    c.committed_before = true;
    hold("409", "after a commit", c, RETRY_HOLD_BATCH);
}

/* One attempt of a batch after the other; 'b' cut, 't' time-out in the body, 'l' no link, '4' 408,
 * 'r' 429, 'R' 429 with Retry-After. The last one halves, or not. */
static void what_halves_comes_in_a_row(void **state)
{
    static const struct {
        const char *what;
        bool halves;
    } rows[] = {
        {"t", false},     {"tt", true},    {"tbt", false},  {"tlt", true},    {"t4", true},
        {"4", false},     {"44", true},    {"ttb", false},  {"ttr", false},   {"r", false},
        {"rr", false},    {"rrr", true},   {"rRr", false},  {"rrR", false},   {"rrRrr", false},
        {"rrlr", true},   {"rrbr", false}, {"RRRR", false}, {"rrRrrr", true}, {"lllll", false},
        {"bbbbb", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct retry_run run = {0};
        struct retry_case c = {0};

        for (const char *at = rows[i].what; *at != '\0'; at++) {
            c = *at == '4'   ? answered(BODY("408 Late", 0, ""), false)
                : *at == 'r' ? answered(BODY("429 Slow", 0, ""), false)
                : *at == 'R' ? answered(HEAD("429 Slow") "Retry-After: 9\r\n\r\n", false)
                             : (struct retry_case){.upload = true, .begun = *at != 'l'};
            c.err = *at == 't'   ? ERR_IDLE_DEADLINE
                    : *at == 'b' ? ERR_NETWORK
                    : *at == 'l' ? ERR_CONNECT
                                 : c.err;
            retry_count(&run, &c);
        }
        if ((retry_of(&c) == RETRY_HALVE) != rows[i].halves) {
            fail_msg("%s: action %d", rows[i].what, retry_of(&c));
        }
    }
}

static void counts_do_not_wrap(void **state)
{
    struct retry_run run = {0};

    (void)state;
    for (int i = 0; i < 600; i++) {
        struct retry_case c = answered(BODY("429 Slow", 0, ""), false);

        retry_count(&run, &c);
        assert_int_equal(retry_of(&c), i < 2 ? RETRY_VOID : RETRY_HALVE);
    }
}

/* The service ends a transfer after 3,600 s, and says 429 to it. */
static void a_transfer_of_an_hour_is_halved(void **state)
{
    static const char *const reply[] = {BODY("429 Long", 0, ""), BODY("408 Long", 0, ""),
                                        BODY("503 Long", 0, "")};
    struct now now = NOW;

    (void)state;
    for (size_t i = 0; i < COUNT(reply); i++) {
        (void)answered(reply[i], false);
        now.mono_ms = NOW.mono_ms + HOUR - 1;
        hold(reply[i], "just under the hour", retry_case_of(&b, &now), RETRY_VOID);
        now.mono_ms++;
        hold(reply[i], "at the hour", retry_case_of(&b, &now), RETRY_HALVE);
    }
    hold("cut", "at the hour",
         (struct retry_case){.upload = true, .err = ERR_NETWORK, .begun = true, .hour = true},
         RETRY_HALVE);
    (void)answered(BODY("400 No", 0, ""), false);
    hold("400", "at the hour", retry_case_of(&b, &now), RETRY_SPLIT);
}

/* What the command line has always tried again by itself. */
static void a_command_tries_passing_failures_again(void **state)
{
    (void)state;
    for (int err = -1; err >= -ERR_COUNT; err--) {
        bool passing = err_class(err) == CLASS_TEMPORARY && err != ERR_CANCELLED;

        for (unsigned i = 0; i < 4; i++) {
            struct retry_case c = {
                .err = err, .upload = i / 2 == 1, .begun = i % 2 == 1, .body_timeouts = 2};

            assert_int_equal(retry_soon(&c), passing);
            c.gate_open = c.upload;
            assert_int_equal(retry_soon(&c), passing && !c.upload);
        }
    }
    struct retry_case c = answered(BODY("503 Later", 0, ""), false);

    assert_true(retry_soon(&c));
    c = answered(BODY("503 Later", 0, ""), true);
    assert_false(retry_soon(&c));
    c = answered(BODY("413 Large", 0, ""), false);
    assert_false(retry_soon(&c));
}

/* Pauses */

static uint64_t seed = 88172645463325252u;

static uint32_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 16);
}

static const struct retry_case CUT = {.upload = true, .err = ERR_NETWORK, .begun = true};
static const struct retry_case UNHEARD = {.upload = true, .err = ERR_DNS};
static const struct retry_case POLL = {.err = ERR_SERVICE, .status = 500, .begun = true};

/* Chi-square over 20 equal parts of [0, most); 19 degrees of freedom: 43.8 is passed by one run in
 * a thousand, and this one is always the same. */
static void hold_uniform(const unsigned *count, unsigned n)
{
    double want = n / 20.0, sum = 0;

    for (int i = 0; i < 20; i++) {
        sum += (count[i] - want) * (count[i] - want) / want;
    }
    assert_true(sum < 43.8);
}

/* Three months without a way out. */
static void pauses_grow_to_a_quarter_of_an_hour_and_still_jitter(void **state)
{
    struct retry r = {0};
    uint64_t now_ms = 0, end_ms = 90ull * 24 * HOUR;
    unsigned count[20] = {0}, n = 0;

    (void)state;
    for (unsigned tries = 0; now_ms < end_ms; tries++) {
        uint32_t most = tries < 10 ? 1000u << tries : 15 * MINUTE;
        uint32_t pause = retry_failed(&r, &CUT, now_ms, any());

        assert_true(pause < most);
        assert_int_equal(retry_from_ms(&r, true), now_ms + pause);
        if (tries >= 10) {
            count[(uint64_t)pause * 20 / most]++;
            n++;
        }
        now_ms += pause;
    }
    assert_true(n > 10000); /* 7.5 minutes on average */
    hold_uniform(count, n);
}

/* A power cut's end: a thousand devices fail for the first time at the same moment. */
static void devices_do_not_come_back_together(void **state)
{
    unsigned count[20] = {0};

    (void)state;
    for (int i = 0; i < 10000; i++) {
        struct retry r = {0};
        uint32_t pause = retry_failed(&r, &CUT, 0, any());

        assert_true(pause < 1000);
        count[pause / 50]++;
    }
    hold_uniform(count, 10000);
}

/* C38: both forms of Retry-After, by the reply's own Date; the device's clock is years off. */
static void the_services_pause_is_kept_by_all_requests(void **state)
{
#define DATED(value)                                                                               \
    HEAD("429 Slow") "Date: Wed, 25 Nov 2026 03:28:00 GMT\r\nRetry-After: " value "\r\n\r\n"
    static const struct {
        const char *reply;
        uint32_t rest_ms; /* 0: none was named */
        bool flash;
    } rows[] = {
        {DATED("Wed, 25 Nov 2026 03:30:00 GMT"), 120000, true},
        {DATED("120"), 120000, true},
        {DATED("0"), 1000, false},
        {DATED("60"), 60000, false},
        {DATED("61"), 61000, true},
        {DATED("-5"), 0, false},
        {DATED("soon"), 0, false},
        {DATED("99999999999"), HOUR, true},
        {DATED("Wed, 25 Nov 2026 03:00:00 GMT"), 1000, false},
        {BODY("429 Slow", 0, ""), 0, false},
        {HEAD("503 Later") "Retry-After: 120\r\n\r\n", 120000, true},
    };

    (void)state;
    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        const char *reply = rows[i / 2].reply;
        uint32_t rest_ms = rows[i / 2].rest_ms;
        struct retry_case c = i % 2 == 0 ? answered(reply, false) : polled(reply);
        struct retry r = {0};
        uint32_t pause = retry_failed(&r, &c, 5000, any());

        assert_int_equal(c.retry_after_ms, rest_ms);
        assert_true(pause >= rest_ms && pause < rest_ms + 1000);
        assert_int_equal(retry_to_flash(&c), rows[i / 2].flash);
        for (int upload = 0; upload < 2; upload++) {
            uint64_t from_ms = retry_from_ms(&r, upload);

            assert_int_equal(from_ms, rest_ms > 0 || upload == c.upload ? 5000 + pause : 0);
        }
        retry_succeeded(&r, true); /* what was named holds all the same */
        assert_int_equal(retry_from_ms(&r, true), rest_ms > 0 ? 5000 + pause : 0);
    }
}

static void a_look_does_not_hurry_a_refused_upload(void **state)
{
    struct retry r = {0};

    (void)state;
    for (int i = 0; i < 5; i++) {
        (void)retry_failed(&r, &CUT, 0, UINT32_MAX);
    }
    assert_int_equal(retry_from_ms(&r, true), 15999);
    assert_int_equal(retry_from_ms(&r, false), 0);
    retry_succeeded(&r, false);
    assert_int_equal(retry_from_ms(&r, true), 15999);
    assert_int_equal(retry_failed(&r, &POLL, 0, UINT32_MAX), 999);
    retry_succeeded(&r, true);
    assert_int_equal(retry_from_ms(&r, true), 0);
    assert_int_equal(retry_from_ms(&r, false), 0);
    assert_int_equal(retry_failed(&r, &CUT, 0, UINT32_MAX), 999);
}

static void a_look_that_succeeds_shows_that_there_is_a_way(void **state)
{
    struct retry r = {0};

    (void)state;
    for (int i = 0; i < 5; i++) {
        (void)retry_failed(&r, &UNHEARD, 0, UINT32_MAX);
    }
    assert_int_equal(retry_from_ms(&r, true), 15999);
    retry_succeeded(&r, false);
    assert_int_equal(retry_from_ms(&r, true), 0);
}

static void a_pause_on_flash_survives_a_restart(void **state)
{
    static const struct {
        int64_t until_ms, written_ms, now_ms;
        uint32_t left_ms;
    } rows[] = {
        {1000000, 700000, 800000, 200000}, /* the rest of it */
        {1000000, 700000, 1000000, 0},
        {1000000, 700000, 2000000, 0},
        {1000000, 700000, -1, 300000}, /* nobody knows the time: whole again */
        {1000000, -1, -1, HOUR},       /* nor how long it was */
        {-1, -1, 5000, HOUR},
        {1000000, -1, 900000, 100000},
        {INT64_MAX, 0, -1, HOUR}, /* an hour at most */
        {INT64_MAX, 0, 5000, HOUR},
        {1000000, 2000000, -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct retry r = {0};
        uint32_t left_ms = retry_left_ms(rows[i].until_ms, rows[i].written_ms, rows[i].now_ms);

        assert_int_equal(left_ms, rows[i].left_ms);
        retry_rest(&r, left_ms, 7000);
        assert_int_equal(retry_from_ms(&r, false), 7000 + left_ms);
        assert_int_equal(retry_from_ms(&r, true), 7000 + left_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_one_action),
        cmocka_unit_test(every_status_has_one_action),
        cmocka_unit_test(what_went_well_is_done),
        cmocka_unit_test(what_was_not_begun_was_not_sent),
        cmocka_unit_test(credentials_are_read_again_once),
        cmocka_unit_test(a_conflict_after_a_commit_is_held),
        cmocka_unit_test(what_halves_comes_in_a_row),
        cmocka_unit_test(counts_do_not_wrap),
        cmocka_unit_test(a_transfer_of_an_hour_is_halved),
        cmocka_unit_test(a_command_tries_passing_failures_again),
        cmocka_unit_test(pauses_grow_to_a_quarter_of_an_hour_and_still_jitter),
        cmocka_unit_test(devices_do_not_come_back_together),
        cmocka_unit_test(the_services_pause_is_kept_by_all_requests),
        cmocka_unit_test(a_look_does_not_hurry_a_refused_upload),
        cmocka_unit_test(a_look_that_succeeds_shows_that_there_is_a_way),
        cmocka_unit_test(a_pause_on_flash_survives_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
