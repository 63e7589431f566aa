// A folder for work that is thrown away: made under TMPDIR, removed with all that is in it.
#pragma once
#include "core/result.h"

enum { SCRATCH_PATH_MAX = 1024 };

struct scratch_folder {
    char path[SCRATCH_PATH_MAX]; // "" for none.
};

// Makes a new folder under $TMPDIR, or /tmp. Fails: SG_FATAL naming the path.
SG_RESULT scratch_folder_make(struct scratch_folder *ret_folder);

// Removes it; harmless for none.
void scratch_folder_remove(struct scratch_folder *folder);
