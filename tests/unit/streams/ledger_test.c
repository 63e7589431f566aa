// What a ledger makes of a transaction; digests against those of a Python program that was written
// from the description in ledger.h.
#include "streams/ledger.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "streams/topology.h"

static struct arena *arena;
static struct ledger *ledger;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    ledger = ledger_new(topology_find("notifications"));
    return arena != NULL && ledger != NULL ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    ledger_free(&ledger);
    arena_free(&arena);
    return 0;
}

static struct journal filled(void)
{
    struct journal record = {.sequence = 1};
    assert_true(sg_is_ok(ledger_fill(ledger, arena, &record)));
    return record;
}

static void expect_run(const struct journal *record, size_t at, int32_t input, int64_t to)
{
    assert_true(at < record->runs_count);
    assert_int_equal(record->runs[at].input, input);
    assert_int_equal(record->runs[at].to, to);
}

static void a_run_ends_where_another_input_is_taken(void **state)
{
    (void)state;
    assert_true(sg_is_ok(ledger_took(ledger, 0, 11)));
    assert_true(sg_is_ok(ledger_took(ledger, 0, 12)));
    assert_true(sg_is_ok(ledger_took(ledger, 1, 100)));
    assert_true(sg_is_ok(ledger_took_outcome(ledger)));
    assert_true(sg_is_ok(ledger_took_outcome(ledger)));
    assert_true(sg_is_ok(ledger_took(ledger, 0, 20)));
    assert_true(sg_is_ok(ledger_took_outcome(ledger)));
    struct journal record = filled();
    assert_int_equal(record.runs_count, 5);
    expect_run(&record, 0, 0, 12);
    expect_run(&record, 1, 1, 100);
    expect_run(&record, 2, -1, 2);
    expect_run(&record, 3, 0, 20);
    expect_run(&record, 4, -1, 3);
    assert_int_equal(record.outcomes, 3);
}

static void write_two(enum topic topic)
{
    const struct kafka_message first = {.key = bytes_of_text("u1"),
                                        .value = bytes_of_text("value"),
                                        .has_value = true,
                                        .timestamp_ms = 1700000000000};
    const struct kafka_message second = {.timestamp_ms = 5};
    ledger_wrote(ledger, topic, &first);
    ledger_wrote(ledger, topic, &second);
}

static void every_topic_has_a_digest_of_its_own(void **state)
{
    (void)state;
    static const char two[] = "144366367fd80ec22672fc441de71df0e8afa19ab7145aea83025d46121c6216";
    write_two(TOPIC_NOTIFICATIONS);
    write_two(TOPIC_DEAD_LETTERS);
    write_two(TOPIC_NOTIFICATIONS_USERS_CHANGELOG); // The state speaks for it.
    struct journal record = filled();
    assert_int_equal(record.outputs_count, 2);
    assert_true(bytes_is_text(record.outputs[0].topic, "notifications"));
    assert_true(bytes_is_text(record.outputs[1].topic, "dead-letters"));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(record.outputs[i].records, 2);
        assert_true(bytes_is_text(record.outputs[i].hash, two));
    }
}

static void the_time_of_day_in_a_header_does_not_count(void **state)
{
    (void)state;
    struct kafka_header headers[] = {{"soglia-reason", bytes_of_text("bad")},
                                     {"soglia-at", bytes_of_text("today")}};
    struct kafka_message letter = {.key = bytes_of_text("k"),
                                   .value = bytes_of_text("v"),
                                   .has_value = true,
                                   .timestamp_ms = 7,
                                   .headers = headers,
                                   .header_count = 2};
    ledger_wrote(ledger, TOPIC_DEAD_LETTERS, &letter);
    struct journal record = filled();
    static const char wanted[] = "cc78792bf87d7c107fb2577335934bbabc744f31972f43a76bbd62ef299b9c5b";
    assert_true(bytes_is_text(record.outputs[0].hash, wanted));
    ledger_reset(ledger);
    headers[1].value = bytes_of_text("tomorrow");
    ledger_wrote(ledger, TOPIC_DEAD_LETTERS, &letter);
    record = filled();
    assert_true(bytes_is_text(record.outputs[0].hash, wanted));
    ledger_reset(ledger);
    headers[0].value = bytes_of_text("worse");
    ledger_wrote(ledger, TOPIC_DEAD_LETTERS, &letter);
    record = filled();
    assert_false(bytes_is_text(record.outputs[0].hash, wanted));
}

static void after_a_reset_there_is_nothing(void **state)
{
    (void)state;
    assert_true(sg_is_ok(ledger_took(ledger, 0, 11)));
    assert_true(sg_is_ok(ledger_took_outcome(ledger)));
    write_two(TOPIC_DELIVERIES);
    ledger_reset(ledger);
    struct journal record = filled();
    assert_int_equal(record.runs_count, 0);
    assert_int_equal(record.outcomes, 0);
    assert_int_equal(record.outputs_count, 0);
}

static void it_says_when_it_is_full(void **state)
{
    (void)state;
    for (int i = 0; i < LEDGER_RUNS_MAX; i++) {
        assert_false(ledger_is_full(ledger));
        assert_true(sg_is_ok(ledger_took(ledger, i % 2, i)));
    }
    assert_true(ledger_is_full(ledger));
    ledger_reset(ledger);
    assert_false(ledger_is_full(ledger));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_ends_where_another_input_is_taken, begin, end),
        cmocka_unit_test_setup_teardown(every_topic_has_a_digest_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(the_time_of_day_in_a_header_does_not_count, begin, end),
        cmocka_unit_test_setup_teardown(after_a_reset_there_is_nothing, begin, end),
        cmocka_unit_test_setup_teardown(it_says_when_it_is_full, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
