// Last values and history against a plain array, over commits, restarts, growth and pruning.
#include "query/views/quotes/history_view.h"
#include "query/views/quotes/instrument_view.h"
#include "view_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODEL_MAX = 20000, MAP_BYTES = 64 * 1024 * 1024 };

static struct view_fixture fixture;
static struct history_value model[MODEL_MAX]; // Of one instrument.
static struct history_value read_values[MODEL_MAX];
static size_t model_count;

static int set_up(void **state)
{
    (void)state;
    model_count = 0;
    view_fixture_open(&fixture, MAP_BYTES);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    view_fixture_close(&fixture);
    return 0;
}

static bool find(const char *name, struct instrument_row *ret_row)
{
    bool found = false;
    struct view_snapshot snapshot;
    assert_true(sg_is_ok(view_store_read(fixture.store, &snapshot)));
    sg_result result = instrument_view_find(fixture.store, snapshot.transaction,
                                            bytes_of_text(name), ret_row, &found);
    view_snapshot_done(&snapshot);
    assert_true(sg_is_ok(result));
    return found;
}

static void add(int64_t event_time, double value)
{
    model[model_count++] = (struct history_value){
        .event_time = event_time, .offset = fixture.next_offset, .value = value};
    assert_true(view_fixture_quote(&fixture, "stock:X", value, event_time));
}

static int compare(const void *left, const void *right)
{
    return history_value_compare(left, right);
}

static void assert_same(const struct history_value *left, const struct history_value *right)
{
    assert_int_equal(left->event_time, right->event_time);
    assert_int_equal(left->offset, right->offset);
    assert_memory_equal(&left->value, &right->value, sizeof left->value);
}

// The whole history, read forwards and backwards, is the model from `from` on.
static void assert_history(size_t from)
{
    struct instrument_row row;
    struct view_snapshot snapshot;
    assert_true(find("stock:X", &row));
    qsort(model, model_count, sizeof model[0], compare);
    struct history_range range = {.number = row.numbers.number, .to_ms = INT64_MAX};
    size_t count = 0;
    assert_true(sg_is_ok(view_store_read(fixture.store, &snapshot)));
    assert_true(sg_is_ok(history_view_range(&snapshot, &range, MODEL_MAX, read_values, &count)));
    assert_int_equal(count, model_count - from);
    assert_int_equal(row.numbers.kept, count);
    for (size_t i = 0; i < count; i++) {
        assert_same(&read_values[i], &model[from + i]);
    }
    assert_true(
        sg_is_ok(history_view_last(&snapshot, range.number, MODEL_MAX, read_values, &count)));
    assert_int_equal(count, model_count - from);
    for (size_t i = 0; i < count; i++) {
        assert_same(&read_values[i], &model[model_count - 1 - i]);
    }
    view_snapshot_done(&snapshot);
}

static void the_last_value_is_the_newest_by_event_time(void **state)
{
    (void)state;
    struct instrument_row row;
    assert_true(view_fixture_quote(&fixture, "stock:X", 1, 1000));
    assert_true(view_fixture_quote(&fixture, "stock:X", 2, 999));
    view_fixture_commit(&fixture);
    assert_true(find("stock:X", &row));
    assert_true(row.numbers.value == 1);
    assert_int_equal(row.numbers.late, 1);
    assert_true(view_fixture_quote(&fixture, "stock:X", 3, 1000));
    view_fixture_commit(&fixture);
    assert_true(find("stock:X", &row));
    assert_true(row.numbers.value == 3);
    assert_int_equal(row.numbers.offset, 2);
    assert_int_equal(row.numbers.count, 3);
    assert_false(find("stock:Y", &row));
}

static void what_is_not_acceptable_is_refused(void **state)
{
    (void)state;
    char name[INSTRUMENT_NAME_MAX + 2];
    memset(name, 'a', sizeof name);
    name[INSTRUMENT_NAME_MAX + 1] = '\0';
    struct instrument_row row;
    assert_false(view_fixture_quote(&fixture, "", 1, 1));
    assert_false(view_fixture_quote(&fixture, name, 1, 1));
    assert_false(view_fixture_quote(&fixture, "a\nb", 1, 1));
    assert_false(view_fixture_quote(&fixture, "\xff", 1, 1));
    assert_false(view_fixture_quote(&fixture, "a", NAN, 1));
    assert_false(view_fixture_quote(&fixture, "a", -INFINITY, 1));
    assert_false(view_fixture_quote(&fixture, "a", 1, -1));
    view_fixture_commit(&fixture);
    assert_false(find("a", &row));
    struct view_position position;
    bool found = false;
    assert_true(sg_is_ok(view_writer_position(fixture.writer, 0, 0, &position, &found)));
    assert_true(found);
    assert_int_equal(position.next, 7);
}

static void any_order_of_times_gives_the_same_history(void **state)
{
    (void)state;
    unsigned seed = 5;
    for (int batch = 0; batch < 120; batch++) {
        int size = 1 + rand_r(&seed) % 150;
        for (int i = 0; i < size; i++) {
            // Mostly forwards, now and then far back, often the same time twice.
            int64_t back = rand_r(&seed) % 10 == 0 ? rand_r(&seed) % 100000 : rand_r(&seed) % 50;
            // Every third batch is late as a whole, so that it ends amid what is there.
            int64_t batch_time = batch % 3 == 2 ? batch * 500 : 100000 + batch * 1000;
            int64_t time = batch_time + i - back;
            add(time < 0 ? 0 : time, (double)rand_r(&seed));
        }
        view_fixture_commit(&fixture);
        if (batch % 25 == 0) {
            view_fixture_restart(&fixture);
        }
    }
    assert_history(0);
}

static void one_large_batch_backwards_is_kept_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        add(5000 - i, i);
    }
    view_fixture_commit(&fixture);
    assert_history(0);
}

static void a_range_is_half_open(void **state)
{
    (void)state;
    struct view_snapshot snapshot;
    for (int i = 0; i < 1000; i++) {
        add(i, i);
    }
    view_fixture_commit(&fixture);
    struct instrument_row row;
    assert_true(find("stock:X", &row));
    struct history_range range = {
        .number = row.numbers.number, .from = {.event_time = 100}, .to_ms = 300};
    size_t count = 0;
    assert_true(sg_is_ok(view_store_read(fixture.store, &snapshot)));
    assert_true(sg_is_ok(history_view_range(&snapshot, &range, 1000, read_values, &count)));
    assert_int_equal(count, 200);
    assert_int_equal(read_values[0].event_time, 100);
    assert_int_equal(read_values[199].event_time, 299);
    assert_true(sg_is_ok(history_view_range(&snapshot, &range, 7, read_values, &count)));
    assert_int_equal(count, 7);
    view_snapshot_done(&snapshot);
}

static void what_was_not_committed_is_gone_after_a_restart(void **state)
{
    (void)state;
    struct instrument_row row;
    struct view_position position;
    bool found = false;
    add(1, 1);
    view_fixture_commit(&fixture);
    assert_true(view_fixture_quote(&fixture, "stock:X", 2, 2));
    assert_true(view_fixture_quote(&fixture, "stock:Y", 2, 2));
    view_fixture_restart(&fixture);
    assert_false(find("stock:Y", &row));
    assert_history(0);
    assert_true(sg_is_ok(view_writer_position(fixture.writer, 0, 0, &position, &found)));
    assert_int_equal(position.next, 1);
    assert_int_equal(position.last, 0);
}

static void a_full_file_grows_and_nothing_is_lost(void **state)
{
    (void)state;
    view_fixture_close(&fixture);
    view_fixture_open(&fixture, 256 * 1024);
    for (int batch = 0; batch < 4; batch++) {
        for (int i = 0; i < 4000; i++) {
            char other[32];
            snprintf(other, sizeof other, "metric:%d", i);
            add(batch * 4000 + i, i);
            assert_true(view_fixture_quote(&fixture, other, i, i));
        }
        view_fixture_commit(&fixture);
    }
    assert_history(0);
    struct instrument_row row;
    assert_true(find("metric:3999", &row));
    assert_int_equal(row.numbers.count, 4);
}

static void old_values_are_pruned_and_the_rest_stays(void **state)
{
    (void)state;
    fixture.settings.history_ms = 1000;
    struct instrument_row row;
    for (int batch = 0; batch < 100; batch++) {
        for (int i = 0; i < 100; i++) {
            add(batch * 100 + i, i);
        }
        view_fixture_commit(&fixture);
        // At least what was promised, and not more than one block of what may go.
        assert_true(find("stock:X", &row));
        size_t least = model_count < 1001 ? model_count : 1001;
        assert_in_range(row.numbers.kept, least, 1000 + HISTORY_BLOCK_VALUES);
    }
    assert_history(model_count - (size_t)row.numbers.kept);
}

static void values_beyond_the_limit_are_pruned(void **state)
{
    (void)state;
    fixture.settings.history_values = 500;
    for (int batch = 0; batch < 100; batch++) {
        for (int i = 0; i < 37; i++) {
            add(batch * 37 + i, i);
        }
        view_fixture_commit(&fixture);
    }
    struct instrument_row row;
    assert_true(find("stock:X", &row));
    assert_in_range(row.numbers.kept, 500, 500 + 2 * HISTORY_BLOCK_VALUES);
    assert_history(model_count - (size_t)row.numbers.kept);
}

static void a_rebuild_begins_from_nothing(void **state)
{
    (void)state;
    struct instrument_row row;
    struct view_position position;
    bool found = true;
    add(1, 1);
    view_fixture_commit(&fixture);
    assert_true(sg_is_ok(view_writer_rebuild(fixture.writer, 0)));
    assert_false(find("stock:X", &row));
    assert_true(sg_is_ok(view_writer_position(fixture.writer, 0, 0, &position, &found)));
    assert_false(found);
    model_count = 0;
    add(5, 5);
    view_fixture_commit(&fixture);
    assert_history(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_value_is_the_newest_by_event_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_acceptable_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_order_of_times_gives_the_same_history, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_large_batch_backwards_is_kept_in_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_range_is_half_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_not_committed_is_gone_after_a_restart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_full_file_grows_and_nothing_is_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(old_values_are_pruned_and_the_rest_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(values_beyond_the_limit_are_pruned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rebuild_begins_from_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
