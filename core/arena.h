// Memory for the life of one event: many small allocations, freed together.
#pragma once
#include <stddef.h>

struct arena;

// An arena that hands out at most `max_bytes` between two resets. NULL when memory is out. The
// caller frees it with arena_free().
struct arena *arena_new(size_t max_bytes);

// Frees all and sets `*arena` to NULL. Accepts NULL.
void arena_free(struct arena **arena);

// Memory for any type, zeroed; NULL when the limit or memory is reached. Lives until the next
// reset.
void *arena_take(struct arena *arena, size_t size);

// Takes all back; the memory is kept for the next event.
void arena_reset(struct arena *arena);
