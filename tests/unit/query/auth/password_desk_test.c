// The desk that hashes passwords: answers, limits, askers who go away.
#include "query/auth/password_desk.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

enum {
    WAITING = 3,
    TIMEOUT_S = 60,
    ASKERS = 4,
    ROUNDS = 150,
    MEASURED_MIN = 15,
    MEASURED_MAX = 2000,
    NS_PER_S = 1000000000
};

static const struct auth_settings cheap = {.password_memory = 8192,
                                           .password_passes = 1,
                                           .password_threads = 1,
                                           .password_waiting = WAITING};

// What the desk's callback does: it counts, and may be held up, so that its thread does nothing.
struct door {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_shut;
    size_t woken;
};
static struct door door = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0};
static struct password_desk *desk;

static void wait_for_change(void)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += TIMEOUT_S;
    assert_int_equal(pthread_cond_timedwait(&door.changed, &door.lock, &end), 0);
}

static void wake(void *context)
{
    struct door *it = context;
    pthread_mutex_lock(&it->lock);
    it->woken++;
    pthread_cond_broadcast(&it->changed);
    while (it->is_shut) {
        pthread_cond_wait(&it->changed, &it->lock);
    }
    pthread_mutex_unlock(&it->lock);
}

static void set_shut(bool is_shut)
{
    pthread_mutex_lock(&door.lock);
    door.is_shut = is_shut;
    pthread_cond_broadcast(&door.changed);
    pthread_mutex_unlock(&door.lock);
}

static size_t woken(void)
{
    pthread_mutex_lock(&door.lock);
    size_t count = door.woken;
    pthread_mutex_unlock(&door.lock);
    return count;
}

static void wait_until_woken(size_t count)
{
    pthread_mutex_lock(&door.lock);
    while (door.woken < count) {
        wait_for_change();
    }
    pthread_mutex_unlock(&door.lock);
}

static void wait_until_done(const struct password_job *job)
{
    pthread_mutex_lock(&door.lock);
    while (!password_job_is_done(job)) {
        wait_for_change();
    }
    pthread_mutex_unlock(&door.lock);
}

static void open_with(const struct auth_settings *settings)
{
    door.woken = 0;
    door.is_shut = false;
    if (!sg_is_ok(password_desk_open(settings, wake, &door, &desk))) {
        fail_msg("%s", sg_reason());
    }
}

static int make(void **state)
{
    (void)state;
    open_with(&cheap);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    set_shut(false);
    password_desk_close(&desk);
    return desk == NULL ? 0 : -1;
}

static struct password_job *ask_hash(const char *password)
{
    struct password_job *job = NULL;
    assert_true(sg_is_ok(password_desk_hash(desk, bytes_of_text(password), &job)));
    return job;
}

static struct password_job *ask_verify(struct bytes password, const char *hash)
{
    struct password_job *job = NULL;
    assert_true(sg_is_ok(password_desk_verify(desk, password, bytes_of_text(hash), &job)));
    return job;
}

static void hash_at_desk(const char *password, char ret_hash[static PASSWORD_HASH_MAX])
{
    const char *hash = NULL;
    struct password_job *job = ask_hash(password);
    wait_until_done(job);
    assert_true(sg_is_ok(password_job_hash(job, &hash)));
    memcpy(ret_hash, hash, strlen(hash) + 1);
    password_job_drop(&job);
    assert_null(job);
}

static bool matches(struct bytes password, const char *hash)
{
    struct password_job *job = ask_verify(password, hash);
    wait_until_done(job);
    bool answer = password_job_matches(job);
    password_job_drop(&job);
    return answer;
}

static void a_password_is_told_by_its_hash(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_MAX];
    hash_at_desk("zq0!zq0!", hash);
    assert_memory_equal(hash, "$argon2id$v=19$m=8,t=1,p=1$", 27);
    assert_true(matches(bytes_of_text("zq0!zq0!"), hash));
    assert_false(matches(bytes_of_text("zq0!zq0?"), hash));
    assert_false(matches(bytes_of_text(""), hash));
}

static void nobody_has_no_password(void **state)
{
    (void)state;
    char longest[PASSWORD_BYTES_MAX + 1];
    char hash[PASSWORD_HASH_MAX];
    assert_false(matches(bytes_of_text("zq0!zq0!"), ""));
    assert_false(matches(bytes_of_text("zq0!zq0!"), "$2b$12$no.hash.of.ours"));
    assert_false(matches(bytes_of_text("zq0!zq0!"), "$argon2id$v=19$m=8,t=1,p=1$broken"));
    // One byte more than a password has is not cut to one.
    memset(longest, 'p', sizeof longest);
    longest[PASSWORD_BYTES_MAX] = '\0';
    hash_at_desk(longest, hash);
    assert_true(matches(bytes_of(longest, PASSWORD_BYTES_MAX), hash));
    longest[PASSWORD_BYTES_MAX] = 'p';
    assert_false(matches(bytes_of(longest, PASSWORD_BYTES_MAX + 1), hash));
    struct password_job *job = NULL;
    assert_int_equal(password_desk_hash(desk, bytes_of(longest, sizeof longest), &job).class,
                     SG_DROP);
    assert_null(job);
}

static void an_older_cost_is_told(void **state)
{
    (void)state;
    char hash[PASSWORD_HASH_MAX];
    hash_at_desk("zq0!zq0!", hash);
    struct password_job *job = ask_verify(bytes_of_text("zq0!zq0!"), hash);
    wait_until_done(job);
    assert_false(password_job_needs_rehash(job));
    password_job_drop(&job);
    password_desk_close(&desk);
    struct auth_settings dearer = cheap;
    dearer.password_passes = 2;
    open_with(&dearer);
    job = ask_verify(bytes_of_text("zq0!zq0!"), hash);
    wait_until_done(job);
    assert_true(password_job_matches(job));
    assert_true(password_job_needs_rehash(job));
    password_job_drop(&job);
    job = ask_verify(bytes_of_text("wrong wrong"), hash);
    wait_until_done(job);
    assert_false(password_job_needs_rehash(job));
    password_job_drop(&job);
}

// Holds the desk's thread up behind a job that is done; the door opens with set_shut(false).
static void hold_up(void)
{
    size_t before = woken();
    set_shut(true);
    struct password_job *job = ask_hash("holding up");
    wait_until_woken(before + 1);
    password_job_drop(&job);
}

static void the_queue_is_bounded(void **state)
{
    (void)state;
    struct password_job *waiting[WAITING];
    struct password_job *more = NULL;
    hold_up();
    for (size_t i = 0; i < WAITING; i++) {
        waiting[i] = ask_hash("waiting");
        assert_false(password_job_is_done(waiting[i]));
    }
    assert_int_equal(password_desk_hash(desk, bytes_of_text("one more"), &more).class, SG_RETRY);
    assert_int_equal(
        password_desk_verify(desk, bytes_of_text("one more"), bytes_of_text(""), &more).class,
        SG_RETRY);
    assert_null(more);
    assert_true(password_desk_retry_s(desk) >= 1);
    // Who goes away leaves a place: the first, the last, one between.
    password_job_drop(&waiting[1]);
    waiting[1] = ask_hash("waiting");
    password_job_drop(&waiting[0]);
    waiting[0] = ask_hash("waiting");
    password_job_drop(&waiting[0]);
    waiting[0] = ask_hash("waiting");
    assert_int_equal(password_desk_hash(desk, bytes_of_text("one more"), &more).class, SG_RETRY);
    set_shut(false);
    for (size_t i = 0; i < WAITING; i++) {
        wait_until_done(waiting[i]);
        password_job_drop(&waiting[i]);
    }
    assert_int_equal(woken(), 1 + WAITING); // Those who went away were not hashed.
}

static void jobs_are_done_in_order(void **state)
{
    (void)state;
    struct password_job *waiting[WAITING];
    hold_up();
    for (size_t i = 0; i < WAITING; i++) {
        waiting[i] = ask_hash("waiting");
    }
    set_shut(false);
    for (size_t i = 0; i < WAITING; i++) {
        wait_until_done(waiting[i]);
        password_job_drop(&waiting[i]);
    }
}

static void a_job_that_runs_may_be_left(void **state)
{
    (void)state;
    struct auth_settings slow = cheap;
    slow.password_memory = 64 << 20;
    slow.password_waiting = 1;
    password_desk_close(&desk);
    open_with(&slow);
    struct password_job *left = ask_hash("left alone");
    struct password_job *next = NULL;
    // There is a place again as soon as the first one runs, which takes long from then on.
    while (password_desk_hash(desk, bytes_of_text("the next one"), &next).class == SG_RETRY) {
        sched_yield();
    }
    password_job_drop(&left);
    wait_until_done(next);
    password_job_drop(&next);
    wait_until_woken(1);
    assert_int_equal(woken(), 1); // Nobody was woken for the one that was left.
}

// One that is refused asks again, as the others may hold every place for all its rounds.
static struct password_job *ask_until_taken(bool is_hash)
{
    struct bytes password = bytes_of_text("many ask");
    struct password_job *job = NULL;
    while (!sg_is_ok(is_hash ? password_desk_hash(desk, password, &job)
                             : password_desk_verify(desk, password, bytes_of_text(""), &job))) {
        sched_yield();
    }
    return job;
}

static void *ask_and_leave(void *context)
{
    size_t number = *(const size_t *)context;
    for (size_t i = 0; i < ROUNDS; i++) {
        struct password_job *job = ask_until_taken((i + number) % 2 == 0);
        if ((i + number) % 3 == 0) {
            wait_until_done(job);
        }
        password_job_drop(&job);
    }
    return NULL;
}

static void many_ask_and_leave(void **state)
{
    (void)state;
    struct auth_settings wide = cheap;
    wide.password_threads = 3;
    password_desk_close(&desk);
    open_with(&wide);
    pthread_t askers[ASKERS];
    size_t numbers[ASKERS];
    for (size_t i = 0; i < ASKERS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&askers[i], NULL, ask_and_leave, &numbers[i]), 0);
    }
    for (size_t i = 0; i < ASKERS; i++) {
        pthread_join(askers[i], NULL);
    }
}

static int64_t processor_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

// Lowers `least_ns` to the processor time of one more verification.
static void measure(struct bytes password, const char *hash, int64_t *least_ns)
{
    int64_t began_ns = processor_ns();
    assert_false(matches(password, hash));
    int64_t took_ns = processor_ns() - began_ns;
    *least_ns = took_ns < *least_ns ? took_ns : *least_ns;
}

static bool are_alike(int64_t a_ns, int64_t b_ns)
{
    return a_ns * 10 >= b_ns * 8 && b_ns * 10 >= a_ns * 8;
}

// In turns, since what else the machine does makes both slower; the least of each come together
// when it pauses.
static void nobody_takes_as_long_as_somebody(void **state)
{
    (void)state;
    struct auth_settings usual = cheap;
    usual.password_memory = 4 << 20;
    password_desk_close(&desk);
    open_with(&usual);
    char hash[PASSWORD_HASH_MAX];
    hash_at_desk("zq0!zq0!", hash);
    struct bytes wrong = bytes_of_text("wrong wrong");
    int64_t somebody_ns = INT64_MAX;
    int64_t nobody_ns = INT64_MAX;
    for (size_t i = 0; i < MEASURED_MAX; i++) {
        measure(wrong, hash, &somebody_ns);
        measure(wrong, "", &nobody_ns);
        if (i >= MEASURED_MIN && are_alike(somebody_ns, nobody_ns)) {
            return;
        }
    }
    fail_msg("somebody %lld ns, nobody %lld ns", (long long)somebody_ns, (long long)nobody_ns);
}

static void a_desk_without_memory_is_refused(void **state)
{
    (void)state;
    struct auth_settings wrong = cheap;
    struct password_desk *none = NULL;
    wrong.password_memory = INT64_MAX / 2;
    assert_int_equal(password_desk_open(&wrong, NULL, NULL, &none).class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "auth.password_memory"));
    assert_null(none);
    password_desk_close(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_password_is_told_by_its_hash, make, drop),
        cmocka_unit_test_setup_teardown(nobody_has_no_password, make, drop),
        cmocka_unit_test_setup_teardown(an_older_cost_is_told, make, drop),
        cmocka_unit_test_setup_teardown(the_queue_is_bounded, make, drop),
        cmocka_unit_test_setup_teardown(jobs_are_done_in_order, make, drop),
        cmocka_unit_test_setup_teardown(a_job_that_runs_may_be_left, make, drop),
        cmocka_unit_test_setup_teardown(many_ask_and_leave, make, drop),
        cmocka_unit_test_setup_teardown(nobody_takes_as_long_as_somebody, make, drop),
        cmocka_unit_test(a_desk_without_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
