// The known word that somebody most likely meant.
#pragma once
#include <stddef.h>

enum { NEAREST_WORD_MAX = 64 };

// A search: begin with {.wanted = word}, offer every known word, then ask.
struct nearest {
    const char *wanted;
    const char *found; // Borrowed from the offer.
    size_t distance;   // Of `found`.
};

// Takes `word` into account; it must live as long as the search. Any thread.
void nearest_offer(struct nearest *nearest, const char *word);

// The nearest word offered, the first of equals; NULL when none is near enough to be meant. Any
// thread.
const char *nearest_word(const struct nearest *nearest);
