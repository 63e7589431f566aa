// What the handles of environment.h are. For environment.c and cursor.c alone.
#pragma once
#include "state/file/environment.h"
#include "state/file/lmdb_error.h"

#include <lmdb.h>
#include <pthread.h>

struct environment {
    MDB_env *env;
    pthread_rwlock_t map; // Read by whoever looks into the map, written to move it.
    char *path;
    int lock;
    bool was_full;
    bool is_unsynced; // There is a note of it beside the file.
};

struct transaction {
    MDB_txn *txn;
    bool holds_map;
    struct environment *environment;
};

struct cursor {
    MDB_cursor *cursor;
    struct transaction *transaction;
};

// lmdb_result() of a write: that the map was full is noted for environment_was_full().
sg_result lmdb_written(int code, struct environment *environment, const char *action);

// Slices as LMDB has them: it takes them without const, and does not write to them.
MDB_val lmdb_value(struct bytes bytes);
struct bytes lmdb_bytes(MDB_val value);
