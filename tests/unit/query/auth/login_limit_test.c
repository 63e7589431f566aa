// How often one may try: limits, what is given back, and that no flood makes it forget.
#include "query/auth/login_limit.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    ATTEMPTS = 10,
    ADDRESS_ATTEMPTS = 100,
    SHARE_S = 90, // 15 minutes / ATTEMPTS.
    MINUTE_MS = 60000,
    WINDOW_MS = 15 * MINUTE_MS,
    FLOOD = 300000,
    INNOCENTS = 1000,
    NAMES_BLOCKED = 1000,
    THREADS = 4,
    ROUNDS = 2000
};

static const struct auth_settings settings = {.attempts = ATTEMPTS,
                                              .address_attempts = ADDRESS_ATTEMPTS};
static const int64_t start_ms = 5000000;
static struct login_limit *limit;

static int make(void **state)
{
    (void)state;
    return sg_is_ok(login_limit_new(&settings, &limit)) ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    login_limit_free(&limit);
    return limit == NULL ? 0 : -1;
}

// Address number `address`, each a network of its own.
static struct login_attempt attempt_of(const char *account, uint32_t address)
{
    struct login_attempt attempt = {.account = bytes_of_text(account), .address = {.bytes = {6}}};
    memcpy(attempt.address.bytes + 1, &address, sizeof address);
    return attempt;
}

static int64_t take(const char *account, uint32_t address, int64_t now_ms)
{
    struct login_attempt attempt = attempt_of(account, address);
    return login_limit_take(limit, &attempt, now_ms);
}

static void an_account_has_so_many(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ATTEMPTS; i++) {
        assert_int_equal(take("u1", i, start_ms), 0);
    }
    assert_int_equal(take("u1", ATTEMPTS, start_ms), SHARE_S);
    assert_int_equal(take("u1", ATTEMPTS, start_ms + 1), SHARE_S);
    assert_int_equal(take("u1", ATTEMPTS, start_ms + SHARE_S * 1000 - 1), 1);
    assert_int_equal(take("u2", ATTEMPTS, start_ms), 0);
    // One more each 90 s, and all of them after the window.
    assert_int_equal(take("u1", ATTEMPTS, start_ms + SHARE_S * 1000), 0);
    assert_int_equal(take("u1", ATTEMPTS, start_ms + SHARE_S * 1000), SHARE_S);
    for (uint32_t i = 0; i < ATTEMPTS; i++) {
        assert_int_equal(take("u1", i, start_ms + 2 * WINDOW_MS), 0);
    }
    assert_int_equal(take("u1", 1, start_ms + 2 * WINDOW_MS), SHARE_S);
}

static void an_address_has_so_many(void **state)
{
    (void)state;
    for (size_t i = 0; i < ADDRESS_ATTEMPTS; i++) {
        char account[16];
        snprintf(account, sizeof account, "u%zu", i);
        assert_int_equal(take(account, 7, start_ms), 0);
    }
    assert_int_equal(take("somebody", 7, start_ms), 9);
    assert_int_equal(take("", 7, start_ms), 9);
    assert_int_equal(take("somebody", 8, start_ms), 0);
    // The account was not charged for what the address was refused.
    for (uint32_t i = 1; i < ATTEMPTS; i++) {
        assert_int_equal(take("somebody", 100 + i, start_ms), 0);
    }
}

static void without_an_account_only_the_address_counts(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 10 * ATTEMPTS; i++) {
        assert_int_equal(take("", i, start_ms), 0);
    }
}

static void a_success_gives_the_account_back(void **state)
{
    (void)state;
    struct login_attempt attempt = attempt_of("u1", 7);
    for (size_t i = 0; i < ADDRESS_ATTEMPTS; i++) {
        assert_int_equal(login_limit_take(limit, &attempt, start_ms), 0);
        login_limit_succeeded(limit, &attempt);
    }
    assert_int_equal(login_limit_take(limit, &attempt, start_ms), 9); // The address has not.
    for (uint32_t i = 0; i < ATTEMPTS; i++) {
        assert_int_equal(take("u1", 100 + i, start_ms), 0);
    }
    assert_int_equal(take("u1", 200, start_ms), SHARE_S);
}

static void what_was_not_tried_is_given_back(void **state)
{
    (void)state;
    struct login_attempt attempt = attempt_of("u1", 7);
    struct login_attempt nobody = attempt_of("", 7);
    for (size_t i = 0; i < ADDRESS_ATTEMPTS + ATTEMPTS; i++) {
        assert_int_equal(login_limit_take(limit, &attempt, start_ms), 0);
        login_limit_give_back(limit, &attempt);
        assert_int_equal(login_limit_take(limit, &nobody, start_ms), 0);
        login_limit_give_back(limit, &nobody);
    }
}

// Guesses at 300,000 names from as many networks, and somebody who logs in all the time.
static void no_flood_frees_a_blocked_account(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < ATTEMPTS; i++) {
        assert_int_equal(take("victim", 900000 + i, start_ms), 0);
    }
    for (uint32_t i = 0; i < FLOOD; i++) {
        char account[16];
        snprintf(account, sizeof account, "f%u", i);
        struct login_attempt attempt = attempt_of(account, i);
        if (login_limit_take(limit, &attempt, start_ms) == 0 && i % 2 == 0) {
            login_limit_succeeded(limit, &attempt);
        }
        assert_true(i % 1000 != 0 || take("victim", 900020, start_ms) > 0);
    }
    assert_true(take("victim", 900020, start_ms) >= SHARE_S);
}

static void few_suffer_for_others(void **state)
{
    (void)state;
    char account[16];
    for (uint32_t i = 0; i < NAMES_BLOCKED * ATTEMPTS; i++) {
        snprintf(account, sizeof account, "b%u", i % NAMES_BLOCKED);
        assert_int_equal(take(account, i, start_ms), 0);
    }
    // By chance one of a thousand would be refused once in a thousand runs; none is the rule.
    size_t refused = 0;
    for (uint32_t i = 0; i < INNOCENTS; i++) {
        snprintf(account, sizeof account, "i%u", i);
        refused += take(account, 500000 + i, start_ms) > 0 ? 1U : 0U;
    }
    assert_true(refused <= 1);
}

static atomic_int taken;

static void *take_all(void *context)
{
    (void)context;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct login_attempt attempt = attempt_of("shared", i);
        if (login_limit_take(limit, &attempt, start_ms) == 0) {
            atomic_fetch_add(&taken, 1);
        }
    }
    return NULL;
}

static void threads_share_the_count(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    atomic_store(&taken, 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, take_all, NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(atomic_load(&taken), ATTEMPTS);
}

static void odd_limits_are_exact(void **state)
{
    (void)state;
    static const int64_t counts[] = {1, 7, 70000, 100000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct auth_settings odd = {.attempts = counts[i], .address_attempts = counts[i]};
        struct login_limit *other = NULL;
        struct login_attempt attempt = attempt_of("u1", 1);
        int64_t passed = 0;
        assert_true(sg_is_ok(login_limit_new(&odd, &other)));
        while (login_limit_take(other, &attempt, start_ms) == 0) {
            passed++;
        }
        assert_int_equal(passed, counts[i]);
        login_limit_free(&other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_account_has_so_many, make, drop),
        cmocka_unit_test_setup_teardown(an_address_has_so_many, make, drop),
        cmocka_unit_test_setup_teardown(without_an_account_only_the_address_counts, make, drop),
        cmocka_unit_test_setup_teardown(a_success_gives_the_account_back, make, drop),
        cmocka_unit_test_setup_teardown(what_was_not_tried_is_given_back, make, drop),
        cmocka_unit_test_setup_teardown(no_flood_frees_a_blocked_account, make, drop),
        cmocka_unit_test_setup_teardown(few_suffer_for_others, make, drop),
        cmocka_unit_test_setup_teardown(threads_share_the_count, make, drop),
        cmocka_unit_test(odd_limits_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
