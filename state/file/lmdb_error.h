// What LMDB's codes mean here.
#pragma once
#include "core/result.h"

// The result of a call of LMDB on the state at `path`: `action` says what was tried. Classes: ABORT
// for a full map, RETRY for too many readers, FATAL for a damaged file and a full disk. Any thread.
SG_RESULT lmdb_result(int code, const char *path, const char *action);
