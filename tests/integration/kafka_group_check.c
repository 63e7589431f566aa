// Groups, rebalances and fencing on a real broker: kafka_group_check BROKERS [TEST-PATTERN].
// Run by test_kafka_layer.py, which starts the broker.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kafka_fixture.h"

#include "core/service/clock.h"

#include <string.h>

static void open_member(struct kafka_fixture *fixture, const char *instance,
                        const struct kafka_rebalance *rebalance, struct kafka_consumer **ret)
{
    const struct kafka_consumer_config config = {.kafka = &kafka_fixture_settings,
                                                 .group = fixture->topic,
                                                 .instance = instance,
                                                 .rebalance = *rebalance};
    kafka_fixture_succeed(kafka_consumer_open(&config, ret));
    const char *const topics[] = {fixture->topic};
    kafka_fixture_succeed(kafka_consumer_subscribe(*ret, topics, 1));
}

// What the group told a member.
struct member {
    struct kafka_consumer *consumer;
    size_t assigned; // Partitions of the last assignment.
    int assignments;
    int revocations;
    bool fails;
};

static sg_result member_assigned(void *context, const struct kafka_position *partitions,
                                 size_t count)
{
    struct member *member = context;
    struct kafka_position positions[KAFKA_FIXTURE_PARTITIONS];
    assert_true(count <= KAFKA_FIXTURE_PARTITIONS);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(partitions[i].offset, KAFKA_OFFSET_NONE);
        positions[i] = partitions[i];
        positions[i].offset = 0;
    }
    member->assigned = count;
    member->assignments++;
    if (member->fails) {
        return sg_fail(SG_RETRY, 77, "the store is busy");
    }
    return kafka_consumer_assign(member->consumer, positions, count);
}

static sg_result member_revoked(void *context, bool lost)
{
    struct member *member = context;
    assert_false(lost);
    member->revocations++;
    return sg_ok();
}

static struct kafka_rebalance rebalance_of(struct member *member)
{
    return (struct kafka_rebalance){member_assigned, member_revoked, member};
}

// Polls the members until each has a share and nothing is left over.
static void poll_until_shared(struct member *first, struct member *second)
{
    int64_t limit_us = clock_monotonic_us() + (int64_t)KAFKA_FIXTURE_WAIT_MS * 1000;
    for (;;) {
        size_t other = second == NULL ? 0 : second->assigned;
        bool all_have = first->assigned > 0 && (second == NULL || other > 0);
        if (all_have && first->assigned + other == KAFKA_FIXTURE_PARTITIONS) {
            return;
        }
        if (clock_monotonic_us() > limit_us) {
            fail_msg("the group did not settle: %zu and %zu", first->assigned, other);
        }
        kafka_fixture_succeed(kafka_consumer_poll(first->consumer, 20));
        if (second != NULL) {
            kafka_fixture_succeed(kafka_consumer_poll(second->consumer, 20));
        }
    }
}

static void positions_travel_in_the_transaction(void **state)
{
    struct kafka_fixture *fixture = *state;
    struct member member = {.consumer = NULL};
    const struct kafka_rebalance rebalance = rebalance_of(&member);
    kafka_fixture_open_writer(fixture, "tx", &fixture->writer);
    open_member(fixture, NULL, &rebalance, &fixture->reader);
    member.consumer = fixture->reader;
    poll_until_shared(&member, NULL);
    const struct kafka_position done = {
        .topic = fixture->topic, .partition = 1, .offset = 42, .metadata = "task 1"};
    kafka_fixture_succeed(kafka_producer_begin(fixture->writer));
    kafka_fixture_succeed(kafka_fixture_put(fixture->writer, fixture->topic, 0, 1));
    kafka_fixture_succeed(kafka_producer_send_offsets(fixture->writer, fixture->reader, &done, 1));
    kafka_fixture_succeed(kafka_producer_commit(fixture->writer));
    const struct kafka_position aborted = {
        .topic = fixture->topic, .partition = 1, .offset = 99, .metadata = "never"};
    kafka_fixture_succeed(kafka_producer_begin(fixture->writer));
    kafka_fixture_succeed(
        kafka_producer_send_offsets(fixture->writer, fixture->reader, &aborted, 1));
    kafka_fixture_succeed(kafka_producer_abort(fixture->writer));
    struct kafka_position asked[] = {{.topic = fixture->topic, .partition = 1},
                                     {.topic = fixture->topic, .partition = 2}};
    kafka_fixture_succeed(
        kafka_consumer_committed(fixture->reader, asked, 2, KAFKA_FIXTURE_WAIT_MS));
    assert_int_equal(asked[0].offset, 42);
    assert_string_equal(asked[0].metadata, "task 1");
    assert_int_equal(asked[1].offset, KAFKA_OFFSET_NONE);
}

static void a_second_member_takes_its_share(void **state)
{
    struct kafka_fixture *fixture = *state;
    struct member members[2] = {{.consumer = NULL}, {.consumer = NULL}};
    const struct kafka_rebalance first = rebalance_of(&members[0]);
    const struct kafka_rebalance second = rebalance_of(&members[1]);
    open_member(fixture, NULL, &first, &fixture->reader);
    members[0].consumer = fixture->reader;
    poll_until_shared(&members[0], NULL);
    open_member(fixture, NULL, &second, &fixture->second);
    members[1].consumer = fixture->second;
    poll_until_shared(&members[0], &members[1]);
    assert_int_equal(members[0].revocations, 1);
    kafka_consumer_close(&fixture->second);
    poll_until_shared(&members[0], NULL);
    assert_int_equal(members[0].revocations, 2);
    assert_int_equal(members[1].revocations, 0);
}

// Two members of which one restarts under its name: the other notices nothing.
static void a_static_member_may_restart(void **state)
{
    struct kafka_fixture *fixture = *state;
    struct member members[2] = {{.consumer = NULL}, {.consumer = NULL}};
    const struct kafka_rebalance first = rebalance_of(&members[0]);
    const struct kafka_rebalance second = rebalance_of(&members[1]);
    open_member(fixture, "one", &first, &fixture->reader);
    members[0].consumer = fixture->reader;
    poll_until_shared(&members[0], NULL);
    open_member(fixture, "two", &second, &fixture->second);
    members[1].consumer = fixture->second;
    poll_until_shared(&members[0], &members[1]);
    int before = members[0].assignments;
    kafka_consumer_close(&fixture->second);
    members[1].assigned = 0;
    open_member(fixture, "two", &second, &fixture->second);
    members[1].consumer = fixture->second;
    poll_until_shared(&members[0], &members[1]);
    assert_int_equal(members[0].assignments, before);
}

// A second process under the same name: the older one is told, and stops.
static void an_older_static_member_is_fenced(void **state)
{
    struct kafka_fixture *fixture = *state;
    struct member members[2] = {{.consumer = NULL}, {.consumer = NULL}};
    const struct kafka_rebalance first = rebalance_of(&members[0]);
    const struct kafka_rebalance second = rebalance_of(&members[1]);
    open_member(fixture, "one", &first, &fixture->reader);
    members[0].consumer = fixture->reader;
    poll_until_shared(&members[0], NULL);
    open_member(fixture, "one", &second, &fixture->second);
    members[1].consumer = fixture->second;
    sg_result result = sg_ok();
    int64_t limit_us = clock_monotonic_us() + (int64_t)KAFKA_FIXTURE_WAIT_MS * 1000;
    while (sg_is_ok(result) && clock_monotonic_us() < limit_us) {
        kafka_fixture_succeed(kafka_consumer_poll(fixture->second, 50));
        result = kafka_consumer_poll(fixture->reader, 50);
    }
    assert_int_equal(result.class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "FENCED_INSTANCE_ID"));
    kafka_consumer_drop(&fixture->reader);
    poll_until_shared(&members[1], NULL);
}

static void a_failing_callback_ends_the_poll(void **state)
{
    struct kafka_fixture *fixture = *state;
    struct member member = {.fails = true};
    const struct kafka_rebalance rebalance = rebalance_of(&member);
    open_member(fixture, NULL, &rebalance, &fixture->reader);
    member.consumer = fixture->reader;
    sg_result result = sg_ok();
    int64_t limit_us = clock_monotonic_us() + (int64_t)KAFKA_FIXTURE_WAIT_MS * 1000;
    while (sg_is_ok(result) && clock_monotonic_us() < limit_us) {
        result = kafka_consumer_poll(fixture->reader, 100);
    }
    assert_int_equal(result.class, SG_RETRY);
    assert_int_equal(result.code, 77);
    assert_string_equal(sg_reason(), "the store is busy");
    kafka_fixture_succeed(kafka_consumer_poll(fixture->reader, 0));
}

static void an_older_writer_is_fenced(void **state)
{
    struct kafka_fixture *fixture = *state;
    kafka_fixture_open_writer(fixture, "tx", &fixture->writer);
    kafka_fixture_succeed(kafka_producer_begin(fixture->writer));
    kafka_fixture_succeed(kafka_fixture_put(fixture->writer, fixture->topic, 0, 1));
    kafka_fixture_open_writer(fixture, "tx", &fixture->rival);
    sg_result result = kafka_producer_commit(fixture->writer);
    assert_int_equal(result.class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "fenced"));
    kafka_fixture_succeed(kafka_producer_begin(fixture->rival));
    kafka_fixture_succeed(kafka_fixture_put(fixture->rival, fixture->topic, 0, 2));
    kafka_fixture_succeed(kafka_producer_commit(fixture->rival));
    kafka_fixture_open_reader(fixture, KAFKA_OFFSET_BEGINNING, 1);
    assert_string_equal(kafka_fixture_read_all(fixture->reader, fixture->topic, 0), "2");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(positions_travel_in_the_transaction, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_second_member_takes_its_share, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_static_member_may_restart, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(an_older_static_member_is_fenced, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_failing_callback_ends_the_poll, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(an_older_writer_is_fenced, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
    };
    if (!kafka_fixture_arguments(argc, argv)) {
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
