// Keys. A signed number is shifted, so that the order of its bytes is its own.
#include "query/views/view_key.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

static const uint64_t sign = UINT64_C(1) << 63;

bool view_key_fits(struct bytes name)
{
    return name.size > 0 && name.size <= VIEW_NAME_MAX && memchr(name.data, 0, name.size) == NULL;
}

void view_key_begin(struct view_key *key, struct bytes name)
{
    key->size = 0;
    view_key_add_name(key, name);
}

void view_key_add_name(struct view_key *key, struct bytes name)
{
    assert(view_key_fits(name));
    view_key_add_bytes(key, name);
    view_key_add_byte(key, 0);
}

void view_key_add_bytes(struct view_key *key, struct bytes bytes)
{
    assert(bytes.size <= sizeof key->data - key->size);
    if (bytes.size > 0) {
        memcpy(key->data + key->size, bytes.data, bytes.size);
        key->size += bytes.size;
    }
}

void view_key_add_byte(struct view_key *key, uint8_t byte)
{
    view_key_add_bytes(key, bytes_of(&byte, 1));
}

void view_key_add_int(struct view_key *key, int64_t number)
{
    uint64_t ordered = htobe64((uint64_t)number ^ sign);
    view_key_add_bytes(key, bytes_of(&ordered, sizeof ordered));
}

struct bytes view_key_bytes(const struct view_key *key)
{
    return bytes_of(key->data, key->size);
}

int64_t view_key_int(const uint8_t bytes[static 8])
{
    uint64_t ordered = 0;
    memcpy(&ordered, bytes, sizeof ordered);
    return (int64_t)(be64toh(ordered) ^ sign);
}

bool view_key_begins(const struct view_key *key, struct bytes bytes, struct bytes *ret_rest)
{
    if (bytes.size < key->size || memcmp(bytes.data, key->data, key->size) != 0) {
        return false;
    }
    *ret_rest = bytes_of(bytes.data + key->size, bytes.size - key->size);
    return true;
}

struct view_key view_key_of_id(struct bytes user_id, struct bytes id)
{
    struct view_key key;
    view_key_begin(&key, user_id);
    view_key_add_bytes(&key, id);
    return key;
}

struct view_key view_key_of_name(struct bytes user_id, struct bytes name)
{
    struct view_key key;
    view_key_begin(&key, user_id);
    view_key_add_name(&key, name);
    return key;
}
