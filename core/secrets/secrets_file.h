// The secrets file on the disk: made once, read by nobody who should not.
#pragma once
#include "core/secrets/secrets_lines.h"

#include <sys/types.h>

// Reads the file into `*secrets`, which is all zero. `*ret_missing` tells that there is no such
// file; then nothing else is done. Fails: SG_FATAL naming the path and what to do.
SG_RESULT secrets_file_read(const char *path, struct secrets *secrets, bool *ret_missing);

// Whether a file of this mode is kept from others: they may not read it, and nobody but the owner
// may write it; a group may read. On a read-only mount, as the secrets of containers are (mode 0444
// by Docker's default), it is for who made the mount to say who reads it.
bool secrets_file_is_kept(mode_t mode, bool is_read_only_mount);

// Makes a file with new keys, whole or not at all; leaves one that is there as it is. Fails:
// SG_FATAL naming the path.
SG_RESULT secrets_file_make(const char *path);
