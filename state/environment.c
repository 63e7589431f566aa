// LMDB behind our own names: results with classes, a lock against a second process, growth.
#include "state/lmdb_handles.h"

#include "core/buffer.h"
#include "core/folder.h"
#include "state/disk.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { TABLES_MAX = 32, READERS_MAX = 512, FILE_MODE = 0640, PATH_BYTES_MAX = 4096 };
// What a small transaction may need beside its values: LMDB copies pages and lists free ones.
enum { RESERVE_BYTES = 256 << 10 };

sg_result lmdb_result(int code, const char *path, const char *action)
{
    switch (code) {
    case MDB_SUCCESS:
        return sg_ok();
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case MDB_BAD_TXN:
        return sg_fail(SG_ABORT, code, "state %s: %s: %s", path, action, mdb_strerror(code));
    case MDB_READERS_FULL:
        return sg_fail(SG_RETRY, code, "state %s: %s: too many readers at once", path, action);
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
        return sg_fail(SG_FATAL, code,
                       "state %s: %s: the file is damaged (%s); move the folder away and start "
                       "again: state is restored from Kafka",
                       path, action, mdb_strerror(code));
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EIO: // LMDB's word for a write that was cut short.
        return sg_fail(SG_FATAL, code,
                       "state %s: %s: the file cannot be written (%s), %" PRId64
                       " KiB are free on its disk; make room and start again: nothing is lost",
                       path, action, mdb_strerror(code), disk_free_bytes(path) >> 10);
    default:
        return sg_fail(SG_FATAL, code, "state %s: %s: %s", path, action, mdb_strerror(code));
    }
}

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

// The lock is advisory and ends with the process, so a crash leaves nothing to clean up.
static sg_result lock_folder(struct environment *environment)
{
    SG_CLEANUP(buffer_done) struct buffer name;
    buffer_init(&name, PATH_BYTES_MAX);
    SG_TRY(buffer_print(&name, "%s/owner", environment->path));
    SG_TRY(buffer_append_byte(&name, '\0'));
    environment->lock = open((const char *)name.data, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (environment->lock < 0) {
        return sg_fail(SG_FATAL, errno, "cannot open %s: %s", (const char *)name.data,
                       strerror(errno));
    }
    char owner[32] = {0};
    if (flock(environment->lock, LOCK_EX | LOCK_NB) != 0) {
        ssize_t got = read(environment->lock, owner, sizeof owner - 1);
        owner[strcspn(owner, "\n")] = '\0';
        return sg_fail(SG_FATAL, errno,
                       "state %s is in use by process %s; stop that one first, or give this "
                       "process another state.dir",
                       environment->path, got > 0 ? owner : "(unknown)");
    }
    int length = snprintf(owner, sizeof owner, "%ld\n", (long)getpid());
    if (ftruncate(environment->lock, 0) != 0 ||
        pwrite(environment->lock, owner, (size_t)length, 0) != length) {
        return sg_fail(SG_FATAL, errno, "cannot write %s: %s", (const char *)name.data,
                       strerror(errno));
    }
    return sg_ok();
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

sg_result environment_open(const char *path, int64_t map_bytes, enum environment_sync sync,
                           struct environment **ret_environment)
{
    SG_CLEANUP(environment_close)
    struct environment *environment = calloc(1, sizeof *environment);
    if (environment == NULL) {
        return sg_fail(SG_FATAL, 0, "state %s: out of memory", path);
    }
    environment->lock = -1;
    environment->path = strdup(path);
    if (environment->path == NULL) {
        return sg_fail(SG_FATAL, 0, "state %s: out of memory", path);
    }
    SG_TRY(folder_make(path));
    SG_TRY(disk_check(path));
    SG_TRY(lock_folder(environment));
    SG_TRY(open_env(environment, map_bytes, sync));
    *ret_environment = SG_MOVE(environment);
    return sg_ok();
}

void environment_close(struct environment **environment)
{
    struct environment *closing = *environment;
    if (closing == NULL) {
        return;
    }
    if (closing->env != NULL) {
        mdb_env_close(closing->env);
    }
    if (closing->lock >= 0) {
        close(closing->lock);
    }
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

sg_result environment_grow(struct environment *environment)
{
    MDB_envinfo info;
    environment->was_full = false;
    SG_TRY(lmdb_result(mdb_env_info(environment->env, &info), environment->path, "info"));
    return lmdb_result(mdb_env_set_mapsize(environment->env, info.me_mapsize * 2),
                       environment->path, "grow");
}

sg_result environment_make_room(struct environment *environment)
{
    MDB_envinfo info;
    SG_TRY(lmdb_result(mdb_env_info(environment->env, &info), environment->path, "info"));
    size_t used = (size_t)environment_used_bytes(environment);
    bool is_tight = used > info.me_mapsize / 4 * 3 || used + RESERVE_BYTES > info.me_mapsize;
    return is_tight ? environment_grow(environment) : sg_ok();
}

sg_result environment_flush(struct environment *environment)
{
    return lmdb_result(mdb_env_sync(environment->env, 1), environment->path, "flush");
}

int64_t environment_used_bytes(struct environment *environment)
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

sg_result transaction_begin(struct environment *environment, bool write,
                            struct transaction **ret_transaction)
{
    SG_CLEANUP(transaction_abort)
    struct transaction *transaction = calloc(1, sizeof *transaction);
    if (transaction == NULL) {
        return sg_fail(SG_FATAL, 0, "state %s: out of memory", environment->path);
    }
    transaction->environment = environment;
    SG_TRY(lmdb_result(
        mdb_txn_begin(environment->env, NULL, write ? 0 : MDB_RDONLY, &transaction->txn),
        environment->path, "begin"));
    *ret_transaction = SG_MOVE(transaction);
    return sg_ok();
}

sg_result transaction_commit(struct transaction **transaction)
{
    struct transaction *ending = *transaction;
    int code = mdb_txn_commit(ending->txn);
    struct environment *environment = ending->environment;
    free(ending);
    *transaction = NULL;
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
    free(*transaction);
    *transaction = NULL;
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
