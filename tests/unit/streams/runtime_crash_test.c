// The alerts processor, killed at every passage of every crash point, must leave what an
// undisturbed run leaves: outputs, state and positions, to the byte.
#include "streams/runtime.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "alerts_world.h"
#include "fake_kafka.h"

enum { RECORDS_BETWEEN_POLLS = 2, SEED = 7, PASSAGES_MAX = 200, LIVES_MAX = 4, ROUNDS = 40 };
enum { EVERY_TASK_COMMITTED = 5 };

static void live_undisturbed(uint64_t seed)
{
    alerts_world_new(seed, RECORDS_BETWEEN_POLLS);
    struct life life = alerts_world_life();
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    alerts_world_expect();
    // The events are of use only when something comes of them.
    assert_true(fake_kafka_count("alerts") >= 5);
    assert_true(fake_kafka_count("dead-letters") >= 2);
    assert_true(fake_kafka_calls(FAKE_COMMIT) >= 8);
}

static void one_transaction_or_many_are_the_same(void **state)
{
    (void)state;
    live_undisturbed(SEED);
    alerts_world_new(SEED, 0);
    struct life life = alerts_world_life();
    life.changes = 1 << 20;
    life.cache_entries = 1000;
    assert_int_equal(life_run_here(&life), LIFE_STOPPED);
    assert_int_equal(fake_kafka_calls(FAKE_COMMIT), 1);
    alerts_world_expect_same("one transaction", 0);
}

// Dies at each passage of `first`; the next life may die at `second` (NULL: it lives).
static void die_everywhere(const char *first, const char *second)
{
    int passage = 1;
    for (; passage <= PASSAGES_MAX; passage++) {
        alerts_world_new(SEED, RECORDS_BETWEEN_POLLS);
        struct life life = alerts_world_life();
        life.crash_at = first;
        life.crash_nth = passage;
        enum life_end ended = life_run(&life);
        if (ended == LIFE_STOPPED) {
            break;
        }
        assert_int_equal(ended, LIFE_CRASHED);
        fake_kafka_restart();
        life.crash_at = second;
        life.crash_nth = 1;
        ended = life_run(&life);
        if (ended == LIFE_CRASHED) {
            fake_kafka_restart();
            life.crash_at = NULL;
            ended = life_run(&life);
        }
        assert_int_equal(ended, LIFE_STOPPED);
        alerts_world_expect_same(first, passage);
    }
    // It was passed at all, and not for ever.
    assert_in_range(passage, 2, PASSAGES_MAX);
}

static void killed_at_any_step_of_a_commit(void **state)
{
    (void)state;
    live_undisturbed(SEED);
    static const char *const points[] = {"state_flushed",      "flushed",    "before_kafka_commit",
                                         "after_kafka_commit", "task_saved", "committed"};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        die_everywhere(points[i], NULL);
    }
}

static void killed_while_it_starts_or_ends(void **state)
{
    (void)state;
    live_undisturbed(SEED);
    static const char *const points[] = {"assigned", "before_recovery", "recovery_end",
                                         "state_hashed", "stopping"};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        die_everywhere(points[i], NULL);
    }
}

static void killed_again_while_it_recovers(void **state)
{
    (void)state;
    live_undisturbed(SEED);
    die_everywhere("after_kafka_commit", "before_recovery");
    die_everywhere("after_kafka_commit", "recovery_end");
    die_everywhere("task_saved", "recovery_end");
    die_everywhere("after_kafka_commit", "state_hashed");
}

struct forgetting {
    const char *crash_at; // NULL: it goes on.
    bool refused;         // The next commit fails.
    bool halfway;         // The changelogs have their markers.
};

static void forget_commit(int strike, const struct forgetting *how)
{
    alerts_world_new(SEED, RECORDS_BETWEEN_POLLS);
    struct life life = alerts_world_life();
    fake_kafka_fail((struct fake_fault){
        .call = FAKE_COMMIT, .from = strike, .to = strike, .after = how->halfway});
    if (how->refused) {
        fake_kafka_fail((struct fake_fault){FAKE_COMMIT, strike + 1, strike + 1, SG_ABORT, false});
    }
    const char *crash_at = how->crash_at;
    life.crash_at = crash_at;
    life.crash_nth = strike + (crash_at != NULL && strcmp(crash_at, "begun") == 0 ? 1 : 0);
    enum life_end ended = life_run(&life);
    for (int lives = 0; lives < LIVES_MAX && ended != LIFE_STOPPED; lives++) {
        if (ended == LIFE_REFUSED) {
            assert_non_null(strstr(life_reason(), "has lost the end"));
        }
        fake_kafka_restart();
        life.crash_at = NULL;
        ended = life_run(&life);
    }
    assert_int_equal(ended, LIFE_STOPPED);
    alerts_world_expect_same(crash_at == NULL ? "a commit forgotten" : crash_at, strike);
}

// Kafka says that a transaction is committed and forgets its end, everywhere or but for the
// changelogs. Then the process goes on, or dies
// with or without the transaction in its file, or has the next transaction refused.
static void commits_that_kafka_forgets(void **state)
{
    (void)state;
    live_undisturbed(SEED);
    static const char *const points[] = {NULL, "after_kafka_commit", "committed", "begun"};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        for (int strike = 2; strike < 12; strike++) {
            // Of a task's first transaction nobody can say whether Kafka ever had it.
            int ways = strike >= EVERY_TASK_COMMITTED ? 4 : 2;
            for (int way = 0; way < ways; way++) {
                forget_commit(strike, &(struct forgetting){points[i], way % 2 == 1, way >= 2});
            }
        }
    }
}

static uint64_t dice(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

// Up to two failures, a rebalance and a crash, all by chance.
static void disturb(uint64_t *seed, struct life *life)
{
    static const char *const points[] = {"state_flushed",
                                         "flushed",
                                         "before_kafka_commit",
                                         "after_kafka_commit",
                                         "task_saved",
                                         "committed",
                                         "before_recovery",
                                         "recovery_end",
                                         "state_hashed",
                                         "before_abort",
                                         "aborted",
                                         "begun",
                                         "input_rewound",
                                         "recovered",
                                         "tasks_opened",
                                         "revoke_committed",
                                         "tasks_closed",
                                         "after_abort",
                                         "assigned",
                                         "revoked",
                                         "stopping",
                                         "settled"};
    static const enum fake_call calls[] = {FAKE_BEGIN,  FAKE_SEND, FAKE_SEND_OFFSETS,
                                           FAKE_COMMIT, FAKE_NEXT, FAKE_PRODUCER_POLL};
    fake_kafka_restart();
    for (uint64_t faults = dice(seed) % 3; faults > 0; faults--) {
        int from = 1 + (int)(dice(seed) % 30);
        enum fake_call call = calls[dice(seed) % (sizeof calls / sizeof calls[0])];
        fake_kafka_fail((struct fake_fault){
            .call = call,
            .from = from,
            .to = from + (int)(dice(seed) % 2),
            .class = dice(seed) % 2 == 0 || call == FAKE_COMMIT ? SG_ABORT : SG_RETRY,
        });
    }
    if (dice(seed) % 2 == 0) {
        fake_kafka_revoke_at(2 + (int)(dice(seed) % 12), dice(seed) % 2 == 0);
    }
    life->crash_at = points[dice(seed) % (sizeof points / sizeof points[0])];
    life->crash_nth = 1 + (int)(dice(seed) % 6);
}

static void disturbed_at_random(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        live_undisturbed(1 + round % 4);
        uint64_t seed = round * UINT64_C(0x9E3779B97F4A7C15);
        alerts_world_new(1 + round % 4, RECORDS_BETWEEN_POLLS);
        struct life life = alerts_world_life();
        enum life_end ended = LIFE_CRASHED;
        for (int lives = 0; lives < LIVES_MAX && ended == LIFE_CRASHED; lives++) {
            disturb(&seed, &life);
            ended = life_run(&life);
        }
        fake_kafka_restart();
        life.crash_at = NULL;
        if (dice(&seed) % 4 == 0) {
            alerts_world_move(); // Moved to another machine.
        }
        assert_int_equal(life_run(&life), LIFE_STOPPED);
        alerts_world_expect_same("random disturbance, round", (int)round);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_transaction_or_many_are_the_same, alerts_world_begin,
                                        alerts_world_end),
        cmocka_unit_test_setup_teardown(killed_at_any_step_of_a_commit, alerts_world_begin,
                                        alerts_world_end),
        cmocka_unit_test_setup_teardown(killed_while_it_starts_or_ends, alerts_world_begin,
                                        alerts_world_end),
        cmocka_unit_test_setup_teardown(killed_again_while_it_recovers, alerts_world_begin,
                                        alerts_world_end),
        cmocka_unit_test_setup_teardown(commits_that_kafka_forgets, alerts_world_begin,
                                        alerts_world_end),
        cmocka_unit_test_setup_teardown(disturbed_at_random, alerts_world_begin, alerts_world_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
