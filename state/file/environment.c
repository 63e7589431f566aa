// LMDB behind our own names: results with classes, a lock against a second process, growth.
#include "state/file/lmdb_handles.h"

#include "core/folder.h"
#include "core/service/log.h"
#include "state/file/disk.h"
#include "state/file/trust.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TABLES_MAX = 32, READERS_MAX = 512, FILE_MODE = 0640 };
// What a small transaction may need beside its values: LMDB copies pages and lists free ones.
enum { RESERVE_BYTES = 256 << 10 };
// LMDB's lock file: a head, and a cache line for each reader.
enum { LOCK_FILE_BYTES = 4096 + READERS_MAX * 64 };

sg_result lmdb_written(int code, struct environment *environment, const char *action)
{
    environment->was_full = environment->was_full || code == MDB_MAP_FULL;
    return lmdb_result(code, environment->path, action);
}

MDB_val lmdb_value(struct bytes bytes)
{
    return (MDB_val){.mv_size = bytes.size, .mv_data = (void *)(uintptr_t)bytes.data};
}

struct bytes lmdb_bytes(MDB_val value)
{
    return bytes_of(value.mv_data, value.mv_size);
}

static sg_result open_env(struct environment *environment, int64_t map_bytes,
                          enum environment_sync sync)
{
    const char *path = environment->path;
    SG_TRY(lmdb_result(mdb_env_create(&environment->env), path, "create"));
    SG_TRY(lmdb_result(mdb_env_set_maxdbs(environment->env, TABLES_MAX), path, "tables"));
    SG_TRY(lmdb_result(mdb_env_set_maxreaders(environment->env, READERS_MAX), path, "readers"));
    SG_TRY(lmdb_result(mdb_env_set_mapsize(environment->env, (size_t)map_bytes), path, "map size"));
    // NOTLS: a reader belongs to its transaction, so that a pool of threads may serve reads.
    unsigned flags = MDB_NOTLS | (sync == ENVIRONMENT_SYNC_NONE ? MDB_NOSYNC : 0U);
    SG_TRY(lmdb_result(mdb_env_open(environment->env, path, flags, FILE_MODE), path, "open"));
    int dead = 0;
    return lmdb_result(mdb_reader_check(environment->env, &dead), path, "check readers");
}

// Under the lock: before it, the file may be the live one of another process.
static sg_result remove_untrusted(const char *path)
{
    bool removed = false;
    SG_TRY(trust_check(path, &removed));
    if (removed) {
        log_warn("state was written without sync before the system restarted: it is emptied, to be "
                 "filled from Kafka",
                 (struct log_field[]){log_text("path", path), {.name = NULL}});
    }
    return sg_ok();
}

static sg_result note_sync(struct environment *environment, enum environment_sync sync)
{
    if (sync == ENVIRONMENT_SYNC_COMMIT) {
        SG_TRY(environment_flush(environment));
        return trust_end_unsynced(environment->path);
    }
    environment->is_unsynced = true;
    return trust_begin_unsynced(environment->path);
}

// What is flushed at a clean end survives a restart of the system too.
static void settle(struct environment *environment)
{
    sg_result result = environment_flush(environment);
    if (sg_is_ok(result)) {
        result = trust_end_unsynced(environment->path);
    }
    if (!sg_is_ok(result)) {
        log_warn("state could not be written to the disk",
                 (struct log_field[]){log_text("reason", sg_reason()), {.name = NULL}});
    }
}

// A waiting growth goes first, else a stream of readers could hold it back for ever.
static void init_map_lock(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

sg_result environment_open(const char *path, int64_t map_bytes, enum environment_sync sync,
                           struct environment **ret_environment)
{
    SG_CLEANUP(environment_close)
    struct environment *environment = calloc(1, sizeof *environment);
    if (environment == NULL) {
        return sg_fail(SG_FATAL, 0, "state %s: out of memory", path);
    }
    environment->lock = -1;
    init_map_lock(&environment->map);
    environment->path = strdup(path);
    if (environment->path == NULL) {
        return sg_fail(SG_FATAL, 0, "state %s: out of memory", path);
    }
    SG_TRY(folder_make(path));
    SG_TRY(disk_check(path));
    SG_TRY(trust_lock(path, &environment->lock));
    SG_TRY(remove_untrusted(path));
    // LMDB maps it with holes: on a full disk the first touch of one by a reader is a SIGBUS.
    SG_TRY(disk_reserve(path, "lock.mdb", LOCK_FILE_BYTES));
    SG_TRY(open_env(environment, map_bytes, sync));
    SG_TRY(note_sync(environment, sync));
    *ret_environment = SG_MOVE(environment);
    return sg_ok();
}

void environment_close(struct environment **environment)
{
    struct environment *closing = *environment;
    if (closing == NULL) {
        return;
    }
    if (closing->is_unsynced) {
        settle(closing);
    }
    if (closing->env != NULL) {
        mdb_env_close(closing->env);
    }
    if (closing->lock >= 0) {
        close(closing->lock);
    }
    pthread_rwlock_destroy(&closing->map);
    free(closing->path);
    free(closing);
    *environment = NULL;
}

sg_result environment_table(struct environment *environment, const char *name,
                            struct table *ret_table)
{
    SG_CLEANUP(transaction_abort) struct transaction *transaction = NULL;
    SG_TRY(transaction_begin(environment, true, &transaction));
    MDB_dbi handle = 0;
    SG_TRY(lmdb_result(mdb_dbi_open(transaction->txn, name, MDB_CREATE, &handle), environment->path,
                       "open table"));
    SG_TRY(transaction_commit(&transaction));
    ret_table->handle = handle;
    return sg_ok();
}

bool environment_was_full(const struct environment *environment)
{
    return environment->was_full;
}

// LMDB reads its numbers from the map.
static int64_t used_bytes(struct environment *environment)
{
    int dead = 0;
    MDB_envinfo info;
    MDB_stat stat;
    if (mdb_reader_check(environment->env, &dead) != MDB_SUCCESS ||
        mdb_env_info(environment->env, &info) != MDB_SUCCESS ||
        mdb_env_stat(environment->env, &stat) != MDB_SUCCESS) {
        return 0;
    }
    return (int64_t)(info.me_last_pgno + 1) * stat.ms_psize;
}

// Both with the map locked for moving it.
static sg_result grow(struct environment *environment)
{
    MDB_envinfo info;
    environment->was_full = false;
    SG_TRY(lmdb_result(mdb_env_info(environment->env, &info), environment->path, "info"));
    return lmdb_result(mdb_env_set_mapsize(environment->env, info.me_mapsize * 2),
                       environment->path, "grow");
}

static sg_result grow_if_tight(struct environment *environment)
{
    MDB_envinfo info;
    SG_TRY(lmdb_result(mdb_env_info(environment->env, &info), environment->path, "info"));
    size_t used = (size_t)used_bytes(environment);
    bool is_tight = used > info.me_mapsize / 4 * 3 || used + RESERVE_BYTES > info.me_mapsize;
    return is_tight ? grow(environment) : sg_ok();
}

sg_result environment_grow(struct environment *environment)
{
    pthread_rwlock_wrlock(&environment->map);
    sg_result result = grow(environment);
    pthread_rwlock_unlock(&environment->map);
    return result;
}

sg_result environment_make_room(struct environment *environment)
{
    if (pthread_rwlock_trywrlock(&environment->map) != 0) {
        return sg_ok();
    }
    sg_result result = grow_if_tight(environment);
    pthread_rwlock_unlock(&environment->map);
    return result;
}

sg_result environment_flush(struct environment *environment)
{
    pthread_rwlock_rdlock(&environment->map);
    int code = mdb_env_sync(environment->env, 1);
    pthread_rwlock_unlock(&environment->map);
    return lmdb_result(code, environment->path, "flush");
}

int64_t environment_used_bytes(struct environment *environment)
{
    pthread_rwlock_rdlock(&environment->map);
    int64_t used = used_bytes(environment);
    pthread_rwlock_unlock(&environment->map);
    return used;
}

sg_result transaction_begin(struct environment *environment, bool write,
                            struct transaction **ret_transaction)
{
    SG_CLEANUP(transaction_abort)
    struct transaction *transaction = calloc(1, sizeof *transaction);
    if (transaction == NULL) {
        return sg_fail(SG_FATAL, 0, "state %s: out of memory", environment->path);
    }
    transaction->environment = environment;
    // The writer is who lets the map grow, and does so between its transactions.
    transaction->holds_map = !write && pthread_rwlock_rdlock(&environment->map) == 0;
    SG_TRY(lmdb_result(
        mdb_txn_begin(environment->env, NULL, write ? 0 : MDB_RDONLY, &transaction->txn),
        environment->path, "begin"));
    *ret_transaction = SG_MOVE(transaction);
    return sg_ok();
}

static void end(struct transaction **transaction)
{
    if ((*transaction)->holds_map) {
        pthread_rwlock_unlock(&(*transaction)->environment->map);
    }
    free(*transaction);
    *transaction = NULL;
}

sg_result transaction_commit(struct transaction **transaction)
{
    int code = mdb_txn_commit((*transaction)->txn);
    struct environment *environment = (*transaction)->environment;
    end(transaction);
    return lmdb_written(code, environment, "commit");
}

void transaction_abort(struct transaction **transaction)
{
    if (*transaction == NULL) {
        return;
    }
    if ((*transaction)->txn != NULL) {
        mdb_txn_abort((*transaction)->txn);
    }
    end(transaction);
}

sg_result table_get(struct transaction *transaction, struct table table, struct bytes key,
                    struct bytes *ret_value, bool *ret_found)
{
    MDB_val lmdb_key = lmdb_value(key);
    MDB_val value;
    int code = mdb_get(transaction->txn, table.handle, &lmdb_key, &value);
    if (code == MDB_NOTFOUND) {
        *ret_found = false;
        return sg_ok();
    }
    SG_TRY(lmdb_result(code, transaction->environment->path, "get"));
    *ret_value = lmdb_bytes(value);
    *ret_found = true;
    return sg_ok();
}

sg_result table_put(struct transaction *transaction, struct table table, struct bytes key,
                    struct bytes value)
{
    MDB_val lmdb_key = lmdb_value(key);
    MDB_val stored = lmdb_value(value);
    int code = mdb_put(transaction->txn, table.handle, &lmdb_key, &stored, 0);
    return lmdb_written(code, transaction->environment, "put");
}

sg_result table_delete(struct transaction *transaction, struct table table, struct bytes key)
{
    MDB_val lmdb_key = lmdb_value(key);
    int code = mdb_del(transaction->txn, table.handle, &lmdb_key, NULL);
    return code == MDB_NOTFOUND ? sg_ok()
                                : lmdb_result(code, transaction->environment->path, "delete");
}

sg_result table_clear(struct transaction *transaction, struct table table)
{
    return lmdb_result(mdb_drop(transaction->txn, table.handle, 0), transaction->environment->path,
                       "clear");
}
