// Levenshtein's distance with one row of memory; a word that is the end of another is near too.
#include "core/settings/nearest.h"

#include <stdbool.h>
#include <string.h>

static size_t least(size_t a, size_t b, size_t c)
{
    size_t two = a < b ? a : b;
    return two < c ? two : c;
}

// How many letters must be changed, added or taken away; both words are at most NEAREST_WORD_MAX.
static size_t edit_distance(const char *left, const char *right)
{
    size_t row[NEAREST_WORD_MAX + 1];
    size_t columns = strlen(right);
    for (size_t column = 0; column <= columns; column++) {
        row[column] = column;
    }
    for (size_t line = 0; left[line] != '\0'; line++) {
        size_t diagonal = row[0];
        row[0] = line + 1;
        for (size_t column = 1; column <= columns; column++) {
            size_t above = row[column];
            size_t change = diagonal + (left[line] != right[column - 1]);
            row[column] = least(above + 1, row[column - 1] + 1, change);
            diagonal = above;
        }
    }
    return row[columns];
}

// True when `wanted` is the last part of the dotted `word`: "brokers" of "kafka.brokers".
static bool is_last_part(const char *wanted, const char *word)
{
    const char *dot = strrchr(word, '.');
    return dot != NULL && strcmp(dot + 1, wanted) == 0;
}

void nearest_offer(struct nearest *nearest, const char *word)
{
    size_t length = strlen(nearest->wanted);
    if (length > NEAREST_WORD_MAX || strlen(word) > NEAREST_WORD_MAX) {
        return;
    }
    size_t distance =
        is_last_part(nearest->wanted, word) ? 1 : edit_distance(nearest->wanted, word);
    size_t near_enough = length < 6 ? 2 : length / 3;
    if (distance > near_enough || distance >= length) {
        return;
    }
    if (nearest->found == NULL || distance < nearest->distance) {
        nearest->found = word;
        nearest->distance = distance;
    }
}

const char *nearest_word(const struct nearest *nearest)
{
    return nearest->found;
}
