// The merge of a task's inputs, with queues that hold what a test says.
#include "streams/tasks/input.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

enum {
    STEPS_MAX = 32,
    MERGE_WAIT_US = 50000,
    CATCH_UP_US = 30000000,
    QUIET_US = 20000,
    SETTLE_US = 4000,
};

// What a queue says, one after the other; then EMPTY for ever.
struct kafka_queue {
    struct {
        enum kafka_next what;
        int64_t timestamp_ms;
    } steps[STEPS_MAX];
    size_t count;
    size_t at;
    int64_t next_offset;
};

static int records_out = 0;

enum kafka_next kafka_queue_next(struct kafka_queue *queue, struct kafka_record *ret_record,
                                 sg_result *ret_failure)
{
    if (queue->at == queue->count) {
        return KAFKA_NEXT_EMPTY;
    }
    enum kafka_next what = queue->steps[queue->at].what;
    if (what == KAFKA_NEXT_RECORD) {
        records_out++;
        *ret_record = (struct kafka_record){.timestamp_ms = queue->steps[queue->at].timestamp_ms,
                                            .offset = queue->next_offset++,
                                            .handle = queue};
    }
    if (what == KAFKA_NEXT_FAILED) {
        *ret_failure = sg_fail(SG_RETRY, 0, "the broker is away");
    }
    queue->at++;
    return what;
}

void kafka_record_done(struct kafka_record *record)
{
    records_out -= record->handle != NULL ? 1 : 0;
    record->handle = NULL;
}

static struct kafka_queue queues[3];
static struct input inputs[3];
static struct input_list list;

static int begin(void **state)
{
    (void)state;
    records_out = 0;
    memset(queues, 0, sizeof queues);
    memset(inputs, 0, sizeof inputs);
    for (size_t i = 0; i < 3; i++) {
        inputs[i] = (struct input){.queue = &queues[i], .order = i, .partition = (int32_t)i};
        memcpy(inputs[i].name, "quotes", sizeof "quotes");
    }
    list = (struct input_list){inputs, 2, MERGE_WAIT_US};
    return 0;
}

static void say(size_t queue, enum kafka_next what, int64_t timestamp_ms)
{
    struct kafka_queue *one = &queues[queue];
    one->steps[one->count].what = what;
    one->steps[one->count++].timestamp_ms = timestamp_ms;
}

// The input that comes next, -1 for none.
static int next_at(int64_t now_us)
{
    struct input *input = NULL;
    assert_true(sg_is_ok(input_next(&list, now_us, &input)));
    return input == NULL ? -1 : (int)(input - inputs);
}

static int take_at(int64_t now_us)
{
    int next = next_at(now_us);
    if (next >= 0) {
        input_taken(&inputs[next]);
    }
    return next;
}

static void the_earliest_goes_first_and_ties_go_by_order(void **state)
{
    (void)state;
    static const int64_t first[] = {10, 20, 20, 40};
    static const int64_t second[] = {5, 20, 30, 40};
    for (size_t i = 0; i < 4; i++) {
        say(0, KAFKA_NEXT_RECORD, first[i]);
        say(1, KAFKA_NEXT_RECORD, second[i]);
    }
    say(0, KAFKA_NEXT_END, 0);
    say(1, KAFKA_NEXT_END, 0);
    static const int expected[] = {1, 0, 0, 0, 1, 1, 0, 1, -1};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(take_at(1000), expected[i]);
    }
    assert_int_equal(inputs[0].next_offset, 4);
    assert_int_equal(records_out, 0);
}

// Within a partition the order is that of offsets, whatever its timestamps.
static void a_partition_is_never_reordered(void **state)
{
    (void)state;
    say(0, KAFKA_NEXT_RECORD, 90);
    say(0, KAFKA_NEXT_RECORD, 10);
    say(1, KAFKA_NEXT_RECORD, 50);
    say(1, KAFKA_NEXT_END, 0);
    say(0, KAFKA_NEXT_END, 0);
    assert_int_equal(take_at(1), 1);
    assert_int_equal(take_at(1), 0);
    assert_int_equal(take_at(1), 0);
}

static void an_ended_input_holds_nobody_up(void **state)
{
    (void)state;
    say(0, KAFKA_NEXT_END, 0);
    say(1, KAFKA_NEXT_RECORD, 5);
    assert_int_equal(next_at(1), 1);
    // What comes to it later is in time for what was not taken yet.
    say(0, KAFKA_NEXT_RECORD, 4);
    assert_int_equal(next_at(2), 0);
}

static void a_silent_input_holds_up_the_others_for_the_merge_wait_only(void **state)
{
    (void)state;
    say(1, KAFKA_NEXT_RECORD, 5);
    assert_int_equal(next_at(1000), -1);
    assert_int_equal(next_at(1000 + MERGE_WAIT_US - 1), -1);
    assert_int_equal(next_at(1000 + MERGE_WAIT_US), 1);
}

static void silence_is_counted_anew_after_a_record(void **state)
{
    (void)state;
    say(1, KAFKA_NEXT_RECORD, 50);
    assert_int_equal(next_at(1000), -1);
    say(0, KAFKA_NEXT_RECORD, 5);
    assert_int_equal(take_at(2000), 0);
    assert_int_equal(next_at(1000 + MERGE_WAIT_US), -1);
    assert_int_equal(next_at(1000 + 2 * MERGE_WAIT_US), 1);
}

// What was written together arrives within milliseconds, not at once.
static void the_first_record_after_a_quiet_time_waits_for_its_companions(void **state)
{
    (void)state;
    say(0, KAFKA_NEXT_END, 0);
    say(1, KAFKA_NEXT_END, 0);
    assert_int_equal(next_at(1000), -1);
    say(1, KAFKA_NEXT_RECORD, 5);
    say(1, KAFKA_NEXT_RECORD, 6);
    int64_t arrived_us = 1000 + QUIET_US;
    inputs_waited(&list, arrived_us);
    assert_int_equal(next_at(arrived_us), -1);
    assert_int_equal(next_at(arrived_us + SETTLE_US - 2), -1);
    say(0, KAFKA_NEXT_RECORD, 4);
    assert_int_equal(take_at(arrived_us + SETTLE_US - 1), 0);
    assert_int_equal(next_at(arrived_us + SETTLE_US - 1), -1);
    say(0, KAFKA_NEXT_END, 0);
    assert_int_equal(take_at(arrived_us + SETTLE_US), 1);
    assert_int_equal(take_at(arrived_us + SETTLE_US), 1); // Once for all that follow.
}

static void a_companion_of_every_input_is_enough(void **state)
{
    (void)state;
    say(0, KAFKA_NEXT_END, 0);
    say(1, KAFKA_NEXT_END, 0);
    assert_int_equal(next_at(1000), -1);
    say(0, KAFKA_NEXT_RECORD, 6);
    say(1, KAFKA_NEXT_RECORD, 5);
    assert_int_equal(take_at(1000 + QUIET_US), 1);
}

static void a_stream_that_flows_is_not_delayed(void **state)
{
    (void)state;
    say(0, KAFKA_NEXT_END, 0);
    for (int64_t i = 0; i < 5; i++) {
        say(1, KAFKA_NEXT_END, 0);
        assert_int_equal(next_at(1000 + i * QUIET_US), -1);
        say(1, KAFKA_NEXT_RECORD, 5);
        assert_int_equal(take_at(1000 + (i + 1) * QUIET_US - 1), 1);
    }
}

// A worker that comes back from a commit does not know when the record came.
static void the_time_in_which_nobody_looked_is_no_silence(void **state)
{
    (void)state;
    say(0, KAFKA_NEXT_END, 0);
    say(1, KAFKA_NEXT_END, 0);
    assert_int_equal(next_at(1000), -1);
    say(1, KAFKA_NEXT_RECORD, 5);
    assert_int_equal(take_at(1000 + 2 * QUIET_US), 1);
}

// It is known to have more, so the broker is away: it is waited for much longer, not for ever.
static void an_input_with_a_backlog_is_waited_for(void **state)
{
    (void)state;
    inputs[0].next_offset = 7;
    inputs[0].known_end = 8;
    say(1, KAFKA_NEXT_RECORD, 5);
    assert_int_equal(next_at(1000), -1);
    assert_int_equal(next_at(1000 + 100 * MERGE_WAIT_US), -1);
    assert_int_equal(next_at(1000 + CATCH_UP_US), 1);
}

static void an_end_that_is_reached_again_after_records_counts_again(void **state)
{
    (void)state;
    say(0, KAFKA_NEXT_END, 0);
    say(0, KAFKA_NEXT_RECORD, 1);
    say(1, KAFKA_NEXT_RECORD, 5);
    say(1, KAFKA_NEXT_RECORD, 6);
    assert_int_equal(take_at(1), 0);
    assert_int_equal(take_at(1), -1); // It had records since: nothing is known of it now.
    say(0, KAFKA_NEXT_END, 0);
    assert_int_equal(take_at(1), -1); // Found empty at that time: not looked at again.
    assert_int_equal(take_at(2), 1);
    assert_int_equal(take_at(2), 1);
}

// A queue that is read more slowly than it is filled has the end of the log between its records.
static void an_end_with_records_behind_it_is_no_end_of_the_queue(void **state)
{
    (void)state;
    list.count = 1;
    for (int64_t i = 0; i < 5; i++) {
        say(0, KAFKA_NEXT_RECORD, i);
        say(0, KAFKA_NEXT_END, 0);
    }
    // A round that took long must not make a silence of them, which would be waited out.
    for (int64_t i = 0; i < 5; i++) {
        assert_int_equal(take_at(1 + i * 2 * QUIET_US), 0);
    }
    assert_int_equal(take_at(1), -1);
    assert_true(inputs[0].ended);
}

static void a_failure_names_the_partition_and_loses_no_head(void **state)
{
    (void)state;
    say(0, KAFKA_NEXT_RECORD, 1);
    say(1, KAFKA_NEXT_FAILED, 0);
    say(1, KAFKA_NEXT_END, 0);
    struct input *input = NULL;
    assert_int_equal(input_next(&list, 1, &input).class, SG_RETRY);
    assert_non_null(strstr(sg_reason(), "quotes, partition 1"));
    assert_int_equal(take_at(1), 0);
}

static void a_reset_gives_the_head_back(void **state)
{
    (void)state;
    say(0, KAFKA_NEXT_RECORD, 1);
    say(1, KAFKA_NEXT_END, 0);
    assert_int_equal(next_at(1), 0);
    assert_int_equal(records_out, 1);
    input_reset(&inputs[0]);
    input_reset(&inputs[1]);
    assert_int_equal(records_out, 0);
    assert_null(inputs[0].queue);
    assert_false(inputs[1].ended);
    assert_int_equal(inputs[0].next_offset, 0); // It was not taken.
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_earliest_goes_first_and_ties_go_by_order, begin),
        cmocka_unit_test_setup(a_partition_is_never_reordered, begin),
        cmocka_unit_test_setup(an_ended_input_holds_nobody_up, begin),
        cmocka_unit_test_setup(a_silent_input_holds_up_the_others_for_the_merge_wait_only, begin),
        cmocka_unit_test_setup(silence_is_counted_anew_after_a_record, begin),
        cmocka_unit_test_setup(the_first_record_after_a_quiet_time_waits_for_its_companions, begin),
        cmocka_unit_test_setup(a_companion_of_every_input_is_enough, begin),
        cmocka_unit_test_setup(a_stream_that_flows_is_not_delayed, begin),
        cmocka_unit_test_setup(the_time_in_which_nobody_looked_is_no_silence, begin),
        cmocka_unit_test_setup(an_input_with_a_backlog_is_waited_for, begin),
        cmocka_unit_test_setup(an_end_that_is_reached_again_after_records_counts_again, begin),
        cmocka_unit_test_setup(an_end_with_records_behind_it_is_no_end_of_the_queue, begin),
        cmocka_unit_test_setup(a_failure_names_the_partition_and_loses_no_head, begin),
        cmocka_unit_test_setup(a_reset_gives_the_head_back, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
