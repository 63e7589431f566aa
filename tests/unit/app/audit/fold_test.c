// A task done again: outputs, dead letters, state, whatever the transactions are.
#include "app/audit/fold/fold.h"

#include "app/audit/fold/scratch_folder.h"
#include "schemas/alert.h"
#include "schemas/quote.h"
#include "schemas/subscription.h"
#include "streams/topology.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

enum { FIRST_ID = 1, TIME = 1000000, BYTES_MAX = 1 << 16 };

static struct scratch_folder folder;
static struct codecs codecs;
static struct fold *fold;
static struct arena *arena;
static struct buffer encoded;

static sg_result no_schema(void *context, int32_t id, struct bytes *ret_text)
{
    (void)context;
    (void)ret_text;
    return sg_fail(SG_DROP, 0, "schema id %d is not registered", id);
}

static int open_all(void **state)
{
    (void)state;
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        const struct topic_info *info = topic_info(topic);
        struct codec_config config = {
            .type = info->record, .id = FIRST_ID + (int32_t)topic, .schema_of = no_schema};
        if (info->record != NULL && !info->json) {
            assert_true(sg_is_ok(codec_new(&config, &codecs.by_topic[topic])));
        }
    }
    arena = arena_new(1 << 20);
    buffer_init(&encoded, BYTES_MAX);
    assert_true(sg_is_ok(scratch_folder_make(&folder)));
    struct fold_config config = {.processor = topology_find("alerts"),
                                 .name = "alerts/0",
                                 .dir = folder.path,
                                 .cache_entries = 16,
                                 .partitions = 1,
                                 .codecs = &codecs};
    assert_true(sg_is_ok(fold_open(&config, &fold)));
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    fold_close(&fold);
    scratch_folder_remove(&folder);
    buffer_done(&encoded);
    arena_free(&arena);
    codecs_done(&codecs);
    return 0;
}

static void take(enum topic topic, int64_t offset, const void *record)
{
    buffer_clear(&encoded);
    assert_true(sg_is_ok(codec_encode(codecs.by_topic[topic], record, &encoded)));
    struct event event = {.topic = topic,
                          .key = bytes_of_text("stock:A"),
                          .value = buffer_bytes(&encoded),
                          .offset = offset,
                          .timestamp_ms = TIME + offset};
    assert_true(sg_is_ok(fold_take(fold, &event, true)));
}

static void take_quote(int64_t offset, double value)
{
    struct quote quote = quote_default;
    quote.instrument = bytes_of_text("stock:A");
    quote.source = bytes_of_text("test");
    quote.value = value;
    quote.event_time = offset;
    take(TOPIC_QUOTES, offset, &quote);
}

static void take_subscription(void)
{
    struct subscription subscription = subscription_default;
    subscription.subscription_id = bytes_of_text("s");
    subscription.user_id = bytes_of_text("ada");
    subscription.instrument = bytes_of_text("stock:A");
    subscription.has_high = true;
    subscription.high = 10;
    subscription.active = true;
    take(TOPIC_SUBSCRIPTIONS, 0, &subscription);
}

static struct journal record(void)
{
    struct journal journal;
    arena_reset(arena);
    assert_true(sg_is_ok(fold_record(fold, arena, &journal)));
    return journal;
}

static void outputs_come_with_their_causes(void **state)
{
    (void)state;
    take_subscription();
    take_quote(0, 9);
    take_quote(1, 11);
    assert_non_null(fold_taken(fold));
    assert_true(sg_is_ok(fold_end(fold)));
    const struct fold_output *output = fold_outputs(fold);
    assert_non_null(output);
    assert_null(output->next);
    assert_int_equal(output->topic, TOPIC_ALERTS);
    assert_int_equal(output->cause_topic, TOPIC_QUOTES);
    assert_int_equal(output->cause_offset, 1);
    assert_int_equal(output->timestamp_ms, TIME + 1);
    assert_true(bytes_is_text(output->key, "ada"));
    struct alert alert;
    assert_true(
        sg_is_ok(codec_decode(codecs.by_topic[TOPIC_ALERTS], output->value, arena, &alert)));
    assert_true(alert.value == 11 && alert.previous_value == 9);
    struct kafka_message message = {.key = output->key,
                                    .value = output->value,
                                    .has_value = true,
                                    .timestamp_ms = output->timestamp_ms};
    struct identity identity = identity_of(TOPIC_ALERTS, &message);
    assert_true(identity_equal(&identity, &output->identity));
    message.timestamp_ms++;
    identity = identity_of(TOPIC_ALERTS, &message);
    assert_false(identity_equal(&identity, &output->identity));

    struct journal journal = record();
    assert_int_equal(journal.outputs_count, 1);
    assert_int_equal(journal.outputs[0].records, 1);
    assert_int_equal(journal.state_count, 2);
    size_t changes = 0;
    for (const struct fold_change *change = fold_changes(fold); change != NULL;
         change = change->next) {
        changes++;
    }
    assert_int_equal(changes, 2);
}

static void a_refused_record_is_a_dead_letter(void **state)
{
    (void)state;
    struct event event = {.topic = TOPIC_QUOTES,
                          .key = bytes_of_text("stock:A"),
                          .value = bytes_of_text("{}"),
                          .timestamp_ms = TIME};
    assert_true(sg_is_ok(fold_take(fold, &event, true)));
    assert_null(fold_taken(fold));
    assert_true(sg_is_ok(fold_end(fold)));
    assert_int_equal(fold_outputs(fold)->topic, TOPIC_DEAD_LETTERS);
    assert_true(bytes_is_text(fold_outputs(fold)->value, "{}"));
    assert_null(fold_changes(fold));
}

static void the_state_does_not_depend_on_transactions(void **state)
{
    char hash[128];
    take_subscription();
    take_quote(0, 9);
    take_quote(1, 11);
    take_quote(2, 9.5);
    assert_true(sg_is_ok(fold_end(fold)));
    struct journal journal = record();
    snprintf(hash, sizeof hash, "%.*s", (int)journal.state[1].hash.size,
             (const char *)journal.state[1].hash.data);
    close_all(state);
    open_all(state);
    take_subscription();
    assert_true(sg_is_ok(fold_end(fold)));
    journal = record();
    assert_false(bytes_is_text(journal.state[1].hash, hash));
    for (int64_t i = 0; i < 3; i++) {
        take_quote(i, i == 0 ? 9 : (i == 1 ? 11 : 9.5));
        assert_true(sg_is_ok(fold_end(fold)));
    }
    journal = record();
    assert_true(bytes_is_text(journal.state[1].hash, hash));
    assert_non_null(fold_stores(fold));
    assert_int_equal(fold_dirty_count(fold), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(outputs_come_with_their_causes, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_refused_record_is_a_dead_letter, open_all, close_all),
        cmocka_unit_test_setup_teardown(the_state_does_not_depend_on_transactions, open_all,
                                        close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
