// What became of commands, for `views.commands_kept` after they were asked for.
#pragma once
#include "query/views/view_reader.h"
#include "schemas/command_result.h"

struct command_answer {
    struct command_result result;
    struct view_place place; // In command-results.
};

// Reads the answer to a command of the reader's user. It is the first one that was given under this
// id: where the fingerprint is not that of the asker, the id was used for something else before.
// Borrowed from the reader. Fails: SG_FATAL.
SG_RESULT command_view_find(const struct view_reader *reader, struct bytes command_id,
                            struct command_answer *ret_answer, bool *ret_found);
