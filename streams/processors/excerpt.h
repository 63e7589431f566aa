// Bytes from outside as a reason may show them: short, quoted, on one line.
#pragma once
#include "core/bytes.h"

// Most bytes shown of a text, and the room its excerpt needs.
enum { EXCERPT_SHOWN_MAX = 48, EXCERPT_MAX = 4 * EXCERPT_SHOWN_MAX + 8 };

// Writes `text` in quotes, with an end: cut after EXCERPT_SHOWN_MAX bytes (then "..." follows),
// never inside a character; quotes, backslashes, control characters and what is not UTF-8 as \xNN.
// Any thread.
void excerpt_of(struct bytes text, char ret_excerpt[static EXCERPT_MAX]);
