// Writes that wait to be made together, in the order of their keys: a B+tree takes neighbours
// several times faster than the same keys at random. One thread.
#pragma once
#include "state/file/environment.h"

struct piece;

// An empty piece that is full at `max_bytes` of keys and values. NULL when memory is out.
struct piece *piece_new(size_t max_bytes);

// Frees it; what was not written is forgotten. Accepts NULL.
void piece_free(struct piece **piece);

// Adds a write, or a removal where has_value is false. Copies. Of two with the same key the later
// one counts. Fails: SG_FATAL without memory.
SG_RESULT piece_add(struct piece *piece, struct bytes key, struct bytes value, bool has_value);

bool piece_is_full(const struct piece *piece);

// Makes all writes and empties the piece. Fails: SG_ABORT when the map is full, SG_FATAL.
SG_RESULT piece_write(struct piece *piece, struct transaction *transaction, struct table table);

// Forgets all writes.
void piece_clear(struct piece *piece);
