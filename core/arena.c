// Blocks of doubling size; a reset keeps the largest and frees the others.
#include "core/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// A larger block than the second is given back at a reset: one huge event should not cost memory
// for ever.
enum { FIRST_BLOCK_BYTES = 4096, KEPT_BLOCK_BYTES_MAX = 4 << 20 };

struct block {
    struct block *older;
    size_t capacity;
    size_t used;
    alignas(max_align_t) uint8_t data[];
};

struct arena {
    struct block *newest;
    size_t max_bytes;
    size_t taken_bytes;
};

struct arena *arena_new(size_t max_bytes)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL) {
        arena->max_bytes = max_bytes;
    }
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *older = block->older;
        free(block);
        block = older;
    }
}

void arena_free(struct arena **arena)
{
    if (*arena == NULL) {
        return;
    }
    free_blocks((*arena)->newest);
    free(*arena);
    *arena = NULL;
}

static struct block *add_block(struct arena *arena, size_t size)
{
    size_t capacity = arena->newest == NULL ? FIRST_BLOCK_BYTES : arena->newest->capacity * 2;
    if (capacity < size) {
        capacity = size;
    }
    struct block *block = malloc(sizeof *block + capacity);
    if (block == NULL) {
        return NULL;
    }
    *block = (struct block){.older = arena->newest, .capacity = capacity};
    arena->newest = block;
    return block;
}

void *arena_take(struct arena *arena, size_t size)
{
    size_t step = alignof(max_align_t);
    if (size > arena->max_bytes) {
        return NULL;
    }
    size_t rounded = (size + step - 1) / step * step;
    if (rounded > arena->max_bytes - arena->taken_bytes) {
        return NULL;
    }
    struct block *block = arena->newest;
    if (block == NULL || block->capacity - block->used < rounded) {
        block = add_block(arena, rounded);
    }
    if (block == NULL) {
        return NULL;
    }
    void *memory = block->data + block->used;
    block->used += rounded;
    arena->taken_bytes += rounded;
    return memset(memory, 0, rounded);
}

void arena_reset(struct arena *arena)
{
    arena->taken_bytes = 0;
    if (arena->newest == NULL) {
        return;
    }
    free_blocks(arena->newest->older);
    arena->newest->older = NULL;
    if (arena->newest->capacity > KEPT_BLOCK_BYTES_MAX) {
        free_blocks(arena->newest);
        arena->newest = NULL;
        return;
    }
    arena->newest->used = 0;
}
