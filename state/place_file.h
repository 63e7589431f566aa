// The place in the log as a task's file has it, and what belongs to it.
#pragma once
#include "state/store_table.h"
#include "state/stores.h"

struct place_file {
    struct stores_place place;
    struct store_content contents[STORES_MAX]; // Hashes, by store.
    bool has_before;
    int64_t before[STORES_MAX]; // changelog_offsets before the transaction of `place`.
};

// What the file is to say next, but for the hashes.
struct place_file place_file_after(const struct place_file *saved,
                                   const struct stores_place *place);

// Nothing is known in a new file. Fails: SG_FATAL, also when another version of this program wrote
// it.
SG_RESULT place_file_read(struct transaction *transaction, struct table meta,
                          struct place_file *ret_file);

// Fails as table_put().
SG_RESULT place_file_write(struct transaction *transaction, struct table meta,
                           const struct place_file *file);
