// The cache against a plain array that forgets nothing.
#include "state/entries/cache.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

enum { KEYS = 600, MAX_ENTRIES = 100, OPERATIONS = 100000, MEMORY_BYTES = 24 };

// What is known of a key: its committed and its uncommitted value.
struct model {
    uint32_t committed;
    uint32_t current;
    bool dirty;
};

static struct cache *cache;
static struct model models[KEYS];
static uint32_t first_changed[KEYS]; // In the order of their first change.
static size_t changed_count;
static uint64_t seed;

static int begin(void **state)
{
    (void)state;
    cache = cache_new(MAX_ENTRIES, MEMORY_BYTES);
    memset(models, 0, sizeof models);
    changed_count = 0;
    seed = 88172645463325252U;
    return cache == NULL ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    cache_free(&cache);
    assert_null(cache);
    cache_free(&cache);
    return 0;
}

static uint32_t dice(uint32_t sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed % sides);
}

// Finds the entry, or brings the committed value in as a store would.
static struct cache_entry *entry_of(uint32_t key)
{
    struct bytes name = bytes_of(&key, sizeof key);
    struct cache_entry *entry = cache_find(cache, name);
    if (entry == NULL) {
        assert_false(models[key].dirty); // A changed entry never goes.
        entry = cache_add(cache, name);
        assert_non_null(entry);
        assert_int_equal(*(uint8_t *)entry->memory, 0);
        assert_false(entry->present);
        assert_false(entry->dirty);
        memcpy(entry->memory, &models[key].committed, sizeof models[key].committed);
        assert_true(cache_set_encoded(entry, bytes_of(&models[key].committed, sizeof(uint32_t))));
    }
    assert_true(bytes_equal(entry->key, name));
    return entry;
}

static void look_at(uint32_t key)
{
    const struct cache_entry *entry = entry_of(key);
    assert_memory_equal(entry->memory, &models[key].current, sizeof(uint32_t));
    assert_int_equal(entry->encoded_bytes, sizeof(uint32_t));
    assert_memory_equal(entry->encoded, &models[key].current, sizeof(uint32_t));
    assert_true(entry->dirty == models[key].dirty);
}

static void change(uint32_t key, uint32_t value)
{
    struct cache_entry *entry = entry_of(key);
    memcpy(entry->memory, &value, sizeof value);
    assert_true(cache_set_encoded(entry, bytes_of(&value, sizeof value)));
    cache_touch(cache, entry);
    models[key].current = value;
    if (!models[key].dirty) {
        first_changed[changed_count++] = key;
    }
    models[key].dirty = true;
}

static void expect_changes(void)
{
    size_t at = 0;
    for (const struct cache_entry *entry = cache_first_dirty(cache); entry != NULL;
         entry = entry->next_dirty) {
        assert_true(at < changed_count);
        assert_memory_equal(entry->key.data, &first_changed[at], sizeof(uint32_t));
        at++;
    }
    assert_int_equal(at, changed_count);
    assert_int_equal(cache_dirty_count(cache), changed_count);
}

static void finish(bool commit)
{
    expect_changes();
    if (commit) {
        cache_clean(cache);
    } else {
        cache_drop_dirty(cache);
    }
    for (size_t i = 0; i < changed_count; i++) {
        struct model *model = &models[first_changed[i]];
        model->committed = commit ? model->current : model->committed;
        model->current = model->committed;
        model->dirty = false;
        struct bytes name = bytes_of(&first_changed[i], sizeof(uint32_t));
        assert_true((cache_find(cache, name) != NULL) == commit);
    }
    changed_count = 0;
    assert_null(cache_first_dirty(cache));
    assert_int_equal(cache_dirty_count(cache), 0);
}

static void it_never_forgets_a_change_nor_keeps_a_dropped_one(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        uint32_t what = dice(1000);
        if (what == 0) {
            finish(true);
        } else if (what == 1) {
            finish(false);
        } else if (what == 2) {
            expect_changes();
        } else if (what < 400) {
            change(dice(KEYS), i);
        } else {
            look_at(dice(KEYS));
        }
    }
    expect_changes();
}

static void clean_entries_make_room(void **state)
{
    (void)state;
    for (uint32_t key = 0; key < KEYS * 50; key++) {
        assert_non_null(cache_add(cache, bytes_of(&key, sizeof key)));
        // The hand passes each entry twice before it goes.
        assert_in_range(cache_count(cache), 1, MAX_ENTRIES + MAX_ENTRIES / 2);
    }
    assert_true(cache_count(cache) >= MAX_ENTRIES / 2);
}

static void what_is_used_stays(void **state)
{
    (void)state;
    uint32_t favourite = 0;
    assert_non_null(cache_add(cache, bytes_of(&favourite, sizeof favourite)));
    uint32_t missed = 0;
    for (uint32_t key = 1; key < KEYS * 10; key++) {
        if (cache_find(cache, bytes_of(&favourite, sizeof favourite)) == NULL) {
            missed++;
            assert_non_null(cache_add(cache, bytes_of(&favourite, sizeof favourite)));
        }
        assert_non_null(cache_add(cache, bytes_of(&key, sizeof key)));
    }
    assert_int_equal(missed, 0);
}

static void a_cache_of_changes_grows(void **state)
{
    (void)state;
    for (uint32_t key = 0; key < KEYS; key++) {
        change(key, key + 1);
    }
    assert_int_equal(cache_count(cache), KEYS);
    for (uint32_t key = 0; key < KEYS; key++) {
        look_at(key);
    }
    finish(true);
}

// However large a transaction was: what it made of the cache goes as new entries come.
static void a_cache_that_grew_shrinks_to_its_size(void **state)
{
    (void)state;
    enum { HUGE = 50000 };
    for (uint32_t key = 0; key < HUGE; key++) {
        cache_touch(cache, cache_add(cache, bytes_of(&key, sizeof key)));
    }
    cache_clean(cache);
    for (uint32_t key = HUGE; key < 3 * HUGE; key++) {
        assert_non_null(cache_add(cache, bytes_of(&key, sizeof key)));
    }
    assert_in_range(cache_count(cache), MAX_ENTRIES / 2, MAX_ENTRIES + 1);
}

static void clearing_forgets_all(void **state)
{
    (void)state;
    for (uint32_t key = 0; key < 50; key++) {
        change(key, 7);
    }
    cache_clear(cache);
    assert_int_equal(cache_count(cache), 0);
    assert_int_equal(cache_dirty_count(cache), 0);
    uint32_t key = 3;
    assert_null(cache_find(cache, bytes_of(&key, sizeof key)));
    assert_non_null(cache_add(cache, bytes_of(&key, sizeof key)));
}

static void stored_forms_grow_and_shrink(void **state)
{
    (void)state;
    struct cache_entry *entry = cache_add(cache, bytes_of_text("k"));
    static const char *const values[] = {"", "long enough to grow", "x", "",
                                         "longer than all before"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_true(cache_set_encoded(entry, bytes_of_text(values[i])));
        assert_true(bytes_is_text(bytes_of(entry->encoded, entry->encoded_bytes), values[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_never_forgets_a_change_nor_keeps_a_dropped_one, begin,
                                        end),
        cmocka_unit_test_setup_teardown(clean_entries_make_room, begin, end),
        cmocka_unit_test_setup_teardown(what_is_used_stays, begin, end),
        cmocka_unit_test_setup_teardown(a_cache_of_changes_grows, begin, end),
        cmocka_unit_test_setup_teardown(a_cache_that_grew_shrinks_to_its_size, begin, end),
        cmocka_unit_test_setup_teardown(clearing_forgets_all, begin, end),
        cmocka_unit_test_setup_teardown(stored_forms_grow_and_shrink, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
