// Instruments without an index and users with one by e-mail.
#include "shelf.h"

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

enum { TEXT_MAX = INDEX_KEY_MAX + 1, SCRATCH_BYTES = 8 };

struct shelf shelf;
static struct codec *codecs[SHELF_STORES];

// The key of a user in the index: e-mail, a slash, key.
static struct bytes index_key_of(const struct user *user, struct bytes key,
                                 char text[static TEXT_MAX])
{
    int size = snprintf(text, TEXT_MAX, "%.*s/%.*s", (int)user->email.size,
                        (const char *)user->email.data, (int)key.size, (const char *)key.data);
    return bytes_of(text, (size_t)size);
}

static sg_result index_user(struct index *index, struct bytes key, const void *before,
                            const void *after)
{
    char text[TEXT_MAX];
    if (before != NULL) {
        SG_TRY(index_remove(index, index_key_of(before, key, text)));
    }
    return after == NULL ? sg_ok() : index_add(index, index_key_of(after, key, text));
}

static const struct store_spec specs[SHELF_STORES] = {
    [SHELF_HOT] = {.name = "hot",
                   .changelog = TOPIC_ALERTS_INSTRUMENTS_CHANGELOG,
                   .record = &instrument_state_type,
                   .hot = true,
                   .scratch_bytes = SCRATCH_BYTES},
    [SHELF_USERS] = {.name = "users",
                     .changelog = TOPIC_NOTIFICATIONS_USERS_CHANGELOG,
                     .record = &user_type,
                     .index_name = "emails",
                     .reindex = index_user},
};

static sg_result schema_of(void *context, int32_t id, struct bytes *ret_text)
{
    (void)context;
    if (id != SHELF_OLDER_ID) {
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

void shelf_must(sg_result result)
{
    if (!sg_is_ok(result)) {
        print_error("%s\n", sg_reason());
    }
    assert_true(sg_is_ok(result));
}

sg_result shelf_open(const char *path, const char *identity, const char *sync)
{
    struct state_settings state = {
        .dir = "", .map_bytes = shelf.map_bytes, .cache_entries = 16, .sync = sync};
    struct stores_config config = {.path = path,
                                   .state = &state,
                                   .specs = specs,
                                   .count = SHELF_STORES,
                                   .codecs = codecs,
                                   .identity = identity};
    return stores_open(&config, &shelf.stores, &shelf.place);
}

void shelf_reopen(void)
{
    stores_close(&shelf.stores);
    shelf_must(shelf_open(shelf.folder, "cluster/", "none"));
}

void shelf_forget_changes(void)
{
    for (size_t i = 0; i < shelf.change_count; i++) {
        free(shelf.changes[i].key);
        free(shelf.changes[i].value);
    }
    shelf.change_count = 0;
}

int shelf_begin(void **state)
{
    if (temporary_folder_make(state) != 0) {
        return -1;
    }
    snprintf(shelf.folder, sizeof shelf.folder, "%s/task", temporary_folder);
    shelf.arena = arena_new(1 << 20);
    shelf.map_bytes = 64 << 20;
    for (size_t i = 0; i < SHELF_STORES; i++) {
        struct codec_config config = {
            .type = specs[i].record, .id = 1 + (int32_t)i, .schema_of = schema_of};
        if (!sg_is_ok(codec_new(&config, &codecs[i]))) {
            return -1;
        }
    }
    return sg_is_ok(shelf_open(shelf.folder, "cluster/", "none")) ? 0 : -1;
}

int shelf_end(void **state)
{
    stores_close(&shelf.stores);
    shelf_forget_changes();
    arena_free(&shelf.arena);
    for (size_t i = 0; i < SHELF_STORES; i++) {
        codec_free(&codecs[i]);
    }
    return temporary_folder_remove(state);
}

sg_result shelf_keep(void *context, enum topic changelog, struct bytes key, struct bytes value,
                     bool has_value)
{
    (void)context;
    assert_true(shelf.change_count < SHELF_CHANGES_MAX);
    struct shelf_change *change = &shelf.changes[shelf.change_count++];
    *change = (struct shelf_change){.changelog = changelog,
                                    .key = bytes_to_text(key),
                                    .value = malloc(value.size + 1),
                                    .value_bytes = value.size,
                                    .has_value = has_value};
    if (value.size > 0) {
        memcpy(change->value, value.data, value.size);
    }
    return sg_ok();
}

void shelf_commit(void)
{
    shelf.place.sequence++;
    shelf_must(stores_flush(shelf.stores, shelf_keep, NULL));
    shelf_must(stores_commit(shelf.stores, &shelf.place));
    assert_int_equal(stores_dirty_count(shelf.stores), 0);
}

struct store *shelf_instruments(void)
{
    return stores_get(shelf.stores, SHELF_HOT);
}

struct store *shelf_users(void)
{
    return stores_get(shelf.stores, SHELF_USERS);
}

void shelf_write_user(const char *key, const char *email)
{
    struct user user = {.user_id = bytes_of_text(key),
                        .email = bytes_of_text(email),
                        .time_zone = bytes_of_text("UTC"),
                        .active = true};
    shelf_must(store_write(shelf_users(), bytes_of_text(key), &user));
}

bool shelf_has_user(const char *key, const char *email)
{
    struct user user;
    bool found = false;
    shelf_must(store_read(shelf_users(), bytes_of_text(key), shelf.arena, &user, &found));
    bool same = found && email != NULL && bytes_is_text(user.email, email);
    arena_reset(shelf.arena);
    return email == NULL ? found : same;
}

static struct instrument_state *hold(const char *key, bool *ret_found)
{
    struct store_slot slot;
    shelf_must(store_hold(shelf_instruments(), bytes_of_text(key), &slot));
    *ret_found = slot.found;
    return slot.record;
}

void shelf_set_value(const char *key, double value)
{
    struct store_slot slot;
    shelf_must(store_hold(shelf_instruments(), bytes_of_text(key), &slot));
    ((struct instrument_state *)slot.record)->last_value = value;
    memset(slot.scratch, 0xEE, SCRATCH_BYTES);
    store_touch(shelf_instruments(), &slot);
}

double shelf_value(const char *key)
{
    bool found = false;
    const struct instrument_state *state = hold(key, &found);
    return found ? state->last_value : -1;
}

const char *shelf_emails(void)
{
    static char text[4096];
    struct index *index = store_index(shelf_users());
    struct index_key key;
    bool found = false;
    size_t size = 0;
    shelf_must(index_at_least(index, bytes_of_text("\x01"), &key, &found));
    while (found) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%.*s,", (int)key.size,
                                 (const char *)key.data);
        shelf_must(index_next(index, &key, &found));
    }
    text[size] = '\0';
    return text;
}
