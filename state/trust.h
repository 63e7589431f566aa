// Whether a state file that was written without sync may be trusted: yes as long as the system did
// not restart.
#pragma once
#include "state/environment.h"

// To be called before the file in the folder `path` is opened: removes it when it was written
// without sync before the system last started, and says so. Fails: SG_FATAL for a folder that
// cannot be read.
SG_RESULT trust_check(const char *path, bool *ret_removed);

// Notes that from now on commits are not synced. Fails: SG_FATAL.
SG_RESULT trust_begin_unsynced(const char *path);

// Notes that everything is on the disk. Fails: SG_FATAL.
SG_RESULT trust_end_unsynced(const char *path);
