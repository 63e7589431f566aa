// Two pictures: of the undisturbed life and of the one looked at.
#include "alerts_world.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "alert_events.h"
#include "fake_kafka.h"
#include "journal_check.h"
#include "world_picture.h"

enum { PICTURE_BYTES_MAX = 16 << 20 };

static char folder[LIFE_FOLDER_MAX];
static struct buffer expected;
static struct buffer found;

int alerts_world_begin(void **state)
{
    (void)state;
    life_make_folder(folder);
    buffer_init(&expected, PICTURE_BYTES_MAX);
    buffer_init(&found, PICTURE_BYTES_MAX);
    return 0;
}

int alerts_world_end(void **state)
{
    (void)state;
    life_remove_folder(folder);
    buffer_done(&expected);
    buffer_done(&found);
    return 0;
}

void alerts_world_new(uint64_t seed, int records)
{
    life_remove_folder(folder);
    life_new_world(ALERTS_WORLD_PARTITIONS);
    alert_events_put(seed, ALERTS_WORLD_EVENTS);
    fake_kafka_limit(records);
}

struct life alerts_world_life(void)
{
    return (struct life){.processor = "alerts", .folder = folder};
}

void alerts_world_move(void)
{
    life_remove_folder(folder);
}

static void take_picture(struct buffer *out)
{
    buffer_clear(out);
    world_picture_topic(out, "alerts", true);
    world_picture_topic(out, "dead-letters", true);
    world_picture_changelog(out, "soglia-alerts-instruments-changelog");
    world_picture_changelog(out, "soglia-alerts-subscriptions-changelog");
    world_picture_state(out, "alerts", folder, ALERTS_WORLD_PARTITIONS);
    world_picture_positions(out, "alerts", ALERTS_WORLD_PARTITIONS);
    assert_true(sg_is_ok(buffer_append_byte(out, '\0')));
}

void alerts_world_expect(void)
{
    take_picture(&expected);
    assert_true(journal_check("alerts", folder, ALERTS_WORLD_PARTITIONS) > 0);
}

void alerts_world_expect_same(const char *what, int nth)
{
    take_picture(&found);
    assert_false(fake_kafka_is_open());
    assert_true(journal_check("alerts", folder, ALERTS_WORLD_PARTITIONS) > 0);
    if (!bytes_equal(buffer_bytes(&expected), buffer_bytes(&found))) {
        print_error("after %s %d:\n--- expected\n%s--- found\n%s", what, nth,
                    (const char *)expected.data, (const char *)found.data);
        fail();
    }
}
