// The stores of a task with an index, and a list in place of their changelogs.
#pragma once
#include "core/arena.h"
#include "state/stores.h"
#include "temporary_folder.h"

// The places of the two stores, and the id of a schema of users from before there were names, time
// zones and versions.
enum { SHELF_HOT, SHELF_USERS, SHELF_STORES, SHELF_OLDER_ID = 99 };
enum { SHELF_CHANGES_MAX = 4096, SHELF_FOLDER_MAX = TEMPORARY_FOLDER_MAX + 16 };

// What the changelog would hold.
struct shelf_change {
    enum topic changelog;
    char *key;
    uint8_t *value;
    size_t value_bytes;
    bool has_value;
};

struct shelf {
    char folder[SHELF_FOLDER_MAX];
    struct stores *stores;
    struct stores_place place;
    struct arena *arena;
    int64_t map_bytes; // The next time the stores are opened.
    struct shelf_change changes[SHELF_CHANGES_MAX];
    size_t change_count;
};
extern struct shelf shelf;

// Setup and teardown of cmocka: a new folder with the stores open, and the end of both.
int shelf_begin(void **state);
int shelf_end(void **state);

// Opens the stores of a folder; as stores_open().
SG_RESULT shelf_open(const char *path, const char *identity, const char *sync);

// Closes the stores and opens them again.
void shelf_reopen(void);

// A stores_change_fn that adds to the list, and the end of the list.
sg_result shelf_keep(void *context, enum topic changelog, struct bytes key, struct bytes value,
                     bool has_value);
void shelf_forget_changes(void);

// Flushes into the list and commits.
void shelf_commit(void);

// Fails the test, with the reason, unless the result is a success.
void shelf_must(sg_result result);

// The two stores.
struct store *shelf_instruments(void);
struct store *shelf_users(void);

// Writes a user; true when the user is there with this e-mail (NULL: at all).
void shelf_write_user(const char *key, const char *email);
bool shelf_has_user(const char *key, const char *email);

// Sets the value of an instrument, with rubbish in its scratch; reads it, -1 when it is not there.
void shelf_set_value(const char *key, double value);
double shelf_value(const char *key);

// The keys of the index in order ("e-mail/key"), with commas.
const char *shelf_emails(void);
