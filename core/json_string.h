// The inside of JSON strings (RFC 8259, section 7).
#pragma once
#include "core/arena.h"
#include "core/buffer.h"
#include "core/bytes.h"
#include "core/result.h"

// Reads a string from behind its first quote to behind its last one. The text is a slice of the
// input, or in the arena when it has escapes. Fails: SG_DROP when it does not end, is not UTF-8,
// has a control character, a broken escape or the character NUL, or the arena is full. Any thread.
SG_RESULT json_string_read(struct bytes rest, struct arena *arena, struct bytes *ret_text,
                           const uint8_t **ret_behind);

// Adds a text with its quotes and escapes; every control character is escaped, so that a terminal
// may show it. The text must be UTF-8. Fails as buffer_reserve(). Any
// thread.
SG_RESULT json_string_write(struct bytes text, struct buffer *out);
