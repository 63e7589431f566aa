// A linear search: a program of the bench takes ten words, once.
#include "bench/programs/bench_words.h"

#include "core/number.h"

#include <string.h>

static const char *find(const struct bench_words *words, const char *name)
{
    size_t length = strlen(name);
    for (int i = 1; i < words->count; i++) {
        const char *word = words->list[i];
        if (strncmp(word, name, length) == 0 && word[length] == '=') {
            return word + length + 1;
        }
    }
    return NULL;
}

sg_result bench_words_text(const struct bench_words *words, const char *name, const char *otherwise,
                           const char **ret_value)
{
    const char *found = find(words, name);
    found = found == NULL ? otherwise : found;
    if (found == NULL) {
        return sg_fail(SG_FATAL, 0, "%s: %s=... is missing", words->list[0], name);
    }
    *ret_value = found;
    return sg_ok();
}

sg_result bench_words_int(const struct bench_words *words, const char *name, int64_t otherwise,
                          int64_t *ret_value)
{
    const char *found = find(words, name);
    int64_t value = otherwise;
    if (found != NULL && !number_read_int(bytes_of_text(found), &value)) {
        return sg_fail(SG_FATAL, 0, "%s: %s=%s is no whole number", words->list[0], name, found);
    }
    *ret_value = value;
    return sg_ok();
}
