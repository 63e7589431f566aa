// The stores of a task: what is read is what was written, one change a key, commit and abort, the
// index in step, and a changelog that rebuilds all of it.
#include "state/stores.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/codec.h"
#include "schemas/instrument_state.h"
#include "schemas/user.h"
#include "temporary_folder.h"

enum {
    HOT,
    USERS,
    STORES,
    CHANGES_MAX = 4096,
    KEYS = 40,
    ROUNDS = 300,
    TEXT_MAX = 64,
    OLDER_ID = 99
};

// What the changelog would hold.
struct change {
    enum topic changelog;
    char *key;
    uint8_t *value;
    size_t value_bytes;
    bool has_value;
};

static struct change changes[CHANGES_MAX];
static size_t change_count;
static struct codec *codecs[STORES];
static struct arena *arena;
static struct stores *stores;
static struct stores_place place;
static char folder[TEMPORARY_FOLDER_MAX + 16];

// The index of the test: e-mail, 0, key.
static sg_result index_user(struct index *index, struct bytes key, const void *before,
                            const void *after)
{
    const struct user *old_user = before;
    const struct user *new_user = after;
    char text[TEXT_MAX];
    if (old_user != NULL) {
        int size =
            snprintf(text, sizeof text, "%.*s/%.*s", (int)old_user->email.size,
                     (const char *)old_user->email.data, (int)key.size, (const char *)key.data);
        SG_TRY(index_remove(index, bytes_of(text, (size_t)size)));
    }
    if (new_user != NULL) {
        int size =
            snprintf(text, sizeof text, "%.*s/%.*s", (int)new_user->email.size,
                     (const char *)new_user->email.data, (int)key.size, (const char *)key.data);
        SG_TRY(index_add(index, bytes_of(text, (size_t)size)));
    }
    return sg_ok();
}

static const struct store_spec specs[STORES] = {
    [HOT] = {.name = "hot",
             .changelog = TOPIC_ALERTS_INSTRUMENTS_CHANGELOG,
             .record = &instrument_state_type,
             .hot = true,
             .scratch_bytes = 8},
    [USERS] = {.name = "users",
               .changelog = TOPIC_NOTIFICATIONS_USERS_CHANGELOG,
               .record = &user_type,
               .index_name = "emails",
               .reindex = index_user},
};

// An older writer: a user before there were names, zones and versions.
static sg_result schema_of(void *context, int32_t id, struct bytes *ret_text)
{
    (void)context;
    if (id != OLDER_ID) {
        return sg_fail(SG_DROP, 0, "unknown schema id %d", (int)id);
    }
    *ret_text = bytes_of_text(
        "{\"type\":\"record\",\"name\":\"User\",\"namespace\":\"soglia\",\"fields\":["
        "{\"name\":\"user_id\",\"type\":\"string\"},{\"name\":\"email\",\"type\":\"string\"},"
        "{\"name\":\"channels\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\","
        "\"name\":\"Channel\",\"fields\":[{\"name\":\"kind\",\"type\":{\"type\":\"enum\","
        "\"name\":\"ChannelKind\",\"symbols\":[\"EMAIL\",\"WEBHOOK\"]}},"
        "{\"name\":\"address\",\"type\":\"string\"}]}}},"
        "{\"name\":\"active\",\"type\":\"boolean\"},{\"name\":\"version\",\"type\":\"long\"},"
        "{\"name\":\"changed_at\",\"type\":\"long\"}]}");
    return sg_ok();
}

static sg_result open_in(const char *path, const char *identity, const char *sync)
{
    struct state_settings state = {
        .dir = "", .map_bytes = 64 << 20, .cache_entries = 16, .sync = sync};
    struct stores_config config = {.path = path,
                                   .state = &state,
                                   .specs = specs,
                                   .count = STORES,
                                   .codecs = codecs,
                                   .identity = identity};
    return stores_open(&config, &stores, &place);
}

static void must(sg_result result)
{
    if (!sg_is_ok(result)) {
        print_error("%s\n", sg_reason());
    }
    assert_true(sg_is_ok(result));
}

static void reopen(void)
{
    stores_close(&stores);
    must(open_in(folder, "cluster/", "none"));
}

static int begin(void **state)
{
    if (temporary_folder_make(state) != 0) {
        return -1;
    }
    snprintf(folder, sizeof folder, "%s/task", temporary_folder);
    arena = arena_new(1 << 20);
    for (size_t i = 0; i < STORES; i++) {
        struct codec_config config = {
            .type = specs[i].record, .id = 1 + (int32_t)i, .schema_of = schema_of};
        if (!sg_is_ok(codec_new(&config, &codecs[i]))) {
            return -1;
        }
    }
    return sg_is_ok(open_in(folder, "cluster/", "none")) ? 0 : -1;
}

static void forget_changes(void)
{
    for (size_t i = 0; i < change_count; i++) {
        free(changes[i].key);
        free(changes[i].value);
    }
    change_count = 0;
}

static int end(void **state)
{
    stores_close(&stores);
    forget_changes();
    arena_free(&arena);
    for (size_t i = 0; i < STORES; i++) {
        codec_free(&codecs[i]);
    }
    return temporary_folder_remove(state);
}

static sg_result keep_change(void *context, enum topic changelog, struct bytes key,
                             struct bytes value, bool has_value)
{
    (void)context;
    assert_true(change_count < CHANGES_MAX);
    struct change *change = &changes[change_count++];
    *change = (struct change){.changelog = changelog,
                              .key = bytes_to_text(key),
                              .value = malloc(value.size + 1),
                              .value_bytes = value.size,
                              .has_value = has_value};
    if (value.size > 0) {
        memcpy(change->value, value.data, value.size);
    }
    return sg_ok();
}

static void commit(void)
{
    place.sequence++;
    must(stores_flush(stores, keep_change, NULL));
    must(stores_commit(stores, &place));
    assert_int_equal(stores_dirty_count(stores), 0);
}

static void write_user(const char *key, const char *email)
{
    struct user user = {.user_id = bytes_of_text(key),
                        .email = bytes_of_text(email),
                        .time_zone = bytes_of_text("UTC"),
                        .active = true};
    must(store_write(stores_get(stores, USERS), bytes_of_text(key), &user));
}

static bool has_user(const char *key, const char *email)
{
    struct user user;
    bool found = false;
    must(store_read(stores_get(stores, USERS), bytes_of_text(key), arena, &user, &found));
    bool same = found && email != NULL && bytes_is_text(user.email, email);
    arena_reset(arena);
    return email == NULL ? found : same;
}

static struct instrument_state *hold(const char *key, bool *ret_found)
{
    struct store_slot slot;
    must(store_hold(stores_get(stores, HOT), bytes_of_text(key), &slot));
    *ret_found = slot.found;
    return slot.record;
}

static void set_hot(const char *key, double value)
{
    struct store_slot slot;
    must(store_hold(stores_get(stores, HOT), bytes_of_text(key), &slot));
    ((struct instrument_state *)slot.record)->last_value = value;
    memset(slot.scratch, 0xEE, 8);
    store_touch(stores_get(stores, HOT), &slot);
}

static double hot(const char *key)
{
    bool found = false;
    const struct instrument_state *state = hold(key, &found);
    return found ? state->last_value : -1;
}

// The keys of the index in order, with commas.
static const char *emails(void)
{
    static char text[4096];
    struct index *index = store_index(stores_get(stores, USERS));
    struct index_key key;
    bool found = false;
    size_t size = 0;
    must(index_at_least(index, bytes_of_text("\x01"), &key, &found));
    while (found) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%.*s,", (int)key.size,
                                 (const char *)key.data);
        must(index_next(index, &key, &found));
    }
    text[size] = '\0';
    return text;
}

static void what_is_written_is_read_at_once(void **state)
{
    (void)state;
    assert_false(has_user("a", NULL));
    write_user("a", "a@x");
    assert_true(has_user("a", "a@x"));
    write_user("a", "b@x");
    assert_true(has_user("a", "b@x"));
    assert_string_equal(emails(), "b@x/a,");
    must(store_remove(stores_get(stores, USERS), bytes_of_text("a")));
    must(store_remove(stores_get(stores, USERS), bytes_of_text("never there")));
    assert_false(has_user("a", NULL));
    assert_string_equal(emails(), "");
    set_hot("i", 3);
    assert_true(hot("i") == 3);
    assert_null(store_index(stores_get(stores, HOT)));
}

static void an_abort_goes_back_to_the_commit(void **state)
{
    (void)state;
    write_user("a", "a@x");
    set_hot("i", 3);
    commit();
    write_user("a", "changed@x");
    write_user("b", "b@x");
    set_hot("i", 4);
    set_hot("j", 5);
    assert_int_equal(stores_dirty_count(stores), 4);
    must(stores_flush(stores, keep_change, NULL));
    must(stores_abort(stores));
    assert_true(has_user("a", "a@x"));
    assert_false(has_user("b", NULL));
    assert_true(hot("i") == 3);
    assert_true(hot("j") == -1);
    assert_string_equal(emails(), "a@x/a,");
}

static void scratch_is_zero_when_it_enters_memory(void **state)
{
    (void)state;
    set_hot("i", 1);
    commit();
    reopen();
    struct store_slot slot;
    must(store_hold(stores_get(stores, HOT), bytes_of_text("i"), &slot));
    static const uint8_t zero[8] = {0};
    assert_memory_equal(slot.scratch, zero, sizeof zero);
    assert_true(slot.found);
}

static void a_close_without_a_commit_drops_the_changes(void **state)
{
    (void)state;
    write_user("a", "a@x");
    commit();
    write_user("b", "b@x");
    must(store_remove(stores_get(stores, USERS), bytes_of_text("a")));
    must(stores_flush(stores, keep_change, NULL));
    reopen();
    assert_true(has_user("a", "a@x"));
    assert_false(has_user("b", NULL));
    assert_string_equal(emails(), "a@x/a,");
}

static void the_place_is_saved_with_the_state(void **state)
{
    (void)state;
    assert_int_equal(place.sequence, 0);
    assert_int_equal(place.next_offsets[0], KAFKA_OFFSET_NONE);
    place = (struct stores_place){.stream_time_ms = 77};
    place.next_offsets[STORES_INPUTS_MAX - 1] = 12;
    place.changelog_offsets[STORES_MAX - 1] = 34;
    commit();
    struct stores_place saved = place;
    memset(&place, 0xEE, sizeof place);
    reopen();
    assert_memory_equal(&place, &saved, sizeof saved);
}

static void each_changed_key_is_told_once_in_the_order_of_its_first_change(void **state)
{
    (void)state;
    write_user("c", "c@x");
    write_user("a", "a@x");
    write_user("c", "again@x");
    must(store_remove(stores_get(stores, USERS), bytes_of_text("a")));
    set_hot("i", 1);
    set_hot("i", 2);
    commit();
    assert_int_equal(change_count, 3);
    assert_string_equal(changes[0].key, "i");
    assert_int_equal(changes[0].changelog, TOPIC_ALERTS_INSTRUMENTS_CHANGELOG);
    assert_string_equal(changes[1].key, "c");
    assert_true(changes[1].has_value);
    assert_string_equal(changes[2].key, "a");
    assert_false(changes[2].has_value);
    assert_int_equal(changes[2].value_bytes, 0);
    forget_changes();
    (void)has_user("c", "again@x");
    commit();
    assert_int_equal(change_count, 0); // What is only read does not change.
}

static void another_cluster_is_refused(void **state)
{
    (void)state;
    stores_close(&stores);
    assert_int_equal(open_in(folder, "other/", "none").class, SG_FATAL);
    assert_null(stores);
    assert_non_null(strstr(sg_reason(), "cluster/, here other/"));
    must(open_in(folder, "cluster/", "none"));
}

static void another_format_is_refused(void **state)
{
    (void)state;
    commit();
    stores_close(&stores);
    struct environment *environment = NULL;
    struct table meta;
    for (int size_differs = 0; size_differs < 2; size_differs++) {
        struct transaction *transaction = NULL;
        int64_t stored[1 + sizeof(struct stores_place) / sizeof(int64_t)] = {999};
        must(environment_open(folder, 64 << 20, ENVIRONMENT_SYNC_NONE, &environment));
        must(environment_table(environment, "meta", &meta));
        must(transaction_begin(environment, true, &transaction));
        must(table_put(transaction, meta, bytes_of_text("place"),
                       bytes_of(stored, sizeof stored - (size_t)size_differs)));
        must(transaction_commit(&transaction));
        environment_close(&environment);
        assert_int_equal(open_in(folder, "cluster/", "none").class, SG_FATAL);
        assert_non_null(strstr(sg_reason(), "move the folder away"));
    }
}

static void synced_state_leaves_no_note(void **state)
{
    (void)state;
    char note[sizeof folder + 16];
    snprintf(note, sizeof note, "%s/unsynced", folder);
    FILE *file = fopen(note, "rb");
    assert_non_null(file);
    fclose(file);
    stores_close(&stores);
    assert_null(fopen(note, "rb")); // A clean end has flushed.
    must(open_in(folder, "cluster/", "commit"));
    write_user("a", "a@x");
    commit();
    assert_null(fopen(note, "rb"));
}

static void records_of_an_older_schema_are_read(void **state)
{
    (void)state;
    // Wire format: 0, the id, then user_id, email, no channels, active, version, changed_at.
    static const uint8_t older[] = {0, 0, 0, 0, OLDER_ID, 2, 'a', 6, 'a', '@', 'x', 0, 1, 4, 6};
    must(stores_apply(stores, USERS, bytes_of_text("a"), bytes_of(older, sizeof older), true));
    must(stores_commit(stores, &place));
    assert_true(has_user("a", "a@x"));
    assert_string_equal(emails(), "a@x/a,");
    write_user("a", "new@x");
    commit();
    reopen();
    assert_true(has_user("a", "new@x"));
    assert_string_equal(emails(), "new@x/a,");
}

static void a_stored_value_that_cannot_be_read_is_our_own_fault(void **state)
{
    (void)state;
    set_hot("fine", 1);
    commit();
    must(stores_apply(stores, HOT, bytes_of_text("bad"), bytes_of_text("rubbish"), true));
    must(stores_commit(stores, &place));
    struct store_slot slot;
    sg_result held = store_hold(stores_get(stores, HOT), bytes_of_text("bad"), &slot);
    assert_int_equal(held.class, SG_FATAL); // A dead letter would lose an event.
    assert_non_null(strstr(sg_reason(), "store hot holds a value that cannot be read"));
}

static uint32_t dice(uint64_t *seed, uint32_t sides)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)(*seed % sides);
}

static void change_by_chance(uint64_t *seed)
{
    char key[TEXT_MAX];
    char email[TEXT_MAX];
    snprintf(key, sizeof key, "k%u", dice(seed, KEYS));
    snprintf(email, sizeof email, "%u@x", dice(seed, 1000));
    switch (dice(seed, 5)) {
    case 0:
        must(store_remove(stores_get(stores, USERS), bytes_of_text(key)));
        break;
    case 1:
    case 2:
        write_user(key, email);
        break;
    default:
        set_hot(key, dice(seed, 1000));
        break;
    }
}

// Every table of a file, one line a key.
static void dump(const char *path, char *ret_text, size_t size)
{
    static const char *const names[] = {"hot", "users", "emails"};
    struct environment *environment = NULL;
    size_t used = 0;
    must(environment_open(path, 64 << 20, ENVIRONMENT_SYNC_NONE, &environment));
    for (size_t i = 0; i < 3; i++) {
        struct table table;
        struct transaction *transaction = NULL;
        struct cursor *cursor = NULL;
        struct bytes key = bytes_of_text("\x01");
        struct bytes value;
        bool found = false;
        must(environment_table(environment, names[i], &table));
        must(transaction_begin(environment, false, &transaction));
        must(cursor_open(transaction, table, &cursor));
        must(cursor_at_least(cursor, key, &key, &value, &found));
        while (found) {
            used += (size_t)snprintf(ret_text + used, size - used, "%s %.*s =", names[i],
                                     (int)key.size, (const char *)key.data);
            for (size_t j = 0; j < value.size; j++) {
                used += (size_t)snprintf(ret_text + used, size - used, "%02x", value.data[j]);
            }
            used += (size_t)snprintf(ret_text + used, size - used, "\n");
            must(cursor_next(cursor, &key, &value, &found));
        }
        cursor_close(&cursor);
        transaction_abort(&transaction);
    }
    assert_true(used + 1 < size);
    environment_close(&environment);
}

static void the_changelog_rebuilds_the_state_to_the_byte(void **state)
{
    (void)state;
    static char original[1 << 18];
    static char rebuilt[1 << 18];
    uint64_t seed = 42;
    for (int round = 0; round < ROUNDS; round++) {
        size_t before = change_count;
        for (uint32_t i = dice(&seed, 12); i > 0; i--) {
            change_by_chance(&seed);
        }
        if (dice(&seed, 4) == 0) {
            must(stores_abort(stores));
        } else {
            commit();
        }
        if (dice(&seed, 20) == 0) {
            reopen();
        }
        assert_true(change_count - before <= 12);
    }
    must(stores_abort(stores));
    stores_close(&stores);
    dump(folder, original, sizeof original);
    assert_non_null(strstr(original, "emails"));

    char other[sizeof folder + 8];
    snprintf(other, sizeof other, "%s-new", folder);
    must(open_in(other, "cluster/", "none"));
    for (size_t i = 0; i < change_count; i++) {
        size_t at = changes[i].changelog == specs[HOT].changelog ? HOT : USERS;
        must(stores_apply(stores, at, bytes_of_text(changes[i].key),
                          bytes_of(changes[i].value, changes[i].value_bytes),
                          changes[i].has_value));
    }
    must(stores_commit(stores, &place));
    stores_close(&stores);
    dump(other, rebuilt, sizeof rebuilt);
    assert_string_equal(rebuilt, original);
}

static void clearing_empties_tables_index_and_memory(void **state)
{
    (void)state;
    write_user("a", "a@x");
    set_hot("i", 1);
    commit();
    assert_true(has_user("a", "a@x"));
    must(stores_clear(stores));
    assert_false(has_user("a", NULL));
    assert_true(hot("i") == -1);
    assert_string_equal(emails(), "");
    must(stores_commit(stores, &place));
    reopen();
    assert_false(has_user("a", NULL));
}

static sg_result collect(void *context, struct bytes key, const void *record)
{
    const struct user *user = record;
    char *text = context;
    assert_true(user->email.size > 0);
    strncat(text, (const char *)key.data, key.size);
    return key.data[0] == 'z' ? sg_fail(SG_FATAL, 0, "enough") : sg_ok();
}

static void a_scan_visits_what_is_committed_in_order(void **state)
{
    (void)state;
    char seen[TEXT_MAX] = "";
    must(store_scan(stores_get(stores, USERS), arena, collect, seen));
    assert_string_equal(seen, "");
    write_user("c", "c@x");
    write_user("a", "a@x");
    write_user("b", "b@x");
    commit();
    must(store_scan(stores_get(stores, USERS), arena, collect, seen));
    assert_string_equal(seen, "abc");
    write_user("z", "z@x");
    commit();
    assert_int_equal(store_scan(stores_get(stores, USERS), arena, collect, seen).class, SG_FATAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read_at_once, begin, end),
        cmocka_unit_test_setup_teardown(an_abort_goes_back_to_the_commit, begin, end),
        cmocka_unit_test_setup_teardown(scratch_is_zero_when_it_enters_memory, begin, end),
        cmocka_unit_test_setup_teardown(a_close_without_a_commit_drops_the_changes, begin, end),
        cmocka_unit_test_setup_teardown(the_place_is_saved_with_the_state, begin, end),
        cmocka_unit_test_setup_teardown(
            each_changed_key_is_told_once_in_the_order_of_its_first_change, begin, end),
        cmocka_unit_test_setup_teardown(another_cluster_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(another_format_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(synced_state_leaves_no_note, begin, end),
        cmocka_unit_test_setup_teardown(records_of_an_older_schema_are_read, begin, end),
        cmocka_unit_test_setup_teardown(a_stored_value_that_cannot_be_read_is_our_own_fault, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_changelog_rebuilds_the_state_to_the_byte, begin, end),
        cmocka_unit_test_setup_teardown(clearing_empties_tables_index_and_memory, begin, end),
        cmocka_unit_test_setup_teardown(a_scan_visits_what_is_committed_in_order, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
