// What becomes of a transaction when a broker answers with an error.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kafka/producer_state.h"
#include "core/service/clock.h"
#include "mock_kafka.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <stdio.h>
#include <string.h>

enum {
    API_PRODUCE = 0,
    API_FIND_COORDINATOR = 10,
    API_ADD_PARTITIONS = 24,
    API_END_TXN = 26,
    API_OFFSET_COMMIT = 28
};
enum { NAME_BYTES = 64, ASK_MS = 5000, MICROSECONDS = 1000, ASKED_IN_VAIN = 3 };

struct fixture {
    struct mock_kafka mock;
    struct kafka_producer *producer;
    struct kafka_consumer *consumer;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.producer = NULL};
    mock_kafka_start(&fixture.mock);
    fixture.producer = mock_kafka_producer(&fixture.mock, "tx");
    const struct kafka_consumer_config config = {.kafka = &fixture.mock.settings, .group = "g"};
    *state = &fixture;
    return sg_is_ok(kafka_consumer_open(&config, &fixture.consumer)) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    kafka_consumer_drop(&fixture->consumer);
    kafka_producer_close(&fixture->producer);
    mock_kafka_end(&fixture->mock);
    return 0;
}

static void assert_class(sg_result result, enum sg_class class)
{
    if (result.class != class) {
        fail_msg("%s, not %s: %s", sg_class_name(result.class), sg_class_name(class),
                 sg_is_ok(result) ? "" : sg_reason());
    }
}

static sg_result send_position(struct fixture *fixture)
{
    const struct kafka_position position = {
        .topic = "t", .partition = 0, .offset = 1, .metadata = "m"};
    return kafka_producer_send_offsets(fixture->producer, fixture->consumer, &position, 1);
}

static sg_result run_transaction(struct fixture *fixture)
{
    SG_TRY(kafka_producer_begin(fixture->producer));
    SG_TRY(mock_kafka_send(fixture->producer, 0));
    SG_TRY(send_position(fixture));
    return kafka_producer_commit(fixture->producer);
}

// The transaction fails with ABORT at some call, is aborted, and the next one succeeds. Between
// them nothing of the failure is left: a loop that polls and has nothing to send would abort for
// ever.
static void assert_aborts_and_goes_on(struct fixture *fixture)
{
    assert_class(run_transaction(fixture), SG_ABORT);
    assert_class(kafka_producer_abort(fixture->producer), SG_OK);
    assert_class(kafka_producer_poll(fixture->producer), SG_OK);
    assert_class(run_transaction(fixture), SG_OK);
}

static void commits(void **state)
{
    assert_class(run_transaction(*state), SG_OK);
    assert_class(run_transaction(*state), SG_OK);
}

static void a_refused_record_aborts(void **state)
{
    struct fixture *fixture = *state;
    mock_kafka_fail(&fixture->mock, API_PRODUCE, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, 1);
    assert_aborts_and_goes_on(fixture);
}

// Aborting later than the broker's own end of the transaction is taken for fencing.
static void a_record_that_waits_for_a_leader_aborts_in_time(void **state)
{
    struct fixture *fixture = *state;
    mock_kafka_fail(&fixture->mock, API_PRODUCE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 1000);
    int64_t limit_us =
        clock_monotonic_us() + fixture->mock.settings.transaction_timeout_ms * MICROSECONDS;
    assert_class(run_transaction(fixture), SG_ABORT);
    assert_class(kafka_producer_abort(fixture->producer), SG_OK);
    assert_true(clock_monotonic_us() < limit_us);
    mock_kafka_mend(&fixture->mock, API_PRODUCE);
    assert_class(run_transaction(fixture), SG_OK);
}

static void ask_for_topics(struct fixture *fixture)
{
    const struct rd_kafka_metadata *metadata = NULL;
    assert_int_equal(rd_kafka_metadata(fixture->producer->client, 0,
                                       fixture->producer->topics[0]->handle, &metadata, ASK_MS),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_metadata_destroy(metadata);
}

static void a_topic_that_is_gone_aborts_until_it_is_back(void **state)
{
    struct fixture *fixture = *state;
    assert_class(run_transaction(fixture), SG_OK);
    rd_kafka_mock_topic_set_error(fixture->mock.cluster, "t",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    ask_for_topics(fixture);
    assert_class(run_transaction(fixture), SG_ABORT);
    assert_non_null(strstr(sg_reason(), "_UNKNOWN_TOPIC"));
    rd_kafka_mock_topic_set_error(fixture->mock.cluster, "t", RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_class(kafka_producer_abort(fixture->producer), SG_OK);
    assert_class(run_transaction(fixture), SG_OK);
}

static void a_stale_generation_aborts(void **state)
{
    struct fixture *fixture = *state;
    mock_kafka_fail(&fixture->mock, API_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, 1);
    assert_aborts_and_goes_on(fixture);
}

static void a_lost_producer_id_aborts(void **state)
{
    struct fixture *fixture = *state;
    mock_kafka_fail(&fixture->mock, API_ADD_PARTITIONS,
                    RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, 1);
    assert_aborts_and_goes_on(fixture);
}

static void a_lost_sequence_aborts(void **state)
{
    struct fixture *fixture = *state;
    mock_kafka_fail(&fixture->mock, API_PRODUCE, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 1);
    assert_aborts_and_goes_on(fixture);
}

static void a_loading_coordinator_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    mock_kafka_fail(&fixture->mock, API_END_TXN, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 2);
    mock_kafka_fail(&fixture->mock, API_OFFSET_COMMIT,
                    RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 2);
    assert_class(run_transaction(fixture), SG_OK);
}

static void fencing_is_fatal(void **state)
{
    struct fixture *fixture = *state;
    mock_kafka_fail(&fixture->mock, API_END_TXN, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, 1);
    assert_class(run_transaction(fixture), SG_FATAL);
    assert_non_null(strstr(sg_reason(), "_FENCED"));
}

static void a_foreign_transactional_id_is_fatal(void **state)
{
    struct fixture *fixture = *state;
    mock_kafka_fail(&fixture->mock, API_ADD_PARTITIONS,
                    RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 1);
    assert_class(run_transaction(fixture), SG_FATAL);
}

// A cut connection makes the library send EndTxn again, unseen: the commit succeeds.
static void send_the_end_twice(struct fixture *fixture)
{
    mock_kafka_fail(&fixture->mock, API_END_TXN, RD_KAFKA_RESP_ERR__TRANSPORT, 1);
    assert_class(run_transaction(fixture), SG_OK);
    assert_int_equal(atomic_load(&fixture->producer->ends_sent), 2);
}

// Each client has a name of its own: a new one means a new epoch.
static void name_client(const struct fixture *fixture, char ret_name[static NAME_BYTES])
{
    snprintf(ret_name, NAME_BYTES, "%s", rd_kafka_name(fixture->producer->client));
}

static void an_end_sent_twice_takes_a_new_epoch(void **state)
{
    struct fixture *fixture = *state;
    char before[NAME_BYTES];
    char between[NAME_BYTES];
    char after[NAME_BYTES];
    name_client(fixture, before);
    send_the_end_twice(fixture);
    assert_class(run_transaction(fixture), SG_OK);
    name_client(fixture, between);
    assert_string_not_equal(between, before);
    assert_class(run_transaction(fixture), SG_OK);
    name_client(fixture, after);
    assert_string_equal(after, between);
}

static void topics_survive_a_new_epoch(void **state)
{
    struct fixture *fixture = *state;
    struct kafka_topic *before = NULL;
    struct kafka_topic *after = NULL;
    assert_class(kafka_producer_topic(fixture->producer, "t", &before), SG_OK);
    assert_class(producer_state_renew(fixture->producer), SG_OK);
    assert_class(kafka_producer_topic(fixture->producer, "t", &after), SG_OK);
    assert_ptr_equal(before, after);
    assert_class(run_transaction(fixture), SG_OK);
}

// librdkafka asks three times who coordinates a group, then waits for ever: on a Kafka that has not
// made its topic of groups yet, say.
static void a_group_without_a_coordinator_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    const struct kafka_position position = {.topic = "t", .partition = 0};
    struct kafka_topic *topic = NULL;
    assert_class(kafka_producer_topic(fixture->producer, "t", &topic), SG_OK);
    kafka_consumer_drop(&fixture->consumer); // It would ask, too.
    mock_kafka_fail(&fixture->mock, API_FIND_COORDINATOR,
                    RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, ASKED_IN_VAIN);
    assert_class(kafka_producer_settle(fixture->producer, "other", &position), SG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_record_aborts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_that_waits_for_a_leader_aborts_in_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_topic_that_is_gone_aborts_until_it_is_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_stale_generation_aborts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lost_producer_id_aborts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lost_sequence_aborts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_loading_coordinator_is_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_group_without_a_coordinator_is_waited_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(fencing_is_fatal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_foreign_transactional_id_is_fatal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_end_sent_twice_takes_a_new_epoch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(topics_survive_a_new_epoch, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
