// Who goes next, who is told to come later, and who is left alone.
#include "connectors/webhook/webhook_queue.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/number.h"
#include "schemas/notification.h"

enum { JOBS = 40, HOST_SHARE = 2, ROUNDS = 20000, PATHS = 12, HOSTS = 3, LONG_MS = 1000 };

static struct webhook_queue *queue;
static int64_t later_ms;

static int make(void **state)
{
    (void)state;
    queue = webhook_queue_new(JOBS, HOST_SHARE);
    return queue == NULL;
}

static int drop(void **state)
{
    (void)state;
    webhook_queue_free(&queue);
    webhook_queue_free(&queue);
    return 0;
}

static bool add_for(const char *host, const char *path, int32_t partition, int64_t now_ms)
{
    char url[64];
    snprintf(url, sizeof url, "https://%s/%s", host, path);
    const struct notification notification = {.notification_id = bytes_of_text(path),
                                              .address = bytes_of_text(url)};
    struct webhook_job *job = webhook_job_new(partition, 1, &notification);
    assert_non_null(job);
    later_ms = 0;
    bool taken = webhook_queue_has_room(queue, job->url, now_ms, &later_ms);
    if (taken) {
        assert_true(webhook_queue_add(queue, job, bytes_of_text(host)));
    } else {
        webhook_job_free(&job);
        assert_in_range(later_ms, 1, WEBHOOK_QUEUE_LATER_MS_MAX);
    }
    return taken;
}

static bool add(const char *host, const char *path)
{
    return add_for(host, path, 0, 0);
}

static struct webhook_job *start(const char *path, int64_t now_ms)
{
    struct webhook_job *job = webhook_queue_start(queue, now_ms);
    if (path == NULL) {
        assert_null(job);
    } else {
        assert_non_null(job);
        assert_true(bytes_is_text(job->notification_id, path));
    }
    return job;
}

static void finish(struct webhook_job *job, int64_t now_ms, bool slow_down, int64_t wait_ms)
{
    webhook_queue_finish(
        queue, job,
        &(struct webhook_queue_end){
            .now_ms = now_ms, .duration_ms = LONG_MS, .slow_down = slow_down, .wait_ms = wait_ms});
    webhook_job_free(&job);
}

static void an_endpoint_gets_one_after_the_other(void **state)
{
    (void)state;
    assert_true(add("a", "1") && add("a", "1") && add("b", "2"));
    struct webhook_job *first = start("1", 0);
    struct webhook_job *second = start("2", 0);
    start(NULL, 0);
    assert_int_equal(webhook_queue_waiting(queue), 1);
    assert_int_equal(webhook_queue_running(queue), 2);
    finish(first, 1, false, 0);
    first = start("1", 1);
    finish(first, 2, false, 0);
    finish(second, 2, false, 0);
    assert_int_equal(webhook_queue_running(queue), 0);
}

static void endpoints_have_their_turn(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(add("a", "1"));
    }
    assert_true(add("b", "2") && add("c", "3"));
    static const char *const order[] = {"1", "2", "3", "1", "1"};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        finish(start(order[i], 0), 0, false, 0);
    }
    start(NULL, 0);
}

static void a_host_has_its_share(void **state)
{
    (void)state;
    assert_true(add("a", "1") && add("a", "2") && add("a", "3") && add("b", "4"));
    struct webhook_job *first = start("1", 0);
    struct webhook_job *second = start("2", 0);
    struct webhook_job *other = start("4", 0);
    start(NULL, 0);
    finish(first, 0, false, 0);
    struct webhook_job *third = start("3", 0);
    finish(second, 0, false, 0);
    finish(third, 0, false, 0);
    finish(other, 0, false, 0);
}

static void a_long_line_comes_back_one_after_the_other(void **state)
{
    (void)state;
    for (int i = 0; i < WEBHOOK_QUEUE_SHARE; i++) {
        assert_true(add("a", "1"));
    }
    int64_t before = 0;
    for (int i = 0; i < 100; i++) {
        assert_false(add("a", "1"));
        assert_true(later_ms > before);
        before = later_ms;
    }
    assert_true(add("b", "2"));
    // A slow one is not asked for more often than once in a while.
    finish(start("1", 0), 60000, false, 0);
    assert_true(add_for("a", "1", 0, 60000));
    for (int i = 0; i < 1000; i++) {
        assert_false(add_for("a", "1", 0, 60000));
    }
    assert_int_equal(later_ms, WEBHOOK_QUEUE_LATER_MS_MAX);
}

static void the_whole_queue_has_its_room(void **state)
{
    (void)state;
    char path[16];
    for (int i = 0; i < JOBS; i++) {
        snprintf(path, sizeof path, "%d", i);
        assert_true(add("a", path));
    }
    assert_false(add("b", "x"));
    finish(start("0", 0), 0, false, 0);
    assert_true(add("b", "x"));
}

static void who_is_overloaded_is_left_alone(void **state)
{
    (void)state;
    int64_t now = 0;
    int64_t pause = 0;
    assert_true(add("a", "1"));
    for (int i = 0; i < 12; i++) {
        struct webhook_job *job = start("1", now);
        assert_true(add_for("a", "1", 0, now));
        finish(job, now, true, 0);
        start(NULL, now);
        int64_t next = webhook_queue_next_ms(queue, now);
        assert_true(next - now >= pause && next - now <= WEBHOOK_QUEUE_LATER_MS_MAX);
        pause = next - now;
        start(NULL, next - 1);
        now = next;
    }
    assert_int_equal(pause, WEBHOOK_QUEUE_LATER_MS_MAX);
    // What it asks for itself counts when it is longer; one good answer ends it all.
    struct webhook_job *job = start("1", now);
    assert_true(add_for("a", "1", 0, now) && add_for("a", "1", 0, now));
    finish(job, now, true, 3600000);
    assert_int_equal(webhook_queue_next_ms(queue, now), now + 3600000);
    now += 3600000;
    finish(start("1", now), now, false, 0);
    finish(start("1", now), now, false, 0);
    assert_int_equal(webhook_queue_next_ms(queue, now), INT64_MAX);
}

static void what_went_elsewhere_is_dropped(void **state)
{
    (void)state;
    assert_true(add_for("a", "1", 0, 0) && add_for("a", "1", 1, 0) && add_for("b", "2", 1, 0));
    struct webhook_job *running = start("1", 0);
    webhook_queue_forget(queue, 1);
    assert_false(running->forgotten);
    assert_int_equal(webhook_queue_waiting(queue), 0);
    webhook_queue_forget(queue, 0);
    assert_true(running->forgotten);
    finish(running, 0, false, 0);
    start(NULL, 0);
    assert_true(add_for("a", "1", 0, 0));
    finish(start("1", 0), 0, false, 0);
}

static uint32_t dice(uint64_t *seed, uint32_t sides)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)(*seed >> 20) % sides;
}

// The traffic as counters see it.
static struct {
    struct webhook_job *running[PATHS];
    size_t waiting;
    size_t under_way;
    uint64_t seed;
    int64_t now;
} traffic;

static void add_at_random(void)
{
    char path[16];
    char host[16];
    uint32_t at = dice(&traffic.seed, PATHS);
    snprintf(path, sizeof path, "%u", at);
    snprintf(host, sizeof host, "h%u", at % HOSTS);
    bool taken = add_for(host, path, (int32_t)dice(&traffic.seed, 3), traffic.now);
    traffic.waiting += taken ? 1 : 0;
}

static void start_one(void)
{
    struct webhook_job *job = webhook_queue_start(queue, traffic.now);
    if (job != NULL) {
        int64_t path = 0;
        assert_true(number_read_int(job->notification_id, &path));
        assert_null(traffic.running[path]);
        traffic.running[path] = job;
        traffic.waiting--;
        traffic.under_way++;
    }
}

static void finish_at(uint32_t path)
{
    if (traffic.running[path] != NULL) {
        finish(traffic.running[path], traffic.now, dice(&traffic.seed, 4) == 0, 0);
        traffic.running[path] = NULL;
        traffic.under_way--;
    }
}

static size_t running_at(uint32_t host)
{
    size_t count = 0;
    for (uint32_t i = host; i < PATHS; i += HOSTS) {
        count += traffic.running[i] != NULL ? 1 : 0;
    }
    return count;
}

// Nothing is lost, no endpoint runs twice, no host beyond its share.
static void random_traffic_keeps_the_rules(void **state)
{
    (void)state;
    memset(&traffic, 0, sizeof traffic);
    traffic.seed = 7;
    for (int round = 0; round < ROUNDS; round++) {
        add_at_random();
        start_one();
        finish_at(dice(&traffic.seed, PATHS));
        for (uint32_t host = 0; host < HOSTS; host++) {
            assert_true(running_at(host) <= HOST_SHARE);
        }
        assert_int_equal(webhook_queue_waiting(queue), traffic.waiting);
        assert_int_equal(webhook_queue_running(queue), traffic.under_way);
        traffic.now += dice(&traffic.seed, 200);
    }
    for (uint32_t path = 0; path < PATHS; path++) {
        finish_at(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_endpoint_gets_one_after_the_other, make, drop),
        cmocka_unit_test_setup_teardown(endpoints_have_their_turn, make, drop),
        cmocka_unit_test_setup_teardown(a_host_has_its_share, make, drop),
        cmocka_unit_test_setup_teardown(a_long_line_comes_back_one_after_the_other, make, drop),
        cmocka_unit_test_setup_teardown(the_whole_queue_has_its_room, make, drop),
        cmocka_unit_test_setup_teardown(who_is_overloaded_is_left_alone, make, drop),
        cmocka_unit_test_setup_teardown(what_went_elsewhere_is_dropped, make, drop),
        cmocka_unit_test_setup_teardown(random_traffic_keeps_the_rules, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
