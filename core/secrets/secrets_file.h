// The secrets file on the disk: made once, read by nobody who should not.
#pragma once
#include "core/secrets/secrets_lines.h"

// Reads the file into `*secrets`, which is all zero. `*ret_missing` tells that there is no such
// file; then nothing else is done. Fails: SG_FATAL naming the path and what to do.
SG_RESULT secrets_file_read(const char *path, struct secrets *secrets, bool *ret_missing);

// Makes a file with new keys, whole or not at all; leaves one that is there as it is. Fails:
// SG_FATAL naming the path.
SG_RESULT secrets_file_make(const char *path);
