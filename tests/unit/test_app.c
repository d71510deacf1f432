/* Which of several errors a run ends with. */
#include "base/err.h"
#include "base/stream.h"
#include "linux/app.h"
#include "linux/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Worst first: as the design has it, and where it says nothing, what needs a hand before what
 * passes by itself. */
static const struct {
    int err, code;
} ORDER[] = {
    {ERR_INTERNAL, 1},    {ERR_FILE_WRITE, 12}, {ERR_OUTCOME_UNKNOWN, 9}, {ERR_UNAUTHORIZED, 7},
    {ERR_TLS_EXPIRED, 8}, {ERR_REDIRECTED, 2},  {ERR_SOURCE_CHANGED, 6},  {ERR_JOB_FAILED, 4},
    {ERR_NOT_SENT, 3},    {ERR_NETWORK, 5},     {ERR_STILL_RUNNING, 10},
};

static void test_the_worse_of_two(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ORDER); i++) {
        assert_int_equal(exit_of(ORDER[i].err), ORDER[i].code);
        assert_int_equal(exit_worse(ORDER[i].err, 0), ORDER[i].err);
        assert_int_equal(exit_worse(0, ORDER[i].err), ORDER[i].err);
        for (size_t k = i + 1; k < COUNT(ORDER); k++) {
            assert_int_equal(exit_worse(ORDER[i].err, ORDER[k].err), ORDER[i].err);
            assert_int_equal(exit_worse(ORDER[k].err, ORDER[i].err), ORDER[i].err);
        }
    }
    assert_int_equal(exit_worse(0, 0), 0);
    assert_int_equal(exit_worse(ERR_JOB_FAILED, ERR_BAD_REQUEST), ERR_JOB_FAILED); /* the first */
    assert_int_equal(exit_of(0), 0);
}

/* Every error has an exit code of the table, and none but ERR_WAIT that of success. */
static void test_every_error_has_its_code(void **state)
{
    (void)state;
    for (int at = 0; at < ERR_COUNT; at++) {
        int err = -1 - at, code = exit_of(err);

        if (code < 0 || code > 12 || (code == 0) != (err == ERR_WAIT)) {
            fail_msg("%s exits %d", err_name(err), code);
        }
    }
}

/* What is told of a failure is told of one and the same. */
static void test_the_answer_belongs_to_its_error(void **state)
{
    static struct app a;

    (void)state;
    log_begin(LOG_AT_ERROR, false);
    out_init(&a.out, -1);
    a.session.begun = true;
    a.session.bulk.status = 500;
    (void)app_fail_call(&a, ERR_OUTCOME_UNKNOWN, "first", NULL);
    a.session.bulk.status = 400;
    (void)app_fail_call(&a, ERR_BAD_REQUEST, "second", NULL); /* less bad */
    (void)app_fail_call(&a, ERR_OUTCOME_UNKNOWN, "third", NULL);
    assert_int_equal(a.err, ERR_OUTCOME_UNKNOWN);
    assert_string_equal(a.where.text, "first");
    assert_int_equal(a.http_status, 500);
    (void)app_fail(&a, ERR_FILE_WRITE, "file", "fix");
    assert_string_equal(a.where.text, "file");
    assert_string_equal(a.fix.text, "fix");
    assert_int_equal(a.http_status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_worse_of_two),
        cmocka_unit_test(test_every_error_has_its_code),
        cmocka_unit_test(test_the_answer_belongs_to_its_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
