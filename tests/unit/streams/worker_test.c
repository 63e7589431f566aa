// Transactions that do not fit: a map that fills up while events are taken, while the state is
// saved and when it is opened again.
#include "streams/worker.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "alert_events.h"
#include "fake_kafka.h"
#include "life.h"
#include "world_picture.h"

enum { PARTITIONS = 1, SUBSCRIPTIONS = 500, PICTURE_BYTES_MAX = 16 << 20 };

static char folder[LIFE_FOLDER_MAX];
static struct buffer expected;
static struct buffer found;

static void new_world(void)
{
    life_remove_folder(folder);
    life_new_world(PARTITIONS);
    int64_t at_ms = INT64_C(1700000000000);
    for (int i = 0; i < SUBSCRIPTIONS; i++) {
        char id[32];
        snprintf(id, sizeof id, "subscription-%d", i);
        alert_events_subscription("stock:A", id, i, at_ms++);
        if (i % 10 == 0) {
            alert_events_quote("stock:A", i + 0.5, at_ms++);
        }
    }
}

static void take_picture(struct buffer *out)
{
    buffer_clear(out);
    world_picture_topic(out, "alerts", false);
    world_picture_state(out, "alerts", folder, PARTITIONS);
    world_picture_positions(out, "alerts", PARTITIONS);
}

static int begin(void **state)
{
    (void)state;
    life_make_folder(folder);
    buffer_init(&expected, PICTURE_BYTES_MAX);
    buffer_init(&found, PICTURE_BYTES_MAX);
    new_world();
    struct life life = {.processor = "alerts", .folder = folder};
    if (life_run(&life) != LIFE_STOPPED) {
        return -1;
    }
    take_picture(&expected);
    return fake_kafka_count("alerts") >= SUBSCRIPTIONS / 2 ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    life_remove_folder(folder);
    buffer_done(&expected);
    buffer_done(&found);
    return 0;
}

// Whatever the size of the map is when the state outgrows it, and whichever call meets that: the
// worker goes on.
static void a_map_of_any_size_is_enough(void **state)
{
    (void)state;
    // Small transactions find the end of the map before their commit wherever it is.
    static const struct {
        int records;
        int64_t step;
    } sweeps[] = {{1, 32 << 10}, {7, 32 << 10}, {40, 8 << 10}, {150, 4 << 10}, {0, 4 << 10}};
    for (size_t i = 0; i < sizeof sweeps / sizeof sweeps[0]; i++) {
        for (int64_t map_bytes = 96 << 10; map_bytes <= 320 << 10; map_bytes += sweeps[i].step) {
            new_world();
            fake_kafka_limit(sweeps[i].records);
            struct life life = {.processor = "alerts", .folder = folder, .map_bytes = map_bytes};
            enum life_end ended = life_run(&life);
            if (ended != LIFE_STOPPED) {
                print_error("map of %lld bytes: %s\n", (long long)map_bytes, life_reason());
            }
            assert_int_equal(ended, LIFE_STOPPED);
            take_picture(&found);
            assert_true(bytes_equal(buffer_bytes(&expected), buffer_bytes(&found)));
        }
    }
}

static void inputs_of_different_width_are_refused(void **state)
{
    (void)state;
    fake_kafka_reset();
    fake_kafka_topic("subscriptions", 2);
    fake_kafka_topic("quotes", 3);
    struct life life = {.processor = "alerts", .folder = folder};
    assert_int_equal(life_run(&life), LIFE_REFUSED);
    assert_non_null(strstr(life_reason(), "topic quotes has 3 partitions, subscriptions has 2"));
}

static void a_missing_topic_is_named(void **state)
{
    (void)state;
    fake_kafka_reset();
    fake_kafka_topic("subscriptions", 2);
    struct life life = {.processor = "alerts", .folder = folder};
    assert_int_equal(life_run(&life), LIFE_REFUSED);
    assert_non_null(strstr(life_reason(), "topic quotes"));
    assert_non_null(strstr(life_reason(), "soglia topics apply"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_of_any_size_is_enough),
        cmocka_unit_test(inputs_of_different_width_are_refused),
        cmocka_unit_test(a_missing_topic_is_named),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
