// A temporary folder for state.
#pragma once
#include "core/result.h"

enum { STATE_FOLDER_MAX = 256 };

// Makes a folder in TMPDIR or /tmp and writes its path. Fails: SG_FATAL.
SG_RESULT state_folder_make(char ret_path[static STATE_FOLDER_MAX]);

// Removes it with all that is in it.
void state_folder_remove(const char *path);
