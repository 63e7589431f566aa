// The disk under a file of state: whether it has room, and what to say when it had none.
#pragma once
#include "core/result.h"

#include <stdint.h>

// Bytes that are free for this process on the disk of `path`; INT64_MAX when nobody knows.
// Any thread.
int64_t disk_free_bytes(const char *path);

// Makes `file` in the folder `path` at least `bytes` long, without holes; what is in it stays. Does
// nothing where the file system cannot. Fails: SG_FATAL when there is no room. Any thread.
SG_RESULT disk_reserve(const char *path, const char *file, int64_t bytes);

// Fails with SG_FATAL when the disk of `path` has no room to open anything there. Any thread.
SG_RESULT disk_check(const char *path);
