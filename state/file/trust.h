// Whether a process may trust in a state file: nobody else has it, and if it was written without
// sync, the system did not restart.
#pragma once
#include "core/result.h"

#include <stdbool.h>

// Locks the folder `path` for this process, until the caller closes `*ret_lock` or the process
// ends. Fails: SG_FATAL when another one has it (naming that) or the folder cannot be written.
SG_RESULT trust_lock(const char *path, int *ret_lock);

// To be called under the lock, before the file in the folder `path` is opened: removes it when it
// was written without sync before the system last started, and says so. Fails: SG_FATAL for a
// folder that cannot be read.
SG_RESULT trust_check(const char *path, bool *ret_removed);

// Notes that from now on commits are not synced. Fails: SG_FATAL.
SG_RESULT trust_begin_unsynced(const char *path);

// Notes that everything is on the disk. Fails: SG_FATAL.
SG_RESULT trust_end_unsynced(const char *path);
