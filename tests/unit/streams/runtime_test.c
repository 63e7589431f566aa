// What the loop does about each class of failure, and with rebalances, wherever they strike.
#include "streams/runtime.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "alerts_world.h"
#include "fake_kafka.h"

enum { SEED = 3, RECORDS_BETWEEN_POLLS = 3, STRIKES_MAX = 400 };

static void new_world(void)
{
    alerts_world_new(SEED, RECORDS_BETWEEN_POLLS);
}

static int begin(void **state)
{
    if (alerts_world_begin(state) != 0) {
        return -1;
    }
    new_world();
    struct life life = alerts_world_life();
    if (life_run(&life) != LIFE_STOPPED) {
        return -1;
    }
    alerts_world_expect();
    return 0;
}

// One failure at each call of this kind in turn: nothing of it may be seen afterwards.
static void strike_from(int first, enum fake_call call, enum sg_class class)
{
    int strike = first;
    bool met = true;
    for (; met && strike < STRIKES_MAX; strike++) {
        new_world();
        fake_kafka_fail((struct fake_fault){call, strike, strike, class, false});
        struct life life = alerts_world_life();
        assert_int_equal(life_run(&life), LIFE_STOPPED);
        met = fake_kafka_calls(call) >= strike;
        alerts_world_expect_same(sg_class_name(class), strike);
    }
    assert_in_range(strike, first + 2, STRIKES_MAX - 1);
}

static void strike_everywhere(enum fake_call call, enum sg_class class)
{
    strike_from(1, call, class);
}

static void a_lost_transaction_is_done_again(void **state)
{
    (void)state;
    strike_everywhere(FAKE_BEGIN, SG_ABORT);
    strike_everywhere(FAKE_SEND, SG_ABORT);
    strike_everywhere(FAKE_SEND_OFFSETS, SG_ABORT);
    strike_everywhere(FAKE_COMMIT, SG_ABORT);
}

static void trouble_that_passes_is_waited_for(void **state)
{
    (void)state;
    strike_everywhere(FAKE_POLL, SG_RETRY);
    strike_everywhere(FAKE_PRODUCER_POLL, SG_RETRY);
    strike_everywhere(FAKE_SEND, SG_RETRY);
}

static void trouble_of_a_queue_is_waited_for(void **state)
{
    (void)state;
    for (int strike = 1; strike < 200; strike += 7) {
        new_world();
        fake_kafka_fail((struct fake_fault){FAKE_NEXT, strike, strike, SG_RETRY, false});
        struct life life = alerts_world_life();
        assert_int_equal(life_run(&life), LIFE_STOPPED);
        alerts_world_expect_same("a queue's trouble", strike);
    }
}

// The group has given its partitions and will not give them again: whatever stands in the way of
// opening their tasks must not leave them unread.
static void trouble_while_tasks_are_opened_leaves_no_partition_unread(void **state)
{
    (void)state;
    strike_everywhere(FAKE_RANGE, SG_RETRY);
    strike_from(3, FAKE_PARTITIONS, SG_RETRY); // The first two are asked before anything is given.
    new_world();
    fake_kafka_fail((struct fake_fault){FAKE_COMMITTED, 1, 3, SG_RETRY, false});
    struct life life = alerts_world_life();
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    alerts_world_expect_same("committed positions that come late", 0);
}

static void trouble_without_an_end_ends_the_worker(void **state)
{
    (void)state;
    static const enum fake_call calls[] = {FAKE_POLL, FAKE_COMMIT, FAKE_COMMITTED};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        new_world();
        enum sg_class class = calls[i] == FAKE_COMMIT ? SG_ABORT : SG_RETRY;
        fake_kafka_fail((struct fake_fault){calls[i], 1, 1000000, class, false});
        struct life life = alerts_world_life();
        assert_int_equal(life_run(&life), LIFE_REFUSED);
        assert_non_null(strstr(life_reason(), "injected failure"));
        assert_int_equal(fake_kafka_count("alerts"), 0);
    }
}

static void what_nothing_mends_ends_the_worker_and_a_new_one_goes_on(void **state)
{
    (void)state;
    static const enum fake_call calls[] = {FAKE_POLL,   FAKE_BEGIN, FAKE_SEND, FAKE_SEND_OFFSETS,
                                           FAKE_COMMIT, FAKE_NEXT,  FAKE_RANGE};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        new_world();
        fake_kafka_fail((struct fake_fault){calls[i], 2, 2, SG_FATAL, false});
        struct life life = alerts_world_life();
        assert_int_equal(life_run(&life), LIFE_REFUSED);
        fake_kafka_restart();
        assert_int_equal(life_run(&life), LIFE_STOPPED);
        alerts_world_expect_same("a fatal failure of call", (int)calls[i]);
    }
}

static void an_abort_that_fails_is_the_end(void **state)
{
    (void)state;
    new_world();
    fake_kafka_fail((struct fake_fault){FAKE_COMMIT, 2, 2, SG_ABORT, false});
    fake_kafka_fail((struct fake_fault){FAKE_ABORT, 1, 1, SG_FATAL, false});
    struct life life = alerts_world_life();
    assert_int_equal(life_run(&life), LIFE_REFUSED);
    fake_kafka_restart();
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    alerts_world_expect_same("a failed abort", 0);
}

// The commit took place, its answer never came: the next start finds out by the number.
static void a_commit_whose_answer_is_lost_counts(void **state)
{
    (void)state;
    for (int strike = 1; strike <= 5; strike++) {
        new_world();
        fake_kafka_fail((struct fake_fault){FAKE_COMMIT, strike, strike, SG_FATAL, true});
        struct life life = alerts_world_life();
        assert_int_equal(life_run(&life), LIFE_REFUSED);
        fake_kafka_restart();
        assert_int_equal(life_run(&life), LIFE_STOPPED);
        alerts_world_expect_same("a lost answer", strike);
    }
}

static void partitions_come_and_go(void **state)
{
    (void)state;
    int aborts[2] = {0};
    for (int poll = 2; poll <= 16; poll++) {
        for (int lost = 0; lost <= 1; lost++) {
            new_world();
            fake_kafka_revoke_at(poll, lost == 1);
            struct life life = alerts_world_life();
            life.changes = 10; // So that some are taken within a transaction.
            assert_int_equal(life_run(&life), LIFE_STOPPED);
            alerts_world_expect_same(lost == 1 ? "a loss at poll" : "a revocation at poll", poll);
            aborts[lost] += fake_kafka_calls(FAKE_ABORT);
        }
    }
    assert_int_equal(aborts[0], 0); // What was taken is committed before it is given up,
    assert_true(aborts[1] > 0);     // but not when another member may have it already.
}

static void a_revocation_whose_commit_fails_loses_nothing(void **state)
{
    (void)state;
    for (int poll = 2; poll <= 8; poll++) {
        new_world();
        fake_kafka_revoke_at(poll, false);
        fake_kafka_fail((struct fake_fault){FAKE_SEND_OFFSETS, 1, 1, SG_ABORT, false});
        struct life life = alerts_world_life();
        life.changes = 1 << 20;
        assert_int_equal(life_run(&life), LIFE_STOPPED);
        alerts_world_expect_same("a failed commit at the revocation of poll", poll);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_transaction_is_done_again),
        cmocka_unit_test(trouble_that_passes_is_waited_for),
        cmocka_unit_test(trouble_of_a_queue_is_waited_for),
        cmocka_unit_test(trouble_while_tasks_are_opened_leaves_no_partition_unread),
        cmocka_unit_test(trouble_without_an_end_ends_the_worker),
        cmocka_unit_test(what_nothing_mends_ends_the_worker_and_a_new_one_goes_on),
        cmocka_unit_test(an_abort_that_fails_is_the_end),
        cmocka_unit_test(a_commit_whose_answer_is_lost_counts),
        cmocka_unit_test(partitions_come_and_go),
        cmocka_unit_test(a_revocation_whose_commit_fails_loses_nothing),
    };
    return cmocka_run_group_tests(tests, begin, alerts_world_end);
}
