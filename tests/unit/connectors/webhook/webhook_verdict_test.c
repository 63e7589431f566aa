// What each answer, and each lack of one, is judged to be.
#include "connectors/webhook/webhook_verdict.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <curl/curl.h>
#include <string.h>

static struct webhook_judgement of_status(long status, int curl)
{
    return webhook_verdict_of(
        &(struct webhook_facts){.status = status, .curl = curl, .sent = true});
}

static void only_2xx_is_sent(void **state)
{
    (void)state;
    for (long status = 200; status < 600; status++) {
        struct webhook_judgement judged = of_status(status, CURLE_OK);
        enum outcome wanted = status < 300    ? OUTCOME_SENT
                              : status == 410 ? OUTCOME_REJECTED
                                              : OUTCOME_RETRY;
        assert_int_equal(judged.outcome, wanted);
        assert_int_equal(judged.code, status);
        assert_false(judged.ambiguous || judged.configuration);
    }
}

static void a_status_counts_although_the_rest_is_missing(void **state)
{
    (void)state;
    static const int broken[] = {CURLE_OPERATION_TIMEDOUT, CURLE_WRITE_ERROR, CURLE_RECV_ERROR,
                                 CURLE_PARTIAL_FILE};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_int_equal(of_status(200, broken[i]).outcome, OUTCOME_SENT);
        assert_int_equal(of_status(410, broken[i]).outcome, OUTCOME_REJECTED);
    }
    // A provisional answer is none.
    assert_int_equal(of_status(100, CURLE_OPERATION_TIMEDOUT).outcome, OUTCOME_RETRY);
    assert_int_equal(of_status(100, CURLE_OPERATION_TIMEDOUT).code, 0);
}

static void overload_slows_down(void **state)
{
    (void)state;
    static const long slow[] = {429, 502, 503, 504};
    for (size_t i = 0; i < sizeof slow / sizeof slow[0]; i++) {
        assert_true(of_status(slow[i], CURLE_OK).slow_down);
    }
    assert_false(of_status(500, CURLE_OK).slow_down || of_status(404, CURLE_OK).slow_down);
}

static void what_is_asked_for_is_bounded(void **state)
{
    (void)state;
    struct webhook_facts facts = {.status = 429, .retry_after_s = 30};
    assert_int_equal(webhook_verdict_of(&facts).wait_s, 30);
    facts.retry_after_s = 1000000000;
    assert_int_equal(webhook_verdict_of(&facts).wait_s, WEBHOOK_RETRY_AFTER_S_MAX);
    facts.retry_after_s = -5;
    assert_int_equal(webhook_verdict_of(&facts).wait_s, 0);
    facts = (struct webhook_facts){.status = 200, .retry_after_s = 30};
    assert_int_equal(webhook_verdict_of(&facts).wait_s, 0);
}

static void no_answer_is_tried_again(void **state)
{
    (void)state;
    static const int broken[] = {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
                                 CURLE_OPERATION_TIMEDOUT,   CURLE_PEER_FAILED_VERIFICATION,
                                 CURLE_SSL_CONNECT_ERROR,    CURLE_SSL_CACERT_BADFILE,
                                 CURLE_GOT_NOTHING,          CURLE_WEIRD_SERVER_REPLY};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct webhook_judgement judged =
            webhook_verdict_of(&(struct webhook_facts){.curl = broken[i]});
        assert_int_equal(judged.outcome, OUTCOME_RETRY);
        assert_true(judged.slow_down && judged.code == 0 && strlen(judged.words) > 0);
        assert_int_equal(judged.configuration, broken[i] == CURLE_SSL_CACERT_BADFILE);
        assert_false(judged.ambiguous);
    }
    assert_true(of_status(0, CURLE_OPERATION_TIMEDOUT).ambiguous);
}

static void an_address_of_ours_is_refused_for_good(void **state)
{
    (void)state;
    struct webhook_judgement judged = webhook_verdict_of(
        &(struct webhook_facts){.curl = CURLE_COULDNT_CONNECT, .forbidden = true});
    assert_int_equal(judged.outcome, OUTCOME_REJECTED);
    // Another address of the same name may have answered.
    judged = webhook_verdict_of(&(struct webhook_facts){.status = 200, .forbidden = true});
    assert_int_equal(judged.outcome, OUTCOME_SENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_2xx_is_sent),
        cmocka_unit_test(a_status_counts_although_the_rest_is_missing),
        cmocka_unit_test(overload_slows_down),
        cmocka_unit_test(what_is_asked_for_is_bounded),
        cmocka_unit_test(no_answer_is_tried_again),
        cmocka_unit_test(an_address_of_ours_is_refused_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
