// Keys of rows that belong to a user: names ended by a zero byte, then numbers whose order is that
// of their bytes.
#pragma once
#include "core/bytes.h"

enum {
    VIEW_NAME_MAX = 128, // Bytes of a user's, subscription's, alert's... id, and of an instrument.
    VIEW_KEY_MAX = 511,  // Longest key of LMDB.
};

struct view_key {
    size_t size;
    uint8_t data[VIEW_KEY_MAX];
};

// True for what can be part of a key: 1 to VIEW_NAME_MAX bytes without a zero byte. Any thread.
bool view_key_fits(struct bytes name);

// Begins a key with a name, which must fit, and a zero byte. Any thread.
void view_key_begin(struct view_key *key, struct bytes name);

// The key of what a user has under an id, and the beginning of keys under a name. Any thread.
struct view_key view_key_of_id(struct bytes user_id, struct bytes id);
struct view_key view_key_of_name(struct bytes user_id, struct bytes name);

// Each adds to a key that must have the room. Any thread.
void view_key_add_name(struct view_key *key, struct bytes name); // And a zero byte.
void view_key_add_bytes(struct view_key *key, struct bytes bytes);
void view_key_add_byte(struct view_key *key, uint8_t byte);
void view_key_add_int(struct view_key *key, int64_t number); // 8 bytes, the least first.

// The key, borrowed until it changes. Any thread.
struct bytes view_key_bytes(const struct view_key *key);

// Reads what view_key_add_int() wrote. Any thread.
int64_t view_key_int(const uint8_t bytes[static 8]);

// True when `bytes` begins with the key; what is behind it is then in `*ret_rest`. Any thread.
bool view_key_begins(const struct view_key *key, struct bytes bytes, struct bytes *ret_rest);
