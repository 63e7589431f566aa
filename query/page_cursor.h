// Where the next page of a list begins, as text that clients hand back untouched.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

enum { PAGE_CURSOR_KEY_MAX = 160, PAGE_CURSOR_TEXT_MAX = 256 };

// Writes the cursor for `key`, with its end. `scope` names the list and its filters: the cursor
// fits no other one. Any thread.
void page_cursor_print(struct bytes scope, struct bytes key,
                       char ret_text[static PAGE_CURSOR_TEXT_MAX]);

// Reads a cursor. `ret_key` has room for PAGE_CURSOR_KEY_MAX bytes. Fails: SG_DROP (400) for a text
// that is no cursor of this list. Any thread.
SG_RESULT page_cursor_read(struct bytes scope, struct bytes text,
                           uint8_t ret_key[static PAGE_CURSOR_KEY_MAX], size_t *ret_size);
