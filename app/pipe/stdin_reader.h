// Standard input of the commands that stand in a pipe. What was written is flushed before a read
// that may wait, so that a slow pipe shows each record at once.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

struct stdin_reader;

// Reads from the descriptor, which stays the caller's; pieces are at most `max_bytes`. NULL without
// memory. The caller frees with stdin_reader_free().
struct stdin_reader *stdin_reader_new(int descriptor, size_t max_bytes);

// Accepts NULL.
void stdin_reader_free(struct stdin_reader **reader);

// The next line without its end; a last line may lack one. `*ret_more` false: there is none.
// Borrowed until the next call. Fails: SG_DROP for a line past the limit, which is skipped,
// SG_FATAL for a broken input.
SG_RESULT stdin_reader_line(struct stdin_reader *reader, struct bytes *ret_line, bool *ret_more);

// The next `size` bytes. `*ret_more` false: the input ends before the first of them. Borrowed until
// the next call. Fails: SG_FATAL for an input that ends between or is broken, or past the limit.
SG_RESULT stdin_reader_bytes(struct stdin_reader *reader, size_t size, struct bytes *ret_bytes,
                             bool *ret_more);
