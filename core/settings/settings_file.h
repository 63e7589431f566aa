// Reads the configuration file, INI with sections as prefixes of keys.
#pragma once
#include "core/result.h"

// Takes one setting, `place` is "<path>:<line>". Texts are borrowed for the call.
typedef sg_result (*settings_file_fn)(void *context, const char *key, const char *value,
                                      const char *place);

// Calls `take` for every setting of the file, in its order, until one fails. Fails: SG_FATAL for a
// file that cannot be read, a line that is no setting or is too long, or as `take` does.
SG_RESULT settings_file_read(const char *path, settings_file_fn take, void *context);
