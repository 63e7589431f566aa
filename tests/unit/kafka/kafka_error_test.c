// Classes of librdkafka's errors.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kafka/kafka_error.h"

#include <librdkafka/rdkafka.h>

#include <string.h>

static void codes_have_classes(void **state)
{
    (void)state;
    static const struct {
        rd_kafka_resp_err_t error;
        enum sg_class class;
    } cases[] = {
        {RD_KAFKA_RESP_ERR_NO_ERROR, SG_OK},
        {RD_KAFKA_RESP_ERR__TRANSPORT, SG_RETRY},
        {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, SG_RETRY},
        {RD_KAFKA_RESP_ERR__TIMED_OUT, SG_RETRY},
        {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, SG_RETRY},
        {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, SG_RETRY},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, SG_DROP},
        {RD_KAFKA_RESP_ERR__FENCED, SG_FATAL},
        {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, SG_FATAL},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, SG_FATAL},
        {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, SG_FATAL},
        {RD_KAFKA_RESP_ERR_INVALID_CONFIG, SG_FATAL},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION, SG_FATAL},
        {RD_KAFKA_RESP_ERR_UNKNOWN, SG_FATAL},
        {(rd_kafka_resp_err_t)9999, SG_FATAL}, // Of a broker newer than this program.
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sg_result result = kafka_result((int)cases[i].error, "asking");
        assert_int_equal(result.class, cases[i].class);
        assert_int_equal(result.code, cases[i].error);
    }
}

static void the_reason_names_the_error(void **state)
{
    (void)state;
    sg_ignore(kafka_result(RD_KAFKA_RESP_ERR_NOT_COORDINATOR, "asking for positions"));
    assert_non_null(strstr(sg_reason(), "asking for positions"));
    assert_non_null(strstr(sg_reason(), "NOT_COORDINATOR"));
}

static void who_is_fenced_is_told_by_whom(void **state)
{
    (void)state;
    sg_ignore(kafka_result(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "consumer"));
    assert_non_null(strstr(sg_reason(), "another process with the same run.instance"));
    rd_kafka_error_t *error = rd_kafka_error_new(RD_KAFKA_RESP_ERR__FENCED, "fenced");
    assert_int_equal(kafka_result_of(&error, "committing").class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "kafka.transaction_timeout"));
}

static void no_object_is_a_success(void **state)
{
    (void)state;
    rd_kafka_error_t *error = NULL;
    assert_true(sg_is_ok(kafka_result_of(&error, "committing")));
}

static void an_object_without_flags_is_fatal(void **state)
{
    (void)state;
    rd_kafka_error_t *error = rd_kafka_error_new(RD_KAFKA_RESP_ERR__STATE, "no transaction");
    sg_result result = kafka_result_of(&error, "committing");
    assert_int_equal(result.class, SG_FATAL);
    assert_null(error);
    assert_non_null(strstr(sg_reason(), "committing: no transaction"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_classes),
        cmocka_unit_test(the_reason_names_the_error),
        cmocka_unit_test(who_is_fenced_is_told_by_whom),
        cmocka_unit_test(no_object_is_a_success),
        cmocka_unit_test(an_object_without_flags_is_fatal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
