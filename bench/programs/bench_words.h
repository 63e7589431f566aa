// Arguments of the bench's programs: words of the form name=value.
#pragma once
#include "core/result.h"

#include <stdint.h>

struct bench_words {
    int count;
    char **list;
};

// The value given for `name`, borrowed; `otherwise` when there is none, NULL for "must be given".
SG_RESULT bench_words_text(const struct bench_words *words, const char *name, const char *otherwise,
                           const char **ret_value);

// The same for a whole number. Fails: SG_FATAL when it is none.
SG_RESULT bench_words_int(const struct bench_words *words, const char *name, int64_t otherwise,
                          int64_t *ret_value);
