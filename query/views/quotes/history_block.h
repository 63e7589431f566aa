// A block of an instrument's history in LMDB. Key: number, then event time, partition and offset of
// the first value, big-endian, so that keys are in the order of values. Value: the values packed.
#pragma once
#include "query/views/quotes/history_view.h"

enum { HISTORY_KEY_BYTES = 24, HISTORY_VALUE_BYTES = 28 };

// The key of the block that begins with this value. Any thread.
struct bytes history_block_key(uint32_t number, const struct history_value *first,
                               uint8_t text[static HISTORY_KEY_BYTES]);

// True when the key is of a block of this instrument. Any thread.
bool history_block_is_of(struct bytes key, uint32_t number);

// Number of values in a block. Any thread.
size_t history_block_count(struct bytes block);

// One value of a block. Any thread.
struct history_value history_block_value(struct bytes block, size_t index);

// Writes a value at its place of a block that is being packed. Any thread.
void history_block_pack(uint8_t *block, size_t index, const struct history_value *value);
