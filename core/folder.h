// Folders of the file system.
#pragma once
#include "core/result.h"

// Makes a folder with its parents; one that is there already is no failure. Fails: SG_FATAL naming
// the path. Any thread.
SG_RESULT folder_make(const char *path);
