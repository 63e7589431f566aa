// All stores of one task in one LMDB file, together with the place in the log that they stand for.
// The order of a commit: stores_flush() into the open LMDB transaction and the changelog, the Kafka
// commit, then stores_commit(). A crash between the two leaves the file one transaction behind,
// never ahead. One thread.
#pragma once
#include "core/digest.h"
#include "state/state_settings.h"
#include "state/stores_place.h"
#include "state/store.h"

struct codec;
struct stores;

struct stores_config {
    const char *path; // Folder of the task.
    const struct state_settings *state;
    const struct store_spec *specs;
    size_t count;
    struct codec *const *codecs; // One a spec, in Confluent's wire format; borrowed.
    const char *identity;        // Cluster and prefix: state of another one is refused.
};

// Opens and reads the place; that of a new file is stores_place_new(). State that cannot be trusted
// (written without sync before the system died) is emptied, so that it is restored: `*ret_place` is
// that of a new file then. Fails: SG_FATAL when it is locked, damaged,
// newer than this program or of another cluster.
SG_RESULT stores_open(const struct stores_config *config, struct stores **ret_stores,
                      struct stores_place *ret_place);

// Closes; what was not committed is dropped. Accepts NULL.
void stores_close(struct stores **stores);

struct store *stores_get(struct stores *stores, size_t at);

// Takes each changed value in stored form, has_value false for a removal. Slices are borrowed for
// the call.
typedef SG_RESULT (*stores_change_fn)(void *context, enum topic changelog, struct bytes key,
                                      struct bytes value, bool has_value);

// Writes every change into the open LMDB transaction and gives it to `change`. Fails: as `change`;
// SG_ABORT when the map is full; SG_FATAL.
SG_RESULT stores_flush(struct stores *stores, stores_change_fn change, void *context);

// Where the changelog of a store went on before the last transaction that is saved,
// KAFKA_OFFSET_NONE when that is not known.
int64_t stores_changelog_before(const struct stores *stores, size_t at);

// Gives `change` the first change of each store, which stays to be flushed. Fails as `change`.
SG_RESULT stores_first_changes(struct stores *stores, stores_change_fn change, void *context);

// Saves the place and commits LMDB. Fails: SG_ABORT when the map is full (nothing is kept: close,
// open and catch up), SG_FATAL.
SG_RESULT stores_commit(struct stores *stores, const struct stores_place *place);

// Forgets every change since the last commit; grows the map if that was why. Fails: SG_FATAL.
SG_RESULT stores_abort(struct stores *stores);

// Applies one changelog record, without a changelog of its own. Committed by stores_commit(). Fails
// as store_write().
SG_RESULT stores_apply(struct stores *stores, size_t at, struct bytes key, struct bytes value,
                       bool has_value);

// Restoring the whole state from the changelogs is faster than applying records one by one: they
// are written in the order of keys by stores_commit(), and indexes are derived once, at the end. A
// mark in the file says that it was begun, so that a later process goes on: is_restoring is true
// until the stores_commit() behind the end. `place` is that of what was applied so far. Fail as
// stores_commit().
SG_RESULT stores_begin_restore(struct stores *stores);
SG_RESULT stores_end_restore(struct stores *stores, const struct stores_place *place);
bool stores_is_restoring(const struct stores *stores);

// Computes the content hashes that are not known: of a new file, of one that an older program
// wrote, and after a restore. Until then changes cost nothing. Nothing may have been changed since
// the last commit but by stores_apply(). Saved by stores_commit(). `*ret_computed` false: there was
// nothing to do. Fails: SG_FATAL.
SG_RESULT stores_hash_all(struct stores *stores, bool *ret_computed);

// The content hash of a store with what was flushed, see content_hash.h. It must be known.
void stores_hash(const struct stores *stores, size_t at, char ret_text[static DIGEST_CHARS + 1]);

// Empties every table, and the memory over it. Committed by stores_commit().
SG_RESULT stores_clear(struct stores *stores);

// Changed values since the last commit; entries in memory; bytes in the file.
size_t stores_dirty_count(const struct stores *stores);
size_t stores_cache_count(const struct stores *stores);
int64_t stores_file_bytes(struct stores *stores);
