/* Where a call failed, in words: what belongs to it, and nothing of an earlier one. */
#include "base/err.h"
#include "linux/session_say.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

static struct session s;
static struct config config;

/* All that earlier calls can have left, beside what belongs to the last one. */
static void begin(void)
{
    memset(&s, 0, sizeof s);
    s.exchange.authority = "h:443";
    config.service.ca_file = "/etc/own.pem";
    s.config = &config;
    s.sockets.sys = ECONNREFUSED;
    s.bulk.x.tls.code = -0x7780;
    s.bulk.x.tunnel.status = 502;
    strcpy(s.bulk.x.tls.report.detail, "issuer X");
    strcpy(s.bulk.location, "https://portal.example.com/");
}

static const struct row {
    int err, cause;
    uint16_t status;
    const char *want;
} ROWS[] = {
    {ERR_DNS, 0, 0, "h:443"},
    {ERR_CONNECT, 0, 0, "h:443: Connection refused"},
    {ERR_CONNECT_DEADLINE, 0, 0, "h:443"},
    {ERR_NETWORK, 0, 0, "h:443"},
    {ERR_PROXY, 0, 0, "h:443: HTTP 502"},
    {ERR_TLS_UNKNOWN_CA, 0, 0, "h:443: issuer X"},
    {ERR_TLS_PIN, 0, 0, "h:443: issuer X"},
    {ERR_CLOCK, 0, 0, "h:443: issuer X"},
    {ERR_CA_FILE, 0, 0, "h:443: /etc/own.pem: issuer X"},
    {ERR_TLS_HANDSHAKE, 0, 0, "h:443: mbedTLS error -0x7780"},
    {ERR_TLS_RECORD, 0, 0, "h:443: mbedTLS error -0x7780"},
    {ERR_BAD_REQUEST, 0, 400, "h:443, HTTP 400"},
    {ERR_REDIRECTED, 0, 302, "h:443, HTTP 302, to https://portal.example.com/"},
    {ERR_OUTCOME_UNKNOWN, ERR_NETWORK, 0, "h:443, because the connection broke"},
    {ERR_OUTCOME_UNKNOWN, ERR_TLS_RECORD, 0,
     "h:443: mbedTLS error -0x7780, because a damaged or oversized TLS record"},
    {ERR_OUTCOME_UNKNOWN, ERR_SERVICE, 500, "h:443, HTTP 500, because the service has a fault"},
};

static void test_what_belongs_to_the_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        begin();
        s.bulk.cause = ROWS[i].cause;
        s.bulk.status = ROWS[i].status;
        session_say_where(&s, ROWS[i].err);
        assert_string_equal(s.where.text, ROWS[i].want);
    }
}

static void test_what_the_service_says(void **state)
{
    (void)state;
    begin();
    s.bulk.status = 429;
    s.bulk.retry_after_ms = 7000;
    strcpy(s.bulk.job.message, "slow down");
    strcpy(s.bulk.request_id, "r1");
    s.exchange.proxy_host = "p";
    session_say_where(&s, ERR_RATE_LIMITED);
    assert_string_equal(s.where.text, "through the proxy to h:443, HTTP 429, it says: slow down, "
                                      "request id r1, it asks for 7 s of rest");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_belongs_to_the_error),
        cmocka_unit_test(test_what_the_service_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
