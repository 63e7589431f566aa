// Text from outside: UTF-8 and control characters.
#pragma once
#include "core/bytes.h"

// The bytes of the character at the start of `text`, 0 when it is malformed or cut, or the text is
// empty. Any thread.
size_t utf8_character(struct bytes text);

// True when the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no over-long forms). Any
// thread.
bool utf8_is_valid(struct bytes text);

// True when the bytes are well-formed UTF-8 without control characters (below 0x20, and 0x7F). Any
// thread.
bool utf8_is_printable(struct bytes text);

// True when it is printable and has none of U+0080 to U+009F, which terminals obey. Any thread.
bool utf8_is_visible(struct bytes text);
