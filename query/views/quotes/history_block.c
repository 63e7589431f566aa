// Blocks of history as bytes.
#include "query/views/quotes/history_block.h"

#include <string.h>

static uint8_t *put_number(uint8_t *at, uint64_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
    }
    return at + bytes;
}

struct bytes history_block_key(uint32_t number, const struct history_value *first,
                               uint8_t text[static HISTORY_KEY_BYTES])
{
    // Times, partitions and offsets are never negative, so their bytes are in their order.
    uint8_t *at = put_number(text, number, 4);
    at = put_number(at, (uint64_t)first->event_time, 8);
    at = put_number(at, (uint32_t)first->partition, 4);
    put_number(at, (uint64_t)first->offset, 8);
    return bytes_of(text, HISTORY_KEY_BYTES);
}

bool history_block_is_of(struct bytes key, uint32_t number)
{
    uint8_t prefix[4];
    put_number(prefix, number, sizeof prefix);
    return key.size == HISTORY_KEY_BYTES && memcmp(key.data, prefix, sizeof prefix) == 0;
}

size_t history_block_count(struct bytes block)
{
    return block.size / HISTORY_VALUE_BYTES;
}

struct history_value history_block_value(struct bytes block, size_t index)
{
    const uint8_t *at = block.data + index * HISTORY_VALUE_BYTES;
    struct history_value value;
    memcpy(&value.event_time, at, 8);
    memcpy(&value.offset, at + 8, 8);
    memcpy(&value.value, at + 16, 8);
    memcpy(&value.partition, at + 24, 4);
    return value;
}

void history_block_pack(uint8_t *block, size_t index, const struct history_value *value)
{
    uint8_t *at = block + index * HISTORY_VALUE_BYTES;
    memcpy(at, &value->event_time, 8);
    memcpy(at + 8, &value->offset, 8);
    memcpy(at + 16, &value->value, 8);
    memcpy(at + 24, &value->partition, 4);
}
