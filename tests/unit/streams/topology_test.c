// The map of the processors: that it can work at all.
#include "streams/topology.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "schemas/topic_table.h"

// Topics that somebody outside of the map writes: people with kcat, connectors, serve.
static bool is_written_outside(enum topic topic)
{
    return topic_info(topic)->json || topic == TOPIC_QUOTES || topic == TOPIC_COMMANDS;
}

static bool holds(const enum topic *list, enum topic topic)
{
    while (*list != TOPIC_COUNT && *list != topic) {
        list++;
    }
    return *list == topic && topic != TOPIC_COUNT;
}

static void every_row_has_its_number_name_and_function(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PROCESSOR_COUNT; i++) {
        assert_int_equal(topology[i]->id, i);
        assert_non_null(topology[i]->take);
        assert_ptr_equal(topology_find(topology[i]->name), topology[i]);
        assert_string_equal(topology_names()[i], topology[i]->name);
        assert_true(topology[i]->inputs[0] != TOPIC_COUNT);
        // An effect has an entry that is due, and an outcome: both or none.
        assert_true((topology[i]->take_outcome == NULL) == (topology[i]->due_ms == NULL));
    }
    assert_null(topology_find("nobody"));
}

static void a_topic_is_read_below_the_row_that_writes_it(void **state)
{
    (void)state;
    bool is_written[TOPIC_COUNT] = {false};
    for (unsigned i = 0; i < PROCESSOR_COUNT; i++) {
        for (const enum topic *in = topology[i]->inputs; *in != TOPIC_COUNT; in++) {
            if (!is_written[*in] && !is_written_outside(*in)) {
                print_error("%s reads %s, which nobody writes before\n", topology[i]->name,
                            topic_info(*in)->name);
                fail();
            }
        }
        for (const enum topic *out = topology[i]->outputs; *out != TOPIC_COUNT; out++) {
            is_written[*out] = true;
        }
    }
}

static void every_store_has_a_changelog_of_its_own(void **state)
{
    (void)state;
    bool is_taken[TOPIC_COUNT] = {false};
    for (unsigned i = 0; i < PROCESSOR_COUNT; i++) {
        for (size_t j = 0; j < topology[i]->store_count; j++) {
            const struct store_spec *spec = &topology[i]->stores[j];
            const struct topic_info *info = topic_info(spec->changelog);
            assert_true(spec->changelog != TOPIC_COUNT);
            assert_false(is_taken[spec->changelog]);
            is_taken[spec->changelog] = true;
            assert_true(info->compacted);
            assert_ptr_equal(info->record, spec->record);
            assert_true(strstr(info->name, topology[i]->name) != NULL);
            assert_true(strstr(info->name, spec->name) != NULL);
            // A derived index needs somebody who derives it, and a hot store has none.
            assert_true((spec->index_name == NULL) == (spec->reindex == NULL));
            assert_false(spec->hot && spec->index_name != NULL);
            // Tasks are by partition, so the changelog is as wide as the inputs.
            assert_int_equal(info->group, topic_info(topology[i]->inputs[0])->group);
        }
    }
    for (unsigned topic = 0; topic < TOPIC_COUNT; topic++) {
        bool is_changelog = strstr(topic_info((enum topic)topic)->name, "-changelog") != NULL;
        assert_true(is_changelog == is_taken[topic]);
    }
}

static void inputs_that_are_read_together_are_in_one_group(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PROCESSOR_COUNT; i++) {
        enum topic_group group = topic_info(topology[i]->inputs[0])->group;
        assert_int_not_equal(group, TOPIC_GROUP_NONE);
        for (const enum topic *in = topology[i]->inputs; *in != TOPIC_COUNT; in++) {
            assert_int_equal(topic_info(*in)->group, group);
        }
    }
}

// What is kept for ever is a table: at equal times it goes first, so that a quote finds the
// subscription, an alert its user.
static void tables_stand_before_streams(void **state)
{
    (void)state;
    static const enum topic tables[] = {TOPIC_USERS, TOPIC_SUBSCRIPTIONS, TOPIC_USERS_JSON,
                                        TOPIC_SUBSCRIPTIONS_JSON, TOPIC_COUNT};
    for (unsigned i = 0; i < PROCESSOR_COUNT; i++) {
        bool stream_seen = false;
        for (const enum topic *in = topology[i]->inputs; *in != TOPIC_COUNT; in++) {
            assert_false(stream_seen && holds(tables, *in));
            stream_seen = stream_seen || !holds(tables, *in);
        }
    }
}

static void nobody_reads_what_it_writes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PROCESSOR_COUNT; i++) {
        for (const enum topic *in = topology[i]->inputs; *in != TOPIC_COUNT; in++) {
            assert_false(holds(topology[i]->outputs, *in));
        }
        assert_false(holds(topology[i]->outputs, TOPIC_DEAD_LETTERS));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_its_number_name_and_function),
        cmocka_unit_test(a_topic_is_read_below_the_row_that_writes_it),
        cmocka_unit_test(every_store_has_a_changelog_of_its_own),
        cmocka_unit_test(inputs_that_are_read_together_are_in_one_group),
        cmocka_unit_test(tables_stand_before_streams),
        cmocka_unit_test(nobody_reads_what_it_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
